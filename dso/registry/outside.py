"""Participants from outside, as a scenario registers them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from dso.agents.outside import OutsideAgents
from dso.messages import BidRequest, FloatArray, IntArray
from dso.plant.follower import FollowerPlant
from dso.scenario.devices import Outside

Answer = Callable[[BidRequest], Any]


@dataclass(frozen=True, slots=True, eq=False)
class Registered:
    """A sender from outside: whom it bids for, with which devices."""

    name: str
    customers: IntArray  # (n,)
    devices: IntArray  # (n,)
    lowest_kw: FloatArray  # (n,)
    highest_kw: FloatArray  # (n,)
    alone_kw: FloatArray  # (n,)

    def plant(self) -> FollowerPlant:
        """Devices that draw what they are told."""
        return FollowerPlant(self.name, self.customers, self.lowest_kw, self.highest_kw, self.alone_kw)

    def population(self, answer: Answer) -> OutsideAgents:
        """Agents whose bids a function makes."""
        ratings = self.lowest_kw, self.highest_kw
        return OutsideAgents(self.name, self.customers, self.devices, *ratings, answer)


def registered_of(
    given: Outside, first: int, enrolled: Mapping[str, IntArray], with_market: Sequence[str]
) -> Registered:
    """A sender as the scenario names it.

    Parameters
    ----------
    first : number of its first device.
    enrolled : customers by tariff.
    with_market : tariffs on which customers may bid.

    Raises
    ------
    ValueError : it bids for strangers, or in a tariff without a market, or its ratings are crossed.
    """
    if given.tariff not in with_market:
        known = ", ".join(with_market) or "none"
        raise ValueError(f"tariff must be one with a market, there is {known}; was {given.tariff}")
    strangers = sorted(set(given.customers) - set(enrolled[given.tariff].tolist()))
    if strangers:
        own = ", ".join(map(str, enrolled[given.tariff][:5].tolist()))
        raise ValueError(f"customer {strangers[0]} is not on {given.tariff}, on it are {own} …")
    if not given.lowest_kw <= given.alone_kw <= given.highest_kw:
        raise ValueError(
            f"lowest_kw ≤ alone_kw ≤ highest_kw must hold,"
            f" were {given.lowest_kw}, {given.alone_kw} and {given.highest_kw}"
        )
    customers = np.array(sorted(set(given.customers)), np.int64)
    count = len(customers)
    ratings = (np.full(count, value) for value in (given.lowest_kw, given.highest_kw, given.alone_kw))
    return Registered(given.name, customers, first + np.arange(count, dtype=np.int64), *ratings)
