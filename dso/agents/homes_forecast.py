"""What the LSE expects homes with devices to draw."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

import numpy as np

from dso.agents.forecast_error import ForecastError
from dso.clock import HOUR_S, Interval
from dso.messages import FloatArray, IntArray

KEPT_S = 3 * HOUR_S  # behind the instant asked from


class ByThemselves(Protocol):
    """What devices draw if nobody tells them a price, at any time to come."""

    def customers_kw(self, interval: Interval) -> FloatArray:
        """Power of the devices that do not take part, by customer, (customers,) [kW]."""

    def devices_kw(self, interval: Interval) -> FloatArray:
        """Power of each device that takes part, (devices,) [kW]."""

    def forget(self, before_s: int) -> None:
        """Hours that end before an instant will not be asked for again."""

    def get_state(self) -> Any:
        """What a resumed run needs."""

    def set_state(self, state: Any) -> None:
        """Take back what `get_state` returned."""


class HomesForecast:
    """A stand-in for a forecast: what homes would draw without a price, blurred by an error that grows.

    It knows fixed load, habits and weather of homes that are left alone, and hides part of it (see
    `ForecastError`): no model is fitted to meter data. It does not know what a price, an outage or an award
    has changed.

    Parameters
    ----------
    fixed_kw : average fixed load of each customer in an interval, (customers,) [kW].
    alone : the devices by themselves.
    owners : (devices,) customer of each device that takes part.
    error : of each customer's forecast.
    """

    def __init__(
        self,
        fixed_kw: Callable[[Interval], FloatArray],
        alone: ByThemselves,
        owners: IntArray,
        error: ForecastError,
    ) -> None:
        self._fixed_kw, self._alone, self._owners, self._error = fixed_kw, alone, owners, error

    def meter_kw(self, intervals: Sequence[Interval], known_at_s: int) -> FloatArray:
        """Expected average power of each customer's meter, (t, customers) [kW]."""
        self._alone.forget(known_at_s - KEPT_S)
        count = len(self._error.customers)
        kw = np.empty((len(intervals), count))
        for t, interval in enumerate(intervals):
            devices = np.bincount(self._owners, self._alone.devices_kw(interval), count)
            truth = self._fixed_kw(interval) + self._alone.customers_kw(interval) + devices
            kw[t] = truth * self._error.factor(interval, known_at_s)
        return kw

    def device_kw(self, intervals: Sequence[Interval], known_at_s: int) -> FloatArray:
        """Expected power of each device that may bid, (t, devices) [kW]."""
        kw = np.empty((len(intervals), len(self._owners)))
        for t, interval in enumerate(intervals):
            factor = self._error.factor(interval, known_at_s)
            kw[t] = self._alone.devices_kw(interval) * factor[self._owners]
        return kw

    def get_state(self) -> Any:
        """From where the homes by themselves can be run on."""
        return self._alone.get_state()

    def set_state(self, state: Any) -> None:
        """Take back what `get_state` returned."""
        self._alone.set_state(state)
