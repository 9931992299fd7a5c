"""A market for voltage: its MO buys the cheapest reactive power that brings the wires into their band.

Energy costs its participants λ = s·w + d + μ as on the auction; what they inject is paid by what it does to
the voltages, Σ_n S_nj·y_n, and stands on their bills.
"""

from __future__ import annotations

from dataclasses import dataclass

from dso.market.voltage import VoltageClearing, clear_voltage
from dso.messages import FloatArray
from dso.tariffs.auction import AuctionTariff, DoubleAuction


@dataclass(frozen=True, slots=True)
class VoltageAuction(DoubleAuction):
    """The MO of a tariff whose participants sell reactive power beside buying energy."""

    def buy(
        self,
        offers_usd_per_kvarh: FloatArray,
        most_kvar: FloatArray,
        sensitivity: FloatArray,
        shortfall_pu: FloatArray,
        room_pu: FloatArray,
    ) -> VoltageClearing:
        """The cheapest set of offers, paid by what each is worth."""
        return clear_voltage(offers_usd_per_kvarh, most_kvar, sensitivity, shortfall_pu, room_pu)


@dataclass(frozen=True, slots=True)
class VoltageTariff(AuctionTariff):
    """The transactive rate of those who sell reactive power to the DO."""

    mechanism: str = "voltage"

    def market_operator(self) -> VoltageAuction:
        """A double auction for energy, with a market for voltage before it."""
        return VoltageAuction()
