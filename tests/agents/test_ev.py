"""Agents of vehicles: what they expect, power by hand, and days lived with the plant."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from dso.agents.ev import MISSING, MISSING_NOW, PLUGGED_IN, STORED, TRIP_DAY, EvAgents
from dso.agents.kind import Kind, Window
from dso.agents.planning import plan
from dso.clock import Interval
from dso.homes.vehicles import Vehicles
from dso.messages import BidRequest, FloatArray, Measured
from tests.agents.storage_days import forecast, population
from tests.homes.test_vehicles import CHICAGO, WEDNESDAY, WEDNESDAY_S, vehicles

HOUR = 3600
MINUTES_5 = 1 / 12


def agents(own: Vehicles | None = None, **changed: Any) -> EvAgents:
    """Away from 8:00 to 17:30, ready at 7:00; slider 1 needs 8 and 10 kWh; 6.3 kWh are stored in an hour."""
    own = own or vehicles(**changed)
    return EvAgents(own, np.arange(len(own)), CHICAGO)


def at(hour: float) -> int:
    return WEDNESDAY_S + round(hour * HOUR)


def span(hour: float, hours: float = MINUTES_5) -> tuple[int, int, int]:
    return at(hour), at(hour + hours), at(hour)


def state(stored_kwh: float, plugged_in: float = 1.0, trip_day: int = WEDNESDAY - 1) -> FloatArray:
    return np.array([[stored_kwh], [plugged_in], [trip_day], [0.0], [0.0]])


def range_kw(kind: EvAgents, known: FloatArray, hour: float, hours: float = MINUTES_5) -> tuple[float, float]:
    least, most = kind.range_kw(known, *span(hour, hours))
    return float(least[0]), float(most[0])


def test_they_are_a_kind_of_agents() -> None:
    kind: Kind = agents(discharge_kw=7.0)
    assert kind.name == "ev"
    assert (kind.lowest_kw.tolist(), kind.highest_kw.tolist()) == ([-7.0], [7.0])


def test_there_is_one_device_a_vehicle() -> None:
    with pytest.raises(ValueError, match="devices must be one a vehicle, 1"):
        EvAgents(vehicles(), np.arange(2), CHICAGO)


# --- ranges -----------------------------------------------------------------------------------------------


def test_while_there_is_time_it_need_not_charge_and_v2g_may_give_back() -> None:
    assert range_kw(agents(), state(14.0), 5.0) == (0.0, 7.0)
    assert range_kw(agents(discharge_kw=7.0), state(14.0), 5.0) == (-7.0, 7.0)


@pytest.mark.parametrize(
    ("stored_kwh", "least_kw"),
    [(16.0, 0.0), (15.2, 0.175 / 0.9 * 12), (14.0, 7.0)],
)
def test_a_need_that_is_due_raises_the_least_power(stored_kwh: float, least_kw: float) -> None:
    """25 min before 7:00 it must hold 18 − 6.3 · 25/60 = 15.375 kWh."""
    assert range_kw(agents(), state(stored_kwh), 6.5) == pytest.approx((least_kw, 7.0))


@pytest.mark.parametrize(("slider", "need_kwh"), [(1.0, 18.0), (0.5, 34.0), (0.0, 50.0)])
def test_the_slider_says_how_full_it_leaves(slider: float, need_kwh: float) -> None:
    """At 7:00 exactly the need: nothing more is due; 0.1 kWh less takes 0.1 / 0.9 in 5 min."""
    kind = agents(slider=slider)
    assert range_kw(kind, state(need_kwh), 7 - MINUTES_5)[0] == pytest.approx(0.0, abs=1e-9)
    due = 0.1 / 0.9 * 12
    assert range_kw(kind, state(need_kwh - 0.1), 7 - MINUTES_5)[0] == pytest.approx(due)


def test_a_need_after_the_next_trip_counts_too() -> None:
    """From 17:30 to 7:00, 13.5 h, 0.7 kW · 0.9 bring back 8.5 of the 8 kWh, 0.6 kW · 0.9 only 7.29."""
    known = state(18.0)
    assert range_kw(agents(charge_kw=0.7), known, 7 - 2 * MINUTES_5)[0] == 0.0
    assert range_kw(agents(charge_kw=0.6), known, 7 - 2 * MINUTES_5)[0] == pytest.approx(0.6)


def test_before_a_weekend_at_home_nothing_is_due() -> None:
    friday_h = 2 * 24 + 20.0
    assert range_kw(agents(slider=0.0), state(20.0, trip_day=WEDNESDAY + 2), friday_h) == (0.0, 7.0)


def test_below_its_reserve_it_must_charge() -> None:
    assert range_kw(agents(), state(9.97, trip_day=WEDNESDAY), 20.0)[0] == pytest.approx(0.03 / 0.9 * 12)


def test_an_awaited_vehicle_takes_what_its_need_lacks_and_no_more() -> None:
    kind = agents(discharge_kw=7.0)
    assert range_kw(kind, state(30.0), 7.25) == (0.0, 0.0)
    assert range_kw(kind, state(17.97), 7.25) == pytest.approx((0.4, 0.4))


def test_while_away_and_when_it_leaves_it_can_take_nothing() -> None:
    assert range_kw(agents(), state(10.0, 0.0), 12.0) == (0.0, 0.0)
    assert range_kw(agents(), state(14.0), 7.95) == (0.0, 0.0)


def test_not_being_seen_at_its_usual_return_it_bids_nothing_yet() -> None:
    kind = agents()
    ahead = kind.ahead(state(10.0, 0.0, WEDNESDAY), np.zeros(1), *span(17.45))
    assert range_kw(kind, ahead, 17.55) == (0.0, 0.0)


def test_one_that_came_back_early_is_there_for_the_night() -> None:
    assert range_kw(agents(), state(12.0, trip_day=WEDNESDAY), 15.0) == (0.0, 7.0)


def test_one_that_has_not_left_by_its_usual_return_is_not_awaited_any_more() -> None:
    assert range_kw(agents(), state(20.0), 16.0) == (0.0, 0.0)
    assert range_kw(agents(), state(20.0), 18.0) == (0.0, 7.0)


# --- reaching and going ahead -----------------------------------------------------------------------------


def test_the_power_to_a_target_covers_what_charging_loses() -> None:
    """6 kWh in two hours: 6 / 0.9 / 2."""
    assert agents().reach_kw(state(14.0), np.array([20.0]), *span(5, 2)) == pytest.approx([10 / 3])


def test_a_plan_s_trip_does_not_drain_a_vehicle_that_is_still_there() -> None:
    """The plan takes 8 kWh evenly from 7:00 on; by 7:10 that is 8/6."""
    kind = agents(discharge_kw=7.0)
    planned = np.array([18 - 8 / 6])
    assert kind.reach_kw(state(18.0), planned, *span(7 - MINUTES_5, 0.25)) == pytest.approx([0.0])
    assert kind.reach_kw(state(18.0), np.array([10.0]), *span(7.25, 0.75)).tolist() == [0.0]


def test_it_is_expected_to_leave_as_usual() -> None:
    """Half an hour at 4 kW stores 1.8 kWh, the trip takes 8."""
    ahead = agents().ahead(state(20.0), np.array([4.0]), *span(7.5, 1))
    assert ahead[[STORED, PLUGGED_IN], 0] == pytest.approx([13.8, 0.0])


def test_seen_from_the_morning_it_will_be_back_in_the_evening() -> None:
    ahead = agents().ahead(state(10.0, 0.0, WEDNESDAY), np.zeros(1), at(9), at(20), at(9))
    assert ahead[[STORED, PLUGGED_IN, TRIP_DAY], 0].tolist() == [10.0, 1.0, WEDNESDAY]


def test_one_that_is_late_is_expected_an_hour_from_now() -> None:
    kind, late = agents(), state(10.0, 0.0, WEDNESDAY)
    there = [float(kind.ahead(late, np.zeros(1), at(19), at(h), at(19))[PLUGGED_IN, 0]) for h in (19.5, 20.5)]
    assert there == [0.0, 1.0]


def test_one_that_was_expected_to_leave_and_did_not_is_awaited_again() -> None:
    kind = agents()
    gone = kind.ahead(state(20.0), np.zeros(1), *span(7.95, 0.1))
    values = {"stored_kwh": np.array([20.0]), "plugged_in": np.ones(1), "missing_kwh": np.zeros(1)}
    seen = kind.sensed(Measured("ev", at(8.05), np.zeros(1, np.int64), values), gone)
    assert seen[[STORED, PLUGGED_IN, TRIP_DAY], 0].tolist() == [20.0, 1.0, WEDNESDAY - 1]
    assert range_kw(kind, seen, 8.05) == (0.0, 0.0)


@pytest.mark.parametrize(("hour", "day"), [(1.0, WEDNESDAY - 1), (6.5, WEDNESDAY), (20.0, WEDNESDAY)])
def test_who_is_away_before_dawn_is_late_and_after_it_early(hour: float, day: int) -> None:
    values = {"stored_kwh": np.array([9.0]), "plugged_in": np.zeros(1), "missing_kwh": np.zeros(1)}
    measured = Measured("ev", at(hour), np.zeros(1, np.int64), values)
    assert agents().sensed(measured, state(20.0, trip_day=WEDNESDAY - 2))[TRIP_DAY, 0] == day


def test_what_is_missing_on_a_trip_is_its_owner_s_discomfort_once() -> None:
    kind = agents()
    values = {"stored_kwh": np.zeros(1), "plugged_in": np.zeros(1), "missing_kwh": np.array([3.0])}
    first = kind.sensed(Measured("ev", at(8.5), np.zeros(1, np.int64), values), state(5.0))
    again = kind.sensed(Measured("ev", at(8.6), np.zeros(1, np.int64), values), first)
    assert [float(kind.outside(s, MINUTES_5)[0]) for s in (first, again)] == [3.0, 0.0]
    assert first[[MISSING, MISSING_NOW], 0].tolist() == [3.0, 3.0]


def test_what_is_not_measured_is_as_expected() -> None:
    none = {name: np.array([np.nan]) for name in ("stored_kwh", "plugged_in", "missing_kwh")}
    known = state(12.0, 1.0, WEDNESDAY)
    seen = agents().sensed(Measured("ev", at(20), np.zeros(1, np.int64), none), known)
    assert np.array_equal(seen, known)


# --- plans ------------------------------------------------------------------------------------------------


def test_a_plan_charges_what_the_trip_needs_in_the_cheapest_hour() -> None:
    """From 14 to 18 kWh at 3:00, 4 / 0.9 kW; then it is away from 7:00 to 18:00, less 8 kWh."""
    prices = np.full((24, 1), 0.3)
    prices[3] = 0.1
    made = plan(agents().problem(np.array([0]), state(14.0), prices, Window(WEDNESDAY_S, 24), WEDNESDAY_S))
    expected = np.zeros(24)
    expected[3] = 4 / 0.9
    assert made.u[:, 0] == pytest.approx(expected, abs=1e-3)
    assert made.x[6, 0] == pytest.approx(18.0, abs=1e-3)
    assert made.x[7, 0] == pytest.approx(10.0, abs=1e-3)


def test_a_plan_knows_no_power_while_it_is_away() -> None:
    problem = agents().problem(
        np.array([0]), state(14.0), np.full((24, 1), 0.1), Window(WEDNESDAY_S, 24), WEDNESDAY_S
    )
    free = np.broadcast_to(problem.u_high, (24, 1))[:, 0] > 0
    assert free.tolist() == [True] * 7 + [False] * 11 + [True] * 6


def test_one_that_is_away_is_planned_for_from_its_return() -> None:
    early = agents().problem(
        np.array([0]), state(10.0, 0.0, WEDNESDAY), np.full((12, 1), 0.1), Window(at(15), 12), at(15)
    )
    late = agents().problem(
        np.array([0]), state(10.0, 0.0, WEDNESDAY), np.full((12, 1), 0.1), Window(at(20), 12), at(20)
    )
    there = [np.flatnonzero(np.broadcast_to(p.u_high, (12, 1))[:, 0] > 0).tolist() for p in (early, late)]
    assert there == [list(range(3, 12)), list(range(1, 11))]
    assert np.abs(np.broadcast_to(early.d, (12, 1))).max() == 0


def test_a_position_has_no_quantity_in_the_hours_of_a_trip() -> None:
    own = vehicles(slider=0.5, discharge_kw=7.0)
    many = population(agents(own), own.slider)
    forecast(many, WEDNESDAY_S + 86400)
    hours = tuple(Interval(at(24 + k), HOUR) for k in range(24))
    bids = many.bid(BidRequest("da", "t", 0, hours, np.full(24, 0.1), at(10), physical=False))
    away = np.abs(bids.quantity_kw[:, 0]).max(axis=1) == 0
    assert away.tolist() == [False] * 7 + [True] * 11 + [False] * 6
