"""What agents expect energy to cost, hour by hour, learnt from what they hear."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from dso.agents.kind import Window
from dso.clock import HOUR_S, Interval
from dso.messages import FloatArray, PriceSignal

HOURS = 24
LIVED = 0.2  # part of a short interval's surprise that is believed at once: DSO+T's damping
LEAST_SPREAD_USD_PER_KWH = 0.005  # below it the hours of a window count as equally dear


@dataclass(frozen=True, slots=True, eq=False)
class PriceForecast:
    """Prices of hours to come: as they were last heard.

    A binding price of a whole hour is remembered by the hour of the day (UTC) for the days to come. That of a
    shorter interval only teaches what is usual, and only where no whole hour was agreed: in real time agents
    answer what differs from the day-ahead price, for the whole hour. Between rounds nothing is damped here;
    see `dso.agents.long_plan.held_near` for what makes rounds settle.

    Parameters
    ----------
    hours : start of an hour [s since the epoch] → expected price [USD/kWh].
    usual : (24,) binding price by hour of the day; NaN until heard.
    agreed : hours with a binding price.
    """

    hours: dict[int, float] = field(default_factory=dict)
    usual: FloatArray = field(default_factory=lambda: np.full(HOURS, np.nan))
    agreed: frozenset[int] = frozenset()

    def asked(self, intervals: tuple[Interval, ...], expected_usd_per_kwh: FloatArray) -> PriceForecast:
        """With what a market expects, where nothing was heard of an hour yet; old hours are forgotten."""
        new = _by_hour(intervals, expected_usd_per_kwh)
        oldest = intervals[0].start_s - 2 * HOURS * HOUR_S
        kept = {hour: price for hour, price in self.hours.items() if hour >= oldest}
        return replace(self, hours={**new, **kept}, agreed=frozenset(h for h in self.agreed if h in kept))

    def heard(self, signal: PriceSignal) -> PriceForecast:
        """With the prices of a signal; what is not a number is not learnt."""
        prices = _by_hour(signal.intervals, signal.price_usd_per_kwh)
        whole = all(interval.duration_s >= HOUR_S for interval in signal.intervals)
        if not signal.binding:
            return replace(self, hours=self.hours | prices) if whole else self
        return self._agreed(prices) if whole else self._lived(prices)

    def _agreed(self, prices: dict[int, float]) -> PriceForecast:
        usual = self.usual.copy()
        for hour, price in prices.items():
            usual[hour // HOUR_S % HOURS] = price
        return replace(self, hours=self.hours | prices, usual=usual, agreed=self.agreed | set(prices))

    def _lived(self, prices: dict[int, float]) -> PriceForecast:
        usual = self.usual.copy()
        for hour, price in prices.items():
            if hour not in self.agreed:
                place = hour // HOUR_S % HOURS
                before = usual[place]
                usual[place] = price if np.isnan(before) else before + LIVED * (price - before)
        return replace(self, usual=usual)

    def over(self, window: Window) -> FloatArray:
        """Expected prices of a window of hours, (T,) [USD/kWh].

        Of an hour that nobody has spoken of, the price of the hour of the day before, or else what was usual
        at that hour of the day, or else the mean of what is known.
        """
        starts = window.start_s + HOUR_S * np.arange(window.count)
        prices: list[float] = []
        for k, start in enumerate(starts.tolist()):
            known = self.hours.get(start)
            if known is None:
                usual = self.usual[start // HOUR_S % HOURS]
                known = float(usual) if np.isfinite(usual) else prices[k - HOURS] if k >= HOURS else np.nan
            prices.append(known)
        found = np.array(prices)
        finite = np.isfinite(found)
        return np.where(finite, found, found[finite].mean() if finite.any() else 0.0)

    def at(self, interval: Interval) -> float | None:
        """Expected price of an interval's hour, None where nobody has spoken of it."""
        return self.hours.get(interval.start_s // HOUR_S * HOUR_S)


def spread_of(prices_usd_per_kwh: FloatArray) -> float:
    """Δf, from the lowest to the highest price of a window [USD/kWh]; never nothing."""
    return max(LEAST_SPREAD_USD_PER_KWH, float(np.ptp(prices_usd_per_kwh)))


def _by_hour(intervals: tuple[Interval, ...], price_usd_per_kwh: FloatArray) -> dict[int, float]:
    """Mean price of the intervals that begin in each hour, those that are no numbers left out."""
    found: dict[int, list[float]] = {}
    for interval, price in zip(intervals, price_usd_per_kwh.tolist(), strict=True):
        for start in range(interval.start_s // HOUR_S * HOUR_S, interval.end_s, HOUR_S):
            if np.isfinite(price):
                found.setdefault(start, []).append(price)
    return {hour: sum(prices) / len(prices) for hour, prices in found.items()}
