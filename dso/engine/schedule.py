"""What all tariffs together would draw at a wholesale price: at one price for all, or point by point."""

from __future__ import annotations

from dso.engine.at_points import solve_at_points
from dso.engine.joint import solve_jointly
from dso.engine.market_work import MarketWork, Schedule
from dso.messages import FloatArray


def solve(work: MarketWork, wholesale: FloatArray) -> Schedule:
    """The schedule at a wholesale price, (t,), under the limits that the DO has set so far."""
    if work.world.distribution.prices_points:
        return solve_at_points(work, wholesale)
    return solve_jointly(work, wholesale)
