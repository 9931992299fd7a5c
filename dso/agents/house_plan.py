"""The day-ahead problem of houses: what people want and what weather does, as plans need it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from dso.agents.kind import Window
from dso.agents.planning import Problem
from dso.agents.planning.formulations import hvac_problem
from dso.homes.etp import cooling_cop, heat_of_kw, heating_cop
from dso.homes.houses import CHANGEOVER_C, W_PER_KW, Houses
from dso.homes.local_time import LocalTime
from dso.messages import FloatArray
from dso.ports import Outdoors

CLEAR_K = 0.5  # cooling ahead stops so far above the heating set-point, and heating below the cooling one


@dataclass(frozen=True, slots=True, eq=False)
class Days:
    """What a window brings to houses, all (T, n), or (T, 1) where it is the same for all.

    Parameters
    ----------
    warm : whether cooling is steered, and not heating.
    outdoor_c, gains_kw : mean of the interval; heat of sun, people and appliances.
    heating_c, cooling_c : set-points.
    """

    warm: NDArray[np.bool_]
    outdoor_c: FloatArray
    gains_kw: FloatArray
    heating_c: FloatArray
    cooling_c: FloatArray


def house_problem(
    houses: Houses,
    air_c: FloatArray,
    price_usd_per_kwh: FloatArray,
    window: Window,
    forecast: Outdoors,
    local_time: LocalTime,
    known_at_s: int,
) -> Problem:
    """`hvac_problem` of houses over a window: air and mass as one, cooled while it is warm, else heated.

    The temperature desired is where the house's own thermostat would leave it: at the set-point where that
    has something to do, between the two where it has not. What the thermostat does by itself (a furnace;
    cooling on a cold day; heating on a warm one) counts as heat that comes by itself. Heat from backup counts
    as the heat pump's, as far as the rating goes.
    """
    days = _days(houses, window, forecast, local_time, known_at_s)
    keep = np.exp(-houses.ua_kw_per_k * window.hours / (houses.air_kwh_per_k + houses.mass_kwh_per_k))
    desired, by_itself = _left_alone(houses, days, keep)
    cop = np.where(days.warm, cooling_cop(houses, days.outdoor_c), heating_cop(houses, days.outdoor_c))
    most = np.where(days.warm, houses.cooling_kw, houses.heating_kw + houses.backup_kw / cop)
    rating = houses.cooling_kw if days.warm.mean() >= 0.5 else houses.highest_heating_kw
    problem = hvac_problem(
        price_usd_per_kwh, air_c, desired, houses.range_low_k, houses.range_high_k,
        np.where(rating > 0, rating, 1.0), houses.slider, cop, houses.ua_kw_per_k,
        houses.air_kwh_per_k + houses.mass_kwh_per_k, days.outdoor_c, days.gains_kw + by_itself,
        heating=np.broadcast_to(~days.warm, desired.shape), interval_h=window.hours,
    )  # fmt: skip
    least_c, most_c = bounds_c(houses, days.warm, days.heating_c, days.cooling_c)
    least_c = np.where(days.warm, np.minimum(least_c, desired), least_c)
    most_c = np.where(days.warm, most_c, np.maximum(most_c, desired))
    return replace(problem, u_high=most, x_low=least_c, x_high=most_c)


def bounds_c(
    houses: Houses, warm: NDArray[np.bool_] | bool, heating_c: FloatArray, cooling_c: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Within which air is steered: the range around the set-point that is in use, clear of the other one."""
    low, high = houses.slider * houses.range_low_k, houses.slider * houses.range_high_k
    cools = np.maximum(cooling_c - low, heating_c + CLEAR_K), cooling_c + high
    heats = heating_c - low, np.minimum(heating_c + high, cooling_c - CLEAR_K)
    return np.where(warm, cools[0], heats[0]), np.where(warm, cools[1], heats[1])


def _days(houses: Houses, window: Window, forecast: Outdoors, local_time: LocalTime, known_at_s: int) -> Days:
    middles = np.asarray(window.start_s + (np.arange(window.count) + 0.5) * window.interval_s, np.float64)
    outdoor = forecast.outdoor_c(middles, known_at_s)[:, None]
    sun = forecast.sun_w_per_m2(middles, known_at_s)[:, None]
    hour, weekend = local_time.hour(middles).astype(np.int64), local_time.weekend(middles).astype(np.int64)
    return Days(
        outdoor >= CHANGEOVER_C,
        outdoor,
        houses.gains_kw[hour] + houses.sun_m2 * sun / W_PER_KW,
        houses.heating_c[weekend, hour].astype(np.float64),
        houses.cooling_c[weekend, hour].astype(np.float64),
    )


def _left_alone(houses: Houses, days: Days, keep: FloatArray) -> tuple[FloatArray, FloatArray]:
    """(T, n) air under the house's own thermostat [°C], and heat that comes whatever the agent does [kW]."""
    air = np.where(days.warm[0], days.cooling_c[0], days.heating_c[0])
    k = (1 - keep) / houses.ua_kw_per_k
    temperature, by_itself = np.empty_like(days.gains_kw), np.empty_like(days.gains_kw)
    for t, outdoor in enumerate(days.outdoor_c[:, 0].tolist()):
        free = keep * air + (1 - keep) * outdoor + k * days.gains_kw[t]
        cold = np.maximum(days.heating_c[t] - free, 0.0) / k
        burns = np.minimum(cold, houses.furnace_kw)
        brings = heat_of_kw(houses, houses.highest_heating_kw, heating_cop(houses, outdoor))
        warms = np.minimum(cold - burns, brings)
        takes = houses.cooling_kw * cooling_cop(houses, outdoor)
        cools = np.minimum(np.maximum(free - days.cooling_c[t], 0.0) / k, takes)
        air = temperature[t] = free + k * (burns + warms - cools)
        by_itself[t] = burns + (warms if days.warm[t, 0] else -cools)
    return temperature, by_itself
