"""Double auction, two-settlement: Σ [Q_da·λ_da + (Q_meter − Q_da)·λ_rt] + fixed, λ = s·w + d + μ."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dso.market import Book, Curve, aggregate
from dso.market.columns import just_below, quantities_above
from dso.messages import FloatArray


@dataclass(frozen=True, slots=True)
class DoubleAuction:
    """The MO of the transactive tariff: one exact curve of all bids, awards pro rata at the margin."""

    def aggregate(self, book: Book, residual_kw: float) -> Curve:
        """All bids of an interval and the load that does not bid."""
        rest = Curve.vertical(residual_kw)
        return aggregate(book) + rest if len(book) else rest

    def award(self, book: Book, price_usd_per_kwh: float, total_kw: float) -> FloatArray:
        """What each bid gets at the price, (n,): who bid more in full, who bid just that pro rata."""
        sure = quantities_above(book, price_usd_per_kwh)
        at_margin = quantities_above(book, just_below(price_usd_per_kwh)) - sure
        room = float(at_margin.sum())
        share = min(max((total_kw - float(sure.sum())) / room, 0.0), 1.0) if room > 0 else 0.0
        return np.asarray(sure + share * at_margin)


@dataclass(frozen=True, slots=True)
class AuctionTariff:
    """The transactive rate of DSO+T, with the shadow price of the wires in the price.

    Parameters
    ----------
    name : how the scenario calls it.
    scaling : s, what a wholesale kWh costs at the meter: losses and mark-up [1].
    distribution_usd_per_kwh : d, the distribution charge.
    fixed_usd_month : what each customer pays for being connected [USD/month].

    References
    ----------
    PNNL, DSO+T study, volume 3 (see docs/references.md).
    """

    name: str
    scaling: float = 1.25
    distribution_usd_per_kwh: float = 0.04
    fixed_usd_month: float = 0.0
    mechanism: str = "auction"
    takes_positions: bool = True

    def market_operator(self) -> DoubleAuction:
        """A double auction for its participants."""
        return DoubleAuction()

    def load_serving(self) -> AuctionTariff:
        """It is its own LSE strategy."""
        return self

    def retail_usd_per_kwh(self, wholesale: FloatArray, congestion: FloatArray) -> FloatArray:
        """λ = s·w + d + μ."""
        return np.asarray(self.scaling * wholesale + self.distribution_usd_per_kwh + congestion)

    def wholesale_curve(self, demand: Curve) -> Curve:
        """Demand over w = (λ − d)/s."""
        return demand.to_wholesale(self.scaling, self.distribution_usd_per_kwh)

    def position_usd(self, energy_kwh: FloatArray, price_usd_per_kwh: float | FloatArray) -> FloatArray:
        """Q_da·λ_da."""
        return energy_kwh * price_usd_per_kwh

    def delivery_usd(
        self, meter_kwh: FloatArray, position_kwh: FloatArray, price_usd_per_kwh: float | FloatArray
    ) -> FloatArray:
        """(Q_meter − Q_da)·λ_rt."""
        return np.asarray((meter_kwh - position_kwh) * price_usd_per_kwh)

    def network_usd_per_kwh(self) -> float:
        """d is inside λ once; the LSE passes it on."""
        return self.distribution_usd_per_kwh

    def fixed_usd_per_month(self) -> float:
        """The fixed charge."""
        return self.fixed_usd_month
