"""Agents of batteries: power and plans by hand, and days lived with the plant."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dso.agents.battery import BatteryAgents
from dso.agents.kind import Kind, Window
from dso.agents.planning import plan
from dso.homes.batteries import Batteries, draw_batteries
from dso.messages import FloatArray, Measured
from dso.plant.batteries import BatteryPlant
from tests.agents.storage_days import Lived, batteries_live
from tests.homes.test_batteries import batteries
from tests.homes.test_vehicles import WEDNESDAY_S

HOUR = 3600
SPAN = (0, HOUR, 0)
MANY = draw_batteries(60, 1, 1.0)


def agents(own: Batteries | None = None) -> BatteryAgents:
    """10 kWh, 5 kW in and 4 out, 0.9 and 0.8, 2 kWh kept."""
    own = own or batteries()
    return BatteryAgents(own, np.arange(len(own)))


def stored(*kwh: float) -> FloatArray:
    return np.array([kwh])


@cache
def lived() -> Lived:
    return batteries_live(MANY, WEDNESDAY_S)


def test_they_are_a_kind_of_agents() -> None:
    kind: Kind = agents()
    assert kind.name == "battery"
    assert (kind.lowest_kw.tolist(), kind.highest_kw.tolist()) == ([-4.0], [5.0])


def test_there_is_one_device_a_battery() -> None:
    with pytest.raises(ValueError, match="devices must be one a battery, 1"):
        BatteryAgents(batteries(), np.arange(2))


def test_the_power_to_a_fuller_battery_covers_what_charging_loses() -> None:
    """2.7 kWh more in an hour take 3 kW."""
    assert agents().reach_kw(stored(6.0), np.array([8.7]), *SPAN) == pytest.approx([3.0])


def test_the_power_to_an_emptier_battery_is_what_arrives() -> None:
    """2.5 kWh less give 2 kW."""
    assert agents().reach_kw(stored(6.0), np.array([3.5]), *SPAN) == pytest.approx([-2.0])


def test_the_range_ends_at_the_reserve_and_at_the_capacity() -> None:
    """From 6 kWh, 4 · 0.8 kW down to the reserve; 4 / 0.9 kW fill it."""
    least, most = agents().range_kw(stored(6.0), *SPAN)
    assert (least, most) == (pytest.approx([-3.2]), pytest.approx([4 / 0.9]))


def test_the_range_of_five_minutes_ends_at_the_ratings() -> None:
    least, most = agents().range_kw(stored(6.0), 0, 300, 0)
    assert (least.tolist(), most.tolist()) == ([-4.0], [5.0])


def test_below_its_reserve_it_must_charge() -> None:
    """0.9 kWh below: 1 kW for an hour."""
    assert agents().range_kw(stored(1.1), *SPAN)[0] == pytest.approx([1.0])


def test_it_gives_up_both_ratings_over_the_day_s_spread_by_its_slider() -> None:
    """0.5 · (5 + 4) / 0.2."""
    assert agents().give_kw(0.2) == pytest.approx([22.5])
    assert agents(batteries(slider=0.0)).give_kw(0.2).tolist() == [0.0]


def test_its_margin_is_wear_and_the_profit_wanted_on_top() -> None:
    """0.02 · 1.5."""
    assert agents().margin_usd_per_kwh(0.2) == pytest.approx([0.03])


def test_a_plan_buys_where_it_is_cheap_and_sells_where_it_is_dear() -> None:
    """5 kW for an hour store 4.5 kWh, of which 3.6 come back: 0.5 · 3.6 is more than 0.1 · 5 and wear."""
    prices = np.array([[0.1], [0.5]])
    made = plan(agents().problem(np.array([0]), stored(2.0), prices, Window(0, 2), 0))
    assert made.v is not None
    assert made.u[:, 0] == pytest.approx([5.0, 0.0], abs=1e-3)
    assert made.v[:, 0] == pytest.approx([0.0, 3.6], abs=1e-3)


def test_a_plan_leaves_a_spread_alone_that_does_not_pay_for_losses_and_wear() -> None:
    """0.72 of 0.14 is less than 0.1."""
    prices = np.array([[0.10], [0.14]])
    made = plan(agents().problem(np.array([0]), stored(2.0), prices, Window(0, 2), 0))
    assert made.v is not None
    assert np.abs(made.u - made.v).max() < 1e-3


def test_what_is_not_measured_is_as_expected() -> None:
    measured = Measured("battery", 0, np.arange(3), {"stored_kwh": np.array([np.nan, 9.0, 3.0])})
    kind = BatteryAgents(batteries(2), np.array([0, 2]))
    assert kind.sensed(measured, stored(6.0, 6.0)).tolist() == [[6.0, 3.0]]


@given(st.lists(st.floats(-6, 6), min_size=60, max_size=60), st.sampled_from([300, 900, HOUR]))
def test_agents_and_plant_agree_on_where_a_power_leads(kw: list[float], seconds: int) -> None:
    kind, plant = agents(MANY), BatteryPlant(MANY)
    state = plant.start(0)
    told = np.clip(kw, *kind.range_kw(state, 0, seconds, 0))
    after, metered = plant.step(state, 0, seconds, told)
    assert metered == pytest.approx(told, abs=1e-9)
    assert kind.ahead(state, told, 0, seconds, 0) == pytest.approx(after, abs=1e-9)
    assert kind.reach_kw(state, after[0], 0, seconds, 0) == pytest.approx(told, abs=1e-9)


def test_over_a_day_meters_say_what_was_commanded() -> None:
    """Asked: within 1 %. Prices err by 30 %, so that most of it is not as planned."""
    assert lived().energy_miss_frac().max() < 1e-9


def test_what_is_stored_stays_between_reserve_and_capacity() -> None:
    assert (lived().stored_kwh >= MANY.reserve_kwh - 1e-9).all()
    assert (lived().stored_kwh <= MANY.capacity_kwh + 1e-9).all()


def test_batteries_charge_by_night_and_give_back_in_the_evening() -> None:
    kw = lived().metered_kw.reshape(2, 24, 12, len(MANY)).mean((2, 3))
    assert kw[1, :8].mean() > 0.5
    assert kw[:, 15:20].mean() < -0.5


def test_a_battery_does_not_depend_on_those_beside_it() -> None:
    rows = np.array([4, 31])
    some = batteries_live(MANY.take(rows), WEDNESDAY_S, days=1)
    assert np.array_equal(some.metered_kw, lived().metered_kw[:288, rows])
