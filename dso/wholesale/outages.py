"""Units that fail in real time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dso.clock import HOUR_S
from dso.wholesale.commitment import Flags
from dso.wholesale.grid import Units

OUTAGE_STREAM = 3
EVERY_DAYS = 3
FIRST_HOUR, LAST_HOUR = 13, 15  # local hours in which one may begin
DURATION_H = 3
SIZE_MW = (1500.0, 3100.0)
DEAREST_USD_PER_MWH = 30.0


@dataclass(frozen=True, slots=True)
class Outage:
    """A unit that gives nothing from one instant to another, unknown to the day-ahead market."""

    unit: int  # the source's number
    from_s: int
    to_s: int

    def holds(self, t_s: float) -> bool:
        """Whether the unit is out at an instant."""
        return self.from_s <= t_s < self.to_s


def drawn_outage(units: Units, running: Flags, day: int, midnight_s: int, seed: int) -> Outage | None:
    """The outage of an operating day: on exactly one of any three days in a row a big cheap unit fails.

    It is drawn among the running units of 1,500 to 3,100 MW that cost at most 30 USD/MWh at full output, so
    that it is sure to be missed; it begins at 13:00, 14:00 or 15:00 local time and lasts three hours.

    Parameters
    ----------
    units : all units.
    running : (u,) whether each runs that day.
    day : the day's ordinal.
    midnight_s : when the day begins [s since the epoch].
    seed : not negative.
    """
    if (day + seed) % EVERY_DAYS:
        return None
    size = (units.max_mw >= SIZE_MW[0]) & (units.max_mw <= SIZE_MW[1])
    cheap = (units.average_usd_per_mwh <= DEAREST_USD_PER_MWH) & ~units.fuelled("wind", "nuclear")
    candidates = np.flatnonzero(running & size & cheap)
    if not candidates.size:
        return None
    draw = np.random.default_rng([seed, OUTAGE_STREAM, day])
    unit, hour = draw.choice(candidates), draw.integers(FIRST_HOUR, LAST_HOUR, endpoint=True)
    from_s = midnight_s + int(hour) * HOUR_S
    return Outage(int(units.number[unit]), from_s, from_s + DURATION_H * HOUR_S)
