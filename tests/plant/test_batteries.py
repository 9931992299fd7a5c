"""The plant of batteries: energies by hand, and what holds for any of them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dso.homes.batteries import draw_batteries
from dso.messages import FloatArray
from dso.plant.batteries import BatteryPlant
from dso.plant.device import Devices
from tests.homes.test_batteries import batteries

HOUR = 3600
ONE = BatteryPlant(batteries())  # 10 kWh, 5 kW in and 4 out, 0.9 and 0.8, 2 kWh kept; begins at 6 kWh
MANY = BatteryPlant(draw_batteries(40, 1, 1.0))


def one_hour(kw: float, stored_kwh: float = 6.0, **arguments: FloatArray) -> tuple[float, float]:
    state, power = ONE.step(np.array([[stored_kwh]]), 0, HOUR, np.array([kw]), **arguments)
    return float(state[0, 0]), float(power[0])


def test_it_is_a_device() -> None:
    devices: Devices = ONE
    assert (devices.kind, devices.unit) == ("battery", "kW")


def test_it_begins_halfway_from_its_reserve_to_full() -> None:
    assert ONE.start(0).tolist() == [[6.0]]


def test_by_itself_it_does_nothing() -> None:
    assert one_hour(np.nan) == (6.0, 0.0)
    assert ONE.step(np.array([[6.0]]), 0, HOUR)[1].tolist() == [0.0]


def test_charging_stores_what_is_left_of_it() -> None:
    """3 kW for an hour, 90 % of it: 2.7 kWh."""
    assert one_hour(3.0) == pytest.approx((8.7, 3.0))


def test_giving_back_takes_more_than_arrives() -> None:
    """2 kW for an hour take 2 / 0.8 = 2.5 kWh."""
    assert one_hour(-2.0) == pytest.approx((3.5, -2.0))


def test_it_stops_when_it_is_full() -> None:
    """4 kWh of room take 4 / 0.9 at the meter."""
    assert one_hour(5.0) == pytest.approx((10.0, 4 / 0.9))


def test_it_stops_at_its_reserve() -> None:
    """4 kWh above the reserve give 4 · 0.8."""
    assert one_hour(-4.0) == pytest.approx((2.0, -3.2))


def test_it_gives_nothing_back_below_its_reserve() -> None:
    assert one_hour(-4.0, stored_kwh=1.0) == (1.0, 0.0)


def test_it_runs_within_its_ratings() -> None:
    assert one_hour(50.0, stored_kwh=2.0) == pytest.approx((6.5, 5.0))


def test_without_supply_for_half_of_the_time_half_flows() -> None:
    assert one_hour(2.0, supplied_frac=np.array([0.5])) == pytest.approx((6.9, 1.0))


def test_what_is_stored_is_measured() -> None:
    assert {name: v.tolist() for name, v in ONE.measured(np.array([[6.0]]), 0).items()} == {
        "stored_kwh": [6.0]
    }


@given(
    st.lists(st.tuples(st.floats(-20, 20) | st.just(np.nan), st.integers(60, HOUR)), max_size=12),
    st.integers(0, 99),
)
def test_energy_is_neither_made_nor_lost(orders: list[tuple[float, int]], seed: int) -> None:
    own, spread = MANY.batteries, np.random.default_rng(seed).uniform(0.2, 1, 40)
    state, expected, t = MANY.start(0), MANY.start(0)[0], 0
    for kw, seconds in orders:
        state, power = MANY.step(state, t, t + seconds, kw * spread)
        kwh = power * seconds / HOUR
        expected = expected + np.where(kwh > 0, kwh * own.charge_frac, kwh / own.discharge_frac)
        assert (power <= own.charge_kw + 1e-12).all()
        assert (power >= -own.discharge_kw - 1e-12).all()
        t += seconds
    assert state[0] == pytest.approx(expected, abs=1e-9)
    assert (state[0] >= own.reserve_kwh).all()
    assert (state[0] <= own.capacity_kwh).all()


def test_a_battery_does_not_depend_on_those_beside_it() -> None:
    rows = [3, 17]
    few = BatteryPlant(MANY.batteries.take(rows))
    kw = np.linspace(-6, 6, 40)
    many, power = MANY.step(MANY.start(0), 0, 700, kw)
    some, part = few.step(few.start(0), 0, 700, kw[rows])
    assert np.array_equal(some, many[:, rows])
    assert np.array_equal(part, power[rows])
