"""Agents of electric water heaters: tanks that are heated where that is cheap, ahead of use."""

from __future__ import annotations

import numpy as np

from dso.agents.kind import Window
from dso.agents.planning import Problem
from dso.agents.planning.formulations import water_heater_problem
from dso.clock import HOUR_S
from dso.homes.draws import expected_l, use_frac
from dso.homes.local_time import LocalTime
from dso.homes.tanks import TAP_C, Tanks
from dso.messages import FloatArray, IntArray, Measured, Setting

DRIFT_FRAC = 0.08  # about what half a shower takes
RESERVE_L = 40.0  # a shower: as much is kept above the lowest temperature by choice
MOST_RESERVE_FRAC = 0.8  # of the band, where a shower takes more of it
SURE_KW = 1e-6


class WaterHeaterAgents:
    """One agent for each tank; a state is (1, n): the state of heat, 0 with cold water, 1 at the set-point.

    Agents know how much hot water people use by the hour, and not when they will turn a tap. By choice a tank
    is let down to 1 − slider·(1 − lowest), lowest the state in which one shower more leaves water just warm
    enough, and not heated above its set-point. Discomfort is counted below the lowest temperature, whatever
    the slider.

    Parameters
    ----------
    tanks : what agents know of their tanks.
    devices : (n,) number of each agent's device.
    local_time : by which people live.

    Raises
    ------
    ValueError : devices are not one a tank.
    """

    name = "water_heater"
    outside_unit = "K·h below the lowest temperature"

    def __init__(self, tanks: Tanks, devices: IntArray, local_time: LocalTime) -> None:
        self.tanks, self._local_time = tanks, local_time
        self.devices: IntArray = np.asarray(devices, np.int64)
        if self.devices.shape != tanks.customers.shape:
            raise ValueError(f"devices must be one a tank, {len(tanks)}, were {self.devices.shape}")

    @property
    def customers(self) -> IntArray:
        """(n,) customer who has each tank."""
        return self.tanks.customers

    @property
    def lowest_kw(self) -> FloatArray:
        """(n,) zeros."""
        return np.zeros(len(self.tanks))

    @property
    def highest_kw(self) -> FloatArray:
        """(n,) ratings."""
        return self.tanks.rating_kw

    @property
    def drift(self) -> FloatArray:
        """(n,) how far the state of heat may be off its plan [1]."""
        return np.full(len(self.tanks), DRIFT_FRAC)

    def usual_state(self, at_s: int) -> FloatArray:
        """(1, n) at the set-point."""
        return np.ones((1, len(self.tanks)))

    def sensed(self, measured: Measured, state: FloatArray) -> FloatArray:
        """(1, n) from the temperature; as expected where that is not known."""
        tank = measured.values["tank_c"][np.searchsorted(measured.devices, self.devices)]
        heat = (tank - self.tanks.inlet_c) / span_k(self.tanks)
        return np.where(np.isfinite(heat), heat, state[0])[None]

    def outside(self, state: FloatArray, hours: float) -> FloatArray:
        """(n,) degree-hours below the lowest temperature of a stretch that ends in a state."""
        tanks = self.tanks
        cold = tanks.lowest_c - tanks.inlet_c - state[0] * span_k(tanks)
        return np.asarray(np.maximum(cold, 0.0) * hours)

    def problem(
        self, who: IntArray, state: FloatArray, price_usd_per_kwh: FloatArray, window: Window, known_at_s: int
    ) -> Problem:
        """See `water_heater_problem`; draws are those expected."""
        tanks = self.tanks.take(who)
        starts = window.start_s + window.interval_s * np.arange(window.count)
        use = [use_frac(self._local_time, s, s + window.interval_s)[tanks.profile] for s in starts.tolist()]
        return water_heater_problem(
            price_usd_per_kwh,
            state[0],
            tanks.kwh_per_k * span_k(tanks),
            tanks.rating_kw,
            tanks.slider,
            np.stack(use) * (tanks.day_l * tanks.tap_kwh_per_l),
            tanks.ua_kw_per_k / tanks.kwh_per_k,
            ambient_frac=(tanks.ambient_c - tanks.inlet_c) / span_k(tanks),
            lowest_frac=lowest_frac(tanks),
            interval_h=window.hours,
        )

    def ahead(self, state: FloatArray, kw: FloatArray, from_s: int, to_s: int, known_at_s: int) -> FloatArray:
        """(1, n) where a state goes at average powers, with the draws expected."""
        free, gain = self._stretch(state, from_s, to_s)
        return np.maximum(free + gain * kw, 0.0)[None]

    def reach_kw(
        self, state: FloatArray, target: FloatArray, from_s: int, to_s: int, known_at_s: int
    ) -> FloatArray:
        """(n,) power that brings the state of heat to a target, with the draws expected."""
        free, gain = self._stretch(state, from_s, to_s)
        return (target - free) / gain

    def range_kw(
        self, state: FloatArray, from_s: int, to_s: int, known_at_s: int
    ) -> tuple[FloatArray, FloatArray]:
        """(n,) least and most power that leave the tank within what its owner wants, as far as ratings go."""
        free, gain = self._stretch(state, from_s, to_s)
        rating = self.tanks.rating_kw
        least, most = (np.clip((end - free) / gain, 0.0, rating) for end in (lowest_frac(self.tanks), 1.0))
        return least, most

    def give_kw(self, spread_usd_per_kwh: float) -> FloatArray:
        """(n,) the rating times the slider over Δf."""
        return np.asarray(self.tanks.slider * self.tanks.rating_kw / spread_usd_per_kwh)

    def margin_usd_per_kwh(self, spread_usd_per_kwh: float) -> FloatArray:
        """(n,) none: DSO+T's water heaters have none."""
        return np.zeros(len(self.tanks))

    def setting(self, kw: FloatArray, state: FloatArray, from_s: int, to_s: int, known_at_s: int) -> Setting:
        """The temperature at which an ideal thermostat draws a power.

        Where none is wanted the thermostat is told the lowest temperature: it heats only what is too cold.
        Where all is wanted it is told its set-point.
        """
        tanks = self.tanks
        target = tanks.inlet_c + self.ahead(state, kw, from_s, to_s, known_at_s)[0] * span_k(tanks)
        target = np.clip(target, tanks.lowest_c, tanks.set_point_c)
        target = np.where(kw <= SURE_KW, tanks.lowest_c, target)
        target = np.where(kw >= tanks.rating_kw - SURE_KW, tanks.set_point_c, target)
        return Setting(self.name, self.devices, "°C", np.where(np.isnan(kw), np.nan, target))

    def _stretch(self, state: FloatArray, from_s: int, to_s: int) -> tuple[FloatArray, FloatArray]:
        """(n,) state of heat at the end of a stretch without power, and what a kilowatt adds to it.

        Draws are even; a tank that is too cold at the beginning gives so much less heat.
        """
        tanks, hours = self.tanks, (to_s - from_s) / HOUR_S
        capacity = tanks.kwh_per_k * span_k(tanks)
        rate = tanks.ua_kw_per_k / tanks.kwh_per_k
        gain = -np.expm1(-rate * hours) / (rate * capacity)
        room = (tanks.ambient_c - tanks.inlet_c) / span_k(tanks)
        tap = (np.minimum(TAP_C, tanks.set_point_c) - tanks.inlet_c) / span_k(tanks)
        litres = expected_l(tanks, self._local_time, from_s, to_s)
        draw_kw = litres * tanks.tap_kwh_per_l / hours * np.clip(state[0] / tap, 0.0, 1.0)
        free = room + (state[0] - room) * np.exp(-rate * hours) - gain * draw_kw
        return free, gain


def span_k(tanks: Tanks) -> FloatArray:
    """(n,) from the state of heat 0 to 1 [K]."""
    return tanks.set_point_c - tanks.inlet_c


def lowest_frac(tanks: Tanks) -> FloatArray:
    """(n,) state of heat down to which a tank is let by choice [1]."""
    lowest = (tanks.lowest_c - tanks.inlet_c) / span_k(tanks)
    shower = RESERVE_L * tanks.tap_kwh_per_l / (tanks.kwh_per_k * span_k(tanks))
    kept = lowest + np.minimum(shower, MOST_RESERVE_FRAC * (1 - lowest))
    return np.asarray(1 - np.minimum(tanks.slider, 1.0) * (1 - kept))
