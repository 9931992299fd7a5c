"""What devices draw if nobody tells them a price: the fleet by itself, run ahead of the clock."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dso.clock import HOUR_S, Interval
from dso.messages import FloatArray
from dso.plant.fleet import Fleet, States

KEPT_S = 3 * HOUR_S  # behind the latest instant asked from
STATE_EVERY_H = 24  # from states so far apart the hours in between can be run again


@dataclass(frozen=True, slots=True, eq=False)
class Hour:
    """One hour of the fleet by itself; float32, for there are many."""

    customers_kw: NDArray[np.float32]  # (steps, customers) of devices that do not take part
    devices_kw: NDArray[np.float32]  # (devices,) mean of the hour


@dataclass(slots=True, eq=False)
class Baseline:
    """The fleet by itself, from the start of a study; a pure function of time, so that it can be run ahead.

    What an outage or a price would have changed is not in it: those who forecast with it do not know the
    state of other people's houses.

    Parameters
    ----------
    fleet : all devices.
    start_s : start of the study [s since the epoch].
    """

    fleet: Fleet
    start_s: int
    _hours: dict[int, Hour] = field(default_factory=dict)
    _states: dict[int, States] = field(default_factory=dict)  # by number of the hour that begins with it

    def __post_init__(self) -> None:
        self._states[0] = self.fleet.start(self.start_s)

    def customers_kw(self, interval: Interval) -> FloatArray:
        """Average power of the devices that do not take part, by customer, (customers,) [kW]."""
        total, step_s = np.zeros(self.fleet.customers), self.fleet.step_s
        for number, from_s, to_s in self._parts(interval):
            begin_s = self.start_s + number * HOUR_S
            for k, row in enumerate(self._hour(number).customers_kw):
                first_s = max(from_s, begin_s + k * step_s)
                last_s = min(to_s, begin_s + (k + 1) * step_s)
                if last_s > first_s:
                    total += (last_s - first_s) * row
        return total / interval.duration_s

    def devices_kw(self, interval: Interval) -> FloatArray:
        """Power of each device that takes part if it had no price, mean of the hours, (devices,) [kW]."""
        total = np.zeros(self.fleet.devices)
        for number, from_s, to_s in self._parts(interval):
            total += (to_s - from_s) * self._hour(number).devices_kw
        return total / interval.duration_s

    def forget(self, before_s: int) -> None:
        """Drop the hours that end before an instant."""
        first = (before_s - self.start_s) // HOUR_S
        self._hours = {n: hour for n, hour in self._hours.items() if n >= first}
        kept = max((n for n in self._states if n <= max(first, 0)), default=0)
        if any(n < kept for n in self._states):
            self._states = {n: state for n, state in self._states.items() if n >= kept}

    def _parts(self, interval: Interval) -> list[tuple[int, int, int]]:
        """Number of each hour that an interval touches, and from when to when it does."""
        first, last = (
            (interval.start_s - self.start_s) // HOUR_S,
            (interval.end_s - 1 - self.start_s) // HOUR_S,
        )
        return [
            (
                n,
                max(interval.start_s, self.start_s + n * HOUR_S),
                min(interval.end_s, self.start_s + (n + 1) * HOUR_S),
            )
            for n in range(first, last + 1)
        ]

    def _hour(self, number: int) -> Hour:
        if number not in self._hours:
            self._run_on(number)
        return self._hours[number]

    def _run_on(self, number: int) -> None:
        """Run hours up to one; of the states those once a day are kept, and the newest."""
        begin = max(n for n in self._states if n <= number)
        state, states = self._states[begin], dict(self._states)
        for n in range(begin, number + 1):
            state, self._hours[n] = self._run(state, self.start_s + n * HOUR_S)
            states[n + 1] = state
        newest = max(states)
        self._states = {n: s for n, s in states.items() if n % STATE_EVERY_H == 0 or n == newest}

    def _run(self, state: States, from_s: int) -> tuple[States, Hour]:
        step_s, rows, devices = self.fleet.step_s, [], np.zeros(self.fleet.devices)
        for k in range(HOUR_S // step_s):
            begin_s = from_s + k * step_s
            state, devices_kw, customers_kw = self.fleet.run(state, begin_s, begin_s + step_s)
            rows.append(customers_kw.astype(np.float32))
            devices += devices_kw
        return state, Hour(np.array(rows), (devices / len(rows)).astype(np.float32))

    def get_state(self) -> Any:
        """States from which everything else can be run again."""
        return self._states

    def set_state(self, state: Any) -> None:
        """Take back what `get_state` returned."""
        self._states, self._hours = dict(state), {}
