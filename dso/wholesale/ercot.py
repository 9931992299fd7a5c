"""The ERCOT market: an optimal power flow a day ahead and in real time, alone or with one DSO's bid."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

import numpy as np

from dso.clock import HOUR_S, Interval, from_epoch_s
from dso.data.ercot_load import load_table
from dso.errors import InputError, Problem
from dso.wholesale.commitment import Flags, commit
from dso.wholesale.conditions import Conditions, ForecastError
from dso.wholesale.dcopf import BusBid, Dispatch, OptimalPowerFlow
from dso.wholesale.grid import Floats, ercot_grid
from dso.wholesale.outages import Outage, drawn_outage

CENTRAL = ZoneInfo("America/Chicago")


@dataclass(frozen=True, slots=True, eq=False)
class MarketRun:
    """Prices and dispatches of a stretch of time."""

    intervals: tuple[Interval, ...]
    bus_numbers: tuple[int, ...]
    price_usd_per_mwh: Floats  # (t, buses)
    load_mw: Floats  # (t, buses)
    dispatches: tuple[Dispatch, ...]

    def full_lines(self, index: int) -> list[str]:
        """The full lines of an interval, as "from-to" bus numbers."""
        lines, name = ercot_grid().lines, self.bus_numbers
        full = np.flatnonzero(self.dispatches[index].congested(lines.limit_mw))
        return [f"{name[lines.from_bus[k]]}-{name[lines.to_bus[k]]}" for k in full]


@dataclass(frozen=True, slots=True)
class _Day:
    running: Flags
    outages: tuple[Outage, ...]


@dataclass(slots=True)
class ErcotMarket:
    """The ERCOT test system as a market: nothing it answers depends on what was asked before.

    Parameters
    ----------
    seed : of the forecast errors and outages; not negative.
    error : size of the forecast errors.
    outages : what fails in real time; None draws one unit on every third day.

    Raises
    ------
    InputError : a negative seed, an outage of no unit or that ends before it begins.
    """

    seed: int = 0
    error: ForecastError = field(default_factory=ForecastError)
    outages: tuple[Outage, ...] | None = None
    conditions: Conditions = field(init=False, repr=False)
    power_flow: OptimalPowerFlow = field(init=False, repr=False)
    _days: dict[date, _Day] = field(init=False, repr=False, default_factory=dict)

    def __post_init__(self) -> None:
        problems = _problems(self.seed, self.outages)
        if problems:
            raise InputError(problems)
        self.conditions = Conditions(self.seed, self.error)
        self.power_flow = OptimalPowerFlow(ercot_grid())

    def load_mw(self, interval: Interval, day_ahead: bool) -> Floats:
        """Load of each bus, (buses,) [MW]: the forecast a day ahead, else as it turns out."""
        return self._conditions(interval, day_ahead)[0]

    def solve(
        self, interval: Interval, day_ahead: bool, load_mw: Floats | None = None, bid: BusBid | None = None
    ) -> Dispatch:
        """The dispatch of an interval.

        Parameters
        ----------
        interval : inside 2016.
        day_ahead : with the forecasts and without outages, else as it turns out.
        load_mw : (buses,) load in place of the market's own [MW].
        bid : a bus' price-responsive load on top of it.
        """
        load, most = self._conditions(interval, day_ahead)
        middle_s = _middle_s(interval)
        day = self._day(middle_s)
        most = np.where(day.running, most, 0.0)
        if not day_ahead:
            gone = [outage.unit for outage in day.outages if outage.holds(middle_s)]
            most[np.isin(ercot_grid().units.number, gone)] = 0.0
        least = np.minimum(ercot_grid().units.min_mw, most)
        return self.power_flow.solve(load if load_mw is None else load_mw, least, most, bid)

    def running(self, t_s: int) -> Flags:
        """The units that are committed on the operating day (Central time) of an instant, (units,)."""
        return self._day(t_s).running

    def outages_on(self, t_s: int) -> tuple[Outage, ...]:
        """The outages that begin on the operating day of an instant, or all that were given."""
        return self._day(t_s).outages

    def run(self, start_s: int, hours: int, *, day_ahead: bool = True, step_s: int = HOUR_S) -> MarketRun:
        """The market by itself, with the whole load of every bus at any price.

        Parameters
        ----------
        start_s : where it begins [s since the epoch], inside 2016.
        hours : how long.
        day_ahead : with the forecasts, else as it turns out.
        step_s : length of an interval [s].

        Raises
        ------
        InputError : a time for which there are no figures, a step that does not divide an hour.
        """
        end_s = start_s + hours * HOUR_S
        if hours < 1 or not self.conditions.covers(start_s, end_s):
            raise InputError([Problem("time", "must lie inside 2016, and hours be 1 or more")])
        if step_s < 1 or HOUR_S % step_s:
            raise InputError([Problem("step_s", f"must divide an hour, was {step_s} s")])
        intervals = tuple(Interval(t, step_s) for t in range(start_s, end_s, step_s))
        dispatches = tuple(self.solve(i, day_ahead) for i in intervals)
        price = np.array([d.price_usd_per_mwh for d in dispatches])
        load = np.array([self.load_mw(i, day_ahead) for i in intervals])
        return MarketRun(intervals, ercot_grid().bus_numbers, price, load, dispatches)

    def _conditions(self, interval: Interval, day_ahead: bool) -> tuple[Floats, Floats]:
        ask = self.conditions.forecast if day_ahead else self.conditions.actual
        return ask(_middle_s(interval))

    def _day(self, t_s: float) -> _Day:
        day = from_epoch_s(int(t_s)).astimezone(CENTRAL).date()
        if day not in self._days:
            self._days[day] = self._plan(day)
        return self._days[day]

    def _plan(self, day: date) -> _Day:
        begin_s, end_s = _midnight_s(day), _midnight_s(date.fromordinal(day.toordinal() + 1))
        hours_s, _ = load_table()
        today = hours_s[(hours_s >= begin_s) & (hours_s < end_s)]
        load, most = zip(*map(self.conditions.forecast, today), strict=True)
        units, running = ercot_grid().units, commit(self.power_flow, np.array(load), np.array(most))
        if self.outages is not None:
            return _Day(running, self.outages)
        outage = drawn_outage(units, running, day.toordinal(), begin_s, self.seed)
        return _Day(running, (outage,) if outage else ())

    def __getstate__(self) -> tuple[object, ...]:
        return self.seed, self.error, self.outages

    def __setstate__(self, state: tuple[int, ForecastError, tuple[Outage, ...] | None]) -> None:
        self.__init__(*state)  # type: ignore[misc]


def _middle_s(interval: Interval) -> float:
    return interval.start_s + interval.duration_s / 2


def _midnight_s(day: date) -> int:
    return int(datetime.combine(day, time(), CENTRAL).timestamp())


def _problems(seed: int, outages: Sequence[Outage] | None) -> list[Problem]:
    found = [Problem("seed", f"must not be negative, was {seed}")] if seed < 0 else []
    known = set(ercot_grid().units.number.tolist())
    for outage in outages or ():
        if outage.unit not in known:
            found.append(
                Problem("outages", f"unit {outage.unit} does not exist (docs/data-ercot.md lists them)")
            )
        if outage.to_s <= outage.from_s:
            found.append(Problem("outages", f"unit {outage.unit}'s outage must end after it begins"))
    return found
