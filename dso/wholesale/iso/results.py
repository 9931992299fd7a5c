"""What the market operator answers, and what it carries from one market to the next."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from dso.clock import Interval
from dso.messages import Rejection, WholesaleResult
from dso.wholesale.grid import Floats
from dso.wholesale.iso.dispatch import Dispatch
from dso.wholesale.iso.system import Flags
from dso.wholesale.iso.unit_state import UnitState

KW_PER_MW = 1000.0


@dataclass(frozen=True, slots=True, eq=False)
class DayAheadState:
    """What a day-ahead market begins from: the units, and what each participant last bought."""

    units: UnitState
    last_mw: Mapping[str, Floats] = field(default_factory=dict)  # (24,) each


@dataclass(frozen=True, slots=True, eq=False)
class RealTimeState:
    """What a real-time market begins from: the units' output, and what each participant last bought."""

    generation_mw: Floats  # (u,)
    last_mw: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class Trade:
    """What one participant gets."""

    bus: int
    price_usd_per_mwh: Floats  # (t,) of its bus
    cleared_mw: Floats  # (t,) at the bus; less than it wanted where load was shed
    scale: float = 1.0

    def as_result(self, market: str) -> WholesaleResult:
        """The same in the participant's own kW and USD/kWh."""
        kw = self.cleared_mw * KW_PER_MW / self.scale
        return WholesaleResult(market, self.price_usd_per_mwh / KW_PER_MW, kw)


Told = tuple[
    str, tuple[Interval, ...], tuple[int, ...], Floats, Mapping[str, "Trade"], tuple[Rejection, ...]
]  # the fields of an outcome, in its order


@dataclass(frozen=True, slots=True, eq=False)
class Outcome:
    """Prices and trades of a market, whoever made them."""

    market: str
    intervals: tuple[Interval, ...]
    bus_numbers: tuple[int, ...]
    price_usd_per_mwh: Floats  # (t, n) LMP
    trades: Mapping[str, Trade]
    rejections: tuple[Rejection, ...]

    def price_at(self, bus: int) -> Floats:
        """The prices of one bus, (t,) [USD/MWh]."""
        return self.price_usd_per_mwh[:, self.bus_numbers.index(bus)]


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class DayAheadResult(Outcome):
    """A day of 24 hours: who runs, at which output, and what the next day begins from."""

    on: Flags | None = None  # (h, u) None: nobody was dispatched (a stand-in)
    hours: tuple[Dispatch, ...] = ()
    gap_frac: float = 0.0  # of the choice of units
    status: str = ""
    state: DayAheadState | None = None

    @property
    def generation_mw(self) -> Floats:
        """Output of each unit in each hour, (h, u) [MW]."""
        return np.array([hour.generation_mw for hour in self.hours])


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class RealTimeResult(Outcome):
    """One interval: its dispatch, and what the next begins from."""

    dispatch: Dispatch | None = None
    state: RealTimeState | None = None
