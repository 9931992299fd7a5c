"""The physics of electric water heaters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields

import numpy as np
from numpy.typing import NDArray

from dso.clock import HOUR_S
from dso.homes.draws import HotWater
from dso.homes.local_time import LocalTime
from dso.homes.tanks import KWH_PER_L_K, TAP_C, Tanks
from dso.messages import FloatArray, IntArray

STEP_S = 300  # draws and power are even over so long
BLOCK = 8192  # tanks whose arrays stay in a processor's cache together


class TankPlant:
    """Tanks at one temperature throughout; a state is (1, n), that temperature T [°C].

    C·dT/dt = power − UA·(T − ambient) − heat drawn. Taps mix: of water at 45 °C as much hot water is taken
    as makes it so warm, so that c·(45 °C − inlet) a litre leaves the tank; a colder tank gives its own
    water unmixed, c·(T − inlet) a litre. Inlet water takes its place. Over each sub-step of at most 5 min
    draws and power are even, and the solution is exact, through the change from one rule to the other.

    A setting is the temperature of the thermostat [°C], its own set-point where it is NaN or higher than
    that. The thermostat is ideal, the average of a cycling one: over each sub-step the element runs at the
    power, within its rating, that brings the tank to the set-point by its end (as if the rule of its
    beginning held to the end). Without supply for part of the time there is so much less power at most.

    Parameters
    ----------
    tanks : nameplates and habits.
    local_time : by which people live.
    seed : of their draws, 0 or more.
    """

    kind = "water_heater"
    unit = "°C"

    def __init__(self, tanks: Tanks, local_time: LocalTime, seed: int) -> None:
        self.tanks, self.water = tanks, HotWater(tanks, local_time, seed)

    @property
    def customers(self) -> IntArray:
        """Index of the customer who has each tank, (n,)."""
        return self.tanks.customers

    def start(self, at_s: int) -> FloatArray:
        """All tanks at their set-points."""
        return self.tanks.set_point_c[None].copy()

    def step(
        self,
        state: FloatArray,
        from_s: int,
        to_s: int,
        setting: FloatArray | None = None,
        supplied_frac: FloatArray | None = None,
    ) -> tuple[FloatArray, FloatArray]:
        """Run tanks for a while; see `Devices`."""
        own = self.tanks.set_point_c
        target = own if setting is None else np.where(np.isnan(setting), own, np.minimum(setting, own))
        most = self.tanks.rating_kw if supplied_frac is None else self.tanks.rating_kw * supplied_frac
        tank, kwh = state[0].copy(), np.zeros(len(self.tanks))
        for begin_s in range(from_s, to_s, STEP_S):
            end_s = min(to_s, begin_s + STEP_S)
            hours = (end_s - begin_s) / HOUR_S
            litres = self.water.litres(begin_s, end_s)
            for first in range(0, len(tank), BLOCK):
                rows = slice(first, first + BLOCK)
                part = tank[rows], target[rows], most[rows], litres[rows] / hours
                tank[rows], kw = heated(_view(self.tanks, rows), *part, hours)
                kwh[rows] += kw * hours
        return tank[None], kwh * (HOUR_S / (to_s - from_s))

    def measured(self, state: FloatArray, at_s: int) -> Mapping[str, FloatArray]:
        """Temperature of the tank."""
        return {"tank_c": state[0].copy()}


def _view(tanks: Tanks, rows: slice) -> Tanks:
    """Some of the tanks, checked before, without a copy."""
    found = object.__new__(Tanks)
    for f in fields(Tanks):
        object.__setattr__(found, f.name, getattr(tanks, f.name)[rows])
    return found


def heated(
    tanks: Tanks,
    tank_c: FloatArray,
    target_c: FloatArray,
    most_kw: FloatArray,
    litres_per_h: FloatArray,
    hours: float,
) -> tuple[FloatArray, FloatArray]:
    """Temperatures at the end of a stretch with even draws, and the even power of an ideal thermostat.

    Parameters
    ----------
    tank_c, target_c : (n,) now and wanted [°C].
    most_kw : (n,) the thermostat has [kW].
    litres_per_h : (n,) drawn at the tap [L/h].
    """
    flow_kw_per_k = KWH_PER_L_K * litres_per_h
    tap_c = np.minimum(TAP_C, tanks.set_point_c)
    mixed = tank_c >= tap_c
    rate, rest_kw = _rule(tanks, mixed, flow_kw_per_k, tap_c)
    kept = np.exp(-rate * hours)
    needed_kw = rate * tanks.kwh_per_k * (target_c - tank_c * kept) / -np.expm1(-rate * hours) - rest_kw
    kw = np.clip(needed_kw, 0.0, most_kw)
    settles = (kw + rest_kw) / (rate * tanks.kwh_per_k)
    end = settles + (tank_c - settles) * kept
    crosses = (end >= tap_c) != mixed
    if not crosses.any():
        return end, kw
    apart = np.where(crosses, tap_c - settles, 1.0)
    left_h = hours - np.log(np.where(crosses, (tank_c - settles) / apart, 1.0)) / rate
    rate, rest_kw = _rule(tanks, ~mixed, flow_kw_per_k, tap_c)
    settles = (kw + rest_kw) / (rate * tanks.kwh_per_k)
    other = settles + (tap_c - settles) * np.exp(-rate * left_h)
    return np.where(crosses, other, end), kw


def _rule(
    tanks: Tanks, mixed: NDArray[np.bool_], flow_kw_per_k: FloatArray, tap_c: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """(n,) rate at which a tank settles [1/h], and the power that does not depend on its temperature [kW]."""
    from_room = tanks.ua_kw_per_k * tanks.ambient_c
    unmixed = np.where(mixed, 0.0, flow_kw_per_k)
    taken = np.where(mixed, -flow_kw_per_k * (tap_c - tanks.inlet_c), flow_kw_per_k * tanks.inlet_c)
    return (tanks.ua_kw_per_k + unmixed) / tanks.kwh_per_k, from_room + taken
