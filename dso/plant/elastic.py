"""A part of customers' load that does as it is told, and by itself draws what it needs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from dso.clock import Interval
from dso.messages import FloatArray, IntArray


@dataclass(frozen=True, slots=True, eq=False)
class ElasticPlant:
    """No device in particular, and no memory; its state is empty.

    Parameters
    ----------
    customers : (n,) whose it is.
    need_kw : what each draws by itself in an interval, (n,) [kW].
    rating_kw : (n,) what it can draw at most.
    """

    customers: IntArray
    need_kw: Callable[[Interval], FloatArray]
    rating_kw: FloatArray
    kind = "elastic"
    unit = "kW"

    def start(self, at_s: int) -> FloatArray:
        """Nothing is remembered, (0, n)."""
        return np.zeros((0, len(self.customers)))

    def step(
        self,
        state: FloatArray,
        from_s: int,
        to_s: int,
        setting: FloatArray | None = None,
        supplied_frac: FloatArray | None = None,
    ) -> tuple[FloatArray, FloatArray]:
        """Draw what was told, within the rating, or else what is needed; see `dso.plant.device.Devices`."""
        kw = self.need_kw(Interval(from_s, to_s - from_s))
        if setting is not None:
            kw = np.where(np.isnan(setting), kw, np.clip(setting, 0.0, self.rating_kw))
        return state, kw if supplied_frac is None else kw * supplied_frac

    def measured(self, state: FloatArray, at_s: int) -> Mapping[str, FloatArray]:
        """Its meter says everything there is."""
        return {}
