"""How far forecasts of customers are off: a seeded error that grows with lead time."""

from __future__ import annotations

import numpy as np

from dso.clock import HOUR_S, Interval
from dso.homes.customers import Customers
from dso.homes.noise import FORECAST_ALL, FORECAST_EACH, HourCache, draw
from dso.messages import FloatArray

# upper ends of the buckets of lead times; the last bucket holds all longer ones too
LEADS_H = (0.25, 1.0, 3.0, 6.0, 12.0, 24.0, 48.0)
LIMIT_STD = 3.0
MOST_FRAC = 0.048  # 3 · √48 · 0.048 = 0.998: an error never reaches the forecast itself


class ForecastError:
    """A common part, the same for all customers, plus a part of each one's own.

    Both are normal with mean 0, cut off at three standard deviations, constant within an hour and a bucket of
    lead times; their standard deviation is the one given times the square root of the bucket's upper end in
    hours.

    Parameters
    ----------
    customers : whose forecasts.
    seed : 0 or more.
    std_1h_frac : standard deviation of the common error an hour ahead [1], 0 or more.
    customer_std_1h_frac : of each customer's own error [1], 0 or more; the two together at most 0.048, so
        that no forecast changes sign. Both 0: a perfect forecast.

    Raises
    ------
    ValueError : a standard deviation is out of its range.
    """

    def __init__(
        self, customers: Customers, seed: int, *, std_1h_frac: float, customer_std_1h_frac: float
    ) -> None:
        if min(std_1h_frac, customer_std_1h_frac) < 0 or std_1h_frac + customer_std_1h_frac > MOST_FRAC:
            raise ValueError(
                f"std_1h_frac and customer_std_1h_frac must be 0 or more and at most {MOST_FRAC} together,"
                f" were {std_1h_frac} and {customer_std_1h_frac}"
            )
        self.customers, self.seed = customers, seed
        self.std_1h_frac, self.customer_std_1h_frac = std_1h_frac, customer_std_1h_frac
        self._errors: HourCache[tuple[int, int]] = HourCache(len(customers), 2)

    def factor(self, interval: Interval, known_at_s: int) -> FloatArray:
        """What a forecast is of the truth, (n,) [1]."""
        middle_s = interval.start_s + interval.duration_s // 2
        return self._errors.get((middle_s // HOUR_S, lead_bucket(middle_s - known_at_s)), self._draw_factor)

    def _draw_factor(self, key: tuple[int, int]) -> FloatArray:
        hour, bucket = key
        number = hour * len(LEADS_H) + bucket
        customers = self.customers
        common = draw(self.seed, FORECAST_ALL, number, 1)
        each = draw(self.seed, FORECAST_EACH, number, customers.count, customers.index)
        error = self.std_1h_frac * _cut(common) + self.customer_std_1h_frac * _cut(each)
        return np.asarray(1 + LEADS_H[bucket] ** 0.5 * error)


def _cut(numbers: FloatArray) -> FloatArray:
    return np.asarray(np.clip(numbers, -LIMIT_STD, LIMIT_STD))


def lead_bucket(lead_s: float) -> int:
    """Which bucket a lead time falls into; what lies in the past counts as the shortest."""
    return min(int(np.searchsorted(LEADS_H, lead_s / HOUR_S)), len(LEADS_H) - 1)
