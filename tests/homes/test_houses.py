"""Houses and their draws: what is refused, what is sized, and two-state maths against an integrator."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from dso.homes.etp import cooling_cop, heat_of_kw, heating_cop, kw_of_heat, response, settled_c, thermostat_c
from dso.homes.house_draws import draw_houses
from dso.homes.houses import Houses

SIZES = np.exp(0.5 * np.random.default_rng(7).standard_normal(2000) - 0.125)  # 1 on average
DRAWN = draw_houses(SIZES, 1, 0.9)


def house(count: int = 1, **changed: Any) -> Houses:
    """UA 0.2 kW/K, CA 0.4 and CM 3 kWh/K, HM 3 kW/K; COP 2.5; 24 and 20 °C; no sun, no gains."""
    one, hourly = np.ones(count), np.ones((2, 24, count))
    given = {
        "customers": np.arange(count), "ua_kw_per_k": 0.2 * one, "air_kwh_per_k": 0.4 * one,
        "mass_kwh_per_k": 3 * one, "hm_kw_per_k": 3 * one, "cooling_kw": 3 * one, "heating_kw": 3 * one,
        "backup_kw": 0 * one, "furnace_kw": 0 * one, "cooling_cop": 2.5 * one, "cooling_cop_per_k": 0 * one,
        "heating_cop": 2.5 * one, "heating_cop_per_k": 0 * one, "sun_m2": 0 * one,
        "gains_kw": np.zeros((24, count)), "cooling_c": 24 * hourly, "heating_c": 20 * hourly,
        "range_low_k": 2 * one, "range_high_k": 2 * one, "slider": 0.5 * one,
    }  # fmt: skip
    wide = {"gains_kw": (24, count), "cooling_c": (2, 24, count), "heating_c": (2, 24, count)}
    for name, value in changed.items():
        given[name] = np.broadcast_to(value, wide.get(name, (count,)))
    return Houses(**given)


def by_integration(h: Houses, state: list[float], hours: float, outdoor: float, sun: float, heat: float):
    """Air and mass by scipy's integrator, straight from the two energy balances."""
    ua, ca, cm, hm = (float(getattr(h, n)[0]) for n in
                      ("ua_kw_per_k", "air_kwh_per_k", "mass_kwh_per_k", "hm_kw_per_k"))  # fmt: skip
    sun_kw, gains = float(h.sun_m2[0]) * sun / 1000, float(h.gains_kw[0, 0])
    half = (sun_kw + gains) / 2

    def slope(_: float, x: np.ndarray) -> list[float]:
        air = ua * (outdoor - x[0]) + hm * (x[1] - x[0]) + half + heat
        return [air / ca, (hm * (x[0] - x[1]) + half) / cm]

    return solve_ivp(slope, (0, hours), state, rtol=1e-10, atol=1e-10).y[:, -1]


@pytest.mark.parametrize("hours", [1 / 60, 1 / 12, 1.0, 24.0])
@pytest.mark.parametrize(
    ("outdoor", "sun", "heat"), [(38.0, 900.0, -5.0), (-5.0, 0.0, 6.0), (24.0, 300.0, 0)]
)
def test_the_closed_form_agrees_with_an_integrator(
    hours: float, outdoor: float, sun: float, heat: float
) -> None:
    h = house(sun_m2=2.0, gains_kw=0.5)
    answer = response(h, hours)
    settles = settled_c(h, outdoor, sun, h.gains_kw[0])
    ours = answer.heated(answer.after(np.array([[26.0], [23.0]]), settles), np.array([heat]))
    assert ours[:, 0] == pytest.approx(by_integration(h, [26.0, 23.0], hours, outdoor, sun, heat), abs=1e-6)


def test_a_house_settles_where_its_losses_equal_its_gains() -> None:
    """2 m² at 500 W/m² and 0.6 kW are 1.6 kW: 8 K above 20 °C by UA; half of it passes HM: 0.8/3 K more."""
    h = house(sun_m2=2.0, gains_kw=0.6)
    settles = settled_c(h, 20.0, 500.0, np.array([0.6]))
    assert settles[:, 0] == pytest.approx([28.0, 28.0 + 0.8 / 3])
    assert response(h, 500.0).after(np.array([[0.0], [40.0]]), settles)[:, 0] == pytest.approx(settles[:, 0])


def test_a_machine_moves_less_heat_the_harsher_the_weather_but_never_less_than_a_resistance() -> None:
    h = house(cooling_cop_per_k=-0.04, heating_cop_per_k=0.06)
    assert cooling_cop(h, 35.0) == pytest.approx(2.5)
    assert cooling_cop(h, 40.0) == pytest.approx(2.3)
    assert heating_cop(h, 25 / 3 - 10) == pytest.approx(1.9)
    assert heating_cop(h, -60.0) == 1.0


def test_backup_runs_when_the_pump_alone_is_not_enough() -> None:
    """3 kW at COP 2.5 bring 7.5 kW; 9 kW take 1.5 kW of backup."""
    h, cop = house(backup_kw=2.0), np.array([2.5])
    assert kw_of_heat(h, np.array([5.0]), cop) == pytest.approx(2.0)
    assert kw_of_heat(h, np.array([9.0]), cop) == pytest.approx(4.5)
    assert heat_of_kw(h, np.array([4.5]), cop) == pytest.approx(9.0)


@pytest.mark.parametrize(
    ("asked", "outdoor", "band"),
    [
        (np.nan, 30.0, (20.0, 24.0)),
        (22.0, 30.0, (20.0, 22.0)),  # pre-cools, and does not heat
        (20.5, 30.0, (19.5, 20.5)),
        (27.0, 30.0, (20.0, 27.0)),
        (22.0, 5.0, (22.0, 24.0)),  # pre-heats, and does not cool
        (23.5, 5.0, (23.5, 24.5)),
        (18.0, 5.0, (18.0, 24.0)),
    ],
)
def test_one_temperature_moves_the_set_point_of_the_season(asked: float, outdoor: float, band: Any) -> None:
    told = thermostat_c(np.array([asked]), np.array([20.0]), np.array([24.0]), outdoor)
    assert (told[0][0], told[1][0]) == band


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"ua_kw_per_k": [0.2, -1.0]}, r"ua_kw_per_k must be above 0, was -1 \(row 1\)"),
        ({"cooling_kw": [-3.0, 3.0]}, r"cooling_kw must be 0 or more, was -3 \(row 0\)"),
        ({"slider": [0.5, np.nan]}, r"slider must be finite, was nan \(row 1\)"),
        ({"heating_c": 23.5}, r"cooling_c must be at least 1 above heating_c, was 24 \(row 0, hour 0\)"),
        ({"range_low_k": 0.0, "range_high_k": 0.0}, r"range_low_k \+ range_high_k must be above 0"),
        ({"furnace_kw": 5.0}, r"furnace_kw must be 0 where heating_kw or backup_kw is above 0, was 5"),
    ],
)
def test_impossible_houses_are_named(changed: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        house(2, **changed)


def test_arrays_of_another_length_are_refused() -> None:
    with pytest.raises(ValueError, match=r"slider must be \(2,\), was \(3,\)"):
        replace(house(2), slider=np.ones(3))


def test_some_of_the_houses_are_the_same_houses() -> None:
    some = DRAWN.take(np.array([5, 3]))
    assert some.customers.tolist() == DRAWN.customers[[5, 3]].tolist()
    assert np.array_equal(some.cooling_c[1], DRAWN.cooling_c[1][:, [5, 3]])
    with pytest.raises(ValueError, match="read-only"):
        some.slider[0] = 1.0


def test_a_draw_repeats_and_a_house_is_the_same_whoever_else_has_one() -> None:
    again, few = draw_houses(SIZES, 1, 0.9), draw_houses(SIZES, 1, 0.3)
    rows = np.searchsorted(DRAWN.customers, few.customers)
    assert np.array_equal(DRAWN.customers[rows], few.customers)
    for f in fields(Houses):
        assert np.array_equal(getattr(DRAWN, f.name), getattr(again, f.name))
        assert np.array_equal(getattr(DRAWN, f.name)[..., rows], getattr(few, f.name))


def test_another_seed_draws_others() -> None:
    assert not np.array_equal(draw_houses(SIZES, 2, 0.9).customers, DRAWN.customers)


def test_shares_of_equipment_and_habits_are_those_documented() -> None:
    """Four standard deviations of a share of 0.5 among 1,800 are 0.047."""
    assert len(DRAWN) / len(SIZES) == pytest.approx(0.9, abs=0.03)
    electric = DRAWN.highest_heating_kw > 0
    assert electric.mean() == pytest.approx(0.55, abs=0.05)
    assert ((DRAWN.backup_kw > 0)[electric]).mean() == pytest.approx(0.15, abs=0.05)
    still = (np.ptp(DRAWN.cooling_c.astype(float), axis=(0, 1)) == 0) & (
        np.ptp(DRAWN.heating_c, axis=(0, 1)) == 0
    )
    assert still.mean() == pytest.approx(0.45, abs=0.06)
    working, weekend = DRAWN.cooling_c[:, 12].astype(float)
    assert (working > weekend).mean() == pytest.approx(0.40, abs=0.06)


def test_every_house_holds_its_lowest_set_point_at_the_design_temperature() -> None:
    """At 38 °C and 800 W/m² the machine moves 1.1 to 1.4 times the heat that comes in."""
    coolest, gains = DRAWN.cooling_c.min((0, 1)).astype(float), DRAWN.gains_kw.max(0).astype(float)
    comes_in = DRAWN.ua_kw_per_k * (38 - coolest) + 0.8 * DRAWN.sun_m2 + gains
    over = DRAWN.cooling_kw * cooling_cop(DRAWN, 38.0) / comes_in
    assert over.min() > 1.09
    assert over.max() < 1.41
    assert 2 < DRAWN.cooling_kw.mean() < 4


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((SIZES, 1, 1.2), "share must be 0 to 1, was 1.2"),
        ((np.array([1.0, 0.0]), 1, 0.5), "customer_size must be above 0, was 0"),
    ],
)
def test_impossible_draws_are_refused(arguments: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        draw_houses(*arguments)
