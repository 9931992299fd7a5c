"""What an agent population takes for the usual price, learnt from what it hears."""

from __future__ import annotations

import numpy as np

from dso.clock import HOUR_S, Interval
from dso.messages import FloatArray, PriceSignal

HOURS = 24
LEAST_SPREAD_USD_PER_KWH = 0.01  # below it prices count as equal, and nobody jumps for a tenth of a cent


class PriceMemory:
    """One usual price for each hour of the day (UTC), damped: f ← f + damping · (heard − f).

    Only binding prices are learnt. A bid thus does not change from one informational round to the next, and
    the rounds settle at once instead of chasing each other.

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
        """Learn the prices of a binding signal; what is not a number is not learnt."""
        if not signal.binding:
            return
        learnt = self.usd_per_kwh.copy()
        for interval, price in zip(signal.intervals, signal.price_usd_per_kwh, strict=True):
            if np.isfinite(price):
                hour = _hour(interval)
                before = learnt[hour]
                learnt[hour] = price if np.isnan(before) else before + self.damping * (price - before)
        self.usd_per_kwh = learnt

    def usual(self, intervals: tuple[Interval, ...], expected_usd_per_kwh: FloatArray) -> tuple[float, float]:
        """The usual price and the usual spread over a day, [USD/kWh] each.

        The usual price is the median over the day's hours; hours of which nothing was heard yet count at what
        is expected now. The spread reaches from their 10th to their 90th percentile, and is at least
        `LEAST_SPREAD_USD_PER_KWH` and at most the usual price: neither an hour nor a week of scarcity may
        teach agents to ignore it.
        """
        prices = self.usd_per_kwh.copy()
        for interval, price in zip(intervals, expected_usd_per_kwh, strict=True):
            if np.isnan(self.usd_per_kwh[_hour(interval)]):
                prices[_hour(interval)] = price
        low, middle, high = np.percentile(prices[np.isfinite(prices)], [10, 50, 90])
        spread = max(LEAST_SPREAD_USD_PER_KWH, min(high - low, abs(middle)))
        return float(middle), float(spread)


def _hour(interval: Interval) -> int:
    return (interval.start_s + interval.duration_s // 2) // HOUR_S % HOURS
