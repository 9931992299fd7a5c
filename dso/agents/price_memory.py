"""What an agent population takes for the usual price, learnt from what it hears."""

from __future__ import annotations

import numpy as np

from dso.clock import HOUR_S, Interval
from dso.messages import FloatArray, PriceSignal

HOURS = 24


class PriceMemory:
    """One expected price for each hour of the day (UTC), damped: f ← f + damping · (heard − f).

    Parameters
    ----------
    damping : part of a surprise that is believed at once [1], above 0 to 1.
    """

    def __init__(self, damping: float) -> None:
        if not 0 < damping <= 1:
            raise ValueError(f"damping must be above 0 and at most 1, was {damping}")
        self.damping = damping
        self.usd_per_kwh: FloatArray = np.full(HOURS, np.nan)  # (24,) NaN until heard

    def hear(self, signal: PriceSignal) -> None:
        """Learn the prices of a signal; what is not a number is not learnt."""
        learnt = self.usd_per_kwh.copy()
        for interval, price in zip(signal.intervals, signal.price_usd_per_kwh, strict=True):
            if np.isfinite(price):
                hour = _hour(interval)
                before = learnt[hour]
                learnt[hour] = price if np.isnan(before) else before + self.damping * (price - before)
        self.usd_per_kwh = learnt

    def usual(self, intervals: tuple[Interval, ...], expected_usd_per_kwh: FloatArray) -> tuple[float, float]:
        """The usual price and the usual spread, with the prices expected now in place of those remembered.

        The usual price is the median over the day's hours, the spread reaches from their 10th to their 90th
        percentile: one hour of scarcity must not make agents deaf to ordinary prices for the day after.
        """
        prices = self.usd_per_kwh.copy()
        for interval, price in zip(intervals, expected_usd_per_kwh, strict=True):
            prices[_hour(interval)] = price
        low, middle, high = np.percentile(prices[np.isfinite(prices)], [10, 50, 90])
        return float(middle), float(high - low)


def _hour(interval: Interval) -> int:
    return (interval.start_s + interval.duration_s // 2) // HOUR_S % HOURS
