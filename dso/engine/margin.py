"""Who set the price: the limit that bound, and the bids that would have answered to the next cent."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dso.engine.ageing import head_limits_kw
from dso.engine.at_points import shifted, shifts
from dso.engine.capacity import capacity_of
from dso.engine.market_work import MarketWork, Schedule
from dso.engine.retail_price import retail_price
from dso.market import Book
from dso.messages import FloatArray, IntArray
from dso.operators.load_serving import LseRecord
from dso.ports import LoadServingStrategy

NEAREST = 3  # bids that are named: those that bend nearest to the price
PROBE_USD_PER_KWH = 0.01  # does a price move with what it is made from?
FROM_ABOVE = ("wholesale", "assumed price")  # what sets a price where nothing behind the head does


@dataclass(frozen=True, slots=True)
class Margin:
    """The bids of one interval that lie at a price.

    Parameters
    ----------
    bids : how many want more below the price than above it, or are on a slope there.
    slope_kw_per_usd_per_kwh : how much less they want for each USD/kWh more; 0 where all of them step.
    low_usd_per_kwh, high_usd_per_kwh : between which prices the same would have cleared; None: no bid beyond.
    nearest : customer, lower and upper price of the piece it is on (or next to), power there [kW].
    """

    bids: int
    slope_kw_per_usd_per_kwh: float
    low_usd_per_kwh: float | None
    high_usd_per_kwh: float | None
    nearest: tuple[tuple[int, float, float, float], ...]


def margin_of(book: Book, bidders: IntArray, price: float) -> Margin:
    """The bids of a book that lie at a price.

    Parameters
    ----------
    book : the bids of one interval.
    bidders : (n,) the customer behind each.
    price : the retail price that was cleared [USD/kWh].
    """
    if not len(book) or book.points < 2:
        return Margin(0, 0.0, None, None, ())
    p, q = book.price_usd_per_kwh.T, book.quantity_kw.T  # (k, n): price falling, quantity rising
    high, low, size = p[:-1], p[1:], q[1:] - q[:-1]
    real = size > 0
    gap = np.where(real, np.maximum(np.maximum(low - price, price - high), 0.0), np.inf)  # (k − 1, n)
    at = gap == 0.0
    sloped = at & (high > low)
    slope = float((size[sloped] / (high[sloped] - low[sloped])).sum())
    bids = int(at.any(axis=0).sum())
    if bids:
        ends: tuple[float | None, float | None] = (price, price)
    else:
        ends = _last(high[real & (high < price)]), _first(low[real & (low > price)])
    return Margin(bids, slope, *ends, _nearest(p, q, gap, bidders, price))


def _last(values: FloatArray) -> float | None:
    return float(values.max()) if values.size else None


def _first(values: FloatArray) -> float | None:
    return float(values.min()) if values.size else None


def _nearest(
    p: FloatArray, q: FloatArray, gap: FloatArray, bidders: IntArray, price: float
) -> tuple[tuple[int, float, float, float], ...]:
    """The few bids whose bend lies nearest to the price, of those at it if there are any."""
    least = gap.min()
    if not np.isfinite(least):
        return ()
    if least == 0.0:
        piece, bid = np.nonzero(gap == 0.0)
        bend = np.minimum(np.abs(p[piece, bid] - price), np.abs(p[piece + 1, bid] - price))
    else:
        bid, piece = np.arange(gap.shape[1]), gap.argmin(axis=0)
        bend = gap[piece, bid]
    some = np.argpartition(bend, NEAREST - 1)[:NEAREST] if len(bend) > NEAREST else np.arange(len(bend))
    some = some[np.lexsort((bidders[bid[some]], bend[some]))]
    found: dict[int, tuple[int, float, float, float]] = {}
    for j, i, d in zip(piece[some].tolist(), bid[some].tolist(), bend[some].tolist(), strict=True):
        if np.isfinite(d):
            customer = int(bidders[i])
            found.setdefault(
                customer, (customer, float(p[j + 1, i]), float(p[j, i]), _power(p, q, j, i, price))
            )
    return tuple(found.values())


def _power(p: FloatArray, q: FloatArray, j: int, i: int, price: float) -> float:
    """What a bid wants at a price on its piece j [kW]; the lesser end of a step."""
    span = float(p[j, i] - p[j + 1, i])
    share = min(max((float(p[j, i]) - price) / span, 0.0), 1.0) if span > 0 else 0.0
    return float(q[j, i] + share * (q[j + 1, i] - q[j, i]))


def write_clearings(work: MarketWork, tariff: str, record: LseRecord) -> None:
    """Put on record what set the price of a tariff in each interval of a market."""
    schedule = work.subject.schedule
    retail, load = record.retail_usd_per_kwh, record.load_kw
    if schedule is None or retail is None or load is None:
        return
    wholesale, mu = schedule.wholesale_usd_per_kwh, schedule.congestion_usd_per_kwh
    strategy = work.world.retailers[tariff].strategy
    unlimited = retail_price(work, work.world.retailers[tariff], wholesale, np.zeros_like(mu))
    shadow = _of_the_limit(schedule)
    setters = _set_by(strategy, wholesale, shadow, schedule.curtailed_kw, assumed=work.subject.assumed)
    mo = work.mo(tariff) if tariff in work.world.operators and not record.substituted else None
    shift = shifts(work, tariff, schedule, mo.bidders) if mo is not None and mo.bidders is not None else None
    binding = _binding(work, tariff, record)
    for t, interval in enumerate(work.intervals):
        behind = binding[t]
        binds = bool(shadow[t]) or (bool(schedule.curtailed_kw[t]) and not behind.element)
        inward = shadow[t] > 0 or schedule.curtailed_kw[t] > 0
        most, least = head_limits_kw(work, t)
        limit = most if inward else -least
        work.row(
            "clearings",
            market=work.market,
            tariff=tariff,
            interval_start=interval.start_s,
            set_by=behind.what if behind.element and setters[t] in FROM_ABOVE else setters[t],
            unlimited_usd_per_kwh=float(unlimited[t]),
            limit_kw=limit if binds else behind.limit_kw,
            element=work.world.distribution.network.element if binds else behind.element,
            rent_usd_per_h=float(mu[t] * load[t]) + behind.rent_usd_per_h,
            curtailed_kw=float(schedule.curtailed_kw[t]),
            **_margin_columns(shifted(mo.books[t], shift[t]), mo.bidders, float(retail[t]))
            if mo is not None and mo.bidders is not None and shift is not None
            else {},
        )


@dataclass(frozen=True, slots=True)
class _Behind:
    """The limit behind the head that costs a tariff's customers most, and what all of them cost."""

    element: str | None = None
    rent_usd_per_h: float = 0.0
    what: str = "limit"
    limit_kw: float | None = None  # of power; None: of current or voltage


def _binding(work: MarketWork, tariff: str, record: LseRecord) -> list[_Behind]:
    """What binds behind the head in each interval."""
    found = [_sold_out(work, tariff, record, t) for t in range(len(work.intervals))]
    schedule, own = work.subject.schedule, record.customers_kw
    if schedule is None or schedule.at_points is None or own is None:
        return found
    points_kw = work.world.distribution.at_points(own, work.world.retailers[tariff].customers)
    most = [0.0] * len(found)
    for row, shadow in schedule.at_points.binding:
        t, rent = row.interval, shadow * float(row.weight @ points_kw[row.interval])
        name = row.element if abs(rent) > most[t] else found[t].element
        most[t] = max(most[t], abs(rent))
        found[t] = _Behind(name, found[t].rent_usd_per_h + rent)
    return found


def _sold_out(work: MarketWork, tariff: str, record: LseRecord, t: int) -> _Behind:
    """The transformer whose capacity has a price in an interval."""
    kappa = 0.0 if record.capacity_usd_per_kwh is None else float(record.capacity_usd_per_kwh[t])
    if not kappa or record.load_kw is None:
        return _Behind()
    element, capacity_kw = capacity_of(work, tariff)
    limit_kw = capacity_kw if kappa > 0 else -capacity_kw
    return _Behind(element, kappa * float(record.load_kw[t]), "capacity", limit_kw)


def _margin_columns(book: Book, bidders: IntArray, price: float) -> dict[str, object]:
    found = margin_of(book, bidders, price)
    return {
        "bids": len(book),
        "margin_bids": found.bids,
        "margin_kw_per_usd_per_kwh": found.slope_kw_per_usd_per_kwh,
        "price_low_usd_per_kwh": found.low_usd_per_kwh,
        "price_high_usd_per_kwh": found.high_usd_per_kwh,
        "margin": [[customer, *(round(v, 9) for v in rest)] for customer, *rest in found.nearest],
    }


def _of_the_limit(schedule: Schedule) -> FloatArray:
    """The part of congestion that a limit causes; the rest is the substation's life, a part of supply."""
    mu, ageing = schedule.congestion_usd_per_kwh, schedule.ageing_usd_per_kwh
    if ageing is None:
        return mu
    return np.where(np.isclose(mu, ageing, rtol=1e-6, atol=1e-12), 0.0, mu - ageing)


def _set_by(
    strategy: LoadServingStrategy,
    wholesale: FloatArray,
    mu: FloatArray,
    curtailed: FloatArray,
    *,
    assumed: bool,
) -> list[str]:
    """What set a tariff's price, interval by interval: its rate, the wholesale market, a limit, the cap."""
    price = strategy.retail_usd_per_kwh(wholesale, mu)
    with_wholesale = strategy.retail_usd_per_kwh(wholesale + PROBE_USD_PER_KWH, mu) != price
    with_wires = strategy.retail_usd_per_kwh(wholesale, mu + PROBE_USD_PER_KWH) != price
    otherwise = np.where(with_wholesale, "assumed price" if assumed else "wholesale", "rate")
    limited = with_wires & ((mu != 0) | (curtailed != 0))
    return [str(s) for s in np.where(limited, np.where(curtailed != 0, "cap", "limit"), otherwise)]
