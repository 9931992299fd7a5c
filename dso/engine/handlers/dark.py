"""Bids of those who have no supply: rejected where they have none at all, nothing where they have none."""

from __future__ import annotations

import numpy as np

from dso.engine.market_work import RetailWork
from dso.messages import Bids, IntArray, Rejection


def without_supply(work: RetailWork, bids: Bids) -> tuple[Bids, list[Rejection]]:
    """Bids with quantities of nothing in dead intervals, and a rejection for who is dark in all of them."""
    dark = work.world.distribution.dark(work.intervals, work.world.customers)
    if dark is None:
        return bids, []
    own = dark[:, bids.customers]
    whole = own.all(axis=0)
    lit = Bids(
        bids.sender,
        bids.market,
        bids.round,
        bids.customers[~whole],
        np.where(own[:, ~whole, None], 0.0, bids.quantity_kw[:, ~whole]),
        bids.price_usd_per_kwh[:, ~whole],
    )
    return lit, _rejections(work, bids, bids.customers[whole])


def _rejections(work: RetailWork, bids: Bids, customers: IntArray) -> list[Rejection]:
    """One for each customer, with the elements that are out; looked up once for each service point."""
    do, reasons = work.world.distribution, {}
    state = do.equipment(work.intervals)[0]
    found = []
    for customer, point in zip(customers.tolist(), do.points_of(customers).tolist(), strict=True):
        if point not in reasons:
            reasons[point] = f"no supply: {_are_out(do.darkened_by(state, customer))}"
        found.append(Rejection(work.market, bids.sender, customer, reasons[point]))
    return found


def _are_out(elements: list[str]) -> str:
    return f"{' and '.join(elements)} {'is' if len(elements) == 1 else 'are'} out"
