"""A book of bids as columns, and what makes a bid unfit for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dso.errors import CurveError
from dso.market.curve import Curve, Floats, read_only


@dataclass(frozen=True, slots=True)
class BidFault:
    """A bid that is not taken, and why."""

    bid: int
    reason: str


@dataclass(frozen=True, slots=True, eq=False)
class Book:
    """Bids of up to k points each: quantity never falling and price never rising from point to point.

    Stored by point, not by bid (Fortran order), so that each point of all bids is one contiguous column;
    arrays that come in another order are copied. Points that a bid does not have repeat its last one. Offers
    are negative loads. Nothing is checked here: see `faults`.

    Parameters
    ----------
    quantity_kw : (n, k) points' quantities [kW].
    price_usd_per_kwh : (n, k) points' prices [USD/kWh].

    Raises
    ------
    CurveError : the shapes differ, are not two-dimensional, or k is 0.
    """

    quantity_kw: Floats  # (n, k)
    price_usd_per_kwh: Floats  # (n, k)

    def __post_init__(self) -> None:
        quantity, price = read_only(self.quantity_kw, "F"), read_only(self.price_usd_per_kwh, "F")
        if quantity.ndim != 2 or quantity.shape != price.shape or not quantity.shape[1]:
            raise CurveError(
                f"a book needs (n, k) quantities and prices, had {quantity.shape} and {price.shape}"
            )
        object.__setattr__(self, "quantity_kw", quantity)
        object.__setattr__(self, "price_usd_per_kwh", price)

    @classmethod
    def from_rows(cls, rows: Sequence[ArrayLike], *, offers: bool = False) -> Book:
        """The book of ragged bids, each a list of [quantity, price] points from either end.

        Parameters
        ----------
        rows : n bids of 1 to k points [kW, USD/kWh].
        offers : whether they are offers, whose quantities become negative loads.

        Raises
        ------
        CurveError : a bid has no point, or a point is not a pair.
        """
        points = [np.asarray(row, dtype=np.float64).reshape(-1, 2) for row in rows]
        if any(not p.size for p in points):
            raise CurveError("a bid must have one point at least")
        k = max((len(p) for p in points), default=1)
        table = np.empty((2, k, len(points)))
        for i, p in enumerate(points):
            q = -p[:, 0] if offers else p[:, 0]
            back = p[0, 1] < p[-1, 1] or (p[0, 1] == p[-1, 1] and q[0] > q[-1])
            step = -1 if back else 1
            table[0, : len(p), i], table[1, : len(p), i] = q[::step], p[::step, 1]
            table[:, len(p) :, i] = table[:, len(p) - 1 : len(p), i]
        return cls(table[0].T, table[1].T)

    @classmethod
    def stacked(cls, books: Sequence[Book]) -> Book:
        """One book of several, one after the other, each padded to the longest bid."""
        k = max((b.points for b in books), default=1)
        return cls(*(np.concatenate([_padded(a, k) for a in side], axis=1).T for side in _sides(books)))

    @classmethod
    def of_curve(cls, curve: Curve) -> Book:
        """The book with this curve as its one bid."""
        return cls(curve.quantity_kw[None, ::-1], curve.price_usd_per_kwh[None, ::-1])

    def __len__(self) -> int:
        return int(self.quantity_kw.shape[0])

    @property
    def points(self) -> int:
        """How many points each bid has, repeated ones included."""
        return int(self.quantity_kw.shape[1])

    def taking(self, which: NDArray[np.bool_] | NDArray[np.intp]) -> Book:
        """The book of some of the bids, by mask or by number."""
        at = np.flatnonzero(which) if which.dtype == np.bool_ else which
        return Book(self.quantity_kw.T.take(at, axis=1).T, self.price_usd_per_kwh.T.take(at, axis=1).T)

    def curve(self, bid: int) -> Curve:
        """One bid as a curve; raises CurveError if it is not monotone or not finite."""
        return Curve(self.price_usd_per_kwh[bid, ::-1], self.quantity_kw[bid, ::-1])


def _sides(books: Sequence[Book]) -> tuple[list[Floats], list[Floats]]:
    return [b.quantity_kw for b in books], [b.price_usd_per_kwh for b in books]


def _padded(array: Floats, k: int) -> Floats:
    missing = k - array.shape[1]
    return np.concatenate((array.T, np.repeat(array.T[-1:], missing, axis=0))) if missing else array.T


def faults(
    book: Book,
    *,
    least_kw: ArrayLike | None = None,
    most_kw: ArrayLike | None = None,
    tolerance_kw: float = 1e-9,
) -> tuple[BidFault, ...]:
    """What is wrong with the bids of a book, one reason a bid, in the order of the bids.

    Parameters
    ----------
    book : the bids.
    least_kw, most_kw : scalar or (n,) ratings: the largest injection (negative) and load of each participant
        [kW].
    tolerance_kw : how far beyond a rating is rounding only [kW].
    """
    q, p = book.quantity_kw.T, book.price_usd_per_kwh.T
    faulty = [
        (_any(np.isnan(q)) | _any(np.isnan(p)), "a quantity or price is not a number"),
        (_any(np.isinf(q)) | _any(np.isinf(p)), "a quantity or price is infinite"),
        (
            _any(q[1:] < q[:-1]) | _any(p[1:] > p[:-1]),
            "not monotone: its quantity must not fall as its price falls",
        ),
    ]
    if least_kw is not None:
        beyond = _any(q < np.asarray(least_kw) - tolerance_kw)
        faulty.append((beyond, "more injection than the participant's rating"))
    if most_kw is not None:
        beyond = _any(q > np.asarray(most_kw) + tolerance_kw)
        faulty.append((beyond, "more load than the participant's rating"))
    first: dict[int, str] = {}
    for failed, reason in faulty:
        for bid in np.flatnonzero(failed).tolist():
            first.setdefault(bid, reason)
    return tuple(BidFault(bid, first[bid]) for bid in sorted(first))


def _any(of_points: NDArray[np.bool_]) -> NDArray[np.bool_]:
    found: NDArray[np.bool_] = np.logical_or.reduce(of_points, axis=0)
    return found
