"""All tariffs cleared together where each service point has its own price: losses, congestion, voltage."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dso.engine.joint import loss_factor, unbid_kw
from dso.engine.market_work import MarketWork, PointPrices, Schedule
from dso.engine.retail_price import retail_price
from dso.market import Book, Curve, clear_network
from dso.messages import FloatArray, IntArray
from dso.ports import ElementLimit


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """One tariff's part in a clearing: its bids with their points, and what draws whatever it costs."""

    tariff: str
    base: FloatArray  # (t, points) price if nothing binds, marginal losses included
    books: tuple[Book, ...]  # of its bids, one an interval; none where it has no market
    bid_point: IntArray  # (n,)
    bidders: IntArray  # (n,) customer behind each bid
    bidder_row: IntArray  # (n,) the bidder's place among the tariff's customers
    rest: tuple[Book, ...]  # demand of what does not bid at each point, one an interval
    rest_point: IntArray  # (customers of the tariff,)
    rest_share: FloatArray  # (t, customers of the tariff) of what is served at the customer's point


def solve_at_points(work: MarketWork, wholesale: FloatArray) -> Schedule:
    """The schedule of all tariffs at a wholesale price, under the limits of the head and of single elements.

    A customer's price is that of its tariff with w·∂losses/∂load and Σ shadow · weight of its point added; a
    tariff whose price the wires do not change pays them through its LSE.

    Parameters
    ----------
    wholesale : (t,) price at the bus [USD/kWh].
    """
    world, count = work.world, len(work.intervals)
    do, factor, settings = world.distribution, loss_factor(work), world.settings
    losses = losses_usd_per_kwh(work, wholesale)
    parts = [_part(work, tariff, wholesale, losses) for tariff in world.names()]
    names, shape = world.names(), losses.shape
    congestion, curtailed = np.zeros(count), np.zeros(count)
    adders = {"congestion": np.zeros(shape), "voltage": np.zeros(shape)}
    binding: list[tuple[ElementLimit, float]] = []
    customers = {p.tariff: np.zeros_like(p.rest_share) for p in parts}
    devices = {p.tariff: np.zeros((count, len(p.bidders))) for p in parts}
    scarce = False
    for t in range(count):
        rows = [r for r in work.do.limits.elements if r.interval == t]
        weight, bound = _rows(work, rows, t, float(factor[t]), shape[1])
        finite = np.isfinite(bound)
        found = clear_network(
            *_book(parts, t),
            weight[finite],
            bound[finite],
            price_cap_usd_per_kwh=settings.price_cap_usd_per_kwh,
        )
        scarce |= found.outcome == "scarcity"
        _hand_back(parts, t, found.quantity_kw, customers, devices)
        curtailed[t] = float(found.curtailed_kw.sum())
        shadow = np.zeros(len(bound))
        dearest = np.max([p.base[t] for p in parts], axis=0)
        room = np.maximum(settings.price_cap_usd_per_kwh - dearest, 0.0)
        shadow[finite] = found.shadow_usd_per_h * _within_cap(found.adder_usd_per_kwh, room)
        congestion[t] = shadow[0] - shadow[1]
        for row, price in zip(rows, shadow[2:].tolist(), strict=True):
            if price:
                adders["voltage" if row.kind == "voltage" else "congestion"][t] += price * row.weight
                binding.append((row, price))
    points = np.zeros(shape)
    for p in parts:
        points += do.at_points(customers[p.tariff], world.retailers[p.tariff].customers)
    prices = PointPrices(losses, adders["congestion"], adders["voltage"], tuple(binding))
    retail = {n: retail_price(work, world.retailers[n], wholesale, congestion) for n in names}
    load = {n: customers[n].sum(axis=1) for n in names}
    outcome = "scarcity" if scarce else "cleared"
    return Schedule(
        wholesale, congestion, retail, load, curtailed, outcome, points, prices, customers, devices
    )


def _within_cap(adder_usd_per_kwh: FloatArray, room_usd_per_kwh: FloatArray) -> float:
    """By how much shadow prices must shrink so that nobody's price exceeds the cap.

    Rows that no schedule can meet have shadow prices without end; what cannot be served costs the cap.

    Parameters
    ----------
    adder_usd_per_kwh : (points,) what the shadow prices add.
    room_usd_per_kwh : (points,) from the dearest price without them up to the cap.
    """
    over = np.abs(adder_usd_per_kwh) > room_usd_per_kwh
    return float((room_usd_per_kwh[over] / np.abs(adder_usd_per_kwh[over])).min()) if over.any() else 1.0


def losses_usd_per_kwh(work: MarketWork, wholesale: FloatArray) -> FloatArray:
    """What a kWh more costs in losses at each service point, (t, points) [USD/kWh]."""
    marginal = work.do.marginal
    if marginal is None:  # default service: nothing was prepared
        return np.zeros((len(wholesale), len(work.world.distribution.network.points)))
    return np.asarray(wholesale[:, None] * marginal)


def retail_at_points(work: MarketWork, tariff: str, schedule: Schedule) -> FloatArray | None:
    """What customers of a tariff pay at each service point, (t, points); None where all pay the same."""
    if schedule.at_points is None:
        return None
    wires = schedule.congestion_usd_per_kwh[:, None] + schedule.at_points.total()
    return _retail(work, tariff, schedule.wholesale_usd_per_kwh, wires)


def _retail(work: MarketWork, tariff: str, wholesale: FloatArray, wires: FloatArray) -> FloatArray:
    """A tariff's price for a price of the wires at each point, (t, points)."""
    spread = np.broadcast_to(wholesale[:, None], wires.shape)
    return np.asarray(retail_price(work, work.world.retailers[tariff], spread, wires))


def _part(work: MarketWork, tariff: str, wholesale: FloatArray, losses: FloatArray) -> Part:
    world, record = work.world, work.lse(tariff)
    do, own = world.distribution, world.retailers[tariff].customers
    place, base = do.points_of(own), _retail(work, tariff, wholesale, losses)
    assert record.meter_kw is not None  # prepared before
    if tariff not in world.operators or record.substituted or not work.mo(tariff).books:
        at_points = do.at_points(record.meter_kw, own)
        rest = tuple(_split(c, row) for c, row in zip(record.curves, at_points, strict=True))
        nobody = np.zeros(0, np.int64)
        share = _share(record.meter_kw, at_points, place)
        return Part(tariff, base, (), nobody, nobody, nobody, rest, place, share)
    mo = work.mo(tariff)
    assert mo.bidders is not None  # aggregated with the books
    assert mo.bidding is not None
    residual_kw, silent_kw = unbid_kw(record, world.own_devices[tariff], mo.bidding)
    rest_kw = residual_kw + silent_kw
    at_points = do.at_points(rest_kw, own)
    rest = tuple(Book(row[:, None], np.zeros((len(row), 1))) for row in at_points)
    books = mo.books if len(mo.bidders) else ()
    share = _share(rest_kw, at_points, place)
    row = np.searchsorted(own, mo.bidders)
    return Part(tariff, base, books, do.points_of(mo.bidders), mo.bidders, row, rest, place, share)


def _split(curve: Curve, points_kw: FloatArray) -> Book:
    """A tariff's curve without bids behind it, shared between the points as their load is forecast."""
    total = float(points_kw.sum())
    share = points_kw / total if total else np.full(len(points_kw), 1.0 / len(points_kw))
    price = np.broadcast_to(curve.price_usd_per_kwh[None, ::-1], (len(share), len(curve.price_usd_per_kwh)))
    return Book(np.abs(share)[:, None] * curve.quantity_kw[None, ::-1], np.array(price))


def _share(kw: FloatArray, at_points: FloatArray, place: IntArray) -> FloatArray:
    """Each customer's part of what is at its point, (t, n); equal parts where nothing is expected there."""
    there = at_points[:, place]
    heads = np.bincount(place, minlength=at_points.shape[1])[place]
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(np.where(np.abs(there) > 1e-9, kw / there, 1.0 / heads))


def _rows(
    work: MarketWork, rows: list[ElementLimit], t: int, factor: float, points: int
) -> tuple[FloatArray, FloatArray]:
    """The head's two limits and the elements' of one interval as weight · load ≤ bound."""
    limits = work.do.limits
    weight = [np.ones(points), -np.ones(points), *(r.weight for r in rows)]
    bound = [float(limits.import_kw[t]) / factor, float(limits.export_kw[t]) / factor]
    return np.array(weight), np.array([*bound, *(r.bound for r in rows)])


def _book(parts: list[Part], t: int) -> tuple[Book, FloatArray, IntArray]:
    """Everybody's bids in one book, with the price that each sees and its point."""
    books, base, point = [], [], []
    for p in parts:
        if p.books:
            books.append(p.books[t])
            base.append(p.base[t, p.bid_point])
            point.append(p.bid_point)
        books.append(p.rest[t])
        base.append(p.base[t])
        point.append(np.arange(len(p.rest[t])))
    return Book.stacked(books), np.concatenate(base), np.concatenate(point)


def _hand_back(
    parts: list[Part],
    t: int,
    quantity_kw: FloatArray,
    customers: dict[str, FloatArray],
    devices: dict[str, FloatArray],
) -> None:
    """Each customer's part of a clearing: its bid's, and of what does not bid its share at its point."""
    at = 0
    for p in parts:
        own = np.zeros(0)
        if p.books:
            own = quantity_kw[at : at + len(p.bidders)]
            devices[p.tariff][t] = own
            at += len(p.bidders)
        served = quantity_kw[at : at + len(p.rest[t])]
        at += len(p.rest[t])
        customers[p.tariff][t] = served[p.rest_point] * p.rest_share[t]
        np.add.at(customers[p.tariff][t], p.bidder_row[: len(own)], own)  # several bids of one customer


def curves_at_points(work: MarketWork, schedule: Schedule) -> dict[str, tuple[Curve, ...]]:
    """Each tariff's demand over the price at the head, what the wires add to each bid's held as scheduled."""
    found = {}
    for tariff, _, record in work.retailers():
        mo = work.mo(tariff) if tariff in work.world.operators and not record.substituted else None
        if mo is None or mo.bidders is None or not len(mo.bidders):
            found[tariff] = record.curves
            continue
        shift = shifts(work, tariff, schedule, mo.bidders)
        customers = schedule.customers_kw[tariff].sum(axis=1) - schedule.devices_kw[tariff].sum(axis=1)
        strategy = work.world.operators[tariff].strategy
        found[tariff] = tuple(
            strategy.aggregate(shifted(book, shift[t]), float(customers[t]))
            for t, book in enumerate(mo.books)
        )
    return found


def shifts(work: MarketWork, tariff: str, schedule: Schedule, bidders: IntArray) -> FloatArray:
    """How far the price of each bidder lies above that at the head, (t, n) [USD/kWh]."""
    prices = retail_at_points(work, tariff, schedule)
    if prices is None:
        return np.zeros((len(work.intervals), len(bidders)))
    place = work.world.distribution.points_of(bidders)
    return np.asarray(prices[:, place] - schedule.retail_usd_per_kwh[tariff][:, None])


def shifted(book: Book, shift_usd_per_kwh: FloatArray) -> Book:
    """Bids over the price at the head instead of each bidder's own, which lies (n,) above it."""
    return Book(book.quantity_kw, book.price_usd_per_kwh - shift_usd_per_kwh[:, None])
