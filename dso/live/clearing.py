"""The last clearing as it was: what all tariffs together wanted at each price, the limit, where they met."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from dso.clock import Interval
from dso.engine.loop import Engine
from dso.engine.market_work import MarketSubject, Schedule
from dso.market import Curve
from dso.messages import FloatArray

MOST_POINTS = 240


@dataclass(frozen=True, slots=True, eq=False)
class Cleared:
    """A market's schedule with the curves it came from; only records that are never changed afterwards."""

    market: str
    intervals: tuple[Interval, ...]
    round: int
    final: bool  # at the wholesale result, no more at the expected price
    schedule: Schedule
    curves: Mapping[str, tuple[Curve, ...]]  # by tariff, one an interval
    import_limit_kw: FloatArray  # (t,) at the head
    factor: FloatArray  # (t,) power at the head per power at the meters


def cleared_now(
    engine: Engine, market: str, subject: MarketSubject, schedule: Schedule, factor: FloatArray
) -> Cleared | None:
    """What a market has just cleared; None where a tariff has no curve, or the DO no record."""
    records = {name: r.records.get(market) for name, r in engine.world.retailers.items()}
    curves = {name: record.curves for name, record in records.items() if record is not None}
    do, intervals = engine.world.distribution.records.get(market), subject.times.intervals
    if do is None or len(curves) < len(records) or any(len(c) != len(intervals) for c in curves.values()):
        return None
    final = subject.priced is not None
    limit = do.limits.import_kw
    return Cleared(market, intervals, subject.round, final, schedule, curves, limit, factor)


@dataclass(frozen=True, slots=True, eq=False)
class Cross:
    """One interval of it over one tariff's retail price, quantities at the head of the feeder.

    Every other tariff's curve is moved by the difference between its delivered price and this one's, as
    in the joint clearing: all meet at the same congestion price μ.
    """

    tariff: str  # whose price it is drawn over
    interval: Interval
    demand: Curve
    delivered_usd_per_kwh: float  # what energy costs where the wires do not bind
    price_usd_per_kwh: float
    load_kw: float
    limit_kw: float
    congestion_usd_per_kwh: float
    curtailed_kw: float


def cross_of(engine: Engine, cleared: Cleared) -> Cross:
    """The interval with the highest load, for a tariff that has a market if there is one."""
    world, schedule = engine.world, cleared.schedule
    t = int(np.argmax(schedule.total_kw()))
    shown = next(iter(world.operators), next(iter(world.retailers)))
    nothing = np.zeros_like(schedule.wholesale_usd_per_kwh)
    delivered = {
        name: float(r.strategy.retail_usd_per_kwh(schedule.wholesale_usd_per_kwh, nothing)[t])
        for name, r in world.retailers.items()
    }
    factor, congestion = float(cleared.factor[t]), float(schedule.congestion_usd_per_kwh[t])
    moved = [
        Curve(c[t].price_usd_per_kwh + (delivered[shown] - delivered[name]), c[t].quantity_kw * factor)
        for name, c in cleared.curves.items()
    ]
    return Cross(
        shown,
        cleared.intervals[t],
        Curve.total(moved),
        delivered[shown],
        delivered[shown] + congestion,
        float(schedule.total_kw()[t]) * factor,
        float(cleared.import_limit_kw[t]),
        congestion,
        float(schedule.curtailed_kw[t]),
    )


def points_between(curve: Curve, low: float, high: float) -> list[tuple[float, float]]:
    """The curve's (quantity, price) points between two prices, thinned to what a picture can show."""
    inside = (curve.price_usd_per_kwh > low) & (curve.price_usd_per_kwh < high)
    price, quantity = curve.price_usd_per_kwh[inside], curve.quantity_kw[inside]
    if price.size > MOST_POINTS:
        keep = np.unique(np.linspace(0, price.size - 1, MOST_POINTS).round().astype(int))
        price, quantity = price[keep], quantity[keep]
    first, last = float(curve.quantity_above(low)), float(curve.quantity_below(high))
    return [(first, low), *zip(quantity.tolist(), price.tolist(), strict=True), (last, high)]
