"""Cut demand and supply down to the neighbourhood of their crossing, without sorting the whole book.

A sample says where the crossing must lie; one pass over the book proves it and finds the few bids with a
point in between; all others are one straight line there. What comes out is exact, whatever the sample said.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from dso.market.book import Book
from dso.market.columns import just_below
from dso.market.curve import Curve, Floats
from dso.market.imports import Imports
from dso.market.side import SMALL, Sample, Side

# A price at which more than this share of the sampled bids bend is looked at by itself.
_CROWDED = 0.125
# How many prices are looked at by themselves in a round.
_LOOKS = 6
# Standard errors allowed in each round; the last ones are for samples that misled.
_ROUNDS = (3.0, 3.0, 4.0, 16.0, 64.0)
# Residuals below this share of the book are rounding, not a margin (a 1e-14 once set a price of 1000).
SNAP_FRAC = 1e-9


def near_crossing(demand: Book | Curve, supply: Book | Curve, imports: Imports) -> tuple[Curve, Curve]:
    """Demand and supply as curves that are exact wherever they can cross.

    Parameters
    ----------
    demand, supply : bids and offers, or their curves [kW over USD/kWh].
    imports : what comes through the substation.
    """
    sides = (Side(demand), Side(supply))
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
    ends = [Side(side).totals([just_below(price), price]) for side in (demand, supply)]
    return _stub(price, ends[0]), _stub(price, ends[1])


def _stub(price: float, ends_kw: Floats) -> Curve:
    return Curve(np.full(2, price), np.minimum.accumulate(ends_kw))


def _extremes(sides: tuple[Side, Side], imports: Imports) -> tuple[float, float]:
    """The prices beyond which nobody's quantity changes."""
    prices = [imports.least_price, imports.top_price]
    for side in sides:
        if isinstance(side.bids, Curve):
            prices += [float(side.bids.price_usd_per_kwh[0]), float(side.bids.price_usd_per_kwh[-1])]
        elif len(side):
            p = side.bids.price_usd_per_kwh
            prices += [float(p[:, -1].min()), float(p[:, 0].max())]
    return just_below(min(prices)), -just_below(-max(prices))


@dataclass(slots=True, eq=False)
class _Search:
    """Two prices between which the crossing lies, drawn closer round by round."""

    sides: tuple[Side, Side]
    imports: Imports
    low: float
    high: float

    def narrow(self, errors: float) -> tuple[Curve, Curve] | None:
        """Draw the prices closer; the sides themselves if the crossing is found to lie at one price."""
        guesses = [side.guess() for side in self.sides]
        net = guesses[0][0] + guesses[1][0]
        samples = [sample for _, sample in guesses if sample is not None]
        middle = self._crossing(net, 0.0)
        spread = errors * sum(sample.standard_error_kw(middle) for sample in samples)
        low, high = self._crossing(net, -spread), self._crossing(net, spread)
        seen, floor, ceiling = set[float](), self.low, self.high
        while len(seen) < _LOOKS and (marks := self._marks(samples, low, high) - seen):
            mark = min(marks, key=lambda price: (abs(price - middle), price))
            look = self._look(mark)
            if look.stubs is not None or look.anchor is None:
                return look.stubs
            seen.add(mark)
            floor, ceiling = max(floor, look.low), min(ceiling, look.high)
            low, high = self._from_anchor(net, samples, errors, look.anchor)
            low, high = max(low, floor), min(high, ceiling)
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

    def _marks(self, samples: list[Sample], low: float, high: float) -> set[float]:
        """Prices to look at by themselves: kinks of the import, and where a crowd of bids bends."""
        if low == high:
            return {low}
        found = {p for p in (self.imports.least_price, self.imports.top_price) if low <= p <= high}
        for sample in samples:
            p = sample.book.price_usd_per_kwh
            inside = p[(p > low) & (p < high)]
            if inside.size > 2 * _CROWDED * len(sample.book):
                prices, counts = np.unique(inside, return_counts=True)
                found |= set(prices[counts > _CROWDED * len(sample.book)].tolist())
        return found

    def _look(self, price: float) -> _Look:
        """On which side of a price the crossing lies; the sides' stubs if it lies at the price, or
        nowhere.
        """
        ends = [side.totals([just_below(price), price]) for side in self.sides]
        snap_kw = SNAP_FRAC * max(float(np.abs(e).max()) for e in ends)
        before, after = float(ends[0][0] + ends[1][0]), float(ends[0][1] + ends[1][1])
        below, above = before - self.imports.below(price), after - self.imports.above(price)
        stubs = (_stub(price, ends[0]), _stub(price, ends[1]))
        if above > snap_kw:
            found = _Look(price, self.high, (price, after))
            return replace(found, stubs=stubs) if price == self.high else found
        if below < -snap_kw:
            found = _Look(self.low, price, (just_below(price), before))
            return replace(found, stubs=stubs) if price == self.low else found
        here = below > snap_kw and above < -snap_kw
        return _Look(self.low, self.high, None, stubs if here else None)

    def _from_anchor(
        self, net: Curve, samples: list[Sample], errors: float, anchor: tuple[float, float]
    ) -> tuple[float, float]:
        """Where the samples say that the crossing lies, as far from a price at which the total is known."""
        price, exact_kw = anchor
        shift = exact_kw - float(net.quantity_above(price))
        shifted = Curve(net.price_usd_per_kwh, net.quantity_kw + shift)
        middle = self._crossing(shifted, 0.0)
        far = sum(sample.standard_error_kw(middle, price) for sample in samples)
        spread = errors * (far + 1e-9 * abs(exact_kw))
        return self._crossing(shifted, -spread), self._crossing(shifted, spread)

    def _draw_in(self, low: float, high: float) -> None:
        """Take the closer prices if the crossing does lie strictly between them."""
        surveys = [side.survey(low, high) for side in self.sides]
        snap_kw = SNAP_FRAC * max(float(np.abs(ends).max()) for ends, _ in surveys)
        before, after = (float(surveys[0][0][i] + surveys[1][0][i]) for i in (0, 1))
        if before - self.imports.above(low) > snap_kw and after - self.imports.below(high) < -snap_kw:
            demand, supply = (
                side.narrowed(low, high, *found) for side, found in zip(self.sides, surveys, strict=True)
            )
            self.sides, self.low, self.high = (demand, supply), low, high


@dataclass(frozen=True, slots=True, eq=False)
class _Look:
    """What the exact totals at a price have shown: the crossing lies between low and high."""

    low: float
    high: float
    anchor: tuple[float, float] | None = None  # a price and the net load just above it
    stubs: tuple[Curve, Curve] | None = None
