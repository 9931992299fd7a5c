"""Agents that are not ours: a Python function bids for registered participants."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, replace
from typing import Any, TypeVar

import numpy as np

from dso.errors import ParticipantError
from dso.messages import Award, BidRequest, Bids, FloatArray, IntArray, PriceSignal

Answer = tuple[Any, Any]  # quantities and prices, each (t, n, k)
Told = TypeVar("Told", BidRequest, PriceSignal)


class OutsideAgents:
    """Bids that somebody else's function makes; it is a participant: what goes wrong in it is a rejection.

    Parameters
    ----------
    name : of the sender, as registered.
    customers, devices : (n,) whom it bids for, and the device of each.
    lowest_kw, highest_kw : (n,) ratings.
    answer : from a call for bids to quantities [kW] and prices [USD/kWh], each (t, n, k), quantity rising and
        price falling along k; None: no bids this time. If it has a method `hear`, prices are told to it.
    """

    def __init__(
        self,
        name: str,
        customers: IntArray,
        devices: IntArray,
        lowest_kw: FloatArray,
        highest_kw: FloatArray,
        answer: Callable[[BidRequest], Answer | None],
    ) -> None:
        self.name, self.customers, self.devices = name, customers, devices
        self.lowest_kw, self.highest_kw = lowest_kw, highest_kw
        self._answer = answer

    def bid(self, request: BidRequest) -> Bids:
        """What the function answers.

        Raises
        ------
        ParticipantError : it failed, or its answer is no arrays of numbers.
        """
        try:
            answer = self._answer(_copied(request))
            if answer is None:
                nothing = np.zeros((len(request.intervals), 0, 1))
                return self._bids(request, np.zeros(0, np.int64), nothing, nothing)
            quantity, price = (np.array(part, np.float64) for part in answer)  # theirs to change
        except Exception as error:
            told = " ".join(f"{type(error).__name__}: {error}".split())
            raise ParticipantError(f"{self.name} failed: {told}") from error
        return self._bids(request, self.customers, quantity, price)

    def _bids(self, request: BidRequest, who: IntArray, quantity: FloatArray, price: FloatArray) -> Bids:
        return Bids(self.name, request.market, request.round, who, quantity, price)

    def hear(self, signal: PriceSignal) -> None:
        """Pass a price on to who wants to hear it."""
        hear = getattr(self._answer, "hear", None)
        if hear is not None:
            try:
                hear(_copied(signal))
            except Exception:  # noqa: BLE001  a stranger's trouble is not the market's
                return

    def set_points_kw(self, award: Award, interval_index: int) -> FloatArray:
        """What each device runs at, (n,) [kW]: what was awarded."""
        return np.asarray(award.quantity_kw[interval_index])


def _copied(told: Told) -> Told:
    """What a stranger is told, with arrays of its own: what it does with them changes nothing of ours."""
    values = {f.name: getattr(told, f.name) for f in fields(told)}
    copies: dict[str, Any] = {name: v.copy() for name, v in values.items() if isinstance(v, np.ndarray)}
    return replace(told, **copies)
