"""Customers whose cooling responds to prices, as one population of arrays."""

from __future__ import annotations

from typing import Any

import numpy as np

from dso.agents.four_point import four_point_bids
from dso.agents.price_memory import PriceMemory
from dso.messages import Award, BidRequest, Bids, FloatArray, IntArray, PriceSignal
from dso.ports import Forecast


class ResponsiveLoad:
    """Devices that draw more than they need where it is cheap and less where it is dear, one a customer.

    Elastic, without memory: what a device does not draw is not made up for later, and what it draws in excess
    is not saved (no rebound). Around its need a device gives up at most `give_frac` of it and adds at most
    `take_frac`. With R = range between the two, Δf the usual spread of prices over a day (see `PriceMemory`)
    and s the customer's slider, it gives up s·R/Δf for each USD/kWh above the usual price, that is the slope
    m = −Δf/R/s of DSO+T's bids; slider 0 bids vertically.

    Its need is the forecast of the moment in which it is asked for bids.

    Parameters
    ----------
    name : of the population, e.g. "cooling".
    customers : (n,) index of the customer behind each agent, each once.
    rating_kw : (n,) what a device can draw at most [kW], 0 or more.
    forecast : whose `device_kw` is what devices need.
    slider : (n,) from comfort, 0, to cost, 1; or above, for more response.
    give_frac : part of its need that a device gives up at most [1], 0 to 1.
    take_frac : what it adds at most, as part of its need [1], 0 or more.
    margin_frac : half of the flat part of a bid, as part of Δf [1], 0 or more.
    damping : see `PriceMemory`.
    devices : (n,) number of each agent's device; without it that of its customer.

    Raises
    ------
    ValueError : an argument is out of its range, or shapes differ.
    """

    def __init__(
        self,
        name: str,
        customers: IntArray,
        rating_kw: FloatArray,
        forecast: Forecast,
        slider: FloatArray,
        *,
        give_frac: float = 0.5,
        take_frac: float = 0.3,
        margin_frac: float = 0.1,
        damping: float = 0.5,
        devices: IntArray | None = None,
    ) -> None:
        self.name = name
        self.customers: IntArray = np.asarray(customers, np.int64)
        self.highest_kw: FloatArray = np.asarray(rating_kw, np.float64)
        self.slider: FloatArray = np.asarray(slider, np.float64)
        self.lowest_kw: FloatArray = np.zeros_like(self.highest_kw)
        self.devices: IntArray = self.customers if devices is None else np.asarray(devices, np.int64)
        shapes = {self.customers.shape, self.highest_kw.shape, self.slider.shape}
        if len(shapes) != 1 or len(np.unique(self.customers)) != len(self.customers):
            raise ValueError("customers must differ, and rating_kw and slider be as many as customers")
        if (self.slider < 0).any() or (self.highest_kw < 0).any() or min(take_frac, margin_frac) < 0:
            raise ValueError("slider, rating_kw, take_frac and margin_frac must be 0 or more")
        if not 0 <= give_frac <= 1:
            raise ValueError(f"give_frac must be 0 to 1, was {give_frac}")
        self.give_frac, self.take_frac, self.margin_frac = give_frac, take_frac, margin_frac
        self._forecast, self._memory = forecast, PriceMemory(damping)

    def bid(self, request: BidRequest) -> Bids:
        """Four-point bids of all agents for all intervals, (t, n, 4)."""
        intervals, expected = request.intervals, request.expected_usd_per_kwh
        need = self._forecast.device_kw(intervals, request.known_at_s)[:, self.devices]
        need = np.clip(need, 0.0, self.highest_kw)
        least, most = need * (1 - self.give_frac), np.minimum(need * (1 + self.take_frac), self.highest_kw)
        usual, spread = self._memory.usual(intervals, expected)
        slope_kw = self.slider * (most - least) / spread
        quantity, price = four_point_bids(
            need, least, most, slope_kw, expected, usual, self.margin_frac * spread
        )
        if request.losses_usd_per_kwh is not None:  # what is usual where an agent sits
            price = price + request.losses_usd_per_kwh[:, self.customers, None]
        return Bids(self.name, request.market, request.round, self.customers, quantity, price)

    def hear(self, signal: PriceSignal) -> None:
        """Learn what prices are usual at which hour; only binding ones count."""
        self._memory.hear(signal)

    def set_points_kw(self, award: Award, interval_index: int) -> FloatArray:
        """What each device runs at, (n,) [kW]: its award within its rating; NaN where nothing was awarded."""
        awarded = award.quantity_kw[interval_index]
        if not np.array_equal(award.customers, self.customers):
            every = np.full(max(int(award.customers.max()), int(self.customers.max())) + 1, np.nan)
            every[award.customers] = awarded
            awarded = every[self.customers]
        return np.asarray(np.clip(awarded, self.lowest_kw, self.highest_kw))

    def get_state(self) -> Any:
        """Prices learnt so far."""
        return self._memory.usd_per_kwh.copy()

    def set_state(self, state: Any) -> None:
        """Take back what `get_state` returned."""
        self._memory.usd_per_kwh = np.array(state, np.float64)
