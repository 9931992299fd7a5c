"""Cut demand and supply down to the neighbourhood of their crossing, without sorting the whole book.

A sample says where the crossing must lie; one pass over the book proves it and finds the few bids with a
point in between; all others are one straight line there. What comes out is exact, whatever the sample said.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dso.market.aggregate import aggregate
from dso.market.book import Book
from dso.market.columns import bending, just_below, quantities_above, totals_above
from dso.market.curve import Curve, Floats
from dso.market.imports import Imports

# Books up to this size are sorted whole: 1–2 ms.
SMALL = 16_384
# Bids come in blocks of eight, a cache line of each column, so that a sample reads one line in so many.
_BLOCK = 8
# A price at which more than this share of the sampled bids bend is looked at by itself.
_CROWDED = 0.125
# Standard errors allowed in each round; the last ones are for samples that misled.
_ROUNDS = (3.0, 3.0, 4.0, 16.0, 64.0)
# Residuals below this share of the book are rounding, not a margin (a 1e-14 once set a price of 1000).
SNAP_FRAC = 1e-9


@dataclass(slots=True, eq=False)
class _Side:
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

    def narrowed(self, low: float, high: float, ends_kw: Floats) -> _Side:
        """The side between two closer prices, where it wants these totals just inside them."""
        if isinstance(self.bids, Curve):
            return self
        kept = self.bids.taking(bending(self.bids, low, high))
        first, last = totals_above(kept, [low, just_below(high)])
        return _Side(kept, low, high, (float(ends_kw[0]) - first, float(ends_kw[1]) - last))

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
    """About SMALL bids in blocks spread evenly over the book: the same ones every time."""
    blocks = len(book) // _BLOCK
    step = max(1, blocks * _BLOCK // SMALL)
    q, p = (
        a.T[:, : blocks * _BLOCK].reshape(book.points, blocks, _BLOCK)[:, ::step].reshape(book.points, -1).T
        for a in (book.quantity_kw, book.price_usd_per_kwh)
    )
    return Book(q, p)


def near_crossing(demand: Book | Curve, supply: Book | Curve, imports: Imports) -> tuple[Curve, Curve]:
    """Demand and supply as curves that are exact wherever they can cross.

    Parameters
    ----------
    demand, supply : bids and offers, or their curves [kW over USD/kWh].
    imports : what comes through the substation.
    """
    sides = (_Side(demand), _Side(supply))
    if max(map(len, sides)) > SMALL:
        search = _Search(sides, imports, *_extremes(sides, imports))
        for errors in _ROUNDS:
            stubs = search.narrow(errors)
            if stubs is not None:
                return stubs
            if max(map(len, search.sides)) <= SMALL:
                break
        sides = search.sides
    return sides[0].exact(), sides[1].exact()


def at_price(demand: Book | Curve, supply: Book | Curve, price: float) -> tuple[Curve, Curve]:
    """Demand and supply as stubs of curves at one price."""
    ends = [_Side(side).totals([just_below(price), price]) for side in (demand, supply)]
    return _stub(price, ends[0]), _stub(price, ends[1])


def _stub(price: float, ends_kw: Floats) -> Curve:
    return Curve(np.full(2, price), np.minimum.accumulate(ends_kw))


def _extremes(sides: tuple[_Side, _Side], imports: Imports) -> tuple[float, float]:
    """The prices beyond which nobody's quantity changes."""
    prices = [imports.least_price, imports.top_price]
    for side in sides:
        if isinstance(side.bids, Curve):
            prices += [float(side.bids.price_usd_per_kwh[0]), float(side.bids.price_usd_per_kwh[-1])]
        elif len(side):
            p = side.bids.price_usd_per_kwh
            prices += [float(p[:, -1].min()), float(p[:, 0].max())]
    return just_below(min(prices)), -just_below(-max(prices))


_Samples = list[tuple[int, Book]]  # how many bids each stands for, and the sampled ones


@dataclass(slots=True, eq=False)
class _Search:
    """Two prices between which the crossing lies, drawn closer round by round."""

    sides: tuple[_Side, _Side]
    imports: Imports
    low: float
    high: float

    def narrow(self, errors: float) -> tuple[Curve, Curve] | None:
        """Draw the prices closer; the sides themselves if the crossing is found to lie at one price."""
        guesses = [side.guess() for side in self.sides]
        net = guesses[0][0] + guesses[1][0]
        samples = [(len(side), g[1]) for side, g in zip(self.sides, guesses, strict=True) if g[1] is not None]
        spread = errors * _standard_error(samples, self._crossing(net, 0.0), None)
        low, high = self._crossing(net, -spread), self._crossing(net, spread)
        marks = self._marks(samples, low, high)
        if marks:
            look = self._look(marks)
            if look.stubs is not None:
                return look.stubs
            low, high = self._from_anchor(net, samples, errors, look)
        if low < high:
            self._draw_in(low, high)
        return None

    def _crossing(self, net: Curve, more_kw: float) -> float:
        """A price at which the net load and some more would clear."""
        shifted = Curve(net.price_usd_per_kwh, net.quantity_kw + more_kw)
        found = self.imports.meets(shifted, 0.0)
        if found is None:
            return self.high if shifted.quantity_kw[-1] > 0 else self.low
        return min(max(found[1] if more_kw > 0 else found[0], self.low), self.high)

    def _marks(self, samples: _Samples, low: float, high: float) -> list[float]:
        """Prices to look at by themselves: kinks of the import, and where a crowd of bids bends."""
        if low == high:
            return [low]
        found = {p for p in (self.imports.least_price, self.imports.top_price) if low <= p <= high}
        for _, sample in samples:
            p = sample.price_usd_per_kwh
            inside = p[(p > low) & (p < high)]
            if inside.size > 2 * _CROWDED * len(sample):
                prices, counts = np.unique(inside, return_counts=True)
                found |= set(prices[counts > _CROWDED * len(sample)].tolist())
        return sorted(found)

    def _look(self, marks: list[float]) -> _Look:
        """On which side of some prices the crossing lies; the sides' stubs if it lies at one of them, or
        nowhere.
        """
        found = _Look(self.low, self.high)
        at = [x for price in marks for x in (just_below(price), price)]
        ends = [side.totals(at) for side in self.sides]
        snap_kw = SNAP_FRAC * max(float(np.abs(e).max()) for e in ends)
        for i, price in enumerate(marks):
            before, after = (float(ends[0][j] + ends[1][j]) for j in (2 * i, 2 * i + 1))
            rising = after - self.imports.above(price) > snap_kw
            falling = before - self.imports.below(price) < -snap_kw
            here = (
                before - self.imports.below(price) > snap_kw and after - self.imports.above(price) < -snap_kw
            )
            if here or (rising and price == self.high) or (falling and price == self.low):
                found.stubs = (_stub(price, ends[0][2 * i :][:2]), _stub(price, ends[1][2 * i :][:2]))
            if rising:
                found.low, found.anchor = price, (price, after)
            if falling and price < found.high:
                found.high, found.anchor = price, (just_below(price), before)
        return found

    def _from_anchor(self, net: Curve, samples: _Samples, errors: float, look: _Look) -> tuple[float, float]:
        """Where the samples say that the crossing lies, as far from a price at which the totals are known."""
        if look.anchor is None:
            return look.low, look.high
        price, exact_kw = look.anchor
        shift = exact_kw - float(net.quantity_above(price))
        shifted = Curve(net.price_usd_per_kwh, net.quantity_kw + shift)
        far = _standard_error(samples, self._crossing(shifted, 0.0), price)
        spread = errors * (far + 1e-9 * abs(exact_kw))
        return max(look.low, self._crossing(shifted, -spread)), min(
            look.high, self._crossing(shifted, spread)
        )

    def _draw_in(self, low: float, high: float) -> None:
        """Take the closer prices if the crossing does lie strictly between them."""
        ends = [side.totals([low, just_below(high)]) for side in self.sides]
        snap_kw = SNAP_FRAC * max(float(np.abs(e).max()) for e in ends)
        before = float(ends[0][0] + ends[1][0]) - self.imports.above(low)
        after = float(ends[0][1] + ends[1][1]) - self.imports.below(high)
        if before > snap_kw and after < -snap_kw:
            demand, supply = (s.narrowed(low, high, e) for s, e in zip(self.sides, ends, strict=True))
            self.sides, self.low, self.high = (demand, supply), low, high


@dataclass(slots=True, eq=False)
class _Look:
    """What exact totals at some prices have shown."""

    low: float
    high: float
    anchor: tuple[float, float] | None = None  # a price and the net load just above it
    stubs: tuple[Curve, Curve] | None = None


def _standard_error(samples: _Samples, price: float, known: float | None) -> float:
    """Of the total at a price as the samples estimate it, or of its distance from the total at a known
    price.
    """
    error = 0.0
    for count, sample in samples:
        wanted = quantities_above(sample, price)
        if known is not None:
            wanted = wanted - quantities_above(sample, known)
        error += float(wanted.std()) * count / float(np.sqrt(len(sample)))
    return error
