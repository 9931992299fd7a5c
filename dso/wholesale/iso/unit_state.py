"""What the units do at an instant, which the next day has to begin from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dso.wholesale.grid import Floats, Ints
from dso.wholesale.iso.system import Flags, System

LONG_H = 10_000


@dataclass(frozen=True, slots=True, eq=False)
class UnitState:
    """Which units run, since when, and at which output."""

    on: Flags  # (u,)
    hours: Ints  # (u,) how long it has been so
    output_mw: Floats  # (u,) NaN: not known, no ramp from it

    @classmethod
    def all_on(cls, system: System) -> UnitState:
        """All units running, long enough to be stopped, at no known output: how TESP's case begins."""
        count = system.grid.units.number.size
        return cls(np.full(count, True), np.full(count, LONG_H, np.int64), np.full(count, np.nan))

    def after(self, on: Flags, output_mw: Floats) -> UnitState:
        """The state after some hours.

        Parameters
        ----------
        on : (h, u) which units ran in each.
        output_mw : (u,) in the last [MW].
        """
        hours, last = self.hours.copy(), self.on
        for now in on:
            hours = np.where(now == last, np.minimum(hours + 1, LONG_H), 1)
            last = now
        return UnitState(last.copy(), hours, output_mw.copy())

    def held_h(self, system: System) -> tuple[Ints, Ints]:
        """For how many hours each unit must still run, and must still stand, (u,) each."""
        up, down = system.abilities.min_up_h, system.abilities.min_down_h
        run = np.where(self.on, np.maximum(up - self.hours, 0), 0)
        stand = np.where(self.on, 0, np.maximum(down - self.hours, 0))
        return run, stand
