"""What every wholesale market refuses, whatever its price comes from."""

from __future__ import annotations

import numpy as np

from dso.clock import iso
from dso.market import Curve
from dso.messages import WholesaleBid

HALF = 0.5


def refusal(bid: WholesaleBid) -> str | None:
    """Why a bid cannot be taken at all, or None: no or overlapping intervals, not one curve each."""
    if not bid.intervals:
        return "a bid must name one interval at least"
    if len(bid.demand) != len(bid.intervals):
        return f"a bid must have one curve an interval, had {len(bid.demand)} for {len(bid.intervals)}"
    for before, after in zip(bid.intervals, bid.intervals[1:], strict=False):
        if after.start_s < before.end_s:
            return (
                f"a bid's intervals must follow one another, {iso(after.start_s)} starts before the last ends"
            )
    for interval, curve in zip(bid.intervals, bid.demand, strict=True):
        if not (np.isfinite(curve.price_usd_per_kwh).all() and np.isfinite(curve.quantity_kw).all()):
            return f"a bid's prices and quantities must be finite, were not at {iso(interval.start_s)}"
    return None


def quantity_at(demand: Curve, price_usd_per_kwh: float, share: float = HALF) -> float:
    """What a curve takes at a price [kW]; on a horizontal piece, this share of the way up it."""
    least_kw, most_kw = demand.quantity_interval_kw(price_usd_per_kwh)
    return least_kw + share * (most_kw - least_kw)
