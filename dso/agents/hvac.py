"""Agents of houses: heating and cooling that runs ahead of high prices, within what people bear."""

from __future__ import annotations

import numpy as np

from dso.agents.house_model import HouseModel, missed_k
from dso.agents.house_plan import bounds_c, house_problem
from dso.agents.kind import Window
from dso.agents.planning import Problem
from dso.clock import HOUR_S
from dso.homes.houses import Houses
from dso.homes.local_time import LocalTime
from dso.messages import FloatArray, IntArray, Measured, Setting
from dso.ports import Outdoors

DRIFT_K = 0.5
MARGIN_FRAC = 0.1  # of Δf, DSO+T's
SURE_K = (
    1.0  # a set-point so far beyond keeps a machine off, or fully on, whatever the weather turns out to be
)
SURE_KW = 1e-6
SWING_K, BELIEVED_FRAC = (
    1.0,
    0.03,
)  # of a cycling machine: how far air swings; how much of a swing is believed


class HvacAgents:
    """One agent for each house; a state is (3, n): air, mass [°C], and by how much air misses the wishes [K].

    Mass is not measured; it follows from air by the agent's model (see `sensed`). While it is 65 °F or more
    outdoors an agent steers cooling, else heating, within the range that the slider leaves of `range_low_k`
    and `range_high_k` around the set-point in use; outside it the only bid is what leads back. A house that
    burns gas bids nothing while heating. What the thermostat must do by itself is bid as it is, at any price.

    Discomfort is counted as `missed_k` has it.

    Parameters
    ----------
    houses : what agents know of their houses.
    devices : (n,) number of each agent's device.
    forecast : the weather expected.
    local_time : by which schedules go.
    cycling : whether machines are full on or off, so that measured air swings around what it is on average;
        an agent then believes only a part of a surprise that is no larger than a swing.
    """

    name = "hvac"
    relative = True
    outside_unit = "K·h outside the range"

    def __init__(
        self,
        houses: Houses,
        devices: IntArray,
        forecast: Outdoors,
        local_time: LocalTime,
        *,
        cycling: bool = False,
    ) -> None:
        self.houses = houses
        self.devices: IntArray = np.asarray(devices, np.int64)
        if self.devices.shape != houses.customers.shape:
            raise ValueError(f"devices must be one a house, {len(houses)}, were {self.devices.shape}")
        self._swing_k = SWING_K if cycling else 0.0
        self._model = HouseModel(houses, forecast, local_time)

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
    def drift(self) -> FloatArray:
        """(n,) how far air may be off its plan [K]."""
        return np.full(len(self.houses), DRIFT_K)

    def usual_state(self, at_s: int) -> FloatArray:
        """(3, n) air and mass at the set-point in use."""
        heating, cooling = self._model.set_points_c(at_s)
        wanted = cooling if self._model.warm(at_s) else heating
        return np.stack([wanted, wanted, np.zeros_like(wanted)])

    def sensed(self, measured: Measured, state: FloatArray) -> FloatArray:
        """(3, n) air as measured, mass as far from what was expected as air, and what wishes were missed by.

        Air follows mass within minutes: where it is not where it was expected, mass is not either.
        """
        air = measured.values["air_c"][np.searchsorted(measured.devices, self.devices)]
        air = np.where(np.isfinite(air), air, state[0])
        heating, cooling = self._model.set_points_c(measured.at_s - 1)
        missed, surprise = missed_k(self.houses, air, heating, cooling), air - state[0]
        swing = np.clip(surprise, -self._swing_k, self._swing_k)
        sure = surprise - swing
        return np.stack([state[0] + sure + BELIEVED_FRAC * swing, state[1] + sure, missed])

    def outside(self, state: FloatArray, hours: float) -> FloatArray:
        """(n,) degree-hours outside the range of a stretch that ends in a state."""
        return np.asarray(state[2] * hours)

    def problem(
        self, who: IntArray, state: FloatArray, price_usd_per_kwh: FloatArray, window: Window, known_at_s: int
    ) -> Problem:
        """See `house_problem`."""
        model = self._model
        return house_problem(
            self.houses.take(who),
            state[0],
            price_usd_per_kwh,
            window,
            model.forecast,
            model.local_time,
            known_at_s,
        )

    def ahead(self, state: FloatArray, kw: FloatArray, from_s: int, to_s: int, known_at_s: int) -> FloatArray:
        """(3, n) where a state goes at average powers; an hour at a time."""
        air_and_mass = state[:2]
        while from_s < to_s:
            until_s = min(to_s, from_s + HOUR_S)
            air_and_mass = self._model.stretch(air_and_mass, from_s, until_s, known_at_s).after(kw)
            from_s = until_s
        return np.concatenate([air_and_mass, state[2:]])

    def reach_kw(
        self, state: FloatArray, target: FloatArray, from_s: int, to_s: int, known_at_s: int
    ) -> FloatArray:
        """(n,) power that brings air to a temperature; 0 of a house that burns gas, while heating."""
        return self._model.stretch(state, from_s, to_s, known_at_s).reach_kw(target)

    def range_kw(
        self, state: FloatArray, from_s: int, to_s: int, known_at_s: int
    ) -> tuple[FloatArray, FloatArray]:
        """(n,) least and most power that leave air within its bounds at the end, as far as ratings go."""
        stretch = self._model.stretch(state, from_s, to_s, known_at_s)
        bounds = bounds_c(self.houses, stretch.warm, stretch.heating_c, stretch.cooling_c)
        ends = [np.clip(stretch.reach_kw(bound), 0.0, stretch.rating_kw) for bound in bounds]
        least, most = reversed(ends) if stretch.warm else ends
        own, alone = stretch.own()[1], stretch.left_alone()
        return np.where(alone, own, least), np.where(alone, own, most)

    def give_kw(self, spread_usd_per_kwh: float) -> FloatArray:
        """(n,) the rating, of cooling where there is any, times the slider over Δf."""
        houses = self.houses
        rating = np.where(houses.cooling_kw > 0, houses.cooling_kw, houses.highest_heating_kw)
        return np.asarray(houses.slider * rating / spread_usd_per_kwh)

    def margin_usd_per_kwh(self, spread_usd_per_kwh: float) -> FloatArray:
        """(n,) a tenth of Δf."""
        return np.full(len(self.houses), MARGIN_FRAC * spread_usd_per_kwh)

    def setting(self, kw: FloatArray, state: FloatArray, from_s: int, to_s: int, known_at_s: int) -> Setting:
        """The temperature at which an ideal thermostat draws a power; NaN where it acts by itself."""
        stretch = self._model.stretch(state, from_s, to_s, known_at_s)
        air = stretch.after(kw)[0]
        beyond = np.where(kw <= SURE_KW, -1.0, np.where(kw >= stretch.rating_kw - SURE_KW, 1.0, 0.0))
        air = air + (-SURE_K if stretch.warm else SURE_K) * beyond
        value = np.where(stretch.left_alone(), np.nan, air)
        return Setting(self.name, self.devices, "°C", value)
