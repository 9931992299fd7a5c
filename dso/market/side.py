"""One side of a market while its crossing is sought: some bids, and a straight line for all the others."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dso.market.aggregate import aggregate
from dso.market.book import Book
from dso.market.columns import just_below, survey, totals_above
from dso.market.curve import Curve, Floats

# Books up to this size are sorted whole: 1–2 ms.
SMALL = 16_384
# Bids come in blocks of eight, a cache line of each column, so that a sample reads one line in so many.
_BLOCK = 8


@dataclass(slots=True, eq=False)
class Side:
    """One side between two prices: bids that bend there, and a straight line for all that do not."""

    bids: Book | Curve
    low: float = -np.inf
    high: float = np.inf
    line_kw: tuple[float, float] = (0.0, 0.0)  # at low and at high

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

    def guess(self) -> tuple[Curve, Book | None]:
        """The side's curve, or one like it from a sample, and the sample."""
        if isinstance(self.bids, Curve) or len(self) <= SMALL:
            return self.exact(), None
        sample = _sample(self.bids)
        return self._between(aggregate(sample), len(self) / len(sample)), sample

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
        return Side(kept, low, high, (float(ends_kw[0]) - first, float(ends_kw[1]) - last))

    def exact(self) -> Curve:
        """The side as a curve, exact between its two prices."""
        return self.bids if isinstance(self.bids, Curve) else self._between(aggregate(self.bids), 1.0)

    def _between(self, curve: Curve, scale: float) -> Curve:
        """The bids' curve, scaled, on top of the straight line, between the two prices only."""
        if np.isinf(self.low):
            return Curve(curve.price_usd_per_kwh, curve.quantity_kw * scale)
        inside = (curve.price_usd_per_kwh > self.low) & (curve.price_usd_per_kwh < self.high)
        price = np.concatenate(([self.low], curve.price_usd_per_kwh[inside], [self.high]))
        ends = curve.quantity_above([self.low, just_below(self.high)])
        bent = np.concatenate((ends[:1], curve.quantity_kw[inside], ends[1:]))
        return Curve(price, np.minimum.accumulate(bent * scale + self.line(price)))


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
