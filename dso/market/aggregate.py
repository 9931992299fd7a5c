"""The whole aggregate curve of a book: one sort of its breakpoints, then cumulated slopes."""

from __future__ import annotations

import numpy as np

from dso.market.book import Book
from dso.market.columns import chunks
from dso.market.curve import Curve, Floats

# A piece this many times steeper than the whole book's mean is summed apart: adding and taking away its slope
# would leave a rounding error behind that the flat ones never lose again.
_STEEP = 1e3


def aggregate(book: Book) -> Curve:
    """The exact aggregate curve of a book.

    Facts of the field: D(p) = Q0 + Σ slope_k · clip(P_k − p, 0, dP_k), piecewise linear with the bids' own
    breakpoints; nothing is sampled.

    Parameters
    ----------
    book : n bids of k points [kW, USD/kWh], free of `faults`.
    """
    p, q = book.price_usd_per_kwh.T, book.quantity_kw.T
    if not len(book):
        return Curve.vertical(0.0)
    if len(p) == 1:
        return Curve(np.zeros(1), np.array([q[0].sum()]))
    least, most = float(q[0].sum()), float(q[-1].sum())
    limit = _STEEP * _mean_slope(p, most - least)
    change = _changes(book, limit)
    return _aggregate_mixed(p, q, limit) if change is None else _swept(p, change, None, least, most)


def _changes(book: Book, limit: float) -> Floats | None:
    """How each breakpoint changes the slope, (k, n), where all pieces slope and none is steep; else None."""
    change = np.empty((book.points, len(book)))
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        for part, p, q, _ in chunks(book):
            # A span of −0.0 is one of 0, whose slope is infinite, not minus that.
            slope = (q[1:] - q[:-1]) / (p[:-1] - p[1:] + 0.0)
            if not slope.max() <= limit:
                return None
            _differences(slope, change[:, part])
    return change


def _differences(slope: Floats, change: Floats) -> None:
    np.negative(slope[-1], out=change[-1])
    np.subtract(slope[1:], slope[:-1], out=change[1:-1])
    change[0] = slope[0]


def _aggregate_mixed(p: Floats, q: Floats, limit: float) -> Curve:
    """The aggregate of bids with horizontal, repeated or steep pieces as well."""
    span, size = p[:-1] - p[1:], q[1:] - q[:-1]
    sloped = span > 0
    slope = np.divide(size, span, out=np.zeros_like(size), where=sloped)
    steep = slope > limit
    drop = np.zeros(p.shape)
    drop[:-1] = np.where(sloped, 0.0, size)
    gentle = np.where(steep, 0.0, slope)
    change = np.empty(p.shape)
    _differences(gentle, change)
    apart = float(size[steep].sum())
    base = _swept(p, change, drop if drop.any() else None, float(q[0].sum()), float(q[-1].sum()) - apart)
    return base + _swept_apart(p[:-1][steep], p[1:][steep], size[steep]) if apart else base


def _mean_slope(p: Floats, size_kw: float) -> float:
    width = float(p[0].max() - p[-1].min())
    return size_kw / width if width > 0 else 0.0


def _swept(p: Floats, change: Floats, drop: Floats | None, least: float, most: float) -> Curve:
    """Sweep from the lowest price up: at each breakpoint the slope changes, or the quantity falls at once."""
    price = p.ravel()
    order = np.argsort(price)
    price = price.take(order)
    quantity = _integrated(price, np.cumsum(change.ravel().take(order)))
    if drop is None:
        return _finished(price, quantity, least, most)
    return _with_drops(price, quantity, drop.ravel().take(order), least, most)


def _integrated(price: Floats, rate: Floats) -> Floats:
    """How far the quantity has fallen at each price, as a negative number; the rates are overwritten."""
    fallen = np.empty(price.shape)
    fallen[0] = 0.0
    np.subtract(price[:-1], price[1:], out=fallen[1:])
    fallen[1:] *= np.negative(rate[:-1], out=rate[:-1])
    np.cumsum(fallen, out=fallen)
    return fallen


def _with_drops(price: Floats, smooth: Floats, drop: Floats, least: float, most: float) -> Curve:
    """Add the horizontal pieces: two vertices at a price, the larger quantity first."""
    lower = smooth - np.cumsum(drop)
    drops = np.flatnonzero(drop)
    twice = np.insert(np.arange(price.size), drops, drops)
    quantity = lower[twice]
    quantity[drops + np.arange(drops.size)] += drop[drops]
    return _finished(price[twice], quantity, least, most)


def _finished(price: Floats, fallen: Floats, least: float, most: float) -> Curve:
    """The curve; its ends are the plain sums of the bids' ends, and rounding in the middle cannot leave
    them.
    """
    quantity = np.add(fallen, most, out=fallen)
    quantity[0], quantity[-1] = most, least
    np.maximum(quantity, least, out=quantity)
    np.minimum.accumulate(quantity, out=quantity)
    return Curve(price, quantity)


def _swept_apart(top: Floats, bottom: Floats, size: Floats) -> Curve:
    """The curve of steep pieces alone, their slopes cumulated with a correction for each step's rounding."""
    price = np.concatenate((bottom, top))
    order = np.argsort(price)
    slope = size / (top - bottom)
    rate = _compensated_cumsum(np.concatenate((-slope, slope))[order])
    rate[np.cumsum(np.where(order < bottom.size, 1, -1)) == 0] = 0.0
    price = price[order]
    return _finished(price, _integrated(price, rate), 0.0, float(size.sum()))


def _compensated_cumsum(values: Floats) -> Floats:
    """Running sums with what each addition rounded away added back (Knuth's two-sum)."""
    total = np.cumsum(values)
    before = np.concatenate(([0.0], total[:-1]))
    shifted = total - before
    lost = (before - (total - shifted)) + (values - shifted)
    corrected: Floats = total + np.cumsum(lost)
    return corrected
