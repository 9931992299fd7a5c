"""Real-time pricing: the wholesale price of each interval is passed on, day-ahead or real-time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dso.messages import FloatArray, IntArray
from dso.ports import PeriodAccount, PeriodLine
from dso.rates import Rate
from dso.tariffs.rate import FIXED, MINIMUM, TAXES, RateTariff


@dataclass(frozen=True, slots=True, kw_only=True)
class RealTimeTariff(RateTariff):
    """Bill = Σ_t (s·w_t + adder)·e_t + fixed; the LSE bears what the wires cost.

    Parameters
    ----------
    scaling : s, what a wholesale kWh costs at the meter.
    adder_usd_per_kwh : what is added to it.
    by_day_ahead : whether w is the day-ahead price, where one was published; else that of real time.
    """

    scaling: float = 1.25
    adder_usd_per_kwh: float = 0.04
    by_day_ahead: bool = False

    def sheet(self) -> Rate:
        """Energy is on no sheet."""
        return self.charges.rate()

    @property
    def resolution_s(self) -> int:
        """Its bill is a sum over intervals: no book of meters."""
        return 0

    @property
    def keeps(self) -> frozenset[str]:
        """Nothing."""
        return frozenset()

    def retail_usd_per_kwh(self, wholesale: FloatArray, congestion: FloatArray) -> FloatArray:
        """s·w + adder."""
        return np.asarray(self.scaling * wholesale + self.adder_usd_per_kwh)

    def scheduled_usd_per_kwh(
        self, starts_s: IntArray, wholesale: FloatArray, day_ahead: FloatArray
    ) -> FloatArray:
        """s·w + adder, at the price that it goes by."""
        known = np.isfinite(day_ahead) if self.by_day_ahead else np.zeros(len(starts_s), bool)
        return np.asarray(self.scaling * np.where(known, day_ahead, wholesale) + self.adder_usd_per_kwh)

    def delivery_usd(
        self, meter_kwh: FloatArray, position_kwh: FloatArray, price_usd_per_kwh: float | FloatArray
    ) -> FloatArray:
        """price · kWh; exports at the same price, or at their own."""
        sell = self.charges.sell_usd_per_kwh
        out = price_usd_per_kwh if self.charges.exports == "Net Metering" else sell
        return np.asarray(np.where(meter_kwh < 0, out, price_usd_per_kwh) * meter_kwh)

    def period_lines(self, account: PeriodAccount) -> tuple[PeriodLine, ...]:
        """Fixed, minimum and taxes; energy was charged interval by interval."""
        fixed = self.charges.fixed_usd_month * account.period_share
        charges = account.charged_usd + fixed
        least = self.charges.minimum_usd_month * account.period_share
        minimum = np.maximum(least - charges, 0.0) if least else np.zeros_like(charges)
        taxes = self.charges.adders_frac * np.maximum(charges + minimum, 0.0)
        fixed_line = PeriodLine(FIXED, np.full_like(charges, fixed))
        return fixed_line, PeriodLine(MINIMUM, minimum), PeriodLine(TAXES, taxes)
