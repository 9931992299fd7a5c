"""The bids of a book as one list of sloped pieces, each with the price down from which it is wanted."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dso.market.book import Book
from dso.market.curve import Floats

# Added to spans that may be 0: the quotient is then beyond [0, 1] or 0, never NaN.
_TINY = 1e-300


@dataclass(frozen=True, slots=True, eq=False)
class Pieces:
    """What n bids take piece by piece: nothing of a piece at its top and above, all at its bottom and below.

    Prices are adders: what is put on top of the bid's own base price.

    Parameters
    ----------
    fixed_kw : (n,) what each bid takes at any adder, never above 0 [kW].
    bid, size_kw : (N,) whose piece it is, and its size, above 0 [kW].
    bottom_usd_per_kwh, span_usd_per_kwh : (N,) the adder up to which it is wholly taken, and how much more
        it takes until nothing is; 0 for a horizontal piece [USD/kWh].
    forced : (N,) 1 where only the cap ends a load, −1 where it ends an injection, 0 where the bid does.
    """

    fixed_kw: Floats  # (n,)
    bid: NDArray[np.intp]
    size_kw: Floats
    bottom_usd_per_kwh: Floats
    span_usd_per_kwh: Floats
    forced: NDArray[np.int8]


def pieces_of(book: Book, base: Floats, cap: float) -> Pieces:
    """The pieces of a book whose loads end at the cap, and whose injections end at −cap.

    As in `clear`, the cap takes nothing from whom already the base price lies beyond it.

    Parameters
    ----------
    book : n bids, free of `faults`.
    base : (n,) the price that each sees before adders [USD/kWh].
    cap : finite [USD/kWh].
    """
    q, p = book.quantity_kw.T, book.price_usd_per_kwh.T
    limits = np.minimum(-cap - base, 0.0), np.maximum(cap - base, 0.0)
    size = q[1:] - q[:-1]
    step, bid = np.nonzero(size > 0)
    shape = bid, q[step, bid], size[step, bid], p[step, bid] - base[bid], p[step + 1, bid] - base[bid]
    parts = [*_within(shape, *limits)]
    # What is wanted at any price ends at the cap, as one horizontal piece.
    for sign, ends, wanted in ((1, limits[1], q[0]), (-1, limits[0], -q[-1])):
        at = np.flatnonzero(wanted > 0)
        parts.append((at, wanted[at], ends[at], ends[at], np.full(at.size, sign, dtype=np.int8)))
    bid, size, top, bottom, forced = (np.concatenate(column) for column in zip(*parts, strict=True))
    return Pieces(np.minimum(q[0], 0.0), bid, size, bottom, np.maximum(top - bottom, 0.0), forced)


Shape = tuple[NDArray[np.intp], Floats, Floats, Floats, Floats]  # bid, quantity at the top, size, top, bottom
Part = tuple[NDArray[np.intp], Floats, Floats, Floats, NDArray[np.int8]]  # bid, size, top, bottom, forced


def _within(shape: Shape, low: Floats, high: Floats) -> tuple[Part, ...]:
    """The pieces as they are, and those cut that go beyond the limits."""
    bid, quantity, size, top, bottom = shape
    beyond = ((top > high[bid]) & (quantity + size > 0)) | ((bottom < low[bid]) & (quantity < 0))
    if not beyond.any():
        return ((bid, size, top, bottom, np.zeros(bid.size, dtype=np.int8)),)
    rest = ~beyond
    kept = bid[rest], size[rest], top[rest], bottom[rest], np.zeros(bid.size, dtype=np.int8)[rest]
    few: Shape = bid[beyond], quantity[beyond], size[beyond], top[beyond], bottom[beyond]
    return kept, _cut(few, low[few[0]], high[few[0]])


def _cut(shape: Shape, low: Floats, high: Floats) -> Part:
    """Cut pieces at zero and at both limits; what lies beyond a limit becomes horizontal there."""
    bid, quantity, size, top, bottom = shape
    span = top - bottom + _TINY
    with np.errstate(over="ignore"):
        marks = np.array([-quantity / size, (top - high) / span, (top - low) / span])
    cuts = np.zeros((5, bid.size))
    cuts[1:4], cuts[4] = np.sort(marks.clip(0.0, 1.0), axis=0), 1.0
    middle = (cuts[1:] + cuts[:-1]) / 2
    load, price = quantity + size * middle > 0, top - middle * span
    forced = np.where(load, price > high, price < low)
    ends = np.where(load, high, low)
    upper, lower = (np.where(forced, ends, top - cut * span) for cut in (cuts[:-1], cuts[1:]))
    part = size * np.diff(cuts, axis=0)
    at = part > 0
    signs = np.where(forced, np.where(load, 1, -1), 0).astype(np.int8)
    return np.broadcast_to(bid, at.shape)[at], part[at], upper[at], lower[at], signs[at]
