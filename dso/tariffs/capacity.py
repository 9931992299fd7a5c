"""A market for a transformer: who wants energy through it pays for its capacity, λ = s·w + d + μ + κ."""

from __future__ import annotations

from dataclasses import dataclass

from dso.market import Book, Curve
from dso.market.capacity import CapacitySale, sell_capacity
from dso.tariffs.auction import AuctionTariff, DoubleAuction


@dataclass(frozen=True, slots=True)
class CapacityAuction(DoubleAuction):
    """The MO of a transformer: a double auction for energy that offers no more than its capacity.

    Parameters
    ----------
    element : name of the transformer.
    capacity_kw : what it lets pass, either way [kW].
    """

    element: str
    capacity_kw: float

    def aggregate(self, book: Book, residual_kw: float) -> Curve:
        """All bids and the load that does not bid, as far as the capacity goes."""
        return self._wanted(book, residual_kw).clipped(-self.capacity_kw, self.capacity_kw)

    def sell(self, book: Book, residual_kw: float, price_cap_usd_per_kwh: float) -> CapacitySale:
        """Sell the capacity of an interval: the residual comes first, bids by what they would pay."""
        wanted = self._wanted(book, residual_kw)
        return sell_capacity(wanted, self.capacity_kw, price_cap_usd_per_kwh=price_cap_usd_per_kwh)

    def _wanted(self, book: Book, residual_kw: float) -> Curve:
        return DoubleAuction.aggregate(self, book, residual_kw)


@dataclass(frozen=True, slots=True, kw_only=True)
class CapacityTariff(AuctionTariff):
    """The transactive rate of those behind a transformer, with the price of its capacity in the price.

    Parameters
    ----------
    element : name of the transformer, and of the account of what its capacity earns.
    capacity_kw : what it lets pass, either way [kW].
    """

    element: str
    capacity_kw: float
    mechanism: str = "capacity"

    def market_operator(self) -> CapacityAuction:
        """A double auction that sells the transformer's capacity."""
        return CapacityAuction(self.element, self.capacity_kw)
