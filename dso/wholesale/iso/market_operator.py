"""The market operator: a day-ahead and a real-time market for bids of any number of DSOs, without clock
or memory.

Whoever has sent no good bid is taken to want, whatever the price, what its last good bid of the same market
bought (a day ahead: in the same hour of the day); before any good bid, its estimate. Each such case is among
the rejections.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike

from dso.errors import InputError, Problem
from dso.wholesale.grid import Floats
from dso.wholesale.iso.bids import BidBook, Participant, check_participants, demands_of
from dso.wholesale.iso.day_programme import Day
from dso.wholesale.iso.demand import Demand, Pieces
from dso.wholesale.iso.dispatch import TIME_LIMIT_S, Dispatch, Prices, dispatch
from dso.wholesale.iso.pricing import price_day
from dso.wholesale.iso.results import (
    DayAheadResult,
    DayAheadState,
    RealTimeResult,
    RealTimeState,
    Told,
    Trade,
)
from dso.wholesale.iso.system import Flags, System, ercot_system
from dso.wholesale.iso.unit_commitment import Effort, Reserve, commit
from dso.wholesale.iso.unit_state import UnitState

REAL_TIME_MIN = 5.0


@dataclass(frozen=True, slots=True)
class Iso:
    """A market operator.

    Parameters
    ----------
    participants : the DSOs, any number at any bus.
    system : buses, lines and units; the ERCOT test system unless said otherwise.
    prices : value of lost load, which is the price cap, and price floor.
    reserve, effort : of unit commitment.
    time_limit_s : wall time of each dispatch [s].
    interval_min : length of a real-time interval, which the ramps go by [min].

    Raises
    ------
    InputError : a participant's name twice, an unknown bus, a scale or estimate that is none.
    """

    participants: tuple[Participant, ...] = ()
    system: System = field(default_factory=ercot_system)
    prices: Prices = field(default_factory=Prices)
    reserve: Reserve = field(default_factory=Reserve)
    effort: Effort = field(default_factory=Effort)
    time_limit_s: float = TIME_LIMIT_S
    interval_min: float = REAL_TIME_MIN

    def __post_init__(self) -> None:
        check_participants(self.participants, self.system.grid.bus_numbers)

    def start(self) -> DayAheadState:
        """The state of the very first day: all units on, free to stop, nobody has ever bid."""
        return DayAheadState(UnitState.all_on(self.system))

    def day_ahead(
        self, bids: BidBook, load_mw: ArrayLike, wind_mw: ArrayLike, state: DayAheadState
    ) -> DayAheadResult:
        """Choose the units of a day, then price each hour.

        Parameters
        ----------
        bids : of the day's hours.
        load_mw : (h, n) forecast load of each bus beside the participants' [MW].
        wind_mw : (h, w) forecast output of each wind unit; clamped to 0 … rating [MW].
        state : `start()`, or of the day before.

        Raises
        ------
        InputError : another shape, or a number that is not finite.
        DsoError : a dispatch found no optimum.
        """
        hours = len(bids.intervals)
        load, wind = self._checked(load_mw, wind_mw, hours)
        demands = demands_of(self.participants, bids, state.last_mw)
        day = self._day(load, wind, demands)
        chosen = commit(
            self.system, day, state.units, reserve=self.reserve, prices=self.prices, effort=self.effort
        )
        found = price_day(
            self.system, day, chosen.on, state.units, prices=self.prices, time_limit_s=self.time_limit_s
        )
        wanted = np.array([hour.wanted_mw for hour in found])
        last = {**state.last_mw, **{name: wanted[:, k] for name, k in self._good(bids)}}
        return DayAheadResult(
            *self._told(bids, found, load, demands),
            on=chosen.on,
            hours=found,
            gap_frac=chosen.gap_frac,
            status=chosen.status,
            state=DayAheadState(state.units.after(chosen.on, found[-1].generation_mw), last),
        )

    def real_time(
        self,
        bids: BidBook,
        load_mw: ArrayLike,
        wind_mw: ArrayLike,
        on: Flags,
        previous: RealTimeState | None = None,
    ) -> RealTimeResult:
        """Dispatch one interval.

        Parameters
        ----------
        bids : of the interval.
        load_mw : (n,) load of each bus beside the participants' [MW].
        wind_mw : (w,) what each wind unit can give; clamped to 0 … rating [MW].
        on : (u,) which units run, as the day-ahead market chose them; a unit that failed does not.
        previous : of the interval before, whose outputs the ramps begin from; None: no ramps.

        Raises
        ------
        InputError : another shape, or a number that is not finite.
        DsoError : the dispatch found no optimum.
        """
        load, wind = self._checked(np.atleast_2d(load_mw), np.atleast_2d(wind_mw), len(bids.intervals))
        last = previous.last_mw if previous else {}
        known = {name: np.array([mw]) for name, mw in last.items()}
        demands = demands_of(self.participants, bids, known)
        day = self._day(load, wind, demands)
        least, most = self._within_ramps(day, on, previous)
        found = dispatch(
            self.system, load[0], least, most, self._buses, [d[0] for d in demands],
            prices=self.prices, time_limit_s=self.time_limit_s,
        )  # fmt: skip
        last = {**last, **{name: float(found.wanted_mw[k]) for name, k in self._good(bids)}}
        told = self._told(bids, (found,), load, demands)
        return RealTimeResult(*told, dispatch=found, state=RealTimeState(found.generation_mw, last))

    @property
    def _buses(self) -> list[int]:
        return [self.system.grid.bus_numbers.index(who.bus) for who in self.participants]

    def _good(self, bids: BidBook) -> list[tuple[str, int]]:
        """The participants that bid themselves, and their positions."""
        return [(who.name, k) for k, who in enumerate(self.participants) if who.name in bids.bids]

    def _checked(self, load_mw: ArrayLike, wind_mw: ArrayLike, hours: int) -> tuple[Floats, Floats]:
        problems, found = [], []
        wide = (self.system.grid.size, self.system.wind.size)
        for name, values, count in zip(("load_mw", "wind_mw"), (load_mw, wind_mw), wide, strict=True):
            array = np.asarray(values, float)
            if array.shape != (hours, count):
                problems.append(Problem(name, f"must have shape {(hours, count)}, had {array.shape}"))
            elif not np.isfinite(array).all():
                problems.append(Problem(name, "must be finite, was not everywhere"))
            found.append(array)
        if problems:
            raise InputError(problems)
        return found[0], found[1]

    def _day(self, load: Floats, wind: Floats, demands: list[tuple[Demand, ...]]) -> Day:
        """The day as the programmes take it: wind clamped, fixed loads of the bids added."""
        rating = self.system.grid.units.max_mw
        most = np.tile(rating, (len(load), 1))
        most[:, self.system.wind] = np.clip(wind, 0.0, rating[self.system.wind])
        cap, buses = self.prices.cap_usd_per_mwh, self._buses
        pieces = tuple(Pieces.of(buses, [d[t] for d in demands], cap) for t in range(len(load)))
        fixed = np.array([one.fixed_at(self.system.grid.size) for one in pieces])
        return Day(load + fixed, most, pieces)

    def _within_ramps(self, day: Day, on: Flags, previous: RealTimeState | None) -> tuple[Floats, Floats]:
        """What each unit can do now, from where it is; one that starts may jump to its least output."""
        least, most = np.where(on, day.min_mw(self.system)[0], 0.0), np.where(on, day.max_mw[0], 0.0)
        if previous is None:
            return least, most
        far = self.system.abilities.ramp_mw_per_min * self.interval_min
        reach = np.maximum(previous.generation_mw + far, least)
        most = np.minimum(most, reach)
        return np.minimum(np.maximum(least, previous.generation_mw - far), most), most

    def _told(
        self, bids: BidBook, found: Sequence[Dispatch], load: Floats, demands: list[tuple[Demand, ...]]
    ) -> Told:
        """The fields that both markets' results share."""
        price = np.array([hour.price_usd_per_mwh for hour in found])
        trades = {}
        for k, (who, at) in enumerate(zip(self.participants, self._buses, strict=True)):
            share = self._shares(load, demands, at)[:, k]
            shed = np.array([hour.shed_mw[at] for hour in found])
            cleared = np.array([hour.wanted_mw[k] for hour in found]) - share * shed
            trades[who.name] = Trade(who.bus, price[:, at], cleared, who.scale)
        return (
            bids.market, bids.intervals, self.system.grid.bus_numbers, price, trades, bids.rejections
        )  # fmt: skip

    def _shares(self, load: Floats, demands: list[tuple[Demand, ...]], at: int) -> Floats:
        """Each participant's share in what a bus sheds, (t, b): in proportion to the fixed loads there."""
        here = np.array([bus == at for bus in self._buses], float)
        fixed = np.array([[max(hour.fixed_mw, 0.0) for hour in bid] for bid in demands]).T * here
        total = np.maximum(load[:, at], 0.0) + fixed.sum(axis=1)
        shares: Floats = fixed / np.where(total > 0, total, 1.0)[:, None]
        return shares
