"""Agents of electric vehicles: charged where it is cheap, and ready when their owners leave."""

from __future__ import annotations

import numpy as np

from dso.agents.battery import two_way
from dso.agents.ev_trips import Expected, Seen
from dso.agents.kind import Window
from dso.agents.planning import Problem
from dso.agents.planning.formulations import ev_problem
from dso.clock import HOUR_S
from dso.homes.local_time import LocalTime
from dso.homes.storage import energy_between, run
from dso.homes.vehicles import Vehicles
from dso.messages import FloatArray, IntArray, Measured, Setting

STORED, PLUGGED_IN, TRIP_DAY, MISSING, MISSING_NOW = range(5)  # rows of a state
DRIFT_FRAC = 0.05  # of the capacity
READY_H = 0.75


class EvAgents:
    """One agent for each vehicle, V1G or V2G, which knows its owner's habits and not the next trip.

    A state is (5, n): stored [kWh], plugged in (1 or 0), local day of the last trip seen, what trips have
    lacked so far, and in the stretch before [kWh]. See `Expected` for when vehicles are awaited to leave and
    to return. While away a vehicle bids nothing, nor in the interval in which it usually leaves, nor before
    it was measured plugged in again. Where its need before a trip could not be met any more its least power
    is raised to what meets it. From when it must be ready until it leaves it bids, at any price, what its
    need still lacks, that is nothing as a rule: who may leave at any moment can promise no energy.

    Discomfort is what trips lacked in the battery.

    Parameters
    ----------
    vehicles : what agents know of them.
    devices : (n,) number of each agent's device.
    local_time : by which people live.
    ready_h : see `Expected`; what covers an owner who leaves early.

    Raises
    ------
    ValueError : there is not one device for each vehicle, or ready_h is negative.
    """

    name = "ev"
    relative = False
    outside_unit = "kWh missing on trips"

    def __init__(
        self, vehicles: Vehicles, devices: IntArray, local_time: LocalTime, *, ready_h: float = READY_H
    ) -> None:
        self.vehicles = vehicles
        self.devices: IntArray = np.asarray(devices, np.int64)
        if self.devices.shape != vehicles.customers.shape:
            raise ValueError(f"devices must be one a vehicle, {len(vehicles)}, were {self.devices.shape}")
        if not ready_h >= 0:
            raise ValueError(f"ready_h must be 0 or more, was {ready_h}")
        self._expected = Expected(vehicles, local_time, ready_h)

    @property
    def customers(self) -> IntArray:
        """(n,) customer who owns each vehicle."""
        return self.vehicles.customers

    @property
    def lowest_kw(self) -> FloatArray:
        """(n,) all that it can give back, negative; 0 of V1G."""
        return np.asarray(0.0 - self.vehicles.discharge_kw)

    @property
    def highest_kw(self) -> FloatArray:
        """(n,) what it charges with at most."""
        return self.vehicles.charge_kw

    @property
    def drift(self) -> FloatArray:
        """(n,) how far what is stored may be off its plan [kWh]."""
        return DRIFT_FRAC * self.vehicles.capacity_kwh

    def usual_state(self, at_s: int) -> FloatArray:
        """(5, n) full until it must be ready, then away; charged at full power from its usual return on."""
        own, expected = self.vehicles, self._expected
        home, stored = np.ones(len(own)), own.capacity_kwh.copy()
        today = int(expected.local_time.day(at_s))
        day = np.full(len(own), today - 1.0)
        for k in (today, today + 1):
            trips = expected.trips(k)
            gone = trips.goes() & (expected.ready_s(trips) + HOUR_S <= at_s)
            charged = own.charge_kw * own.charge_frac * np.maximum(at_s - trips.returns_s, 0.0) / HOUR_S
            after = np.clip(own.capacity_kwh - trips.kwh, 0.0, None) + charged
            stored = np.where(gone, np.minimum(after, own.capacity_kwh), stored)
            home = np.where(gone, at_s >= trips.returns_s, home)
            day = np.where(gone, k, day)
        return np.stack([stored, home, day, np.zeros(len(own)), np.zeros(len(own))])

    def sensed(self, measured: Measured, state: FloatArray) -> FloatArray:
        """(5, n) as measured; where that is missing, as expected."""
        place = np.searchsorted(measured.devices, self.devices)

        def value(name: str, row: int) -> FloatArray:
            told = measured.values[name][place]
            return np.where(np.isfinite(told), told, state[row])

        plugged_in, missing = value("plugged_in", PLUGGED_IN), value("missing_kwh", MISSING)
        seen = self._expected.seen(measured.at_s, plugged_in, state[TRIP_DAY])
        return np.stack(
            [value("stored_kwh", STORED), plugged_in, seen.trip_day, missing, missing - state[MISSING]]
        )

    def outside(self, state: FloatArray, hours: float) -> FloatArray:
        """(n,) what trips that began in the stretch lacked [kWh]."""
        return np.asarray(state[MISSING_NOW])

    def problem(
        self, who: IntArray, state: FloatArray, price_usd_per_kwh: FloatArray, window: Window, known_at_s: int
    ) -> Problem:
        """See `ev_problem`; trips are those expected, in the hour in which a vehicle must be ready."""
        expected = self._expected.of(who)
        own = expected.vehicles
        home, trip = expected.over(self._seen(expected, state, window.start_s), window)
        made = ev_problem(
            price_usd_per_kwh,
            np.minimum(state[STORED], own.capacity_kwh),
            own.capacity_kwh,
            own.reserve_kwh,
            own.charge_kw,
            own.discharge_kw,
            own.charge_frac,
            own.discharge_frac,
            home,
            trip,
            own.slider,
            wear_usd_per_kwh=own.wear_usd_per_kwh,
            profit_margin_frac=own.profit_margin_frac,
            interval_h=window.hours,
        )
        some_give_back = self.vehicles.discharge_kw.any()
        return two_way(made, own.discharge_frac, window.hours) if some_give_back else made

    def ahead(self, state: FloatArray, kw: FloatArray, from_s: int, to_s: int, known_at_s: int) -> FloatArray:
        """(5, n) where a state goes at average powers, leaves and returns by habit included."""
        while from_s < to_s:
            until_s = min(to_s, from_s + HOUR_S)
            state = self._piece(state, kw, from_s, until_s, known_at_s)
            from_s = until_s
        return state

    def reach_kw(
        self, state: FloatArray, target: FloatArray, from_s: int, to_s: int, known_at_s: int
    ) -> FloatArray:
        """(n,) power that brings what is stored to a target; 0 while away, or when it may leave any moment.

        A plan's trip is taken evenly over the hour that begins when a vehicle must be ready. A vehicle that
        will still be there at the end of the stretch holds so much more.
        """
        own, expected = self.vehicles, self._expected
        seen = self._seen(expected, state, from_s)
        awaited, trip = expected.next(seen)
        ready = expected.ready_s(trip)
        taken = np.where(awaited, trip.kwh * np.clip((to_s - ready) / HOUR_S, 0.0, 1.0), 0.0)
        kwh = energy_between(state[STORED], target + taken, own.charge_frac, own.discharge_frac)
        still = ~seen.home | (awaited & (ready <= from_s))
        return np.where(still, 0.0, kwh / ((to_s - from_s) / HOUR_S))

    def range_kw(
        self, state: FloatArray, from_s: int, to_s: int, known_at_s: int
    ) -> tuple[FloatArray, FloatArray]:
        """(n,) powers that end at what must be stored and at the capacity, within ratings; 0 while away."""
        own, hours, expected = self.vehicles, (to_s - from_s) / HOUR_S, self._expected
        seen = self._seen(expected, state, from_s)
        awaited, trip = expected.next(seen)
        away = ~seen.home | (awaited & (from_s <= trip.leaves_s) & (trip.leaves_s < to_s))
        may_leave = awaited & (expected.ready_s(trip) <= from_s)
        ends = expected.floor_kwh(seen, to_s), own.capacity_kwh
        least, most = (
            np.clip(
                energy_between(state[STORED], end, own.charge_frac, own.discharge_frac) / hours,
                -own.discharge_kw,
                own.charge_kw,
            )
            for end in ends
        )
        least = np.where(away, 0.0, np.where(may_leave, np.maximum(least, 0.0), least))
        return least, np.where(away, 0.0, np.where(may_leave, least, most))

    def give_kw(self, spread_usd_per_kwh: float) -> FloatArray:
        """(n,) both ratings times the slider over Δf; while away there is no range to give in."""
        own = self.vehicles
        return np.asarray(own.slider * (own.charge_kw + own.discharge_kw) / spread_usd_per_kwh)

    def margin_usd_per_kwh(self, spread_usd_per_kwh: float) -> FloatArray:
        """(n,) wear and the profit wanted on top of it."""
        return self.vehicles.wear_usd_per_kwh * (1 + self.vehicles.profit_margin_frac)

    def setting(
        self, kw: FloatArray, state: FloatArray, from_s: int, to_s: int, known_at_s: int
    ) -> Setting | None:
        """None: it is told the power."""
        return None

    @staticmethod
    def _seen(expected: Expected, state: FloatArray, at_s: int) -> Seen:
        return expected.seen(at_s, state[PLUGGED_IN], state[TRIP_DAY])

    def _piece(
        self, state: FloatArray, kw: FloatArray, from_s: int, to_s: int, known_at_s: int
    ) -> FloatArray:
        """As `ahead`, for at most an hour."""
        own, expected = self.vehicles, self._expected
        seen = self._seen(expected, state, from_s)
        awaited, trip = expected.next(seen)
        leaves = seen.home & awaited & (from_s <= trip.leaves_s) & (trip.leaves_s < to_s)
        home_s = np.where(leaves, trip.leaves_s - from_s, np.where(seen.home, to_s - from_s, 0.0))
        limits = own.reserve_kwh, own.capacity_kwh, own.charge_frac, own.discharge_frac
        stored, _ = run(state[STORED], kw, home_s / HOUR_S, *limits)
        stored = np.where(leaves, np.maximum(stored - trip.kwh, 0.0), stored)
        back = ~seen.home & (expected.back_s(seen, known_at_s) < to_s)
        home = (seen.home & ~leaves) | back
        day = np.where(back, seen.trip_day, state[TRIP_DAY])
        return np.stack([stored, home.astype(np.float64), day, state[MISSING], state[MISSING_NOW]])
