"""Consensus: neighbours find the price by exchanging prices; they pay λ = s·w + d + μ as on the auction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from dso.market import Book, Consensus, Curve, aggregate, agree_all
from dso.market.columns import quantities_above
from dso.market.exchange import Tesp, Tracking
from dso.market.neighbours import GRAPHS
from dso.messages import FloatArray
from dso.tariffs.auction import AuctionTariff, DoubleAuction


@dataclass(frozen=True, slots=True)
class NeighbourMarket(DoubleAuction):
    """The MO of a neighbourhood: node 0 is the LSE, node 1 the load that does not bid, then each bid.

    Parameters
    ----------
    graph : who talks to whom: star (all with the LSE), ring or complete.
    rule : how a node turns what it hears into its next price.
    band_usd_per_kwh : how far the LSE's price gives way [USD/kWh].
    """

    graph: str = "star"
    rule: Tracking | Tesp = field(default_factory=Tracking)
    band_usd_per_kwh: float = 1e-8

    def agree(
        self, books: Sequence[Book], residual_kw: FloatArray, delivered_usd_per_kwh: FloatArray
    ) -> tuple[Consensus, ...]:
        """What the neighbours come to in each interval, all beginning with the delivered price.

        They talk of the difference to it, as a band so narrow would be lost in the last digits of a price.

        Parameters
        ----------
        books : t books of the same bidders.
        residual_kw : (t,) load that does not bid [kW].
        delivered_usd_per_kwh : (t,) λ₀, what energy costs at the meter [USD/kWh].
        """
        delivered = delivered_usd_per_kwh.tolist()
        nodes = [
            Book.stacked([self.supply(book, rest), _inflexible(rest), _shifted(book, -price)])
            for book, rest, price in zip(books, residual_kw.tolist(), delivered, strict=True)
        ]
        edges = GRAPHS[self.graph](len(nodes[0])) if nodes else []
        found = agree_all(nodes, edges, 0.0, rule=self.rule)
        return tuple(
            replace(c, price_usd_per_kwh=c.price_usd_per_kwh + p, node_usd_per_kwh=c.node_usd_per_kwh + p)
            for c, p in zip(found, delivered, strict=True)
        )

    def supply(self, book: Book, residual_kw: float) -> Book:
        """The LSE's curve over the difference x to the delivered price, −P·clip(x/band, −1, 1).

        P is twice all that the others could want or give, so that they meet within half a band.
        """
        sizes = np.maximum(np.abs(book.quantity_kw[:, 0]), np.abs(book.quantity_kw[:, -1]))
        most = 2.0 * max(1.0, abs(residual_kw) + float(sizes.sum()))
        band = np.array([[self.band_usd_per_kwh, -self.band_usd_per_kwh]])
        return Book(np.array([[-most, most]]), band)

    def offer(self, book: Book, residual_kw: float, off_usd_per_kwh: float) -> Curve:
        """The curve through what was agreed: D(λ + off), off being how far the agreement is off λ₀."""
        rest = Curve.vertical(residual_kw)
        wanted = aggregate(book) + rest if len(book) else rest
        return Curve(wanted.price_usd_per_kwh - off_usd_per_kwh, wanted.quantity_kw)

    def award(self, book: Book, price_usd_per_kwh: float, total_kw: float) -> FloatArray:
        """What each bid gets, (n,): as in the auction, the margin as wide as the LSE's band."""
        sure = quantities_above(book, price_usd_per_kwh + self.band_usd_per_kwh)
        at_margin = quantities_above(book, price_usd_per_kwh - self.band_usd_per_kwh) - sure
        room = float(at_margin.sum())
        share = min(max((total_kw - float(sure.sum())) / room, 0.0), 1.0) if room > 0 else 0.0
        return np.asarray(sure + share * at_margin)


def _inflexible(residual_kw: float) -> Book:
    return Book(np.array([[residual_kw]]), np.zeros((1, 1)))


def _shifted(book: Book, usd_per_kwh: float) -> Book:
    return Book(book.quantity_kw, book.price_usd_per_kwh + usd_per_kwh)


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsensusTariff(AuctionTariff):
    """The transactive rate of neighbours who exchange prices.

    Parameters
    ----------
    market : how they do it.
    """

    market: NeighbourMarket = field(default_factory=NeighbourMarket)
    mechanism: str = "consensus"

    def market_operator(self) -> NeighbourMarket:
        """Consensus between its participants."""
        return self.market
