"""Forecast and real time: repeatable whoever asks when, of the stated size."""

from __future__ import annotations

import numpy as np
import pytest

from dso.clock import parse_time
from dso.data.ercot_load import load_table
from dso.wholesale.conditions import Conditions, ForecastError
from dso.wholesale.grid import ercot_grid, ercot_wind

NONE = ForecastError(0.0, 0.0, 0.0)
NOON_S = parse_time("2016-08-11T17:00Z")
HOURS_S = NOON_S + 3600 * np.arange(4000)


def test_the_forecast_is_the_hours_own_row() -> None:
    load, most = Conditions().forecast(NOON_S + 1800)
    row = int(np.searchsorted(load_table()[0], NOON_S))
    assert (load == load_table()[1][row]).all()
    assert (most[ercot_wind()[1]] == ercot_wind()[2][row]).all()
    assert most[ercot_grid().units.fuelled("nuclear")].tolist() == [2430.0, 2708.6]


def test_without_errors_real_time_runs_straight_from_mid_hour_to_mid_hour() -> None:
    calm = Conditions(0, NONE)
    before, after = calm.forecast(NOON_S)[0], calm.forecast(NOON_S + 3600)[0]
    assert calm.actual(NOON_S + 1800)[0] == pytest.approx(before)
    assert calm.actual(NOON_S + 3600)[0] == pytest.approx((before + after) / 2)
    assert calm.actual(NOON_S + 2700)[0] == pytest.approx(0.75 * before + 0.25 * after)


def test_an_answer_does_not_depend_on_what_was_asked_before() -> None:
    fresh, used = Conditions(7), Conditions(7)
    for t_s in range(NOON_S + 90000, NOON_S, -1800):
        used.actual(t_s)
    assert (fresh.actual(NOON_S)[0] == used.actual(NOON_S)[0]).all()
    assert (fresh.actual(NOON_S)[0] != Conditions(8).actual(NOON_S)[0]).all()


def test_the_errors_have_the_stated_size_and_persistence() -> None:
    # Over 4000 correlated hours the sample's own error is about 4 % of a deviation.
    only_system = Conditions(1, ForecastError(0.02, 0.0, 0.1, 0.8))
    load = np.array([only_system.load_error(int(t))[0] for t in HOURS_S])
    wind = np.array([only_system.wind_error(int(t)) for t in HOURS_S])
    assert load.std() == pytest.approx(0.02, rel=0.1)
    assert wind.std() == pytest.approx(0.1, rel=0.1)
    assert np.corrcoef(load[:-1], load[1:])[0, 1] == pytest.approx(0.8, abs=0.04)
    assert abs(np.corrcoef(load, wind)[0, 1]) < 0.15


def test_buses_share_the_system_error_and_have_their_own() -> None:
    shared = Conditions(1, ForecastError(0.02, 0.0)).load_error(NOON_S)
    assert (shared == shared[0]).all()
    own = Conditions(1, ForecastError(0.0, 0.01)).load_error(NOON_S)
    assert len(set(own.tolist())) == 8


def test_wind_stays_between_nothing_and_the_rating() -> None:
    wild = Conditions(3, ForecastError(0.0, 0.0, 3.0))
    rating = ercot_grid().units.max_mw
    for t_s in HOURS_S[:200]:
        most = wild.actual(float(t_s))[1]
        assert (most >= 0).all()
        assert (most <= rating).all()


def test_it_covers_2016_only() -> None:
    conditions = Conditions()
    assert conditions.covers(parse_time("2016-01-01T00:00Z"), parse_time("2017-01-01T06:00Z"))
    assert not conditions.covers(parse_time("2015-12-31T23:00Z"), NOON_S)
    assert not conditions.covers(NOON_S, parse_time("2017-01-01T06:05Z"))
