"""Tanks heat, cool and give water as their differential equation says."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from dso.clock import parse_time
from dso.homes.local_time import LocalTime
from dso.homes.tanks import draw_tanks
from dso.plant.tanks import TankPlant, heated
from tests.homes.test_tanks import one

CHICAGO = LocalTime("America/Chicago")
MIDNIGHT = parse_time("2016-08-10T05:00Z")
HEAT = 4.186 / 3600  # kWh/(L·K)


def dry(**changes) -> TankPlant:
    """A tank from which nobody draws."""
    return TankPlant(one(day_l=0.0, **changes), CHICAGO, 1)


def oracle_c(start_c: float, kw: float, litres_per_h: float, hours: float) -> float:
    """scipy's solution of the equation as the docstring writes it, for the tank of `one`."""

    def slope(_, t):
        drawn = HEAT * litres_per_h * (min(t[0], 45.0) - 20.0)
        return [(kw - 0.0015 * (t[0] - 22.0) - drawn) / (HEAT * 189.0)]

    return float(solve_ivp(slope, (0, hours), [start_c], rtol=1e-10, atol=1e-10, max_step=0.01).y[0, -1])


@pytest.mark.parametrize(
    ("start_c", "kw", "litres_per_h"),
    [(55.0, 0.0, 0.0), (55.0, 3.0, 120.0), (50.0, 0.0, 600.0), (30.0, 4.5, 10.0), (40.0, 4.0, 360.0),
     (44.5, 4.5, 0.0), (46.0, 4.5, 900.0)],
)  # fmt: skip
def test_a_stretch_is_exact_also_where_the_tank_becomes_too_cold_or_warm_again(
    start_c: float, kw: float, litres_per_h: float
) -> None:
    tanks, never = one(), np.array([1e9])
    end, power = heated(tanks, np.array([start_c]), never, np.array([kw]), np.array([litres_per_h]), 0.25)
    assert power == pytest.approx([kw])
    assert end == pytest.approx([oracle_c(start_c, kw, litres_per_h, 0.25)], abs=1e-6)


def test_standby_loss_by_hand() -> None:
    """At its set-point, 55 °C, a tank loses 0.0015·(55 − 22) = 0.0495 kW, and gets it back."""
    plant = dry()
    state, kw = plant.step(plant.start(MIDNIGHT), MIDNIGHT, MIDNIGHT + 3600)
    assert kw == pytest.approx([0.0495])
    assert state[0] == pytest.approx([55.0])


def test_a_cold_tank_heats_at_its_rating_and_then_holds() -> None:
    """4.5 kW for 5 min bring 0.375 kWh / 0.21977 kWh/K = 1.706 K, less 0.0015·28.8/12/0.21977 = 0.016 K."""
    plant = dry()
    state, kw = plant.step(np.array([[50.0]]), MIDNIGHT, MIDNIGHT + 300)
    assert kw == pytest.approx([4.5])
    assert state[0, 0] == pytest.approx(51.690, abs=0.001)
    state, kw = plant.step(state, MIDNIGHT, MIDNIGHT + 3600)
    assert state[0, 0] == pytest.approx(55.0)
    assert kw[0] < 1.0


def test_a_setting_is_a_temperature_no_higher_than_its_own() -> None:
    plant = dry()
    span = MIDNIGHT, MIDNIGHT + 3600
    for told, expected in ((50.0, 50.0), (np.nan, 55.0), (70.0, 55.0)):
        assert plant.step(np.array([[49.0]]), *span, np.array([told]))[0][0] == pytest.approx([expected])
    state, kw = plant.step(np.array([[55.0]]), *span, np.array([50.0]))
    assert kw == pytest.approx([0.0])
    assert state[0, 0] < 55.0


def test_without_supply_nothing_heats() -> None:
    plant = dry()
    span = MIDNIGHT, MIDNIGHT + 300
    assert plant.step(np.array([[50.0]]), *span, None, np.array([0.0]))[1] == pytest.approx([0.0])
    assert plant.step(np.array([[50.0]]), *span, None, np.array([0.5]))[1] == pytest.approx([2.25])


def test_energy_is_kept_over_a_day() -> None:
    """Metered is what was stored, lost and drawn; all stay above 45 °C, so a litre takes c·(45 − inlet)."""
    tanks = draw_tanks(np.ones(200), 3, 1.0, set_point_c=60.0, volume_l=400.0, rating_kw=9.0)
    plant = TankPlant(tanks, CHICAGO, 1)
    state, kwh, lost, drawn = plant.start(MIDNIGHT), 0.0, 0.0, 0.0
    for at_s in range(MIDNIGHT, MIDNIGHT + 86_400, 300):
        before = state[0]
        drawn += plant.water.litres(at_s, at_s + 300) * HEAT * (45.0 - tanks.inlet_c)
        state, kw = plant.step(state, at_s, at_s + 300)
        kwh += kw / 12
        lost += tanks.ua_kw_per_k * ((before + state[0]) / 2 - tanks.ambient_c) / 12
    stored = tanks.kwh_per_k * (state[0] - 60.0)
    assert kwh == pytest.approx(stored + lost + drawn, abs=0.01)
    assert kwh.mean() > 4


def test_power_stays_within_the_rating() -> None:
    tanks = draw_tanks(np.ones(300), 3, 1.0)
    plant = TankPlant(tanks, CHICAGO, 1)
    state = plant.start(MIDNIGHT)
    for at_s in range(MIDNIGHT + 6 * 3600, MIDNIGHT + 9 * 3600, 900):
        state, kw = plant.step(state, at_s, at_s + 900)
        assert (kw >= 0).all()
        assert (kw <= tanks.rating_kw + 1e-9).all()


def test_a_step_does_not_depend_on_how_it_is_cut_nor_on_other_tanks() -> None:
    tanks = draw_tanks(np.ones(50), 3, 1.0)
    plant, start = TankPlant(tanks, CHICAGO, 1), MIDNIGHT + 7 * 3600
    whole, kw = plant.step(plant.start(start), start, start + 1800)
    state, energy = plant.start(start), 0.0
    for at_s in range(start, start + 1800, 300):
        state, part = plant.step(state, at_s, at_s + 300)
        energy = energy + part / 12
    assert (state == whole).all()
    assert energy == pytest.approx(kw / 2)
    alone = TankPlant(tanks.take([7]), CHICAGO, 1)
    assert (alone.step(alone.start(start), start, start + 1800)[0] == whole[:, 7:8]).all()


def test_sensors_say_the_temperature() -> None:
    plant = dry()
    assert plant.measured(plant.start(MIDNIGHT), MIDNIGHT)["tank_c"].tolist() == [55.0]
    assert plant.kind == "water_heater"


def test_people_who_use_more_than_the_element_heats_get_cold_water() -> None:
    """2,400 L a day are 69.8 kWh; an element of 1 kW heats 24: the tank ends far below 45 °C."""
    plant = TankPlant(replace(one(day_l=2400.0, rating_kw=1.0)), CHICAGO, 1)
    state = plant.start(MIDNIGHT)
    for at_s in range(MIDNIGHT, MIDNIGHT + 43_200, 3600):
        state, _ = plant.step(state, at_s, at_s + 3600)
    assert 20.0 < state[0, 0] < 40.0
