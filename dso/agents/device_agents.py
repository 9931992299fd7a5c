"""Agents of one kind of device, as arrays: they plan a day ahead, bid around the plan, and answer awards."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from dso.agents.bids_around import bids_around
from dso.agents.kind import Kind, Window
from dso.agents.long_plan import LongPlan, Near, Outlook, Small, Solve, planned
from dso.agents.price_forecast import PriceForecast, spread_of
from dso.clock import HOUR_S, Interval
from dso.messages import Award, BidRequest, Bids, FloatArray, IntArray, Measured, PriceSignal, Setting

LEAST_GIVE_FRAC = 0.05  # of all its power for Δf: who bids more steeply is held near as if it did not
SOON_S = 900  # what is off the plan late in an hour is made good over this time, not in its last minutes


@dataclass(frozen=True, slots=True, eq=False)
class Memory:
    """Everything that agents remember; replaced as a whole, never changed."""

    prices: PriceForecast
    state: FloatArray | None = None  # (s, n) when last measured, as float64
    at_s: int = 0
    commands: tuple[tuple[int, int, Small], ...] = ()  # from, to, (n,) [kW], since then
    now: LongPlan | None = None  # the plan that is lived by
    next: LongPlan | None = None  # of the market that is being agreed on
    checked_s: int = 0  # hour of the last look at how far devices are off the plan
    outside: FloatArray | None = None  # (n,) discomfort so far, in the kind's unit


class DeviceAgents:
    """One population: all agents of one kind of device on one tariff.

    Asked for a position, they plan 48 hours from its beginning at the prices that they expect, each the
    optimum of its own device, and bid around the plan. Asked for what is delivered, they bid around the power
    that leads back to the plan by the end of the hour, from the state that they expect at its beginning; once
    an hour those who are off the plan by more than the kind's `drift` make a new one. A plan is made again
    only where prices, weather or the agent's own state have changed by more than the tolerances of `Outlook`.

    Parameters
    ----------
    kind : nameplates, knowledge and problem of the devices.
    slider : (n,) preference of each customer, from comfort, 0, to cost, 1.
    solve : from problems to plans; `plan`, or one that spreads chunks over processes.
    outlook : what of the weather plans depend on; None: nothing.
    prices : to begin with.
    """

    HORIZON_H = 48

    def __init__(
        self,
        kind: Kind,
        slider: FloatArray,
        solve: Solve,
        *,
        outlook: Callable[[Window, int], FloatArray] | None = None,
        prices: PriceForecast | None = None,
    ) -> None:
        self._kind, self._solve, self._outlook = kind, solve, outlook
        self.slider = np.asarray(slider, np.float64)
        self._memory = Memory(prices or PriceForecast())
        self.planned = 0  # agents planned for so far, for those who measure

    # --- who takes part -----------------------------------------------------------------------------------

    @property
    def name(self) -> str:
        """The name that its bids bear."""
        return self._kind.name

    @property
    def kind(self) -> str:
        """Kind of device, as measurements bear it."""
        return self._kind.name

    @property
    def customers(self) -> IntArray:
        """(n,) customer behind each agent."""
        return self._kind.customers

    @property
    def steady(self) -> bool:
        """Whether devices draw what they are told, whatever their owners do meanwhile."""
        return getattr(self._kind, "steady", True)

    @property
    def devices(self) -> IntArray:
        """(n,) number of each agent's device."""
        return self._kind.devices

    @property
    def lowest_kw(self) -> FloatArray:
        """(n,) what a device can draw at least."""
        return self._kind.lowest_kw

    @property
    def highest_kw(self) -> FloatArray:
        """(n,) what a device can draw at most."""
        return self._kind.highest_kw

    # --- what it hears and sees ---------------------------------------------------------------------------

    def hear(self, signal: PriceSignal) -> None:
        """Learn a price, informational or binding."""
        self._memory = replace(self._memory, prices=self._memory.prices.heard(signal))

    def sense(self, measured: Measured) -> None:
        """Learn the state of the devices at the end of an interval."""
        memory, at_s = self._memory, measured.at_s
        expected = self._state_at(at_s, at_s)
        state = self._kind.sensed(measured, expected)
        hours = (at_s - memory.at_s) / HOUR_S if memory.state is not None else 0.0
        before = np.zeros(len(self.customers)) if memory.outside is None else memory.outside
        commands = tuple(c for c in memory.commands if c[1] > at_s)
        outside = before + self._kind.outside(state, hours)
        self._memory = replace(memory, state=state, at_s=at_s, commands=commands, outside=outside)

    @property
    def discomfort(self) -> FloatArray:
        """(n,) of each customer so far, in `discomfort_unit`."""
        outside = self._memory.outside
        return np.zeros(len(self.customers)) if outside is None else outside

    @property
    def discomfort_unit(self) -> str:
        """What discomfort is counted in."""
        return self._kind.outside_unit

    # --- what it wants ------------------------------------------------------------------------------------

    def bid(self, request: BidRequest) -> Bids:
        """Four-point bids of all agents for all intervals, (t, n, 4)."""
        asked = self._memory.prices.asked(request.intervals, request.expected_usd_per_kwh)
        self._memory = replace(self._memory, prices=asked)
        plan = self._live(request) if request.physical else self._think_ahead(request)
        wanted = self._now(plan, request) if request.physical else self._then(plan, request)
        spread = plan.outlook.spread_usd_per_kwh
        price = (self._expected(request) if request.physical else plan.prices_at(request.intervals))[:, None]
        if request.losses_usd_per_kwh is not None:  # what is usual where an agent sits
            price = price + request.losses_usd_per_kwh[:, self.customers]
        give, margin = self._kind.give_kw(spread), self._kind.margin_usd_per_kwh(spread)
        binds = request.last and not self._kind.relative
        if not request.physical and not binds:  # between rounds prices would wander in the band
            margin = np.zeros_like(margin)
        quantity, price = bids_around(*wanted, give, price, margin)
        return Bids(self.name, request.market, request.round, self.customers, quantity, price)

    def _expected(self, request: BidRequest) -> FloatArray:
        known = [self._memory.prices.at(interval) for interval in request.intervals]
        pairs = zip(known, request.expected_usd_per_kwh.tolist(), strict=True)
        return np.array([asked if price is None else price for price, asked in pairs])

    def _think_ahead(self, request: BidRequest) -> LongPlan:
        """The plan of the window that begins with a position, made again where something has changed."""
        window = Window(request.intervals[0].start_s // HOUR_S * HOUR_S, self.HORIZON_H)
        state = self._start_of(window)
        before = self._memory.next
        made = self._planned(window, state, before, request.known_at_s)
        self._memory = replace(self._memory, next=made)
        return made

    def _start_of(self, window: Window) -> FloatArray:
        """(s, n) the state in which a window is expected to begin: that of the plan that covers its
        beginning."""
        state = np.array(self._kind.usual_state(window.start_s))
        covering = [
            p for p in (self._memory.next, self._memory.now) if p is not None and p.covers(window.start_s)
        ]
        earlier = [p for p in covering if p.window.start_s < window.start_s]
        if earlier:
            state[0] = earlier[0].x_at(window.start_s)
        return state

    def _planned(
        self, window: Window, state: FloatArray, before: LongPlan | None, known_at_s: int
    ) -> LongPlan:
        price = self._memory.prices.over(window)
        weather = None if self._outlook is None else self._outlook(window, known_at_s)
        old = before if before is not None and before.window == window else None
        spread = spread_of(price) if old is None else old.outlook.spread_usd_per_kwh
        outlook, who = Outlook(price, weather, state[0], spread), np.ones(len(self.customers), bool)
        if old is not None:
            outlook, who = outlook.beside(old.outlook, self._kind.drift)
        near = None if old is None else self._near(old, outlook.price_usd_per_kwh)
        self.planned += int(who.sum())
        return planned(self._kind, self._solve, window, state, outlook, old, who, known_at_s, near)

    def _near(self, before: LongPlan, price: FloatArray) -> Near | None:
        """What a price would have awarded of bids around a plan; None: it is the plan's."""
        moved = (price - before.outlook.price_usd_per_kwh)[:, None]
        spread = before.outlook.spread_usd_per_kwh
        if not moved.any():
            return None
        give = self._kind.give_kw(spread)
        kw = np.clip(before.kw - give * moved, self.lowest_kw, self.highest_kw)
        least = LEAST_GIVE_FRAC * np.maximum(self.highest_kw - self.lowest_kw, 1e-3) / spread
        return Near(kw, np.maximum(give, least), max(1e-9, float(np.ptp(price))))

    def _live(self, request: BidRequest) -> LongPlan:
        """The plan that covers what is delivered next, looked at once an hour."""
        start_s = request.intervals[0].start_s
        hour_s = start_s // HOUR_S * HOUR_S
        memory = self._memory
        if memory.next is not None and memory.next.window.start_s <= start_s:
            memory = replace(memory, now=memory.next, next=None)
        plan = memory.now
        if plan is None or not plan.covers(hour_s):
            window = Window(hour_s, self.HORIZON_H)
            plan = self._planned(window, self._state_at(hour_s, request.known_at_s), None, request.known_at_s)
        elif hour_s > memory.checked_s:
            plan = self._corrected(plan, hour_s, request.known_at_s)
        self._memory = replace(memory, now=plan, checked_s=hour_s)
        return plan

    def _corrected(self, plan: LongPlan, hour_s: int, known_at_s: int) -> LongPlan:
        """A plan with new ones, from an hour on, of those whose state is off it."""
        state = self._state_at(hour_s, known_at_s)
        off = np.abs(state[0] - plan.x_at(hour_s)) > self._kind.drift
        if not off.any():
            return plan
        self.planned += int(off.sum())
        window = Window(hour_s, (plan.window.end_s - hour_s) // HOUR_S)
        outlook = replace(plan.outlook, price_usd_per_kwh=self._memory.prices.over(window))
        part = planned(self._kind, self._solve, window, state, outlook, None, off, known_at_s)
        return plan.amended(part, off)

    # --- from plans to power ------------------------------------------------------------------------------

    def _then(self, plan: LongPlan, request: BidRequest) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Planned, least and most power of each interval of a position, (t, n) each."""
        shape = len(request.intervals), len(self.customers)
        centre, least, most = np.empty(shape), np.empty(shape), np.empty(shape)
        for t, interval in enumerate(request.intervals):
            state = np.array(self._kind.usual_state(interval.start_s))
            state[0] = plan.x_at(interval.start_s)
            span = interval.start_s, interval.end_s, request.known_at_s
            least[t], most[t] = self._kind.range_kw(state, *span)
            centre[t] = np.clip(plan.kw_at(interval.start_s), least[t], most[t])
        return centre, least, most

    def _now(self, plan: LongPlan, request: BidRequest) -> tuple[FloatArray, FloatArray, FloatArray]:
        """The power that leads back to the plan, and the range around it, of each interval, (t, n) each."""
        shape = len(request.intervals), len(self.customers)
        centre, least, most = np.empty(shape), np.empty(shape), np.empty(shape)
        known_at_s = request.known_at_s
        state = self._state_at(request.intervals[0].start_s, known_at_s)
        for t, interval in enumerate(request.intervals):
            least[t], most[t] = self._kind.range_kw(state, interval.start_s, interval.end_s, known_at_s)
            until_s = _end_of(interval)
            back = self._kind.reach_kw(state, plan.x_at(until_s), interval.start_s, until_s, known_at_s)
            centre[t] = np.clip(back, least[t], most[t])
            if t + 1 < len(request.intervals):
                state = self._kind.ahead(state, centre[t], interval.start_s, interval.end_s, known_at_s)
        return centre, least, most

    def _state_at(self, t_s: int, known_at_s: int) -> FloatArray:
        """(s, n) the state expected at an instant: as measured, and gone on with what was commanded since."""
        memory = self._memory
        if memory.state is None:
            return np.asarray(self._kind.usual_state(t_s))
        state, at_s = memory.state, memory.at_s
        for from_s, to_s, told in memory.commands:
            if at_s < t_s and to_s > at_s:
                end_s = min(to_s, t_s)
                state = self._kind.ahead(
                    state, np.asarray(told, np.float64), max(from_s, at_s), end_s, known_at_s
                )
                at_s = end_s
        if at_s < t_s:  # nothing was commanded: the plan, or nothing
            plan = memory.now if memory.now is not None and memory.now.covers(at_s) else None
            kw = np.zeros(len(self.customers)) if plan is None else plan.kw_at(at_s)
            state = self._kind.ahead(state, kw, at_s, t_s, known_at_s)
        return state

    # --- what devices are told ----------------------------------------------------------------------------

    def set_points_kw(self, award: Award, interval_index: int) -> FloatArray:
        """What each device runs at, (n,) [kW]: its award within its rating; NaN where nothing was awarded."""
        kw = np.clip(award.quantity_kw[interval_index], self.lowest_kw, self.highest_kw)
        interval = award.intervals[interval_index]
        known = np.asarray(np.where(np.isfinite(kw), kw, 0.0), np.float32)
        command = (interval.start_s, interval.end_s, known)
        self._memory = replace(self._memory, commands=(*self._memory.commands, command)[-4:])
        return np.asarray(kw)

    def setting(self, award: Award, interval_index: int) -> Setting | None:
        """What each device is told so that it draws what was awarded; None: that power."""
        interval = award.intervals[interval_index]
        span = interval.start_s, interval.end_s, interval.start_s
        kw = np.clip(award.quantity_kw[interval_index], self.lowest_kw, self.highest_kw)
        return self._kind.setting(kw, self._state_at(interval.start_s, interval.start_s), *span)

    def get_state(self) -> Any:
        """What it remembers; the same object as long as nothing has changed."""
        return self._memory

    def set_state(self, state: Any) -> None:
        """Take back what `get_state` returned."""
        self._memory = state


def _end_of(interval: Interval) -> int:
    """When the plan is to be met again: at the end of the hour, or soon where that is too near."""
    hour_end_s = (interval.start_s // HOUR_S + 1) * HOUR_S
    return max(hour_end_s, interval.start_s + SOON_S, interval.end_s)
