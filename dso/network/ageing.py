"""The life of the substation's transformer as a part of the price of an import."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from dso.clock import Interval
from dso.market import Curve
from dso.market.ageing import Thermal, ageing_curve
from dso.messages import FloatArray


@dataclass(frozen=True, slots=True)
class SubstationAgeing:
    """A transformer whose life is worth money; the DO foresees the air's temperature as the weather has it.

    Parameters
    ----------
    rated_kva, cost_usd, power_factor, thermal : as in `ageing_curve`.
    ambient_c : temperature of the air at instants, (t,) [s since the epoch] to (t,) [°C].
    """

    rated_kva: float
    cost_usd: float
    ambient_c: Callable[[FloatArray], FloatArray]
    power_factor: float = 0.95
    thermal: Thermal | None = None

    def adder(self, interval: Interval) -> Curve:
        """What passes the head at each price of the transformer's life, in the middle of an interval."""
        middle_s = np.array([(interval.start_s + interval.end_s) / 2])
        air_c = float(self.ambient_c(middle_s)[0])
        return ageing_curve(self.rated_kva, self.cost_usd, air_c, self.power_factor, thermal=self.thermal)
