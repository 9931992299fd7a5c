"""Days that agents of vehicles live with their plant: energy as told, and nobody leaves below its need."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from dso.agents.ev import EvAgents
from dso.clock import parse_time
from dso.homes.trips import Actual, Usual
from dso.homes.vehicles import Vehicles, draw_vehicles
from dso.messages import FloatArray
from dso.plant.vehicles import VehiclePlant
from tests.agents.storage_days import SEED, Lived, live, population, vehicles_live
from tests.homes.test_vehicles import CHICAGO, WEDNESDAY, WEDNESDAY_S, vehicles

HOUR = 3600
MANY = draw_vehicles(60, 1, 1.0, v2g_share=0.4)


def agents(own: Vehicles) -> EvAgents:
    return EvAgents(own, np.arange(len(own)), CHICAGO)


def need_kwh(own: Vehicles, day: int) -> FloatArray:
    """(n,) written out once more: full at slider 0, trip and reserve at slider 1."""
    least = np.minimum(Usual(own, CHICAGO).day(day).kwh + own.reserve_kwh, own.capacity_kwh)
    return own.slider * least + (1 - own.slider) * own.capacity_kwh


def before_leaving(own: Vehicles, days: Lived, actual: Actual, day: int) -> FloatArray:
    """(n,) what was stored at the end of the last step before each left; NaN where nobody did."""
    trips = actual.day(day)
    last = np.searchsorted(days.starts_s, trips.leaves_s, side="right") - 2
    return np.where(trips.goes(), days.stored_kwh[last, np.arange(len(own))], np.nan)


@cache
def lived() -> Lived:
    """Prices err by 30 %, people by 15 min, 30 min and 20 % of the distance."""
    return vehicles_live(MANY, WEDNESDAY_S)


def test_over_a_day_meters_say_what_was_commanded() -> None:
    """Asked: within 1 %."""
    assert lived().energy_miss_frac().max() < 1e-9


@pytest.mark.parametrize("day", [0, 1])
def test_nobody_leaves_below_its_need(day: int) -> None:
    """Everybody leaves after the hour at which vehicles are ready, up to 37.5 min before the usual one."""
    stored = before_leaving(MANY, lived(), Actual(MANY, CHICAGO, SEED), WEDNESDAY + day)
    short = need_kwh(MANY, WEDNESDAY + day) - stored
    assert np.nanmax(short) < 1e-6
    assert np.isfinite(short).all()


def test_what_is_stored_stays_between_nothing_and_the_capacity() -> None:
    assert (lived().stored_kwh >= 0).all()
    assert (lived().stored_kwh <= MANY.capacity_kwh + 1e-9).all()


def test_v1g_never_gives_back_and_v2g_does_in_the_evening() -> None:
    v2g = MANY.discharge_kw > 0
    assert lived().metered_kw[:, ~v2g].min() == 0.0
    evening = lived().metered_kw.reshape(2, 24, 12, -1)[:, 18:20]
    assert evening[..., v2g].mean() < -0.5


def test_energy_is_accounted_for_over_the_days() -> None:
    days, own = lived(), MANY
    kwh = days.metered_kw / 12
    into = (np.maximum(kwh, 0) * own.charge_frac + np.minimum(kwh, 0) / own.discharge_frac).sum(0)
    trips = sum(Actual(own, CHICAGO, SEED).day(WEDNESDAY + k).kwh for k in (0, 1))
    change = days.stored_kwh[-1] - VehiclePlant(own, CHICAGO, SEED).start(WEDNESDAY_S)[0]
    assert into == pytest.approx(change + trips - days.missing_kwh, abs=1e-6)


def test_discomfort_is_what_trips_lacked() -> None:
    """Habits of 8 kWh, trips of 40 on average: the owner has a need that nobody can know."""
    own = vehicles(20, trip_km=[[40.0] * 20, [0.0] * 20])
    far = Actual(replace(own, trip_km=5 * own.trip_km), CHICAGO, SEED)
    plant = VehiclePlant(own, CHICAGO, SEED, trips=far)
    days = live(population(agents(own), own.slider), plant, WEDNESDAY_S, days=2)
    assert days.missing_kwh.max() > 5.0
    assert days.discomfort == pytest.approx(days.missing_kwh)


def test_what_a_slow_charger_cannot_bring_it_brings_as_far_as_it_can() -> None:
    """0.6 kW and slider 0: from when it is seen at home on Wednesday it charges until it must be ready."""
    own = replace(MANY, charge_kw=np.full(60, 0.6), discharge_kw=np.zeros(60), slider=np.zeros(60))
    days, actual = vehicles_live(own, WEDNESDAY_S), Actual(own, CHICAGO, SEED)
    first = np.ceil((actual.day(WEDNESDAY).returns_s - WEDNESDAY_S) / 300).astype(int)
    hours = (Usual(own, CHICAGO).day(WEDNESDAY + 1).leaves_s - 1.75 * HOUR - WEDNESDAY_S - 300 * first) / HOUR
    back = days.stored_kwh[first - 1, np.arange(60)]
    possible = np.minimum(back + 0.6 * own.charge_frac * hours, own.capacity_kwh)
    stored = before_leaving(own, days, actual, WEDNESDAY + 1)
    assert (possible < need_kwh(own, WEDNESDAY + 1)).mean() > 0.2
    assert (stored >= possible - 1e-6).all()


def test_who_leaves_before_the_hour_of_being_ready_still_drives() -> None:
    """Off by an hour and more; still less than 1 % of all energy is off, and no trip lacks any."""
    actual = Actual(MANY, CHICAGO, SEED, leaves_std_h=1.0, returns_std_h=1.5)
    plant = VehiclePlant(MANY, CHICAGO, SEED, trips=actual)
    days = live(population(agents(MANY), MANY.slider), plant, WEDNESDAY_S)
    assert days.missing_kwh.max() == 0.0
    off = np.abs((days.commanded_kw - days.metered_kw).sum(0)).sum() / np.abs(days.commanded_kw).sum()
    assert off < 0.01


@pytest.mark.parametrize("midnight", ["2016-03-12T06:00Z", "2016-11-05T05:00Z"])
def test_days_on_which_clocks_change_are_days_like_others(midnight: str) -> None:
    own = replace(MANY.take(np.arange(20)), trip_km=np.repeat(MANY.trip_km[:1, :20], 2, axis=0))
    start_s = parse_time(midnight)
    days, actual = vehicles_live(own, start_s), Actual(own, CHICAGO, SEED)
    assert days.energy_miss_frac().max() < 1e-9
    for day in (int(CHICAGO.day(start_s)), int(CHICAGO.day(start_s)) + 1):
        assert (before_leaving(own, days, actual, day) >= need_kwh(own, day) - 1e-6).all()


def test_a_market_of_whole_hours_does_no_worse() -> None:
    days = vehicles_live(MANY, WEDNESDAY_S, step_s=HOUR)
    assert days.energy_miss_frac().max() < 1e-9
    for day in (WEDNESDAY, WEDNESDAY + 1):
        stored = before_leaving(MANY, days, Actual(MANY, CHICAGO, SEED), day)
        assert (stored >= need_kwh(MANY, day) - 1e-6).all()


def test_a_vehicle_does_not_depend_on_those_beside_it() -> None:
    gives = np.flatnonzero(MANY.discharge_kw > 0)[:2]
    rows = np.sort(np.append(gives, np.flatnonzero(MANY.discharge_kw == 0)[:2]))
    some = vehicles_live(MANY.take(rows), WEDNESDAY_S, days=1)
    assert np.array_equal(some.metered_kw, lived().metered_kw[:288, rows])
