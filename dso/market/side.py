"""One side of a market while its crossing is sought: some bids, and a straight line for all the others."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dso.market.aggregate import aggregate
from dso.market.book import Book
from dso.market.columns import giants, just_below, quantities_above, survey, totals_above
from dso.market.curve import Curve, Floats

# Books up to this size are sorted whole: 1–2 ms.
SMALL = 16_384
# Bids come in blocks of eight, a cache line of each column, so that a sample reads one line in so many.
_BLOCK = 8
# A bid that can move this many times as much as the sampled ones do on average is not left to chance.
_GIANT = 32.0


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """Some bids that stand for many, in what they want beyond their share of a total that is known."""

    book: Book
    count: int
    known_at: float  # the price just above which the total is known

    def standard_error_kw(self, price: float, known_at: float | None = None) -> float:
        """Of the distance between the totals just above two prices."""
        other = self.known_at if known_at is None else known_at
        moved = quantities_above(self.book, price) - quantities_above(self.book, other)
        return float(moved.std()) * self.count / float(np.sqrt(len(self.book)))


@dataclass(slots=True, eq=False)
class Side:
    """One side between two prices: bids that bend there, and a straight line for all that do not."""

    bids: Book | Curve
    low: float = -np.inf
    high: float = np.inf
    line_kw: tuple[float, float] = (0.0, 0.0)  # at low and at high
    bids_at_high_kw: float = np.nan  # known once drawn in

    def __len__(self) -> int:
        return len(self.bids) if isinstance(self.bids, Book) else 0

    def line(self, price: Floats) -> Floats:
        """The straight part at prices within."""
        start, end = self.line_kw
        if start == end:
            return np.full(price.shape, start)
        return start + (end - start) * ((price - self.low) / (self.high - self.low))

    def totals(self, prices: list[float]) -> Floats:
        """What the side wants just above each price within."""
        at = np.array(prices)
        bids = self.bids
        own = bids.quantity_above(at) if isinstance(bids, Curve) else np.array(totals_above(bids, prices))
        total: Floats = own + self.line(at)
        return total

    def guess(self) -> tuple[Curve, Sample | None]:
        """The side's curve, or one like it from a sample, and the sample.

        What the bids want in total at the higher price is known, and the few that move much more than the
        others are all counted: one load as large as a street must not depend on being drawn.
        """
        if isinstance(self.bids, Curve) or len(self) <= SMALL:
            return self.exact(), None
        drawn = _sample(self.bids)
        width = drawn.quantity_kw[:, -1] - drawn.quantity_kw[:, 0]
        limit = _GIANT * float(width.mean())
        least, large = giants(self.bids, limit)
        known_at = just_below(self.high)
        sample = Sample(drawn.taking(width <= limit), len(self) - large.size, known_at)
        total = least if np.isinf(self.high) else self.bids_at_high_kw
        curves = [_beyond(sample.book, known_at, sample.count / len(sample.book), total)]
        if large.size:
            curves.append(_beyond(self.bids.taking(large), known_at, 1.0, 0.0))
        return self._between(Curve.total(curves)), sample

    def survey(self, low: float, high: float) -> tuple[Floats, NDArray[np.intp]]:
        """What the side wants just inside two closer prices, and which bids bend between them."""
        if isinstance(self.bids, Curve):
            return self.totals([low, just_below(high)]), np.empty(0, dtype=np.intp)
        own, bending = survey(self.bids, low, high)
        ends: Floats = np.array(own) + self.line(np.array([low, high]))
        return ends, bending

    def narrowed(self, low: float, high: float, ends_kw: Floats, bending: NDArray[np.intp]) -> Side:
        """The side between two closer prices, as surveyed."""
        if isinstance(self.bids, Curve):
            return self
        kept = self.bids.taking(bending)
        first, last = totals_above(kept, [low, just_below(high)])
        return Side(kept, low, high, (float(ends_kw[0]) - first, float(ends_kw[1]) - last), last)

    def exact(self) -> Curve:
        """The side as a curve, exact between its two prices."""
        return self.bids if isinstance(self.bids, Curve) else self._between(aggregate(self.bids))

    def _between(self, curve: Curve) -> Curve:
        """The bids' curve on top of the straight line, between the two prices only."""
        if np.isinf(self.low):
            return curve
        inside = (curve.price_usd_per_kwh > self.low) & (curve.price_usd_per_kwh < self.high)
        price = np.concatenate(([self.low], curve.price_usd_per_kwh[inside], [self.high]))
        ends = curve.quantity_above([self.low, just_below(self.high)])
        bent = np.concatenate((ends[:1], curve.quantity_kw[inside], ends[1:]))
        return Curve(price, np.minimum.accumulate(bent + self.line(price)))


def _beyond(bids: Book, known_at: float, scale: float, known_kw: float) -> Curve:
    """The bids' curve, scaled in what lies beyond the total that is known just above a price."""
    curve = aggregate(bids)
    own = float(curve.quantity_above(known_at))
    return Curve(curve.price_usd_per_kwh, (curve.quantity_kw - own) * scale + known_kw)


def _sample(book: Book) -> Book:
    """Some bids in blocks spread evenly over the book: the same ones every time."""
    blocks = len(book) // _BLOCK
    wanted = min(max(len(book) // 12, SMALL // 8), SMALL)
    step = max(1, blocks * _BLOCK // wanted)
    q, p = (
        a.T[:, : blocks * _BLOCK].reshape(book.points, blocks, _BLOCK)[:, ::step].reshape(book.points, -1).T
        for a in (book.quantity_kw, book.price_usd_per_kwh)
    )
    return Book(q, p)
