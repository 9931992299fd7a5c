"""The physics of electric vehicles, which are not always there."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from dso.clock import DAY_S, HOUR_S
from dso.homes.local_time import LocalTime
from dso.homes.storage import run
from dso.homes.trips import Actual, DayTrips, instant_s
from dso.homes.vehicles import Vehicles
from dso.messages import FloatArray, IntArray


class VehiclePlant:
    """Vehicles on their true trips; a state is (2, n): stored, and what trips have lacked so far [kWh].

    A setting is a power at the meter while plugged in [kW], negative: it gives back. By itself a vehicle
    charges at full power from its return until it is full. Within a step it stops when it is full or down to
    its reserve, leaves and returns at its true instants, and the power returned is the average of what
    flowed. What a trip takes is gone when the vehicle leaves; what was not in the battery then is charged
    elsewhere, and counted. Without supply for part of a step it runs for the rest of its time at home.

    Parameters
    ----------
    vehicles : nameplates and habits.
    local_time : by which people live.
    seed : of the trips; see `Actual`.
    trips : the true ones; without them those of the seed.
    """

    kind = "ev"
    unit = "kW"

    def __init__(
        self, vehicles: Vehicles, local_time: LocalTime, seed: int, *, trips: Actual | None = None
    ) -> None:
        self.vehicles, self._local_time = vehicles, local_time
        self._trips = trips or Actual(vehicles, local_time, seed)

    @property
    def customers(self) -> IntArray:
        """Index of the customer who owns each, (n,)."""
        return self.vehicles.customers

    def start(self, at_s: int) -> FloatArray:
        """Full, less what the day's trip took and has not been charged again at full power since."""
        own, trips = self.vehicles, self._today(at_s)
        hours = np.maximum(at_s - trips.returns_s, 0.0) / HOUR_S
        after = np.maximum(own.capacity_kwh - trips.kwh, 0.0) + own.charge_kw * own.charge_frac * hours
        stored = np.where(trips.leaves_s <= at_s, np.minimum(after, own.capacity_kwh), own.capacity_kwh)
        return np.stack([stored, np.zeros(len(own))])

    def step(
        self,
        state: FloatArray,
        from_s: int,
        to_s: int,
        setting: FloatArray | None = None,
        supplied_frac: FloatArray | None = None,
    ) -> tuple[FloatArray, FloatArray]:
        """Run vehicles for a while; see `Devices`."""
        own = self.vehicles
        told = own.charge_kw if setting is None else np.where(np.isnan(setting), own.charge_kw, setting)
        kw = np.clip(told, -own.discharge_kw, own.charge_kw)
        kwh: FloatArray = np.zeros(len(own))
        for begin_s, end_s, trips in self._days(from_s, to_s):
            state, used = self._within_a_day(state, begin_s, end_s, trips, kw, supplied_frac)
            kwh += used
        return state, kwh * (HOUR_S / (to_s - from_s))

    def measured(self, state: FloatArray, at_s: int) -> Mapping[str, FloatArray]:
        """Stored energy, on the way too; whether it is plugged in, 1 or 0; what trips have lacked so far."""
        there = ~self._today(at_s).away(at_s)
        return {
            "stored_kwh": state[0].copy(),
            "plugged_in": there.astype(np.float64),
            "missing_kwh": state[1].copy(),
        }

    def _within_a_day(
        self,
        state: FloatArray,
        from_s: float,
        to_s: float,
        trips: DayTrips,
        kw: FloatArray,
        supplied_frac: FloatArray | None,
    ) -> tuple[FloatArray, FloatArray]:
        """State at the end, and energy at the meter, (n,) [kWh], of a stretch between two midnights."""
        supplied = 1.0 if supplied_frac is None else supplied_frac
        goes = trips.goes()
        leaves = np.where(goes, np.clip(trips.leaves_s, from_s, to_s), to_s)
        stored, kwh = self._at_home(state[0], kw, (leaves - from_s) * supplied)
        off = goes & (trips.leaves_s >= from_s) & (trips.leaves_s < to_s)
        if off.any():
            taken = np.where(off, np.minimum(trips.kwh, stored), 0.0)
            missing = np.where(off, trips.kwh, 0.0) - taken
            stored, state = stored - taken, state + np.stack([np.zeros_like(missing), missing])
        back_s = np.where(goes, np.clip(to_s - trips.returns_s, 0.0, to_s - from_s), 0.0)
        if back_s.any():
            stored, more = self._at_home(stored, kw, back_s * supplied)
            kwh = kwh + more
        return np.stack([stored, state[1]]), kwh

    def _at_home(
        self, stored: FloatArray, kw: FloatArray, seconds: FloatArray
    ) -> tuple[FloatArray, FloatArray]:
        own = self.vehicles
        limits = own.reserve_kwh, own.capacity_kwh, own.charge_frac, own.discharge_frac
        return run(stored, kw, seconds / HOUR_S, *limits)

    def _today(self, at_s: int) -> DayTrips:
        return self._trips.day(int(self._local_time.day(at_s)))

    def _days(self, from_s: int, to_s: int) -> list[tuple[float, float, DayTrips]]:
        """Parts of a stretch of at most an hour, cut at local midnight, with the trips of their day."""
        first, last = self._local_time.day([from_s, to_s - 1]).tolist()
        if first == last:
            return [(from_s, to_s, self._trips.day(first))]
        midnight_s = float(instant_s(self._local_time, float(last * DAY_S)))
        parts = (from_s, midnight_s, first), (midnight_s, to_s, last)
        return [(begin, end, self._trips.day(day)) for begin, end, day in parts]
