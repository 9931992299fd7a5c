"""What an import costs the substation in life, as part of the clearing and of the bid for the bus."""

from __future__ import annotations

import numpy as np

from dso.engine.market_work import MarketWork
from dso.market import Curve
from dso.market.joint import less_adder
from dso.ports import LoadServingStrategy


def adder_of(work: MarketWork, t: int, factor: float) -> Curve | None:
    """The price of the substation's life in an interval, per kWh at the meters; None where it is not priced.

    Parameters
    ----------
    t : index of the interval.
    factor : power at the head per power at the meters.
    """
    head = work.world.distribution.adder
    if head is None:
        return None
    curve = head.adder(work.intervals[t])
    return Curve(curve.price_usd_per_kwh * factor, curve.quantity_kw / factor)


def less_ageing(work: MarketWork, t: int, factor: float, demand: Curve) -> Curve:
    """Demand at the meters over the wholesale price, less what the substation's life costs at each quantity.

    Exact where every tariff that answers to prices scales them alike; else the price of life stays what it
    is in the last schedule.

    Parameters
    ----------
    t, factor : as in `adder_of`.
    demand : of all tariffs over w, the substation's life for nothing.
    """
    adder = adder_of(work, t, factor)
    if adder is None:
        return demand
    scalings = {
        round(scaling_of(retailer.strategy), 12)
        for _, retailer, record in work.retailers()
        if np.ptp(record.curves[t].quantity_kw) > 0
    }
    if len(scalings) <= 1:
        return less_adder(demand, adder, next(iter(scalings), 1.0))
    return Curve.total(_held(work, t))


def head_limits_kw(work: MarketWork, t: int) -> tuple[float, float]:
    """What may flow in and out through the head in an interval [kW]: by the DO's limits, and by its adder."""
    limits, head = work.do.limits, work.world.distribution.adder
    ends = np.array([np.inf, -np.inf]) if head is None else head.adder(work.intervals[t]).quantity_kw
    return min(float(limits.import_kw[t]), -float(ends[-1])), min(float(limits.export_kw[t]), float(ends[0]))


def scaling_of(strategy: LoadServingStrategy) -> float:
    """How much a retail price rises with the wholesale price: s, where it is a straight line."""
    at = strategy.retail_usd_per_kwh(np.array([0.0, 1.0]), np.zeros(2))
    return float(at[1] - at[0])


def _held(work: MarketWork, t: int) -> list[Curve]:
    schedule = work.subject.schedule
    mu = 0.0 if schedule is None else float(schedule.congestion_usd_per_kwh[t])
    curves = ((r.strategy, record.curves[t]) for _, r, record in work.retailers())
    return [s.wholesale_curve(Curve(c.price_usd_per_kwh - mu, c.quantity_kw)) for s, c in curves]
