"""The whole aggregate curve of a book: one sort of its breakpoints, then cumulated slopes."""

from __future__ import annotations

import numpy as np

from dso.market.book import Book
from dso.market.curve import Curve, Floats

# A piece this many times steeper than the book's mean is summed apart: adding and taking away its slope would
# leave a rounding error behind that the flat ones never lose again.
_STEEP = 1e6


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
    span, size = p[:-1] - p[1:], q[1:] - q[:-1]
    sloped = span > 0
    flat = ~sloped & (size > 0)
    slope = np.divide(size, span, out=np.zeros_like(size), where=sloped)
    jump = np.where(flat, size, 0.0) if flat.any() else None
    limit = _STEEP * _mean_slope(p, size)
    steep = slope > limit if slope.max() > limit > 0 else None
    if steep is None:
        return _swept(p, slope, jump, float(q[0].sum()), float(q[-1].sum()))
    gentle = np.where(steep, 0.0, slope)
    rest = float(size[steep].sum())
    base = _swept(p, gentle, jump, float(q[0].sum()), float(q[-1].sum()) - rest)
    return base + _swept_apart(p[:-1][steep], p[1:][steep], size[steep])


def _mean_slope(p: Floats, size: Floats) -> float:
    width = float(p.max() - p.min())
    return float(size.sum()) / width if width > 0 else 0.0


def _swept(p: Floats, slope: Floats, jump: Floats | None, least: float, most: float) -> Curve:
    """Sweep from the highest price down: at each breakpoint a bid's slope changes, or its quantity jumps."""
    change = np.empty_like(p)
    change[0], change[-1] = slope[0], -slope[-1]
    np.subtract(slope[1:], slope[:-1], out=change[1:-1])
    key = np.negative(p).ravel()
    order = np.argsort(key)
    key = key[order]
    rate = np.cumsum(change.ravel()[order])
    grown = np.empty_like(key)
    grown[0] = 0.0
    np.multiply(rate[:-1], np.diff(key), out=grown[1:])
    upper = np.cumsum(grown)
    if jump is None:
        return _finished(-key[::-1], None, upper[::-1], least, most)
    leaps = np.zeros_like(p)
    leaps[:-1] = jump
    return _stairs(key, upper, leaps.ravel()[order], least, most)


def _stairs(key: Floats, smooth: Floats, leap: Floats, least: float, most: float) -> Curve:
    """Join the sloped part with the jumps, all jumps of one price as one."""
    after = smooth + np.cumsum(leap)
    before = after - leap
    return _finished(-key[::-1], after[::-1], before[::-1], least, most)


def _finished(price: Floats, low_side: Floats | None, high_side: Floats, least: float, most: float) -> Curve:
    """The curve of rising prices; the ends are the plain sums of the bids' ends, the middle cannot leave
    them.
    """
    quantity = high_side + least
    if low_side is not None:
        leaps = np.flatnonzero(low_side != high_side)
        at = np.insert(np.arange(price.size), leaps, leaps)
        quantity = np.insert(quantity, leaps, low_side[leaps] + least)
        price = price[at]
    quantity[0] = most
    quantity[-1] = least
    np.clip(quantity, least, most, out=quantity)
    np.minimum.accumulate(quantity, out=quantity)
    return Curve(price, quantity)


def _swept_apart(top: Floats, bottom: Floats, size: Floats) -> Curve:
    """The curve of steep pieces alone, their slopes cumulated with a correction for each step's rounding."""
    key = np.concatenate((-top, -bottom))
    order = np.argsort(key)
    slope = size / (top - bottom)
    change = np.concatenate((slope, -slope))[order]
    key = key[order]
    rate = _compensated_cumsum(change)
    rate[np.cumsum(np.where(order < top.size, 1, -1)) == 0] = 0.0
    upper = np.concatenate(([0.0], np.cumsum(rate[:-1] * np.diff(key))))
    return _finished(-key[::-1], None, upper[::-1], 0.0, float(size.sum()))


def _compensated_cumsum(values: Floats) -> Floats:
    """Running sums with what each addition rounded away added back (Knuth's two-sum)."""
    total = np.cumsum(values)
    before = np.concatenate(([0.0], total[:-1]))
    shifted = total - before
    lost = (before - (total - shifted)) + (values - shifted)
    corrected: Floats = total + np.cumsum(lost)
    return corrected
