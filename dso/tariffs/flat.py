"""Flat volumetric: one price for every kWh, no market; the LSE estimates and bears the wholesale price."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dso.market import Curve
from dso.messages import FloatArray


@dataclass(frozen=True, slots=True)
class FlatTariff:
    """Bill = rate · kWh + fixed.

    Parameters
    ----------
    name : how the scenario calls it.
    rate_usd_per_kwh : price of energy, delivery included.
    fixed_usd_month : what each customer pays for being connected [USD/month].
    distribution_usd_per_kwh : the part of the rate that the LSE passes on to the DO.
    """

    name: str
    rate_usd_per_kwh: float
    fixed_usd_month: float = 0.0
    distribution_usd_per_kwh: float = 0.0
    mechanism: str = "estimate"
    takes_positions: bool = False

    def market_operator(self) -> None:
        """A flat rate has no market."""
        return

    def load_serving(self) -> FlatTariff:
        """It is its own LSE strategy."""
        return self

    def retail_usd_per_kwh(self, wholesale: FloatArray, congestion: FloatArray) -> FloatArray:
        """The rate, whatever the wholesale price and the wires cost."""
        return np.full_like(wholesale, self.rate_usd_per_kwh)

    def wholesale_curve(self, demand: Curve) -> Curve:
        """Its load does not answer to any price."""
        return demand

    def position_usd(self, energy_kwh: FloatArray, price_usd_per_kwh: float | FloatArray) -> FloatArray:
        """Customers on a flat rate owe nothing before the meter turns."""
        return np.zeros_like(energy_kwh)

    def delivery_usd(
        self, meter_kwh: FloatArray, position_kwh: FloatArray, price_usd_per_kwh: float | FloatArray
    ) -> FloatArray:
        """rate · kWh."""
        return meter_kwh * price_usd_per_kwh

    def network_usd_per_kwh(self) -> float:
        """The distribution charge that the LSE passes on."""
        return self.distribution_usd_per_kwh

    def fixed_usd_per_month(self) -> float:
        """The fixed charge."""
        return self.fixed_usd_month
