"""The ramp-bid thermostat of older studies, as one population, for comparison with agents that plan."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from dso.agents.house_model import HouseModel, Stretch, missed_k
from dso.agents.ramp_curve import ramp_curve
from dso.clock import HOUR_S
from dso.homes.houses import Houses
from dso.homes.local_time import LocalTime
from dso.messages import Award, BidRequest, Bids, FloatArray, IntArray, Measured, PriceSignal, Setting
from dso.ports import Outdoors

WINDOW_S = 24 * HOUR_S
KEPT_S = 3 * WINDOW_S  # behind what was heard last, which may lie a day or two ahead
RAMP = 2.0  # standard deviations from one end of the range to the other; te30 draws it around that


@dataclass(frozen=True, slots=True, eq=False)
class RampMemory:
    """Everything that these agents remember; replaced as a whole, never changed."""

    prices: dict[int, tuple[int, float]] = field(default_factory=dict)  # start → duration [s], price
    state: FloatArray | None = None  # (2, n) air and mass
    at_s: int = 0
    missed: FloatArray | None = None  # (n,) degree-hours outside the range so far


class RampThermostats:
    """Thermostats whose set-point follows the price, within limits: the controller of TESP's te30 example.

    Set-points and prices are those of `ramp_curve`, with the mean and standard deviation of the last day's
    binding prices, weighted by time. A cycling machine bids as in te30: its rating, all of it at the price of
    its air, held to 0 … price_cap. An ideal one would draw less than it was awarded; it bids the line of
    powers to which its set-points lead by the end of the interval, in two points. Where prices or the slider
    leave no choice, or the thermostat acts by itself, the bid is vertical and the schedule holds.

    These agents do not plan. For a position they bid, vertically, what holds the set-points in the weather
    expected.

    Parameters
    ----------
    houses : what agents know of their houses.
    devices : (n,) number of each agent's device.
    forecast : the weather expected.
    local_time : by which schedules go.
    ramp : see above, above 0.
    price_cap_usd_per_kwh : of what is bid, above 0.
    cycling : whether machines are full on or off.

    Raises
    ------
    ValueError : ramp or cap is not above 0, or there is not one device for each house.

    References
    ----------
    TESP, `tesp_support/hvac.py` (`formulate_bid`, `bid_accepted`), Battelle 2017–2019; J. Fuller,
    K. Schneider and D. Chassin, Analysis of residential demand response and double-auction markets, IEEE PES
    General Meeting 2011; GridLAB-D, class controller.
    """

    name = "ramp"
    kind = "hvac"
    discomfort_unit = "K·h outside the range"

    def __init__(
        self,
        houses: Houses,
        devices: IntArray,
        forecast: Outdoors,
        local_time: LocalTime,
        *,
        ramp: float = RAMP,
        price_cap_usd_per_kwh: float = 1.0,
        cycling: bool = False,
    ) -> None:
        self.houses, self.slider = houses, houses.slider
        self.devices: IntArray = np.asarray(devices, np.int64)
        if self.devices.shape != houses.customers.shape:
            raise ValueError(f"devices must be one a house, {len(houses)}, were {self.devices.shape}")
        if not min(ramp, price_cap_usd_per_kwh) > 0:
            raise ValueError(f"ramp and price_cap_usd_per_kwh must be above 0, were {ramp} and "
                             f"{price_cap_usd_per_kwh}")  # fmt: skip
        self.ramp, self.price_cap_usd_per_kwh, self.cycling = ramp, price_cap_usd_per_kwh, cycling
        self._model = HouseModel(houses, forecast, local_time)
        self._memory = RampMemory()

    @property
    def customers(self) -> IntArray:
        """(n,) customer in each house."""
        return self.houses.customers

    @property
    def lowest_kw(self) -> FloatArray:
        """(n,) zeros."""
        return np.zeros(len(self.houses))

    @property
    def highest_kw(self) -> FloatArray:
        """(n,) rating of cooling or of heating, the greater."""
        return self.houses.highest_kw

    @property
    def discomfort(self) -> FloatArray:
        """(n,) of each customer so far, in `discomfort_unit`."""
        missed = self._memory.missed
        return np.zeros(len(self.houses)) if missed is None else missed

    # --- what it hears and sees ---------------------------------------------------------------------------

    def hear(self, signal: PriceSignal) -> None:
        """Remember a price; only binding ones count, and of two for the same time the later."""
        if not signal.binding:
            return
        heard = {
            interval.start_s: (interval.duration_s, price)
            for interval, price in zip(signal.intervals, signal.price_usd_per_kwh.tolist(), strict=True)
            if np.isfinite(price)
        }
        oldest_s = min(interval.start_s for interval in signal.intervals) - KEPT_S
        kept = {start: entry for start, entry in self._memory.prices.items() if start >= oldest_s}
        self._memory = replace(self._memory, prices=kept | heard)

    def usual(self, at_s: int) -> tuple[float, float]:
        """Mean and standard deviation of the last day's prices [USD/kWh]; NaN and 0 if there were none."""
        prices = sorted(self._memory.prices.items())
        known = [e for start, e in prices if start < at_s and start + e[0] > at_s - WINDOW_S]
        if not known:
            return np.nan, 0.0
        seconds, price = np.array(known).T
        mean = float((seconds * price).sum() / seconds.sum())
        return mean, float(np.sqrt((seconds * (price - mean) ** 2).sum() / seconds.sum()))

    def sense(self, measured: Measured) -> None:
        """Learn the temperature of air; mass follows from the heat that must have moved it there."""
        memory, at_s = self._memory, measured.at_s
        air = measured.values["air_c"][np.searchsorted(measured.devices, self.devices)]
        before = self._state(at_s)
        air = np.where(np.isfinite(air), air, before[0])
        state, hours = np.stack([air, air]), 0.0
        if memory.state is not None and 0 < at_s - memory.at_s <= HOUR_S:
            stretch = self._model.stretch(before, memory.at_s, at_s, memory.at_s)
            heat = (air - stretch.free[0]) / stretch.answer.air_k_per_kw
            state, hours = stretch.answer.heated(stretch.free, heat), (at_s - memory.at_s) / HOUR_S
        missed = missed_k(self.houses, air, *self._model.set_points_c(at_s - 1)) * hours
        self._memory = replace(memory, state=state, at_s=at_s, missed=self.discomfort + missed)

    def _state(self, at_s: int) -> FloatArray:
        if self._memory.state is not None:
            return self._memory.state
        heating, cooling = self._model.set_points_c(at_s)
        wanted = cooling if self._model.warm(at_s) else heating
        return np.stack([wanted, wanted])

    # --- what it wants ------------------------------------------------------------------------------------

    def bid(self, request: BidRequest) -> Bids:
        """Two points for each agent and interval, (t, n, 2)."""
        shape = len(request.intervals), len(self.houses), 2
        quantity, price = np.empty(shape), np.empty(shape)
        for t, interval in enumerate(request.intervals):
            span = interval.start_s, interval.end_s, request.known_at_s
            expected = float(request.expected_usd_per_kwh[t])
            if request.physical:
                stretch = self._model.stretch(self._state(interval.start_s), *span)
                quantity[t], price[t] = self._curve(stretch, expected, interval.start_s)
            else:
                quantity[t], price[t] = self._holding_kw(*span)[:, None], expected
        if request.losses_usd_per_kwh is not None:  # what is usual where an agent sits
            price = price + request.losses_usd_per_kwh[:, self.customers, None]
        return Bids(self.name, request.market, request.round, self.customers, quantity, price)

    def _curve(self, stretch: Stretch, expected: float, at_s: int) -> tuple[FloatArray, FloatArray]:
        """(n, 2) quantities and prices, dear first."""
        mean, std = self.usual(at_s)
        curve = ramp_curve(stretch, mean, self.ramp * std)
        if self.cycling:
            price = np.clip(curve.price_of(self._state(at_s)[0]), 0.0, self.price_cap_usd_per_kwh)
            points = np.zeros(len(price)), stretch.rating_kw, price, price
        else:
            points = curve.line()
        low, high, dear, cheap = points
        fixed = curve.fixed[:, None]
        quantity = np.where(fixed, curve.held_kw[:, None], np.stack([low, high], axis=-1))
        return quantity, np.where(fixed, expected, np.stack([dear, cheap], axis=-1))

    def _holding_kw(self, from_s: int, to_s: int, known_at_s: int) -> FloatArray:
        """(n,) what holds the set-point in use from one end of an interval to the other."""
        for wanted in reversed(self._model.set_points_c((from_s + to_s) / 2)):
            stretch = self._model.stretch(np.stack([wanted, wanted]), from_s, to_s, known_at_s)
            if stretch.warm:
                break
        return ramp_curve(stretch, np.nan, 0.0).held_kw

    # --- what devices are told ----------------------------------------------------------------------------

    def set_points_kw(self, award: Award, interval_index: int) -> FloatArray:
        """What was awarded, (n,) [kW], within ratings; a house draws what its set-point makes it draw."""
        return np.asarray(np.clip(award.quantity_kw[interval_index], self.lowest_kw, self.highest_kw))

    def setting(self, award: Award, interval_index: int) -> Setting:
        """The set-point at the price that came, (n,) [°C]; NaN: the schedule."""
        interval, price = award.intervals[interval_index], float(award.price_usd_per_kwh[interval_index])
        mean, std = self.usual(interval.start_s)
        state = self._state(interval.start_s)
        stretch = self._model.stretch(state, interval.start_s, interval.end_s, interval.start_s)
        told = ramp_curve(stretch, mean, self.ramp * std).set_point_c(price)
        return Setting(self.kind, self.devices, "°C", told)

    def get_state(self) -> Any:
        """What it remembers; the same object as long as nothing has changed."""
        return self._memory

    def set_state(self, state: Any) -> None:
        """Take back what `get_state` returned."""
        self._memory = state
