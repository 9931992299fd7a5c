"""Day-ahead problems of DSO+T's agents, for `dso.agents.planning`.

S. Widergren et al., DSO+T: Transactive Energy Coordination Framework, PNNL-32170-2 (2022). Load is positive
everywhere, efficiencies are fractions, and powers reach the whole rating. Intervals need not be hours. Arrays
are (n,) of agents, (T, n) of intervals and agents, or what broadcasts to them; a price of all is (T, 1).
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dso.agents.planning.problem import Problem
from dso.messages import FloatArray

QUADRATIC_USD_PER_KW2H = 0.001  # what makes batteries spread their power over hours of like price
COMFORT, HEAT, SMOOTH = 0.1, 0.3, 0.001  # DSO+T's weights of temperature, of heat kept, and of even power
FIRM = 2.0  # a soft bound costs so many times what the dearest hour saves: it is passed only where it must be


def battery_problem(
    price_usd_per_kwh: FloatArray,
    start_kwh: FloatArray,
    capacity_kwh: FloatArray,
    reserve_kwh: ArrayLike,
    charge_kw: ArrayLike,
    discharge_kw: ArrayLike,
    charge_frac: ArrayLike,
    discharge_frac: ArrayLike,
    *,
    wear_usd_per_kwh: ArrayLike = 0.0,
    profit_margin_frac: ArrayLike = 0.0,
    end_kwh: ArrayLike | None = None,
    interval_h: float = 1.0,
) -> Problem:
    """Buy, keep and sell: u is drawn from the grid, v given back, both at the meter; x is what is stored.

    Σ price·(u − v) + wear·(1 + margin)·(u + v) + 0.001·(u + v)², times the interval. Where a price is so far
    below zero that burning energy pays, a plan may do both at once; net power is what counts.

    Parameters
    ----------
    price_usd_per_kwh : (T, n) or (T, 1) expected [USD/kWh].
    start_kwh, capacity_kwh : (n,) stored now and at most [kWh].
    reserve_kwh : stored at least [kWh]; also (T, n).
    charge_kw, discharge_kw : ratings at the meter [kW], 0 or more; also (T, n).
    charge_frac, discharge_frac : efficiency of each way [1], above 0 and at most 1.
    wear_usd_per_kwh : degradation for each kWh through the meter [USD/kWh].
    profit_margin_frac : what the owner wants on top of wear [1].
    end_kwh : stored at the end at least [kWh]; without it the battery ends where that pays.
    interval_h : length of an interval [h].

    Raises
    ------
    ValueError : an efficiency is not a fraction, or see `Problem`.
    """
    charge, discharge = _efficiency("charge_frac", charge_frac), _efficiency("discharge_frac", discharge_frac)
    price, capacity = np.asarray(price_usd_per_kwh, np.float64), np.asarray(capacity_kwh, np.float64)
    wear = np.multiply(wear_usd_per_kwh, 1 + np.asarray(profit_margin_frac, np.float64))
    lowest: FloatArray = np.asarray(reserve_kwh, np.float64)
    if end_kwh is not None:
        lowest = np.array(np.broadcast_to(lowest, (len(price), len(capacity))))
        lowest[-1] = np.maximum(lowest[-1], end_kwh)
    curvature = 2 * QUADRATIC_USD_PER_KW2H * interval_h
    buys = Problem(
        x_start=_array(start_kwh), x_low=lowest, x_high=capacity, b_u=charge * interval_h,
        p_u=(price + wear) * interval_h, r_u=curvature, u_low=0.0, u_high=_array(charge_kw),
    )  # fmt: skip
    if not (_array(discharge_kw) > 0).any():
        return buys
    return replace(
        buys, b_v=-interval_h / discharge, p_v=(wear - price) * interval_h, r_v=curvature, v_low=0.0,
        v_high=_array(discharge_kw), cross=curvature,
    )  # fmt: skip


def ev_problem(
    price_usd_per_kwh: FloatArray,
    start_kwh: FloatArray,
    capacity_kwh: FloatArray,
    reserve_kwh: ArrayLike,
    charge_kw: ArrayLike,
    discharge_kw: ArrayLike,
    charge_frac: ArrayLike,
    discharge_frac: ArrayLike,
    home: NDArray[np.bool_],
    trip_kwh: FloatArray,
    slider: FloatArray,
    *,
    wear_usd_per_kwh: ArrayLike = 0.0,
    profit_margin_frac: ArrayLike = 0.0,
    interval_h: float = 1.0,
) -> Problem:
    """A battery at home some of the time, which must hold what a trip takes when it leaves.

    With slider 0 it leaves full, with slider 1 with the trip's energy and the reserve, between in proportion.
    A need that cannot be met is met as far as it can be, and reported as the plan's `shortfall`.

    Parameters
    ----------
    price_usd_per_kwh … discharge_frac, wear_usd_per_kwh … interval_h : see `battery_problem`; discharge_kw
        is 0 for V1G.
    home : (T, n) whether the vehicle is plugged in for the whole interval.
    trip_kwh : (T, n) energy the trip takes [kWh], in the interval in which the vehicle leaves.
    slider : (n,) from comfort, 0, to cost, 1.

    Raises
    ------
    ValueError : slider is not 0 to 1, trip_kwh is negative, or see `battery_problem`.
    """
    s, trip, capacity = _slider(slider), _array(trip_kwh), _array(capacity_kwh)
    if (trip < 0).any():
        raise ValueError(f"trip_kwh must be 0 or more, was {trip.min()}")
    if ((s < 0) | (s > 1)).any():
        raise ValueError(f"slider must be 0 to 1, was {s[(s < 0) | (s > 1)][0]}")
    reserve = np.broadcast_to(_array(reserve_kwh), trip.shape)
    need = capacity - s * np.maximum(capacity - trip - reserve, 0.0)
    lowest = np.array(reserve)
    lowest[:-1] = np.where(trip[1:] > 0, np.maximum(need[1:], lowest[:-1]), lowest[:-1])
    there = np.asarray(home, bool)
    stored = battery_problem(
        price_usd_per_kwh, start_kwh, capacity_kwh, lowest,
        np.where(there, charge_kw, 0.0), np.where(there, discharge_kw, 0.0), charge_frac, discharge_frac,
        wear_usd_per_kwh=wear_usd_per_kwh, profit_margin_frac=profit_margin_frac, interval_h=interval_h,
    )  # fmt: skip
    return replace(stored, d=-trip)


def hvac_problem(
    price_usd_per_kwh: FloatArray,
    start_c: FloatArray,
    desired_c: ArrayLike,
    range_low_k: FloatArray,
    range_high_k: FloatArray,
    rating_kw: FloatArray,
    slider: FloatArray,
    cop: ArrayLike,
    ua_kw_per_k: FloatArray,
    capacity_kwh_per_k: FloatArray,
    outdoor_c: FloatArray,
    gains_kw: ArrayLike,
    *,
    heating: NDArray[np.bool_] | None = None,
    interval_h: float = 1.0,
) -> Problem:
    """Keep a house near the temperature desired where that is cheap; u is electric power, x air temperature.

    Σ slider·n·u/rating + 0.1·((x − desired)/range)² + 0.001·slider·(u/rating)², times the interval, n the
    price from 0 at its lowest to 1 at its highest, range = low + high;
    x_t = ε·x_{t−1} + (1 − ε)·(outdoor + (gains ∓ COP·u)/UA),  ε = exp(−UA·interval/capacity). The bounds
    desired − range_low·slider and desired + range_high·slider are soft: what weather or the slider makes
    impossible is passed as little as can be.

    Parameters
    ----------
    price_usd_per_kwh : (T, n) or (T, 1) expected [USD/kWh].
    start_c : (n,) air now [°C].
    desired_c : temperature wanted [°C], (n,) or (T, n).
    range_low_k, range_high_k : (n,) how far below and above slider 1 lets it go [K], one of them above 0.
    rating_kw : (n,) electric rating [kW], above 0.
    slider : (n,) from comfort, 0, to cost, 1; or above.
    cop : heat moved for each kWh [1], (n,) or (T, n).
    ua_kw_per_k : (n,) conductance to outdoors [kW/K], above 0.
    capacity_kwh_per_k : (n,) heat capacity of air and mass [kWh/K], above 0.
    outdoor_c : (T, n) or (T, 1) expected [°C].
    gains_kw : heat from sun, people and appliances [kW].
    heating : (T, n) whether it heats rather than cools; without it, where the house by itself would settle
        below the temperature desired.
    interval_h : length of an interval [h].

    Raises
    ------
    ValueError : a number is out of its range, or see `Problem`.
    """
    s, rating, ua = _slider(slider), _above(0, rating_kw=rating_kw), _above(0, ua_kw_per_k=ua_kw_per_k)
    desired, spread = _array(desired_c), _above(0, range_low_k_and_range_high_k=range_low_k + range_high_k)
    keep = np.exp(-ua * interval_h / _above(0, capacity_kwh_per_k=capacity_kwh_per_k))
    settles = _array(outdoor_c) + _array(gains_kw) / ua
    warms = np.where(settles < desired if heating is None else heating, 1.0, -1.0)
    move = warms * (1 - keep) * _array(cop) / ua
    comfort = 2 * COMFORT * interval_h / spread**2
    firm = FIRM * interval_h * s / (rating * np.abs(move).max(axis=0)) + COMFORT * interval_h / spread
    return Problem(
        x_start=_array(start_c), a=keep, b_u=move, d=(1 - keep) * settles,
        p_u=s * normalised(price_usd_per_kwh) * interval_h / rating, u_low=0.0, u_high=rating,
        r_u=2 * SMOOTH * s * interval_h / rating**2, q=comfort, c=-comfort * desired,
        x_low=desired - s * range_low_k, x_high=desired + s * range_high_k,
        soft_price=firm, soft_curvature=firm / spread,
    )  # fmt: skip


def water_heater_problem(
    price_usd_per_kwh: FloatArray,
    start_frac: FloatArray,
    capacity_kwh: FloatArray,
    rating_kw: FloatArray,
    slider: FloatArray,
    draw_kwh: FloatArray,
    loss_frac_per_h: ArrayLike,
    *,
    ambient_frac: ArrayLike = 0.0,
    lowest_frac: ArrayLike = 0.0,
    interval_h: float = 1.0,
) -> Problem:
    """Keep a tank hot where that is cheap; u is electric power, x the state of heat, 1 where it is wanted.

    Σ slider·n·u/rating + 0.3·(1 − x)² + 0.001·(u/rating)², times the interval, n as in `hvac_problem`.
    Draws and losses to the room cool the tank; the bounds lowest_frac and 1 are soft: a draw may empty it.

    Parameters
    ----------
    price_usd_per_kwh : (T, n) or (T, 1) expected [USD/kWh].
    start_frac : (n,) state of heat now [1].
    capacity_kwh : (n,) heat between states 0 (cold inlet) and 1 [kWh], above 0.
    rating_kw : (n,) electric rating [kW], above 0.
    slider : (n,) from comfort, 0, to cost, 1; or above.
    draw_kwh : (T, n) heat expected to be drawn [kWh].
    loss_frac_per_h : part of the heat above the room's that is lost in an hour [1/h].
    ambient_frac : state of heat at the room's temperature [1].
    lowest_frac : state of heat below which water is too cold [1].
    interval_h : length of an interval [h].

    Raises
    ------
    ValueError : a number is out of its range, or see `Problem`.
    """
    s, rating = _slider(slider), _above(0, rating_kw=rating_kw)
    capacity = _above(0, capacity_kwh=capacity_kwh)
    keep = np.exp(-_array(loss_frac_per_h) * interval_h)
    heat = 2 * HEAT * interval_h
    firm = FIRM * (s * capacity / rating + heat)
    return Problem(
        x_start=_array(start_frac), a=keep, b_u=interval_h / capacity,
        d=(1 - keep) * _array(ambient_frac) - _array(draw_kwh) / capacity,
        p_u=s * normalised(price_usd_per_kwh) * interval_h / rating, r_u=2 * SMOOTH * interval_h / rating**2,
        u_low=0.0, u_high=rating, q=heat, c=-heat,
        x_low=_array(lowest_frac), x_high=1.0, soft_price=firm, soft_curvature=firm,
    )  # fmt: skip


def normalised(price: FloatArray) -> FloatArray:
    """Prices from 0 at the lowest of the window to 1 at the highest, (T, n); 0 where all are the same."""
    lowest = price.min(axis=0)
    spread = price.max(axis=0) - lowest
    return np.asarray((price - lowest) / np.where(spread > 0, spread, 1.0))


def _array(value: ArrayLike) -> FloatArray:
    return np.asarray(value, np.float64)


def _above(least: float, **named: ArrayLike) -> FloatArray:
    ((name, value),) = named.items()
    array = _array(value)
    if not (array > least).all():
        raise ValueError(f"{name.replace('_and_', ' + ')} must be above {least}, was {array.min()}")
    return array


def _slider(value: ArrayLike) -> FloatArray:
    slider = _array(value)
    if not (slider >= 0).all():
        raise ValueError(f"slider must be 0 or more, was {slider.min()}")
    return slider


def _efficiency(name: str, value: ArrayLike) -> FloatArray:
    array = _above(0, **{name: value})
    if (array > 1).any():
        raise ValueError(f"{name} must be at most 1, was {array.max()}")
    return array
