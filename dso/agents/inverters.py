"""Inverters that offer reactive power: so much, at so much a kvarh."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dso.messages import BidRequest, FloatArray, IntArray, Offers


@dataclass(frozen=True, slots=True, eq=False)
class Inverters:
    """Customers' inverters, which can inject up to their rating at any time.

    Parameters
    ----------
    name : of the sender.
    customers : (n,) whose they are.
    highest_kvar : (n,) what each can inject [kvar].
    usd_per_kvarh : (n,) what each asks [USD/kvarh].
    """

    name: str
    customers: IntArray
    highest_kvar: FloatArray
    usd_per_kvarh: FloatArray

    def offer(self, request: BidRequest) -> Offers:
        """All of it, in each interval."""
        count = len(request.intervals)
        kvar, price = np.tile(self.highest_kvar, (count, 1)), np.tile(self.usd_per_kvarh, (count, 1))
        return Offers(self.name, request.market, request.round, self.customers, kvar, price)
