"""When vehicles leave and return, and what their trips take: as usual, and as it truly comes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike

from dso.clock import DAY_S, HOUR_S
from dso.homes.local_time import LocalTime
from dso.homes.storage import normal
from dso.homes.vehicles import DAY_H, Vehicles
from dso.messages import FloatArray, IntArray

LEAVES, RETURNS, DISTANCE = 130, 131, 132  # streams, one a purpose
DAYS_KEPT = 6  # yesterday, and those of a plan of two days


@dataclass(frozen=True, slots=True, eq=False)
class DayTrips:
    """The trip of each vehicle on one local day; where it takes 0 kWh the vehicle stays at home."""

    leaves_s: FloatArray  # (n,) since the epoch
    returns_s: FloatArray  # (n,) since the epoch, never before it leaves
    kwh: FloatArray  # (n,)

    def take(self, rows: IntArray) -> DayTrips:
        """Of some of the vehicles."""
        return DayTrips(self.leaves_s[rows], self.returns_s[rows], self.kwh[rows])

    def goes(self) -> np.ndarray:
        """(n,) whether there is a trip at all."""
        return np.asarray(self.kwh > 0)

    def away(self, t_s: float) -> np.ndarray:
        """(n,) whether a vehicle is away at an instant."""
        return np.asarray((self.leaves_s <= t_s) & (t_s < self.returns_s) & self.goes())


@dataclass(slots=True)
class Usual:
    """Trips by habit, on the calendar.

    Parameters
    ----------
    vehicles : whose habits.
    local_time : by which people live.
    """

    vehicles: Vehicles
    local_time: LocalTime
    _held: dict[int, DayTrips] = field(default_factory=dict)

    def day(self, day: int) -> DayTrips:
        """Trips of a local day, by its number since 1970-01-01."""
        return _kept(self._held, day, self._made)

    def _made(self, day: int) -> DayTrips:
        row, own = day_type(day), self.vehicles
        return _at(self.local_time, day, own.leaves_h[row], own.returns_h[row], own.trip_kwh(row))


@dataclass(slots=True)
class Actual:
    """Trips as they come: habits with seeded jitter, drawn for each local day and customer.

    Hours of leaving and returning err by normal numbers, distances are lognormal with the usual one as their
    mean; all are cut off at 2.5 standard deviations, and trips stay within their day. A trip lasts at
    least half as long as usual.

    Parameters
    ----------
    vehicles, local_time : see `Usual`.
    seed : 0 or more.
    leaves_std_h, returns_std_h : standard deviations [h]; round figures.
    distance_std : of the logarithm of the distance [1]; a round figure.
    """

    vehicles: Vehicles
    local_time: LocalTime
    seed: int
    leaves_std_h: float = 0.25
    returns_std_h: float = 0.5
    distance_std: float = 0.2
    _held: dict[int, DayTrips] = field(default_factory=dict)

    def day(self, day: int) -> DayTrips:
        """Trips of a local day, by its number since 1970-01-01."""
        return _kept(self._held, day, self._made)

    def _made(self, day: int) -> DayTrips:
        own, row = self.vehicles, day_type(day)
        leaves_h, returns_h = own.leaves_h[row].astype(np.float64), own.returns_h[row].astype(np.float64)
        usual_h, most = (returns_h - leaves_h) / 2, DAY_H
        leaves = np.clip(leaves_h + self.leaves_std_h * self._jitter(LEAVES, day), 0.0, most - usual_h)
        returns = np.clip(returns_h + self.returns_std_h * self._jitter(RETURNS, day), leaves + usual_h, most)
        grown = np.exp(self.distance_std * self._jitter(DISTANCE, day) - self.distance_std**2 / 2)
        return _at(self.local_time, day, leaves, returns, own.trip_kwh(row) * grown)

    def _jitter(self, stream: int, day: int) -> FloatArray:
        who = self.vehicles.customers
        count = int(who.max()) + 1 if len(who) else 0
        return normal(self.seed, stream, day, count, who)


def day_type(day: int) -> int:
    """0 of a working day, 1 of a Saturday or Sunday, by its number since 1970-01-01, a Thursday."""
    return int((day + 3) % 7 >= 5)


def instant_s(local_time: LocalTime, local_s: ArrayLike) -> FloatArray:
    """Instants at which the clock on the wall shows times [s since 1970 on that clock].

    A time that the clock skips is taken as if it had not been put forward yet; of one that it shows twice,
    either is taken.
    """
    local = np.asarray(local_s, np.float64)
    about = local - (local_time.local_s(local) - local)
    return np.asarray(local - (local_time.local_s(about) - about))


def _at(
    local_time: LocalTime, day: int, leaves_h: ArrayLike, returns_h: ArrayLike, kwh: FloatArray
) -> DayTrips:
    leaves, returns = (
        instant_s(local_time, day * float(DAY_S) + np.asarray(h, np.float64) * HOUR_S)
        for h in (leaves_h, returns_h)
    )
    return DayTrips(leaves, np.maximum(leaves, returns), kwh)


def _kept(held: dict[int, DayTrips], day: int, make: Callable[[int], DayTrips]) -> DayTrips:
    found = held.get(day)
    if found is None:
        found = make(day)
        if len(held) >= DAYS_KEPT:
            del held[min(held)]
        held[day] = found
    return found
