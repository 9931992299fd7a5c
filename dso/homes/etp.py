"""Two-state maths of houses: where air and mass go in closed form, and what a machine makes of a kilowatt.

The equivalent thermal parameters of GridLAB-D's houses (R. Sonderegger, Dynamic Models of House Heating Based
on Equivalent Thermal Parameters, Princeton, 1978): see `Houses`. Agents and plant share these formulas, not
what they put into them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dso.homes.houses import (
    CHANGEOVER_C,
    COOLING_AT_C,
    HEATING_AT_C,
    LEAST_COP,
    LEAST_GAP_K,
    W_PER_KW,
    Houses,
)
from dso.messages import FloatArray

SUN_TO_MASS_FRAC, GAINS_TO_MASS_FRAC = 0.5, 0.5  # GridLAB-D's defaults


@dataclass(frozen=True, slots=True, eq=False)
class Response:
    """What a stretch of time does to houses whose outdoors and heat stay as they are.

    state after = settled + keep·(state before − settled); a kW of heat to air adds `air_k_per_kw` to air and
    `mass_k_per_kw` to mass by its end.

    Parameters
    ----------
    air_air, air_mass, mass_air, mass_mass : (n,) the matrix keep [1], first what it acts on.
    air_k_per_kw, mass_k_per_kw : (n,) [K/kW].
    """

    air_air: FloatArray
    air_mass: FloatArray
    mass_air: FloatArray
    mass_mass: FloatArray
    air_k_per_kw: FloatArray
    mass_k_per_kw: FloatArray

    def after(self, state: FloatArray, settled: FloatArray) -> FloatArray:
        """(2, n) air and mass at the end, from (2, n) at the beginning and where they would settle [°C]."""
        air, mass = state[0] - settled[0], state[1] - settled[1]
        return np.stack([
            settled[0] + self.air_air * air + self.air_mass * mass,
            settled[1] + self.mass_air * air + self.mass_mass * mass,
        ])  # fmt: skip

    def heated(self, state: FloatArray, heat_kw: FloatArray) -> FloatArray:
        """(2, n) a state at the end, had there been (n,) more heat to air all the time [kW]."""
        return np.stack([state[0] + self.air_k_per_kw * heat_kw, state[1] + self.mass_k_per_kw * heat_kw])


def response(houses: Houses, hours: float) -> Response:
    """The exact solution over some time [h], by the matrix exponential of a 2 by 2 matrix with real roots."""
    ua, hm, air, mass = houses.ua_kw_per_k, houses.hm_kw_per_k, houses.air_kwh_per_k, houses.mass_kwh_per_k
    a, b, c = -(ua + hm) / air, hm / air, hm / mass  # rows (a, b) and (c, −c)
    middle, half = (a - c) / 2, np.sqrt(((a + c) / 2) ** 2 + b * c)
    slow, fast = np.exp((middle + half) * hours), np.exp((middle - half) * hours)
    even, odd = (slow + fast) / 2, (slow - fast) / (2 * half)
    air_air, mass_mass = even + odd * (a - middle), even + odd * (-c - middle)
    air_mass, mass_air = odd * b, odd * c
    return Response(
        air_air, air_mass, mass_air, mass_mass, (1 - air_air - air_mass) / ua, (1 - mass_air - mass_mass) / ua
    )


def settled_c(
    houses: Houses, outdoor_c: float | FloatArray, sun_w_per_m2: float | FloatArray, gains_kw: FloatArray
) -> FloatArray:
    """(2, n) where air and mass would settle by themselves in steady weather [°C]."""
    sun = houses.sun_m2 * sun_w_per_m2 / W_PER_KW
    to_mass = SUN_TO_MASS_FRAC * sun + GAINS_TO_MASS_FRAC * gains_kw
    air = outdoor_c + (sun + gains_kw) / houses.ua_kw_per_k
    return np.stack([air, air + to_mass / houses.hm_kw_per_k])


def cooling_cop(houses: Houses, outdoor_c: float | FloatArray) -> FloatArray:
    """(n,) heat that cooling takes out of a house for each kWh [1]."""
    cop = houses.cooling_cop + houses.cooling_cop_per_k * (outdoor_c - COOLING_AT_C)
    return np.maximum(cop, LEAST_COP)


def heating_cop(houses: Houses, outdoor_c: float | FloatArray) -> FloatArray:
    """(n,) heat that heating without backup brings for each kWh [1]."""
    cop = houses.heating_cop + houses.heating_cop_per_k * (outdoor_c - HEATING_AT_C)
    return np.maximum(cop, LEAST_COP)


def heat_of_kw(houses: Houses, kw: FloatArray, cop: FloatArray) -> FloatArray:
    """(n,) heat that heating brings from a power [kW]: what is above heating_kw is backup, at 1 for 1."""
    pump = np.minimum(kw, houses.heating_kw)
    return np.asarray(pump * cop + np.minimum(kw - pump, houses.backup_kw))


def kw_of_heat(houses: Houses, heat_kw: FloatArray, cop: FloatArray) -> FloatArray:
    """(n,) power that heating needs for a heat [kW], ratings aside; 0 where nothing electric heats."""
    pump = houses.heating_kw * cop
    kw = np.where(heat_kw > pump, houses.heating_kw + heat_kw - pump, heat_kw / cop)
    return np.where(houses.highest_heating_kw > 0, kw, 0.0)


def thermostat_c(
    asked_c: FloatArray, heating_c: FloatArray, cooling_c: FloatArray, outdoor_c: float | FloatArray
) -> tuple[FloatArray, FloatArray]:
    """(n,) set-points in force, heating and cooling, of a thermostat that is told one temperature [°C].

    Where outdoors is at least `CHANGEOVER_C` the temperature asked for is where to cool from, and heating
    stays as scheduled, but at least 1 K below. Where it is colder outdoors it is where to heat to, and
    cooling stays as scheduled, but at least 1 K above. NaN: the schedule.
    """
    warm = outdoor_c >= CHANGEOVER_C
    none = np.isnan(asked_c)
    heat_to = np.where(warm, np.minimum(heating_c, asked_c - LEAST_GAP_K), asked_c)
    cool_from = np.where(warm, asked_c, np.maximum(cooling_c, asked_c + LEAST_GAP_K))
    return np.where(none, heating_c, heat_to), np.where(none, cooling_c, cool_from)
