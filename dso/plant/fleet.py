"""Devices of several kinds side by side: who owns them, and which number each has if it takes part."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from dso.messages import FloatArray, IntArray
from dso.plant.device import Devices

States = tuple[FloatArray, ...]  # one for each group


@dataclass(frozen=True, slots=True, eq=False)
class Group:
    """All devices of one kind.

    Parameters
    ----------
    plant : their physics.
    number : (n,) number of each among the devices that may bid; −1 of one that does not take part.
    """

    plant: Devices
    number: IntArray

    def scattered(self, kw: FloatArray, devices_kw: FloatArray, customers_kw: FloatArray) -> None:
        """Add power, (n,), to the devices that take part and to the customers of those that do not."""
        bids = self.number >= 0
        devices_kw[self.number[bids]] = kw[bids]
        rest = np.where(bids, 0.0, kw)
        customers_kw += np.bincount(self.plant.customers, rest, len(customers_kw))


@dataclass(frozen=True, slots=True, eq=False)
class Fleet:
    """All devices of all customers.

    Parameters
    ----------
    groups : one a kind.
    customers : how many there are.
    devices : how many may bid.
    step_s : longest time that devices are run at once, up to an hour [s].
    """

    groups: Sequence[Group]
    customers: int
    devices: int
    step_s: int = 300

    def start(self, at_s: int) -> States:
        """The state in which a study begins."""
        return tuple(group.plant.start(at_s) for group in self.groups)

    def run(
        self,
        states: States,
        from_s: int,
        to_s: int,
        settings: Sequence[FloatArray | None] | None = None,
        supplied_frac: FloatArray | None = None,
    ) -> tuple[States, FloatArray, FloatArray]:
        """Run all devices for a while.

        Parameters
        ----------
        states : at the beginning.
        from_s, to_s : the stretch of time [s since the epoch].
        settings : for each group what its devices were told, (n,), or None for nothing.
        supplied_frac : (customers,) part of the time with supply; None: all of it.

        Returns
        -------
        states at the end, average power of the devices that take part, (devices,), and of all others by their
        customers, (customers,) [kW].
        """
        devices_kw, customers_kw, after = np.zeros(self.devices), np.zeros(self.customers), []
        told: Sequence[FloatArray | None] = [None] * len(self.groups) if settings is None else settings
        for group, state, setting in zip(self.groups, states, told, strict=True):
            supplied = None if supplied_frac is None else supplied_frac[group.plant.customers]
            state, kw = self._run_one(group, state, (from_s, to_s), setting, supplied)
            group.scattered(kw, devices_kw, customers_kw)
            after.append(state)
        return tuple(after), devices_kw, customers_kw

    def _run_one(
        self,
        group: Group,
        state: FloatArray,
        span: tuple[int, int],
        setting: FloatArray | None,
        supplied_frac: FloatArray | None,
    ) -> tuple[FloatArray, FloatArray]:
        from_s, to_s = span
        kwh = np.zeros(len(group.number))
        if not len(kwh):  # a kind that nobody owns
            return state, kwh
        while from_s < to_s:
            until_s = min(to_s, from_s + self.step_s)
            state, kw = group.plant.step(state, from_s, until_s, setting, supplied_frac)
            kwh += kw * (until_s - from_s)
            from_s = until_s
        return state, kwh / (span[1] - span[0])
