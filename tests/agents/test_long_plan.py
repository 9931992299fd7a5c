"""Plans over a window of hours: looked up, made anew where something changed, held near between rounds."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from dso.agents.kind import Window
from dso.agents.long_plan import (
    MOST_SPREADS,
    LongPlan,
    Near,
    Outlook,
    held_near,
    in_spreads,
    planned,
)
from dso.agents.planning import Problem, plan
from dso.clock import Interval
from tests.agents.bucket import Buckets

HOUR, START = 3600, 1_470_787_200
WINDOW = Window(START, 4)
PRICES = np.array([0.1, 0.3, 0.2, 0.1])
DRIFT = np.full(2, 0.01)


def outlook(price=PRICES, weather=None, start=(0.0, 1.0)) -> Outlook:
    return Outlook(np.array(price, float), weather, np.array(start, float), 0.2)


def long_plan() -> LongPlan:
    """Agent 0 takes 1, 2, 3, 4 kW; agent 1 nothing, and its state stays at 1."""
    kw = np.array([[1, 0], [2, 0], [3, 0], [4, 0]], np.float32)
    x = np.array([[1, 1], [3, 1], [6, 1], [10, 1]], np.float32)
    return LongPlan(WINDOW, kw, x, outlook())


def solve(problems):
    return [plan(p) for p in problems]


def at(hours: float) -> int:
    return START + round(hours * HOUR)


# --- looked up ----------------------------------------------------------------------------------------------


def test_power_is_that_of_the_hour_and_the_state_goes_straight_within_it() -> None:
    p = long_plan()
    assert [p.kw_at(at(h))[0] for h in (0, 0.99, 1, 3.5)] == [1, 1, 2, 4]
    assert [p.x_at(at(h))[0] for h in (0, 0.5, 1, 1.5, 3.75, 4)] == [0, 0.5, 1, 2, 9, 10]
    assert [p.x_at(at(h))[1] for h in (0, 0.5, 4)] == [1, 1, 1]


def test_beyond_its_ends_a_plan_stays_as_it_begins_and_ends() -> None:
    p = long_plan()
    assert [p.x_at(at(h))[0] for h in (-2, -0.5, 4.5, 9)] == [0, 0, 10, 10]
    assert [p.kw_at(at(h))[0] for h in (-2, 9)] == [1, 4]
    assert [p.covers(at(h)) for h in (-0.1, 0, 3.99, 4)] == [False, True, True, False]


def test_prices_are_those_that_it_was_made_for() -> None:
    spans = [Interval(at(1.25), 900), Interval(at(3), HOUR)]
    np.testing.assert_allclose(long_plan().prices_at(spans), [0.3, 0.1])


@pytest.mark.parametrize("first", [0, 2])
def test_the_plan_of_some_agents_takes_the_place_of_theirs_from_an_hour_on(first: int) -> None:
    window = Window(at(first), 4 - first)
    kw, x = np.full((window.count, 2), 0.5, np.float32), np.full((window.count, 2), 7, np.float32)
    part = LongPlan(window, kw, x, outlook(PRICES[first:], start=(5.0, 5.0)))
    whole = long_plan().amended(part, np.array([True, False]))
    assert whole.kw[:, 0].tolist() == [1, 2, 3, 4][:first] + [0.5] * (4 - first)
    assert whole.x_at(at(first))[0] == 5
    assert whole.x_at(at(first + 0.5))[0] == 6
    for before, after in ((long_plan().kw, whole.kw), (long_plan().x, whole.x)):
        np.testing.assert_array_equal(before[:, 1], after[:, 1])
    assert whole.x_at(at(0))[1] == 1
    assert long_plan().outlook.start[0] == 0  # and what was amended is as before


# --- made anew where something changed ----------------------------------------------------------------------


def changed(old: Outlook, **values) -> tuple[Outlook, list[bool]]:
    made, who = replace(old, **values).beside(old, DRIFT)
    return made, who.tolist()


def test_nothing_has_changed_nothing_is_planned() -> None:
    old = outlook(weather=np.full(4, 30.0))
    made, who = changed(old, price_usd_per_kwh=PRICES + 0.0009, weather=np.full(4, 30.1))
    assert who == [False, False]
    assert made.price_usd_per_kwh is old.price_usd_per_kwh
    assert made.weather is old.weather


def test_a_price_that_moves_by_more_than_half_a_percent_of_the_spread_changes_all_plans() -> None:
    """The spread is 0.2 USD/kWh."""
    made, who = changed(outlook(), price_usd_per_kwh=PRICES + np.array([0, 0, 0, 0.0011]))
    assert who == [True, True]
    assert made.price_usd_per_kwh[3] == pytest.approx(0.1011)


def test_weather_that_moves_by_more_than_a_fifth_of_a_kelvin_changes_all_plans() -> None:
    old = outlook(weather=np.full(4, 30.0))
    assert changed(old, weather=np.array([30, 30, 30.3, 30]))[1] == [True, True]


def test_an_agent_that_begins_elsewhere_plans_alone() -> None:
    assert changed(outlook(), start=np.array([0.005, 1.02]))[1] == [False, True]


def test_slow_drift_does_not_escape() -> None:
    """Steps of 0.4 % of the spread are each too small; the outlook that counts is that of the last plan."""
    old, price = outlook(), PRICES.copy()
    price[0] += 0.0008
    made, who = changed(old, price_usd_per_kwh=price.copy())
    assert who == [False, False]
    price[0] += 0.0008
    assert changed(made, price_usd_per_kwh=price)[1] == [True, True]


def made(who, before=None, prices=PRICES) -> LongPlan:
    kind = Buckets([2.0, 3.0, 4.0])
    o = Outlook(np.array(prices, float), None, np.zeros(3), 0.2)
    return planned(kind, solve, WINDOW, np.zeros((1, 3)), o, before, np.array(who), START)


def test_who_is_not_planned_for_keeps_the_plan_of_before() -> None:
    before = made([True] * 3)
    after = made([False, True, False], before, PRICES[::-1])
    np.testing.assert_array_equal(after.kw[:, [0, 2]], before.kw[:, [0, 2]])
    alone = made([True] * 3, None, PRICES[::-1])
    np.testing.assert_array_equal(after.kw[:, 1], alone.kw[:, 1])


def test_a_plan_does_not_depend_on_who_else_is_planned_for() -> None:
    """Bit for bit: however the others are split over chunks and processes."""
    together = made([True] * 3)
    for k in range(3):
        alone = made(np.arange(3) == k)
        np.testing.assert_array_equal(alone.kw[:, k], together.kw[:, k])
        np.testing.assert_array_equal(alone.x[:, k], together.x[:, k])


def test_nobody_to_plan_for_asks_nobody() -> None:
    kind = Buckets([2.0])
    o = Outlook(PRICES, None, np.zeros(1), 0.2)
    found = planned(kind, solve, WINDOW, np.zeros((1, 1)), o, None, np.array([False]), START)
    assert kind.asked == []
    assert not found.kw.any()


def test_many_agents_are_planned_for_in_blocks() -> None:
    """Memory is bounded by the block, 4096."""
    kind = Buckets([1.0] * 4100)
    o = Outlook(PRICES, None, np.zeros(4100), 0.2)
    found = planned(kind, solve, WINDOW, np.zeros((1, 4100)), o, None, np.ones(4100, bool), START)
    assert kind.asked == [4096, 4]
    assert np.ptp(found.kw, axis=1).max() == 0


# --- held near between rounds -------------------------------------------------------------------------------


def problem(**changes) -> Problem:
    """One agent that takes between 0 and 10 kW, and 6 kWh over two hours, with ½·0.01·u²."""
    given = {"x_start": np.zeros(1), "p_u": np.array([[0.1], [0.3]]), "u_low": 0.0, "u_high": 10.0}
    given |= {"r_u": 0.01, "x_low": np.array([[0.0], [6.0]]), "x_high": 20.0}
    return Problem(**given | changes)


ONE = np.array([0])


def test_nothing_to_be_near_changes_nothing() -> None:
    alone = problem()
    assert held_near(alone, None, ONE) is alone


def test_a_plan_is_pulled_to_what_was_awarded_by_the_slope_of_its_bid() -> None:
    """Cost p·u + ½·r·u² + ½·c·(u − n)², c = spread of p / (spread · give) = 0.2 / (0.2 · 2) = 0.5.

    With u₁ = 6 − u₀: 0.1 + 0.01·u₀ + 0.5·(u₀ − 1) = 0.3 + 0.01·u₁ + 0.5·(u₁ − 5),
    so 0.51·(u₀ − u₁) = 0.2 − 2, and u₀ = 3 − 0.9 / 0.51.
    """
    near = Near(np.array([[1.0], [5.0]]), np.array([2.0]), 0.2)
    held = plan(held_near(problem(), near, ONE))
    assert held.u[0, 0] == pytest.approx(3 - 0.9 / 0.51, abs=1e-4)
    free = plan(problem())
    assert free.u[:, 0] == pytest.approx([6, 0], abs=1e-4)


def test_with_two_controls_their_difference_is_held() -> None:
    """½·c·(u − v − n)²: the same cost for charging 3 kW as for charging 4 and giving 1."""
    near = Near(np.array([[3.0], [3.0]]), np.array([2.0]), 0.2)
    two = problem(b_v=-1.0, p_v=-np.array([[0.1], [0.3]]), r_v=0.01, v_low=0.0, v_high=5.0)
    held = held_near(two, near, ONE)

    def added(u: float, v: float) -> float:
        linear = (held.p_u[0, 0] - two.p_u[0, 0]) * u + (held.p_v[0, 0] - two.p_v[0, 0]) * v
        bent = 0.5 * (held.r_u - two.r_u)[0] * u * u + 0.5 * (held.r_v - two.r_v)[0] * v * v
        return float(linear + bent + held.cross[0] * u * v)

    c = 0.5
    for u, v in ((3.0, 0.0), (4.0, 1.0), (0.0, 2.0), (5.0, 0.0)):
        assert added(u, v) - added(0, 0) == pytest.approx(0.5 * c * ((u - v - 3) ** 2 - 9))


def test_prices_of_a_relative_kind_count_by_the_spread_that_bids_reckon_with() -> None:
    """The window spans 0.4 USD/kWh, Δf is 0.2: prices count twice, and never more than ten times."""
    twice = Outlook(np.array([0.1, 0.5]), None, np.zeros(1), 0.2)
    alone = problem(soft_price=1.0)
    found = in_spreads(alone, True, twice)
    np.testing.assert_allclose(found.p_u, 2 * alone.p_u)
    assert found.soft_price == 2.0  # what must not be passed stays dearer than what is gained
    assert in_spreads(alone, False, twice) is alone
    huge = in_spreads(alone, True, replace(twice, price_usd_per_kwh=np.array([0.0, 99.0])))
    np.testing.assert_allclose(huge.p_u, MOST_SPREADS * alone.p_u)
    flat = in_spreads(alone, True, replace(twice, price_usd_per_kwh=np.array([0.1, 0.1])))
    assert (np.abs(flat.p_u).max(), flat.soft_price) == (0.0, 1.0)
