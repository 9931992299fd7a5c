"""What nodes want at prices of their own: piecewise linear curves of several intervals side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from dso.errors import CurveError
from dso.market.book import Book
from dso.market.curve import Floats


@dataclass(frozen=True, slots=True, eq=False)
class Nodes:
    """The curves of n nodes in t intervals, as k − 1 pieces from the highest price down.

    Parameters
    ----------
    least_kw : (n, t) what is wanted at the highest price [kW].
    top_usd_per_kwh, width_usd_per_kwh : (k − 1, n, t) where each piece begins, and how far it goes down.
    slope : (k − 1, n, t) load per price on it, 0 where nothing changes [kW/(USD/kWh)].
    """

    least_kw: Floats
    top_usd_per_kwh: Floats
    width_usd_per_kwh: Floats
    slope: Floats
    steepest: Floats = field(init=False)  # (n, t)
    size_kw: Floats = field(init=False)  # (t,) all that the nodes could want or give

    def __post_init__(self) -> None:
        most = self.least_kw + (self.slope * self.width_usd_per_kwh).sum(axis=0)
        object.__setattr__(self, "steepest", self.slope.max(axis=0))
        object.__setattr__(self, "size_kw", np.maximum(np.abs(self.least_kw), np.abs(most)).sum(axis=0))

    @classmethod
    def of_books(cls, books: Sequence[Book], step_usd_per_kwh: float) -> Nodes:
        """One node for each row of the books.

        Parameters
        ----------
        books : t books of n bids each.
        step_usd_per_kwh : a bid with a horizontal piece has its vertices spread by so much, evenly over its
            quantity, half of it up and half of it down: a price must say how much of it is wanted.

        Raises
        ------
        CurveError : the books differ in the number of their bids, or hold none.
        """
        sizes = {len(book) for book in books}
        if len(sizes) != 1 or 0 in sizes:
            raise CurveError(f"consensus needs as many nodes in each interval, had {sorted(sizes)}")
        points = max(2, *(book.points for book in books))
        quantity = np.stack([_padded(b.quantity_kw, points) for b in books], axis=-1)  # (k, n, t)
        price = np.stack([_padded(b.price_usd_per_kwh, points) for b in books], axis=-1)
        price = _spread(price, quantity, step_usd_per_kwh)
        width, size = price[:-1] - price[1:], quantity[1:] - quantity[:-1]
        slope = np.where(size > 0, size / np.where(size > 0, width, 1.0), 0.0)
        return cls(quantity[0], price[:-1], width, slope)

    def taking(self, intervals: NDArray[np.bool_]) -> Nodes:
        """Some of the intervals, by mask."""
        parts = (self.top_usd_per_kwh, self.width_usd_per_kwh, self.slope)
        return Nodes(self.least_kw[:, intervals], *(part[:, :, intervals] for part in parts))

    def wanted_kw(self, price: Floats) -> Floats:
        """Net load of each node at its own price, (n, t) [kW]."""
        wanted = self.least_kw.copy()
        for top, width, steep in zip(self.top_usd_per_kwh, self.width_usd_per_kwh, self.slope, strict=True):
            wanted += steep * np.clip(top - price, 0.0, width)
        return wanted

    def steepest_between(self, price: Floats, other: Floats) -> Floats:
        """The steepest piece that each node's curve has from one price to another, (n, t)."""
        low, high = np.minimum(price, other), np.maximum(price, other)
        found = np.zeros_like(price)
        for top, width, steep in zip(self.top_usd_per_kwh, self.width_usd_per_kwh, self.slope, strict=True):
            on = (top >= low) & (top - width <= high)
            np.maximum(found, steep * on, out=found)
        return found

    def bounds_usd_per_kwh(self) -> tuple[Floats, Floats]:
        """Between which prices anything changes, each (t,); inf and −inf where nothing ever does."""
        sloped = self.slope > 0
        low = np.where(sloped, self.top_usd_per_kwh - self.width_usd_per_kwh, np.inf)
        high = np.where(sloped, self.top_usd_per_kwh, -np.inf)
        return low.min(axis=(0, 1)), high.max(axis=(0, 1))


def _padded(values: Floats, points: int) -> Floats:
    missing = points - values.shape[1]
    return np.pad(values, ((0, 0), (0, missing)), mode="edge").T


def _spread(price: Floats, quantity: Floats, step: float) -> Floats:
    """Prices with those of bids that have a horizontal piece drawn apart by a step."""
    size = quantity[-1] - quantity[0]
    flat = ((quantity[1:] > quantity[:-1]) & (price[1:] >= price[:-1])).any(axis=0)
    share = (quantity - quantity[0]) / np.where(size > 0, size, 1.0)
    return np.where(flat, price + step * (0.5 - share), price)
