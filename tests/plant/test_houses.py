"""The plant of houses: steady powers by hand, an integrator as oracle, and what must hold for any house."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dso.clock import parse_time
from dso.homes.house_draws import draw_houses
from dso.homes.houses import Houses
from dso.homes.local_time import LocalTime
from dso.messages import FloatArray
from dso.plant.device import Devices
from dso.plant.houses import HousePlant
from tests.homes.test_houses import by_integration, house

NOON_S = parse_time("2016-08-10T18:00Z")  # 13:00 in Chicago, a Wednesday
UTC, CHICAGO = LocalTime("UTC"), LocalTime("America/Chicago")
MANY = draw_houses(np.exp(0.5 * np.random.default_rng(7).standard_normal(60)), 1, 1.0)


@dataclass
class Steady:
    """The same weather always, and never a forecast."""

    temperature: float
    sun: float = 0.0

    def outdoor_c(self, t_s: FloatArray, known_at_s: int | None = None) -> FloatArray:
        assert known_at_s is None
        return np.full(len(t_s), self.temperature)

    def sun_w_per_m2(self, t_s: FloatArray, known_at_s: int | None = None) -> FloatArray:
        assert known_at_s is None
        return np.full(len(t_s), self.sun)


def plant(houses: Houses, temperature: float, sun: float = 0.0, **options: Any) -> HousePlant:
    return HousePlant(houses, Steady(temperature, sun), UTC, **options)


def run(devices: Devices, hours: int, **arguments: Any) -> tuple[FloatArray, FloatArray]:
    state = devices.start(NOON_S)
    powers = []
    for k in range(hours):
        state, kw = devices.step(state, NOON_S + 3600 * k, NOON_S + 3600 * (k + 1), **arguments)
        powers.append(kw)
    return state, np.array(powers)


def test_cooling_holds_the_set_point_with_what_comes_in_over_its_cop() -> None:
    """0.2 kW/K · (34 − 24) K = 2 kW of heat, at COP 2.5 it takes 0.8 kW."""
    state, powers = run(plant(house(), 34.0), 24)
    assert state[:, 0] == pytest.approx([24.0, 24.0])
    assert powers[-1] == pytest.approx([0.8])


def test_a_heat_pump_holds_the_set_point_with_what_is_lost_over_its_cop() -> None:
    """0.2 · (20 − 5) = 3 kW, at COP 2.5 it takes 1.2 kW."""
    state, powers = run(plant(house(), 5.0), 24)
    assert state[0, 0] == pytest.approx(20.0)
    assert powers[-1] == pytest.approx([1.2])


def test_backup_helps_a_pump_that_is_too_small() -> None:
    """0.2 · 30 = 6 kW are lost; 1 kW of pump brings 2.5, backup the other 3.5."""
    _, powers = run(plant(house(heating_kw=1.0, backup_kw=5.0), -10.0), 24)
    assert powers[-1] == pytest.approx([4.5])


def test_a_gas_furnace_keeps_a_house_warm_and_draws_nothing() -> None:
    state, powers = run(plant(house(heating_kw=0.0, furnace_kw=9.0), 0.0), 24)
    assert state[0, 0] == pytest.approx(20.0)
    assert powers.max() == 0.0


def test_between_its_set_points_a_house_is_left_alone() -> None:
    state, powers = run(plant(house(), 22.0), 48)
    assert powers.max() == 0.0
    assert state[0, 0] == pytest.approx(22.0)


def test_a_machine_that_is_too_small_runs_at_its_rating_and_air_goes_where_it_must() -> None:
    """1 kW takes 2.5 kW of heat out; 0.2 kW/K then stand 12.5 K apart: 42 − 12.5 = 29.5 °C."""
    state, powers = run(plant(house(cooling_kw=1.0), 42.0), 300)
    assert powers[-1] == pytest.approx([1.0])
    assert state[0, 0] == pytest.approx(29.5, abs=1e-3)


def test_a_house_by_itself_goes_where_an_integrator_says() -> None:
    houses = house(cooling_kw=0.0, heating_kw=0.0, sun_m2=2.0, gains_kw=0.5)
    state, _ = run(plant(houses, 33.0, 700.0), 6)
    assert state[:, 0] == pytest.approx(by_integration(houses, [24.0, 24.0], 6.0, 33.0, 700.0, 0.0), abs=1e-6)


def test_air_reaches_a_new_set_point_after_as_long_as_the_rating_takes() -> None:
    """3 kW take out 7.5 kW: an integrator says when air has fallen from 24 to 22 °C."""
    houses, step_s = house(), 300
    devices, state, t_s = plant(houses, 34.0), np.array([[24.0], [24.0]]), NOON_S
    while state[0, 0] > 22.0 + 1e-9:
        state, kw = devices.step(state, t_s, t_s + step_s, np.array([22.0]))
        t_s += step_s
    before = by_integration(houses, [24.0, 24.0], (t_s - NOON_S - step_s) / 3600, 34.0, 0.0, -7.5)
    after = by_integration(houses, [24.0, 24.0], (t_s - NOON_S) / 3600, 34.0, 0.0, -7.5)
    assert before[0] > 22.0 >= after[0]
    assert 0.8 < kw[0] < 3.0


def test_schedules_follow_the_local_clock_and_the_weekend() -> None:
    cooling = np.full((2, 24, 1), 24.0)
    cooling[0, 13] = 27.0
    houses = house(cooling_c=cooling)
    devices = HousePlant(houses, Steady(34.0), CHICAGO)
    wednesday, kw = devices.step(devices.start(NOON_S - 600), NOON_S - 600, NOON_S)
    assert kw[0] == pytest.approx(0.8)
    _, kw = devices.step(wednesday, NOON_S, NOON_S + 300)
    assert kw[0] == 0.0
    saturday = NOON_S + 3 * 86400
    _, kw = devices.step(wednesday, saturday, saturday + 300)
    assert kw[0] == pytest.approx(0.8)


def test_half_the_time_without_supply_is_half_the_power_at_most() -> None:
    hot = np.array([[30.0], [30.0]])
    _, kw = plant(house(), 34.0).step(hot, NOON_S, NOON_S + 300, None, np.array([0.5]))
    assert kw == pytest.approx([1.5])
    dark, kw = plant(house(), 34.0).step(hot, NOON_S, NOON_S + 300, None, np.array([0.0]))
    assert kw == pytest.approx([0.0])
    assert dark[0, 0] > 30.0


def test_a_cycling_machine_is_on_or_off_within_its_dead_band_and_draws_the_ideal_ones_energy() -> None:
    devices = plant(house(), 34.0, cycling=True)
    state, air, powers = devices.start(NOON_S), [], []
    for k in range(24 * 60):
        state, kw = devices.step(state, NOON_S + 60 * k, NOON_S + 60 * (k + 1))
        air.append(state[0, 0])
        powers.append(kw[0])
    assert set(np.round(powers, 9)) == {0.0, 3.0}
    assert 23.5 - 0.3 < min(air[120:]) < max(air[120:]) < 24.5 + 0.1  # a minute moves air up to 0.3 K
    assert np.mean(powers) == pytest.approx(0.8, rel=0.03)


def test_only_air_is_measured_and_a_step_leaves_the_state_it_was_given() -> None:
    devices = plant(MANY, 36.0, 800.0)
    state = devices.start(NOON_S)
    before = state.copy()
    after, _ = devices.step(state, NOON_S, NOON_S + 300)
    assert np.array_equal(state, before)
    measured = devices.measured(after, NOON_S + 300)
    assert list(measured) == ["air_c"]
    assert np.array_equal(measured["air_c"], after[0])


@pytest.mark.parametrize("cycling", [False, True])
def test_a_house_does_the_same_alone_as_among_others(cycling: bool) -> None:
    devices = plant(MANY, 36.0, 800.0, cycling=cycling)
    rows = np.array([3, 41])
    few = plant(MANY.take(rows), 36.0, 800.0, cycling=cycling)
    together, alone = run(devices, 5), run(few, 5)
    assert np.array_equal(together[0][:, rows], alone[0])
    assert np.array_equal(together[1][:, rows], alone[1])


@given(
    outdoor=st.floats(19.0, 45.0),
    air=st.floats(15.0, 35.0),
    asked=st.lists(st.floats(10.0, 35.0), min_size=2, max_size=2),
)
def test_in_summer_a_lower_set_point_never_draws_less_cooling(outdoor: float, air: float, asked: Any) -> None:
    """Houses of gas, so that heating is not in the meter."""
    gas = MANY.take(MANY.highest_heating_kw == 0)
    devices, state = plant(gas, outdoor, 500.0), np.full((2, len(gas)), air)
    lower, higher = (
        devices.step(state, NOON_S, NOON_S + 300, np.full(len(gas), t))[1] for t in sorted(asked)
    )
    assert (lower >= higher - 1e-12).all()


@given(
    outdoor=st.floats(-30.0, 50.0),
    air=st.floats(-10.0, 45.0),
    asked=st.floats(0.0, 40.0) | st.just(np.nan),
    supplied=st.floats(0.0, 1.0),
    cycling=st.booleans(),
)
def test_power_stays_within_ratings(
    outdoor: float, air: float, asked: float, supplied: float, cycling: bool
) -> None:
    devices = plant(MANY, outdoor, cycling=cycling)
    state = np.full((3 if cycling else 2, len(MANY)), air)
    state[2:] = 0.0
    told, part = np.full(len(MANY), asked), np.full(len(MANY), supplied)
    after, kw = devices.step(state, NOON_S, NOON_S + 400, told, part)
    assert (kw >= 0).all()
    assert (kw <= MANY.highest_kw * supplied + 1e-9).all()
    assert np.isfinite(after).all()
