"""Agents of electric water heaters: tanks that are heated where that is cheap, ahead of use."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dso.agents.kind import Window
from dso.agents.planning import Problem
from dso.agents.planning.formulations import water_heater_problem
from dso.clock import HOUR_S
from dso.homes.draws import LONG_MEAN_L, LONG_VOLUME_FRAC, expected_l, use_frac
from dso.homes.local_time import LocalTime
from dso.homes.tanks import TAP_C, Tanks
from dso.messages import FloatArray, IntArray, Measured, Setting

DRIFT_FRAC = 0.08  # about what half a shower takes
MOST_RESERVE_FRAC = 0.8  # of the band is kept for a shower by choice, where it takes more
SURE_KW = 1e-6


@dataclass(frozen=True, slots=True, eq=False)
class Stretch:
    """What agents expect of a stretch of time, all (n,).

    Parameters
    ----------
    free : state of heat at the end without power and draws [1].
    gain : what a kilowatt adds to it [1/kW].
    draw_kw : heat expected to be drawn, even; a tank that is too cold at the beginning gives so much less.
    reheated_kw : the part of it that comes unforeseen and is heated again by the end. An element heats a
        shower again in a time t; of showers in a stretch h that is about h/(h + t/3) (fitted by eye to the
        plant): all of them where h is long; where it is short, the rest is made up for in stretches that
        begin with a colder tank.
    """

    free: FloatArray
    gain: FloatArray
    draw_kw: FloatArray
    reheated_kw: FloatArray

    def after(self, net_kw: FloatArray) -> FloatArray:
        """(n,) state of heat at the end with power less draws."""
        return self.free + self.gain * net_kw

    def needed_kw(self, target: FloatArray) -> FloatArray:
        """(n,) power less draws that brings the state of heat to a target."""
        return (target - self.free) / self.gain


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
    steady = False  # people turn taps
    outside_unit = "K·h below the lowest temperature"
    relative = True  # prices of its problem are over their own span

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
        stretch = self._stretch(state, from_s, to_s)
        return np.maximum(stretch.after(kw - stretch.draw_kw), 0.0)[None]

    def reach_kw(
        self, state: FloatArray, target: FloatArray, from_s: int, to_s: int, known_at_s: int
    ) -> FloatArray:
        """(n,) power that brings the state of heat to a target, with the draws expected."""
        stretch = self._stretch(state, from_s, to_s)
        return stretch.needed_kw(target) + stretch.draw_kw

    def range_kw(
        self, state: FloatArray, from_s: int, to_s: int, known_at_s: int
    ) -> tuple[FloatArray, FloatArray]:
        """(n,) least and most power that leave the tank within what its owner wants, as far as ratings go.

        Least is with the draws expected. Most is what an element at the set-point takes on average: of a
        draw only what it heats again by the end.
        """
        stretch, rating = self._stretch(state, from_s, to_s), self.tanks.rating_kw
        least = stretch.needed_kw(lowest_frac(self.tanks)) + stretch.draw_kw
        most = stretch.needed_kw(np.ones(len(self.tanks))) + stretch.reheated_kw
        most = np.clip(most, 0.0, rating)
        return np.clip(least, 0.0, most), most

    def give_kw(self, spread_usd_per_kwh: float) -> FloatArray:
        """(n,) the rating times the slider over Δf."""
        return np.asarray(self.tanks.slider * self.tanks.rating_kw / spread_usd_per_kwh)

    def margin_usd_per_kwh(self, spread_usd_per_kwh: float) -> FloatArray:
        """(n,) none: DSO+T's water heaters have none."""
        return np.zeros(len(self.tanks))

    def setting(self, kw: FloatArray, state: FloatArray, from_s: int, to_s: int, known_at_s: int) -> Setting:
        """The temperature at which an ideal thermostat draws a power on average, draws or none.

        In most stretches nobody draws: then the tank goes where the power less that for draws brings it. A
        power that does not suffice for draws asks for less than the tank would have without, by up to what
        a shower takes. Where none is wanted the thermostat is told the lowest temperature: it heats only
        what is too cold. Where all is wanted it is told its set-point.
        """
        tanks, stretch = self.tanks, self._stretch(state, from_s, to_s)
        rest = kw - stretch.reheated_kw
        missing = np.maximum(-rest, 0.0) / np.maximum(stretch.reheated_kw, SURE_KW)
        heat = stretch.after(np.maximum(rest, 0.0)) - np.minimum(missing, 1.0) * shower_frac(tanks)
        target = np.clip(tanks.inlet_c + heat * span_k(tanks), tanks.lowest_c, tanks.set_point_c)
        target = np.where(kw <= SURE_KW, tanks.lowest_c, target)
        target = np.where(kw >= tanks.rating_kw - SURE_KW, tanks.set_point_c, target)
        return Setting(self.name, self.devices, "°C", np.where(np.isnan(kw), np.nan, target))

    def _stretch(self, state: FloatArray, from_s: int, to_s: int) -> Stretch:
        tanks, hours = self.tanks, (to_s - from_s) / HOUR_S
        capacity, rate = tanks.kwh_per_k * span_k(tanks), tanks.ua_kw_per_k / tanks.kwh_per_k
        room = (tanks.ambient_c - tanks.inlet_c) / span_k(tanks)
        tap = (np.minimum(TAP_C, tanks.set_point_c) - tanks.inlet_c) / span_k(tanks)
        litres = expected_l(tanks, self._local_time, from_s, to_s)
        draw_kw = litres * tanks.tap_kwh_per_l / hours * np.clip(state[0] / tap, 0.0, 1.0)
        again_h = LONG_MEAN_L * tanks.tap_kwh_per_l / tanks.rating_kw
        long_frac = hours / (hours + again_h / 3)
        return Stretch(
            free=room + (state[0] - room) * np.exp(-rate * hours),
            gain=-np.expm1(-rate * hours) / (rate * capacity),
            draw_kw=draw_kw,
            reheated_kw=draw_kw * (1 - LONG_VOLUME_FRAC * (1 - long_frac)),
        )


def span_k(tanks: Tanks) -> FloatArray:
    """(n,) from the state of heat 0 to 1 [K]."""
    return tanks.set_point_c - tanks.inlet_c


def shower_frac(tanks: Tanks) -> FloatArray:
    """(n,) state of heat that a shower takes [1]."""
    return np.asarray(LONG_MEAN_L * tanks.tap_kwh_per_l / (tanks.kwh_per_k * span_k(tanks)))


def lowest_frac(tanks: Tanks) -> FloatArray:
    """(n,) state of heat down to which a tank is let by choice [1]."""
    lowest = (tanks.lowest_c - tanks.inlet_c) / span_k(tanks)
    kept = lowest + np.minimum(shower_frac(tanks), MOST_RESERVE_FRAC * (1 - lowest))
    return np.asarray(1 - np.minimum(tanks.slider, 1.0) * (1 - kept))
