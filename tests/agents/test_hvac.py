"""Agents of houses: power by hand, plans that keep people comfortable, and days lived with the plant."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dso.agents.hvac import HvacAgents
from dso.agents.kind import Window
from dso.agents.planning import plan
from dso.homes.house_draws import draw_houses
from dso.homes.houses import Houses
from dso.homes.local_time import LocalTime
from dso.messages import FloatArray, Measured
from dso.plant.houses import HousePlant
from tests.agents.hot_day import CHICAGO, START_S, STEP_S, Lived, Waves, hourly, live, population
from tests.homes.test_houses import house

NOON_S = START_S + 12 * 3600
SIZES = np.exp(0.5 * np.random.default_rng(3).standard_normal(40))
MANY = draw_houses(SIZES, 1, 1.0)
ERRING = {"error_k": 0.7, "error_frac": 0.1}


def agents(houses: Houses, weather: Waves | None = None, **options: Any) -> HvacAgents:
    return HvacAgents(houses, np.arange(len(houses)), weather or steady(34.0), CHICAGO, **options)


class Night(Waves):
    """No sun."""

    def sun_w_per_m2(self, t_s: FloatArray, known_at_s: int | None = None) -> FloatArray:
        return np.zeros(len(t_s))


def steady(temperature_c: float) -> Night:
    return Night(temperature_c, temperature_c)


def at(air: float, mass: float | None = None, count: int = 1) -> FloatArray:
    return np.array([[air] * count, [air if mass is None else mass] * count, [0.0] * count])


@cache
def lived(slider: float, cycling: bool = False, erring: bool = True) -> tuple[Lived, HousePlant]:
    """A hot day of 40 houses."""
    houses = draw_houses(SIZES, 1, 1.0, slider=slider)
    plant = HousePlant(houses, Waves(), CHICAGO, cycling=cycling)
    return live(
        population(agents(houses, Waves(**(ERRING if erring else {})), cycling=cycling)), plant
    ), plant


def alone(plant: HousePlant) -> tuple[FloatArray, FloatArray]:
    """Power and air of the same day under the houses' own thermostats, (steps, n) each."""
    state, kw, air = plant.start(START_S), [], []
    for k in range(288):
        state, power = plant.step(state, START_S + k * STEP_S, START_S + (k + 1) * STEP_S)
        kw.append(power)
        air.append(state[0])
    return np.array(kw), np.array(air)


# --- by hand ----------------------------------------------------------------------------------------------


def test_staying_at_a_temperature_takes_what_comes_in_over_the_cop() -> None:
    """0.2 kW/K · (34 − 24) K at COP 2.5 is 0.8 kW; heating 0.2 · (20 − 5) at COP 2.5 is 1.2 kW."""
    span = NOON_S, NOON_S + 3600, NOON_S
    assert agents(house()).reach_kw(at(24.0), np.array([24.0]), *span) == pytest.approx([0.8])
    cold = agents(house(), steady(5.0))
    assert cold.reach_kw(at(20.0), np.array([20.0]), *span) == pytest.approx([1.2])


def test_a_power_leads_where_reaching_there_asks_for_that_power() -> None:
    kind, span = agents(house()), (NOON_S, NOON_S + 1800, NOON_S)
    after = kind.ahead(at(24.5, 25.0), np.array([1.7]), *span)
    assert kind.reach_kw(at(24.5, 25.0), after[0], *span) == pytest.approx([1.7])


def test_without_slack_the_range_is_the_power_of_the_own_thermostat() -> None:
    least, most = agents(house(slider=0.0)).range_kw(at(24.0), NOON_S, NOON_S + 300, NOON_S)
    assert (least, most) == (pytest.approx([0.8]), pytest.approx([0.8]))


def test_a_house_that_needs_nothing_may_cool_ahead() -> None:
    """Slider 1/2 of 2 K allows 23 °C: there it may stay with 0.2 · 11/2.5 = 0.88 kW, from above go there."""
    least, most = agents(house(2)).range_kw(np.array([[23.0, 24.5]] * 3), NOON_S, NOON_S + 300, NOON_S)
    assert least == pytest.approx([0.0, 0.0])
    assert most == pytest.approx([0.88, 3.0])


@pytest.mark.parametrize(("air", "only"), [(29.0, 3.0), (19.9, 0.0)])
def test_outside_its_range_a_house_wants_only_what_leads_back(air: float, only: float) -> None:
    least, most = agents(house(heating_c=15.0)).range_kw(at(air), NOON_S, NOON_S + 300, NOON_S)
    assert (least[0], most[0]) == (pytest.approx(only), pytest.approx(only))


def test_cooling_ahead_stops_clear_of_the_heating_set_point() -> None:
    """24 − 3 K would be below 22.5 °C, half a kelvin above heating: the lowest power ends there."""
    kind = agents(house(slider=1.5, heating_c=22.0))
    _, most = kind.range_kw(at(22.6), NOON_S, NOON_S + 3600, NOON_S)
    assert kind.ahead(at(22.6), most, NOON_S, NOON_S + 3600, NOON_S)[0] == pytest.approx([22.5])


def test_a_house_that_burns_gas_bids_nothing_while_heating_and_is_left_alone() -> None:
    kind = agents(house(heating_kw=0.0, furnace_kw=9.0), steady(0.0))
    least, most = kind.range_kw(at(20.0), NOON_S, NOON_S + 300, NOON_S)
    assert (least[0], most[0]) == (0.0, 0.0)
    assert kind.reach_kw(at(18.0), np.array([20.0]), NOON_S, NOON_S + 300, NOON_S) == pytest.approx([0.0])
    assert np.isnan(kind.setting(np.array([0.0]), at(20.0), NOON_S, NOON_S + 300, NOON_S).value).all()
    assert kind.ahead(at(20.0), np.array([0.0]), NOON_S, NOON_S + 300, NOON_S)[0] == pytest.approx([20.0])


def test_near_the_changeover_nobody_is_told_anything() -> None:
    kind = agents(house(), steady(18.0))
    assert np.isnan(kind.setting(np.array([1.0]), at(23.0), NOON_S, NOON_S + 300, NOON_S).value).all()


def test_cooling_on_a_cold_day_is_bid_as_the_thermostat_will_do_it() -> None:
    """At 5 °C and 26 °C inside the house must lose heat first: mass at 40 °C keeps air above 24 °C."""
    kind, state = agents(house(), steady(5.0)), at(26.0, 40.0)
    least, most = kind.range_kw(state, NOON_S, NOON_S + 300, NOON_S)
    assert least[0] == most[0] == 3.0
    assert np.isnan(kind.setting(least, state, NOON_S, NOON_S + 300, NOON_S).value).all()


def test_slope_margin_and_discomfort_are_those_documented() -> None:
    """Slider 1/2 · 3 kW / 0.1; 0.1 · 0.1; air 26 °C is 1 K above 24 + 0.5 · 2."""
    kind = agents(house())
    assert kind.give_kw(0.1) == pytest.approx([15.0])
    assert kind.margin_usd_per_kwh(0.1) == pytest.approx([0.01])
    state = kind.sensed(Measured("hvac", NOON_S, np.arange(1), {"air_c": np.array([26.0])}), at(25.0))
    assert kind.outside(state, 0.5) == pytest.approx([0.5])
    assert state[:2, 0] == pytest.approx([26.0, 26.0])  # mass is as far off as air


def test_a_reading_that_is_missing_leaves_what_was_expected() -> None:
    kind = agents(house())
    state = kind.sensed(Measured("hvac", NOON_S, np.arange(1), {"air_c": np.array([np.nan])}), at(23.0, 22.0))
    assert state[:2, 0].tolist() == [23.0, 22.0]


def test_agents_need_a_device_each() -> None:
    with pytest.raises(ValueError, match=r"devices must be one a house, 2, were \(3,\)"):
        HvacAgents(house(2), np.arange(3), Waves(), LocalTime("UTC"))


# --- plans ------------------------------------------------------------------------------------------------


def test_a_plan_at_slider_0_is_what_the_own_thermostat_would_do() -> None:
    """0.8 kW each hour at 24 °C, whatever the price."""
    kind, (_, price) = agents(house(slider=0.0)), hourly(48)
    made = plan(kind.problem(np.arange(1), at(24.0), price[:, None], Window(START_S, 48), START_S))
    assert made.u[:, 0] == pytest.approx(np.full(48, 0.8), abs=1e-3)
    assert made.x[:, 0] == pytest.approx(np.full(48, 24.0), abs=1e-3)


def test_a_plan_at_slider_1_cools_ahead_of_dear_hours_and_stays_in_range() -> None:
    kind, (_, price) = agents(house(slider=1.0)), hourly(48)
    made = plan(kind.problem(np.arange(1), at(24.0), price[:, None], Window(START_S, 48), START_S))
    assert made.u[15:20, 0].mean() < 0.3 < made.u[8:15, 0].mean()
    assert made.x.min() > 22.0 - 1e-3
    assert made.x.max() < 26.0 + 1e-3


@pytest.mark.parametrize("outdoors", [(24.0, 38.0), (12.0, 26.0), (-8.0, 6.0), (17.0, 20.0)])
@pytest.mark.parametrize("slider", [0.0, 1.0])
def test_plans_of_any_house_in_any_season_converge_within_ratings(outdoors: Any, slider: float) -> None:
    houses = draw_houses(SIZES, 1, 1.0, slider=slider)
    kind, (_, price) = agents(houses, Waves(*outdoors)), hourly(48)
    state = kind.usual_state(START_S)
    made = plan(kind.problem(np.arange(40), state, price[:, None], Window(START_S, 48), START_S))
    assert made.converged.all()
    assert (made.u >= -1e-9).all()
    assert (made.u <= kind.highest_kw + 1e-9).all()


def test_a_plan_of_some_is_their_plan_among_all() -> None:
    kind, (_, price), rows = agents(MANY, Waves()), hourly(48), np.array([7, 30])
    state, window = kind.usual_state(START_S), Window(START_S, 48)
    every = kind.problem(np.arange(40), state, price[:, None], window, START_S).full()
    some = kind.problem(rows, state[:, rows], price[:, None], window, START_S).full()
    assert all(np.array_equal(every[name][:, rows], some[name]) for name in every)


# --- what devices are told --------------------------------------------------------------------------------


@given(
    outdoor=st.floats(-10.0, 42.0).filter(lambda t: abs(t - 18.33) > 1.1),
    air=st.floats(16.0, 30.0),
    off=st.floats(-2.0, 2.0),
    part=st.floats(0.0, 1.0),
)
@settings(max_examples=60)
def test_told_a_setting_a_house_draws_the_power_that_was_meant(
    outdoor: float, air: float, off: float, part: float
) -> None:
    """Where the forecast is right and mass is known, for any power in the range."""
    kind, plant = agents(MANY, steady(outdoor)), HousePlant(MANY, steady(outdoor), CHICAGO)
    state, span = at(air, air + off, 40), (NOON_S, NOON_S + 300)
    least, most = kind.range_kw(state, *span, NOON_S)
    assert (least <= most).all()
    kw = least + part * (most - least)
    after, drawn = plant.step(state[:2], *span, kind.setting(kw, state, *span, NOON_S).value)
    assert drawn == pytest.approx(kw, abs=1e-6)
    assert kind.ahead(state, kw, *span, NOON_S)[:2] == pytest.approx(after, abs=1e-6)


def test_an_agent_does_the_same_alone_as_among_others() -> None:
    rows, span = np.array([7, 30]), (NOON_S, NOON_S + 300, NOON_S)
    every, some = agents(MANY, Waves()), agents(MANY.take(rows), Waves())
    state, kw = every.usual_state(NOON_S) + 0.3, np.full(40, 0.7)
    pairs = [
        (every.ahead(state, kw, *span), some.ahead(state[:, rows], kw[rows], *span)),
        (every.range_kw(state, *span)[1], some.range_kw(state[:, rows], *span)[1]),
        (every.setting(kw, state, *span).value, some.setting(kw[rows], state[:, rows], *span).value),
    ]
    for together, by_itself in pairs:
        assert np.array_equal(together[..., rows], by_itself, equal_nan=True)


# --- a hot day, with forecasts that err -------------------------------------------------------------------


@pytest.mark.parametrize("slider", [0.0, 0.25, 0.5, 1.0])
def test_meters_show_what_was_commanded_within_5_percent_over_a_day(slider: float) -> None:
    day, _ = lived(slider)
    assert day.energy_miss_frac().max() < 0.05


def test_with_a_perfect_forecast_meters_show_what_was_commanded() -> None:
    day, _ = lived(0.5, erring=False)
    assert day.energy_miss_frac().max() < 1e-3


def test_meters_of_cycling_machines_show_it_within_5_percent_for_most_houses() -> None:
    """A cycle that the day's end cuts off, and air that lies unevenly in its dead band, are in it."""
    miss = lived(0.5, cycling=True)[0].energy_miss_frac()
    assert np.median(miss) < 0.05
    assert miss.max() < 0.10


def test_slider_0_keeps_air_within_half_a_kelvin_of_what_the_own_thermostat_does() -> None:
    day, plant = lived(0.0)
    _, air = alone(plant)
    assert np.abs(day.air_c - air).max() < 0.5
    held = air <= plant.houses.cooling_c.max((0, 1)) + 1e-6
    assert held.mean() > 0.9


def test_the_more_the_slider_gives_the_less_is_drawn_in_dear_hours() -> None:
    dear = slice(15 * 12, 20 * 12)
    powers = [lived(s)[0].metered_kw[dear].mean() for s in (0.0, 0.25, 0.5, 1.0)]
    own = alone(lived(0.0)[1])[0][dear].mean()
    assert powers[0] == pytest.approx(own, rel=0.02)
    assert powers == sorted(powers, reverse=True)
    assert powers[2] < 0.85 * powers[0]


@pytest.mark.parametrize("slider", [0.25, 0.5, 1.0])
def test_air_is_hardly_ever_outside_the_range_that_the_slider_leaves(slider: float) -> None:
    """Degree-hours of a day on average; what setbacks leave to be made good is less than by themselves."""
    assert lived(slider)[0].discomfort.mean() < min(lived(0.0)[0].discomfort.mean(), 1.0)


def test_an_agent_with_a_wrong_idea_of_its_house_still_keeps_it_in_range() -> None:
    """It takes the walls for a fifth better insulated than they are."""
    houses = draw_houses(SIZES, 1, 1.0, slider=0.5)
    plant = HousePlant(houses, Waves(), CHICAGO)
    believed = replace(houses, ua_kw_per_k=0.8 * houses.ua_kw_per_k)
    day = live(population(agents(believed, Waves(**ERRING))), plant)
    assert day.discomfort.mean() < 1.0
