"""What the LSE, and an agent for itself, expects customers to draw."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from dso.agents.forecast_error import ForecastError
from dso.clock import Interval
from dso.homes.customer_load import CustomerLoad
from dso.messages import FloatArray, IntArray


class SeededForecast:
    """A stand-in for a forecast: the truth, blurred by a seeded error that grows with lead time.

    No model of the load is fitted: this knows the embedded plant's truth and hides part of it. The error
    of a customer is a common part, the same for all, plus a part of its own. Both are normal with mean 0, cut
    off at three standard deviations, constant within an hour and a bucket of lead times; their standard
    deviation is the one given times the square root of the bucket's upper end in hours, so half of it up to
    a quarter of an hour ahead, and 4.9 times as much a day ahead. Meter and device of a customer have the
    same error, so that its residual is never negative.

    Parameters
    ----------
    load : the truth.
    participants : (k,) positions in `load` of the customers whose device bids; the others' devices are part
        of their meter only.
    seed : 0 or more.
    std_1h_frac : standard deviation of the common error an hour ahead [1], 0 or more.
    customer_std_1h_frac : of each customer's own error [1], 0 or more; the two together at most 0.048, so
        that no forecast changes sign. Both 0: a perfect forecast.

    Raises
    ------
    ValueError : a standard deviation is out of its range.
    """

    def __init__(
        self,
        load: CustomerLoad,
        participants: IntArray,
        seed: int,
        *,
        std_1h_frac: float = 0.008,
        customer_std_1h_frac: float = 0.03,
    ) -> None:
        self.load = load
        self._error = ForecastError(
            load.customers, seed, std_1h_frac=std_1h_frac, customer_std_1h_frac=customer_std_1h_frac
        )
        self._bids = np.zeros(len(load.customers))
        self._bids[participants] = 1.0

    def meter_kw(self, intervals: Sequence[Interval], known_at_s: int) -> FloatArray:
        """Expected average power of each customer's meter, (t, n) [kW]."""
        kw = np.empty((len(intervals), len(self.load.customers)))
        for t, interval in enumerate(intervals):
            fixed, cooling = self.load.kw(interval)
            kw[t] = (fixed + cooling) * self._error.factor(interval, known_at_s)
        return kw

    def device_kw(self, intervals: Sequence[Interval], known_at_s: int) -> FloatArray:
        """Expected cooling of those whose device bids, 0 for the others, (t, n) [kW]."""
        kw = np.empty((len(intervals), len(self.load.customers)))
        for t, interval in enumerate(intervals):
            kw[t] = self.load.kw(interval)[1] * self._error.factor(interval, known_at_s) * self._bids
        return kw
