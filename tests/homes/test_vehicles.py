"""Vehicles of homes: what is refused or impossible, draws, and trips on the calendar."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import numpy as np
import pytest

from dso.clock import parse_time
from dso.homes.local_time import LocalTime
from dso.homes.trips import Actual, Usual, day_type, instant_s
from dso.homes.vehicles import Vehicles, draw_vehicles, impossible

CHICAGO = LocalTime("America/Chicago")
DRAWN = draw_vehicles(4000, 1, 0.3, v2g_share=0.25)
WEDNESDAY_S = parse_time("2016-08-10T05:00Z")  # midnight in Chicago
WEDNESDAY, SATURDAY = (int(CHICAGO.day(WEDNESDAY_S + 86400 * k)) for k in (0, 3))
WIDE = {"leaves_h", "returns_h", "trip_km"}


def vehicles(count: int = 1, **changed: Any) -> Vehicles:
    """50 kWh, 7 kW, 90 % in, 10 kWh of reserve; 40 km at 0.2 kWh from 8:00 to 17:30, none on weekends."""
    given = {
        "customers": np.arange(count), "capacity_kwh": 50.0, "charge_kw": 7.0, "discharge_kw": 0.0,
        "charge_frac": 0.9, "discharge_frac": 0.8, "reserve_kwh": 10.0, "kwh_per_km": 0.2,
        "wear_usd_per_kwh": 0.02, "profit_margin_frac": 0.5, "slider": 1.0, "leaves_h": 8.0,
        "returns_h": 17.5, "trip_km": [[40.0], [0.0]],
    }  # fmt: skip
    given |= changed
    shape = {name: (2, count) if name in WIDE else (count,) for name in given}
    return Vehicles(**{name: np.broadcast_to(value, shape[name]) for name, value in given.items()})


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"capacity_kwh": -50.0}, "capacity_kwh must be above 0, was -50"),
        ({"reserve_kwh": 60.0}, "reserve_kwh must be at most capacity_kwh, was 60"),
        ({"charge_frac": 92.0}, "charge_frac must be a fraction above 0 and at most 1, was 92"),
        ({"kwh_per_km": 0.0}, "kwh_per_km must be above 0, was 0"),
        ({"leaves_h": 18.0}, "leaves_h must be before returns_h, was 18"),
        ({"returns_h": 25.0}, "returns_h must be at most 24, was 25"),
        ({"trip_km": -1.0}, "trip_km must be 0 or more, was -1"),
        ({"slider": -0.5}, "slider must be 0 to 1, was -0.5"),
    ],
)
def test_a_vehicle_that_makes_no_sense_is_refused(wrong: dict[str, float], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        vehicles(**wrong)


def test_a_trip_that_does_not_fit_beside_the_reserve_is_impossible() -> None:
    """250 km · 0.2 = 50 kWh, 40 fit."""
    found = impossible(vehicles(3, trip_km=[[40.0, 250.0, 40.0], [0.0, 0.0, 0.0]]))
    assert [row for row, _ in found] == [1]
    assert "working day's trip takes 50 kWh, must be at most 40 kWh" in found[0][1]


def test_a_trip_that_cannot_be_charged_overnight_is_impossible() -> None:
    """14.5 h at home, 0.6 kW and 90 % charge 7.83 kWh of the 8."""
    ((row, why),) = impossible(vehicles(charge_kw=0.6))
    assert row == 0
    assert "8 kWh" in why
    assert "14.5 h at home and 0.6 kW charge 7.83 kWh" in why


def test_an_ordinary_vehicle_is_possible() -> None:
    assert impossible(vehicles()) == []


def test_no_vehicle_that_is_drawn_is_impossible() -> None:
    assert impossible(draw_vehicles(20_000, 5, 1.0)) == []


def test_draws_drive_about_as_far_as_the_nation() -> None:
    """NHTS 2017: 26 to 28 miles a day, that is 42 to 45 km, over working days and weekends."""
    km = (5 * DRAWN.trip_km[0].mean() + 2 * DRAWN.trip_km[1].mean()) / 7
    assert 39 < km < 46


def test_some_of_the_draws_can_give_back_at_their_charger_s_rating() -> None:
    gives = DRAWN.discharge_kw > 0
    assert gives.mean() == pytest.approx(0.25, abs=0.04)
    assert np.array_equal(DRAWN.discharge_kw[gives], DRAWN.charge_kw[gives])


@pytest.mark.parametrize(("count", "share"), [(4000, 0.6), (9000, 0.3)])
def test_what_one_has_does_not_depend_on_who_else_has_one(count: int, share: float) -> None:
    other = draw_vehicles(count, 1, share, v2g_share=0.25)
    same = np.flatnonzero(np.isin(other.customers, DRAWN.customers))
    for f in fields(DRAWN):
        assert np.array_equal(getattr(other, f.name)[..., same], getattr(DRAWN, f.name))


@pytest.mark.parametrize("name", ["share", "v2g_share"])
def test_a_share_that_is_no_share_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match=f"^{name} must be 0 to 1, was -1"):
        draw_vehicles(10, 1, **({"share": 1.0} | {name: -1.0}))


# --- trips ------------------------------------------------------------------------------------------------


def test_a_usual_trip_is_at_the_hours_of_the_clock_on_the_wall() -> None:
    trips = Usual(vehicles(), CHICAGO).day(WEDNESDAY)
    assert trips.leaves_s.tolist() == [WEDNESDAY_S + 8 * 3600]
    assert trips.returns_s.tolist() == [WEDNESDAY_S + 17.5 * 3600]
    assert trips.kwh == pytest.approx([8.0])


def test_weekends_have_habits_of_their_own() -> None:
    assert [day_type(WEDNESDAY + k) for k in range(7)] == [0, 0, 0, 1, 1, 0, 0]
    assert not Usual(vehicles(), CHICAGO).day(SATURDAY).goes().any()


def test_eight_o_clock_comes_an_hour_earlier_in_utc_once_clocks_went_forward() -> None:
    usual = Usual(vehicles(trip_km=40.0), CHICAGO)
    saturday = int(CHICAGO.day(parse_time("2016-03-12T12:00Z")))
    leaves = [float(usual.day(saturday + k).leaves_s[0]) for k in (0, 1)]
    assert leaves == [parse_time("2016-03-12T14:00Z"), parse_time("2016-03-13T13:00Z")]


@pytest.mark.parametrize("day", ["2016-03-13", "2016-11-06", "2016-08-10"])
def test_instants_and_the_clock_on_the_wall_agree_on_days_of_any_length(day: str) -> None:
    start = parse_time(f"{day}T12:00Z")
    local = CHICAGO.local_s(start + 600.0 * np.arange(60))
    assert np.array_equal(instant_s(CHICAGO, local), start + 600.0 * np.arange(60))


def test_trips_err_from_habit_and_average_to_it() -> None:
    many = vehicles(2000)
    usual, true = Usual(many, CHICAGO).day(WEDNESDAY), Actual(many, CHICAGO, 3).day(WEDNESDAY)
    late_h = (true.leaves_s - usual.leaves_s) / 3600
    assert late_h.mean() == pytest.approx(0.0, abs=0.02)
    assert late_h.std() == pytest.approx(0.25, rel=0.1)
    assert np.abs(late_h).max() <= 0.625
    assert true.kwh.mean() == pytest.approx(8.0, rel=0.02)


def test_trips_do_not_depend_on_who_else_drives_or_what_was_asked_before() -> None:
    true = Actual(DRAWN, CHICAGO, 3)
    for day in (WEDNESDAY + 9, WEDNESDAY + 1, *range(WEDNESDAY - 9, WEDNESDAY)):
        true.day(day)
    some = Actual(DRAWN.take([5, 70]), CHICAGO, 3).day(WEDNESDAY)
    for f in fields(some):
        assert np.array_equal(getattr(some, f.name), getattr(true.day(WEDNESDAY), f.name)[[5, 70]])


def test_trips_stay_within_their_day_however_much_they_err() -> None:
    night = vehicles(500, leaves_h=0.25, returns_h=23.75)
    trips = Actual(night, CHICAGO, 3, leaves_std_h=3.0, returns_std_h=3.0).day(WEDNESDAY)
    assert trips.leaves_s.min() == WEDNESDAY_S
    assert trips.returns_s.max() == WEDNESDAY_S + 86400
    assert (trips.returns_s - trips.leaves_s).min() >= 3600 * 23.5 / 2
