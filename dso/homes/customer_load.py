"""The truth about each customer's load, before any price: fixed load and cooling, with noise of their own."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from dso.clock import HOUR_S, Interval
from dso.homes.customers import Customers
from dso.homes.load_shape import LoadShape
from dso.homes.noise import COOLING, FIXED, HourlyNoise
from dso.messages import FloatArray

DESIGN_MARGIN_C = 3.0  # a device still keeps up this much above the design temperature


class CustomerLoad:
    """What each customer draws on its own: its size × the mean customer's load × (1 + its noise).

    Fixed load and cooling have independent noise. Averages over an interval are taken at its middle, or
    at the middles of equal parts of at most an hour each.

    Parameters
    ----------
    customers : those meant.
    shape : the mean customer's load.
    noise_std_frac : standard deviation of one customer's noise on the hour [1], 0 to 0.2.
    noise_memory : its correlation from one hour to the next [1], 0 to below 1.
    """

    def __init__(
        self,
        customers: Customers,
        shape: LoadShape,
        *,
        noise_std_frac: float = 0.15,
        noise_memory: float = 0.7,
    ) -> None:
        self.customers, self.shape = customers, shape
        indices = None if customers.indices is None else customers.index
        self._fixed, self._cooling = (
            HourlyNoise(customers.count, indices, customers.seed, stream, noise_std_frac, noise_memory)
            for stream in (FIXED, COOLING)
        )
        hottest_k = shape.design_c + DESIGN_MARGIN_C - shape.balance_c
        most_frac = 1 + HourlyNoise.LIMIT_FRAC
        self.rating_kw: FloatArray = customers.size * (most_frac * shape.slope_kw_per_k * hottest_k)  # (n,)
        self.rating_kw.flags.writeable = False

    @property
    def peak_kw(self) -> FloatArray:
        """Each customer's share of the highest load of all, (n,) [kW]."""
        return self.customers.size * self.shape.peak_kw

    def kw(self, interval: Interval) -> tuple[FloatArray, FloatArray]:
        """Each customer's fixed load and cooling, averaged over an interval, each (n,) [kW]."""
        middles_s = middles(interval)
        fixed_kw, cooling_kw = self.shape.split_kw(middles_s)
        fixed = sum(kw * (1 + self._fixed.at(t)) for kw, t in zip(fixed_kw, middles_s, strict=True))
        cooling = sum(kw * (1 + self._cooling.at(t)) for kw, t in zip(cooling_kw, middles_s, strict=True))
        scale = self.customers.size / len(middles_s)
        return np.asarray(scale * fixed), np.minimum(scale * cooling, self.rating_kw)

    def all_kw(self, intervals: Sequence[Interval]) -> tuple[FloatArray, FloatArray]:
        """The same for several intervals, each (t, n) [kW]."""
        fixed = np.empty((len(intervals), len(self.customers)))
        cooling = np.empty_like(fixed)
        for t, interval in enumerate(intervals):
            fixed[t], cooling[t] = self.kw(interval)
        return fixed, cooling


def middles(interval: Interval) -> FloatArray:
    """Middles of the equal parts, at most an hour each, of an interval, (k,) [s since the epoch]."""
    parts = -(-interval.duration_s // HOUR_S)
    return np.asarray(interval.start_s + (np.arange(parts) + 0.5) * (interval.duration_s / parts))
