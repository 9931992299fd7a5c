"""What agents of vehicles expect of trips: habits, and what was seen of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dso.agents.kind import Window
from dso.clock import HOUR_S
from dso.homes.local_time import LocalTime
from dso.homes.trips import DayTrips, Usual
from dso.homes.vehicles import Vehicles
from dso.messages import FloatArray, IntArray

EARLY_S = 2 * HOUR_S  # who is away so long before its usual leave is on that trip, before that on the last
LATE_S = HOUR_S  # who is away is back in an hour at the soonest, for all that an agent knows
DAYS_AHEAD = 2  # whose trips bound what is stored now
NEVER_S = 30 * 24 * HOUR_S

Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """What is known of vehicles at an instant.

    Parameters
    ----------
    at_s : the instant.
    today : its local day, since 1970-01-01.
    home : (n,) whether each is plugged in.
    trip_day : (n,) day of the trip that it is on, or that it was on last.
    """

    at_s: int
    today: int
    home: Flags
    trip_day: FloatArray

    def awaits(self, day: int, trips: DayTrips) -> Flags:
        """(n,) whether a vehicle will leave on a day's trip: not yet seen, nor over by habit."""
        return np.asarray(trips.goes() & (self.trip_day < day) & (self.at_s < trips.returns_s))


class Expected:
    """Trips that agents expect of their vehicles.

    A vehicle must be ready at a full hour, `ready_h` to `ready_h` + 1 before its usual leave: from then on it
    may leave at any moment, so it keeps what it holds. One still there after its usual leave is awaited to
    leave until its usual return; then its trip is off. One that is away is back at its usual return, or an
    hour from now if that is sooner or past. One that came back makes no other trip on that day.

    Parameters
    ----------
    vehicles : whose habits.
    local_time : by which people live.
    ready_h : how long before its usual leave a vehicle is ready at the latest [h], 0 or more.
    """

    def __init__(self, vehicles: Vehicles, local_time: LocalTime, ready_h: float) -> None:
        self.vehicles, self.local_time, self.ready_h = vehicles, local_time, ready_h
        self._usual = Usual(vehicles, local_time)
        self._who: IntArray | None = None

    def of(self, who: IntArray) -> Expected:
        """What is expected of some of the vehicles."""
        part = Expected(self.vehicles.take(who), self.local_time, self.ready_h)
        part._usual, part._who = self._usual, who
        return part

    def trips(self, day: int) -> DayTrips:
        """Trips of a local day."""
        all_of_them, who = self._usual.day(day), self._who
        return all_of_them if who is None else all_of_them.take(who)

    def ready_s(self, trips: DayTrips) -> FloatArray:
        """(n,) full hours at which vehicles must be ready."""
        return np.asarray(np.floor((trips.leaves_s - self.ready_h * HOUR_S) / HOUR_S) * HOUR_S)

    def seen(self, at_s: int, plugged_in: FloatArray, trip_day: FloatArray) -> Seen:
        """What is known at an instant from (n,) states: plugged in or not, and the last trip seen."""
        today, home = int(self.local_time.day(at_s)), plugged_in > 0.5
        on = np.where(home, trip_day, np.maximum(trip_day, self.trip_day(at_s, today)))
        return Seen(at_s, today, home, on)

    def trip_day(self, at_s: int, today: int) -> FloatArray:
        """(n,) day of the trip that a vehicle is on if it is away."""
        begun = [self.trips(day).leaves_s - EARLY_S <= at_s for day in (today, today + 1)]
        return np.asarray(today - 1.0 + begun[0] + begun[1])

    def back_s(self, seen: Seen, known_at_s: int) -> FloatArray:
        """(n,) when vehicles that are away are expected back, by what is known at an instant."""
        back = np.full(len(seen.home), float(seen.at_s))
        for day in (seen.today - 1, seen.today, seen.today + 1):
            back = np.where(seen.trip_day == day, self.trips(day).returns_s, back)
        return np.asarray(np.maximum(back, known_at_s + LATE_S))

    def next(self, seen: Seen) -> tuple[Flags, DayTrips]:
        """(n,) whether a trip today or tomorrow is awaited, and the first of them."""
        today, tomorrow = self.trips(seen.today), self.trips(seen.today + 1)
        now, later = seen.awaits(seen.today, today), seen.awaits(seen.today + 1, tomorrow)
        first = (np.where(now, a, b) for a, b in
                 ((today.leaves_s, tomorrow.leaves_s), (today.returns_s, tomorrow.returns_s),
                  (today.kwh, tomorrow.kwh)))  # fmt: skip
        return now | later, DayTrips(*first)

    def floor_kwh(self, seen: Seen, by_s: int) -> FloatArray:
        """(n,) least to be stored at an instant, so that full power from then on meets all needs [kWh].

        A need is what the slider asks for before a trip; trips of three days count. Never below the reserve.
        """
        own = self.vehicles
        kwh_per_s = own.charge_kw * own.charge_frac / HOUR_S
        need, ready = np.zeros(len(own)), np.full(len(own), float(by_s + NEVER_S))
        for day in range(seen.today + DAYS_AHEAD, seen.today - 1, -1):
            trips = self.trips(day)
            after = need - kwh_per_s * (ready - trips.returns_s)
            before = np.minimum(np.maximum(self.need_kwh(trips.kwh), after + trips.kwh), own.capacity_kwh)
            awaited = seen.awaits(day, trips)
            need, ready = np.where(awaited, before, need), np.where(awaited, self.ready_s(trips), ready)
        least = need - kwh_per_s * np.maximum(ready - by_s, 0.0)
        return np.asarray(np.maximum(least, own.reserve_kwh))

    def need_kwh(self, trip_kwh: FloatArray) -> FloatArray:
        """(n,) what the slider asks for before a trip [kWh]; see `ev_problem`."""
        own = self.vehicles
        spare = np.maximum(own.capacity_kwh - trip_kwh - own.reserve_kwh, 0.0)
        return np.asarray(own.capacity_kwh - own.slider * spare)

    def over(self, seen: Seen, window: Window) -> tuple[Flags, FloatArray]:
        """Whether vehicles are at home for the whole of each interval, and what trips take, (T, n) each."""
        t = np.arange(window.count)[:, None]
        back = np.ceil((self.back_s(seen, seen.at_s) - window.start_s) / window.interval_s)
        away = (t < back) & ~seen.home
        taken = np.zeros(away.shape)
        last = int(self.local_time.day(window.end_s)) + 1
        for day in range(seen.today, last + 1):
            trips = self.trips(day)
            ready = (self.ready_s(trips) - window.start_s) // window.interval_s
            begins = np.where(seen.awaits(day, trips), np.maximum(ready, 0.0), np.inf)
            ends = np.ceil((trips.returns_s - window.start_s) / window.interval_s)
            away |= (t >= begins) & (t < np.maximum(ends, begins + 1))
            taken += np.where(t == begins, trips.kwh, 0.0)
        return ~away, taken
