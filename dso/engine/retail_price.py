"""The price of a tariff in some intervals: from the wholesale price and the wires, or from its schedule."""

from __future__ import annotations

import numpy as np

from dso.clock import Interval
from dso.engine.market_work import MarketWork
from dso.engine.world import World
from dso.messages import FloatArray, IntArray
from dso.operators.load_serving import LoadServingEntity
from dso.ports import PeriodStrategy


def retail_price(
    work: MarketWork, retailer: LoadServingEntity, wholesale: FloatArray, congestion: FloatArray
) -> FloatArray:
    """What a tariff's customers pay for the next kWh in each interval of a market [USD/kWh].

    Parameters
    ----------
    wholesale, congestion : price w and price of the wires μ, (t,) or (t, points) [USD/kWh].
    """
    strategy = retailer.strategy
    if retailer.book is None or not isinstance(strategy, PeriodStrategy):
        return strategy.retail_usd_per_kwh(wholesale, congestion)
    starts_s = starts_of(work.intervals)
    spot = wholesale if wholesale.ndim == 1 else wholesale[:, 0]
    day_ahead = spot if not work.spec.physical else day_ahead_prices(work.world, retailer, starts_s)
    price = np.asarray(strategy.scheduled_usd_per_kwh(starts_s, spot, day_ahead))
    return price if wholesale.ndim == 1 else np.repeat(price[:, None], wholesale.shape[1], axis=1)


def day_ahead_prices(world: World, retailer: LoadServingEntity, starts_s: IntArray) -> FloatArray:
    """The wholesale price of the day-ahead market at some instants, (t,); NaN where none was published."""
    refined, found = world.physical().refines, np.full(len(starts_s), np.nan)
    if refined is None or retailer.book is None:
        return found
    spec = world.series[refined]
    for t, at_s in enumerate(starts_s.tolist()):
        first_s = spec.covering_market(world.start_s, at_s).delivery_s
        key = first_s + (at_s - first_s) // spec.interval_s * spec.interval_s
        book = retailer.book.periods.get(world.ledger.period_of(key))
        if book is not None:
            found[t] = book.day_ahead.get(key, np.nan)
    return found


def starts_of(intervals: tuple[Interval, ...]) -> IntArray:
    """When intervals begin, (t,) [s]."""
    return np.array([i.start_s for i in intervals], np.int64)
