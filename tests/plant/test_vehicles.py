"""The plant of vehicles: energies and trips by hand, and what holds for any of them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dso.homes.trips import Actual
from dso.homes.vehicles import Vehicles, draw_vehicles
from dso.plant.device import Devices
from dso.plant.vehicles import VehiclePlant
from tests.homes.test_vehicles import CHICAGO, WEDNESDAY, WEDNESDAY_S, vehicles

HOUR = 3600
MANY = VehiclePlant(draw_vehicles(40, 1, 1.0, v2g_share=0.5), CHICAGO, 7)


def punctual(owned: Vehicles | None = None, **changed: Any) -> VehiclePlant:
    """Vehicles that never err from habit: away from 8:00 to 17:30, 8 kWh."""
    own = owned or vehicles(**changed)
    trips = Actual(own, CHICAGO, 0, leaves_std_h=0.0, returns_std_h=0.0, distance_std=0.0)
    return VehiclePlant(own, CHICAGO, 0, trips=trips)


def run(
    plant: VehiclePlant, stored_kwh: float, from_h: float, to_h: float, kw: float, **more: Any
) -> tuple[float, float, float]:
    """Stored and missing at the end, and average power."""
    state, power = plant.step(np.array([[stored_kwh], [0.0]]), at(from_h), at(to_h), np.array([kw]), **more)
    return float(state[0, 0]), float(state[1, 0]), float(power[0])


def at(hour: float) -> int:
    return WEDNESDAY_S + int(hour * HOUR)


def test_it_is_a_device() -> None:
    devices: Devices = MANY
    assert (devices.kind, devices.unit) == ("ev", "kW")


def test_it_charges_at_the_power_that_it_is_told() -> None:
    assert run(punctual(), 20.0, 5, 6, 4.0) == pytest.approx((23.6, 0.0, 4.0))


def test_by_itself_it_charges_at_full_power_until_it_is_full() -> None:
    """7 kW for 20 min bring 2.1 kWh; then 0.6 kWh of room take 0.6 / 0.9 at the meter."""
    plant = punctual()
    assert run(plant, 47.3, 5, 5 + 1 / 3, np.nan) == pytest.approx((49.4, 0.0, 7.0))
    assert run(plant, 49.4, 6, 7, np.nan) == pytest.approx((50.0, 0.0, 0.6 / 0.9))


def test_it_charges_until_it_leaves_in_the_middle_of_a_step() -> None:
    """Half an hour at 4 kW: 2 kWh at the meter, 1.8 stored; the trip takes 8."""
    assert run(punctual(), 20.0, 7.5, 8.5, 4.0) == pytest.approx((13.8, 0.0, 2.0))


def test_on_the_way_nothing_flows() -> None:
    assert run(punctual(), 20.0, 12, 13, 7.0) == (20.0, 0.0, 0.0)


def test_it_charges_from_its_return_in_the_middle_of_a_step() -> None:
    assert run(punctual(), 20.0, 17, 18, 4.0) == pytest.approx((21.8, 0.0, 2.0))


def test_what_a_trip_lacks_is_charged_elsewhere_and_counted() -> None:
    """5 kWh and none charged before the trip of 8."""
    assert run(punctual(), 5.0, 7.5, 8.5, 0.0) == pytest.approx((0.0, 3.0, 0.0))


def test_a_short_trip_begins_and_ends_within_one_step() -> None:
    """Away from 8:15 to 8:30: 45 min at 4 kW are 3 kWh at the meter, 2.7 stored."""
    plant = punctual(leaves_h=8.25, returns_h=8.5)
    assert run(plant, 20.0, 8, 9, 4.0) == pytest.approx((14.7, 0.0, 3.0))


def test_it_leaves_and_returns_in_a_step_that_ends_there_only_once() -> None:
    plant = punctual()
    state, _ = plant.step(np.array([[20.0], [0.0]]), at(7), at(8), np.zeros(1))
    assert state[0].tolist() == [20.0]
    assert plant.measured(state, at(8))["plugged_in"].tolist() == [0.0]
    assert plant.step(state, at(8), at(9), np.zeros(1))[0][0] == pytest.approx([12.0])


def test_v2g_gives_back_down_to_its_reserve_and_v1g_never() -> None:
    assert run(punctual(), 20.0, 5, 6, -4.0) == (20.0, 0.0, 0.0)
    gives = punctual(discharge_kw=7.0)
    assert run(gives, 20.0, 5, 6, -4.0) == pytest.approx((15.0, 0.0, -4.0))
    assert run(gives, 12.0, 5, 6, -4.0) == pytest.approx((10.0, 0.0, -1.6))


def test_without_supply_for_half_of_the_time_half_flows() -> None:
    assert run(punctual(), 20.0, 5, 6, 4.0, supplied_frac=np.array([0.5])) == pytest.approx((21.8, 0.0, 2.0))


def test_at_midnight_one_day_s_trips_end_and_the_next_one_s_begin() -> None:
    """Away from 18:00 to 24:00 on Wednesday, from 0:00 on Thursday: nothing can be charged in between."""
    own = vehicles(leaves_h=0.0, returns_h=24.0, trip_km=10.0)
    state, power = punctual(own).step(np.array([[20.0], [0.0]]), at(23.5), at(24.5), np.array([7.0]))
    assert state[:, 0] == pytest.approx([18.0, 0.0])
    assert power == pytest.approx([0.0])


def test_a_study_begins_full_less_what_the_day_has_taken() -> None:
    """At 18:00 half an hour of 7 kW · 0.9 has come back."""
    plant = punctual()
    begins = [float(plant.start(at(h))[0, 0]) for h in (3, 12, 18, 22)]
    assert begins == pytest.approx([50.0, 42.0, 45.15, 50.0])


def test_sensors_say_what_is_stored_whether_it_is_there_and_what_was_missing() -> None:
    measured = punctual().measured(np.array([[20.0], [3.0]]), at(12))
    assert {name: v.tolist() for name, v in measured.items()} == {
        "stored_kwh": [20.0],
        "plugged_in": [0.0],
        "missing_kwh": [3.0],
    }


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(st.floats(-20, 20) | st.just(np.nan), st.integers(300, HOUR)), min_size=20, max_size=40
    ),
    st.integers(0, 23),
)
def test_energy_is_neither_made_nor_lost(orders: list[tuple[float, int]], hour: int) -> None:
    own, t = MANY.vehicles, at(hour)
    state = MANY.start(t)
    start_s, expected = t, state[0]
    for kw, seconds in orders:
        state, power = MANY.step(state, t, t + seconds, np.full(len(own), kw))
        kwh = power * seconds / HOUR
        expected = expected + np.where(kwh > 0, kwh * own.charge_frac, kwh / own.discharge_frac)
        assert (power <= own.charge_kw + 1e-12).all()
        assert (power >= -own.discharge_kw - 1e-12).all()
        t += seconds
    actual = Actual(own, CHICAGO, 7)
    for day in range(WEDNESDAY, WEDNESDAY + 3):
        trips = actual.day(day)
        expected = expected - np.where((start_s <= trips.leaves_s) & (trips.leaves_s < t), trips.kwh, 0.0)
    assert state[0] == pytest.approx(expected + state[1], abs=1e-9)
    assert (state >= 0).all()
    assert (state[0] <= own.capacity_kwh).all()


def test_how_time_is_cut_into_steps_changes_nothing_of_a_vehicle_by_itself() -> None:
    ends = []
    for step_s in (300, HOUR):
        state, kwh = MANY.start(at(6)), 0.0
        for t in range(at(6), at(30), step_s):
            state, kw = MANY.step(state, t, t + step_s)
            kwh = kwh + kw * step_s / HOUR
        ends.append(np.vstack([state, kwh]))
    assert ends[0] == pytest.approx(ends[1], abs=1e-9)


def test_a_vehicle_does_not_depend_on_those_beside_it() -> None:
    rows = [3, 17]
    few = VehiclePlant(MANY.vehicles.take(rows), CHICAGO, 7)
    many, some = MANY.start(at(6)), few.start(at(6))
    for hour in range(6, 20):
        many, power = MANY.step(many, at(hour), at(hour + 1))
        some, part = few.step(some, at(hour), at(hour + 1))
        assert np.array_equal(part, power[rows])
    assert np.array_equal(some, many[:, rows])
