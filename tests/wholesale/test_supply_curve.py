"""Demand against P = aQ² + bQ + c: every crossing is worked by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dso.clock import Interval, parse_time
from dso.errors import InputError
from dso.market import Curve
from dso.messages import WholesaleBid
from dso.wholesale.supply_curve import QuadraticSupply

HOUR = Interval(0, 3600)


def test_a_vertical_bid_pays_the_polynomial() -> None:
    # 1e-6 · 100² + 1e-4 · 100 + 0.02 = 0.01 + 0.01 + 0.02
    supply = QuadraticSupply(1e-6, 1e-4, 0.02)
    assert supply.cross(Curve.vertical(100.0), HOUR) == pytest.approx((0.04, 100.0))


def test_a_sloping_bid_meets_the_quadratic() -> None:
    # p = 0.08 − 4e-4·Q meets 1e-6·Q² + 0.02 at Q² + 400·Q − 60000 = 0, so Q = −200 + √100000.
    demand = Curve(np.array([0.0, 0.08]), np.array([200.0, 0.0]))
    quantity = 100000**0.5 - 200
    price, kw = QuadraticSupply(1e-6, 0.0, 0.02).cross(demand, HOUR)
    assert kw == pytest.approx(quantity, rel=1e-12)
    assert price == pytest.approx(0.08 - 4e-4 * quantity, rel=1e-12)


def test_a_block_at_the_margin_is_served_in_part() -> None:
    # 30 kW at any price, 50 kW up to 0.05; the line 0.001·Q reaches 0.05 at 50 kW.
    demand = Curve(np.array([0.05, 0.05]), np.array([80.0, 30.0]))
    assert QuadraticSupply(0.0, 1e-3, 0.0).cross(demand, HOUR) == pytest.approx((0.05, 50.0))


def test_between_two_blocks_the_supply_sets_the_price() -> None:
    # 60 kW up to 0.09, another 40 kW up to 0.01: 60 kW cost 0.06.
    demand = Curve.from_blocks([60.0, 40.0], [0.09, 0.01])
    assert QuadraticSupply(0.0, 1e-3, 0.0).cross(demand, HOUR) == pytest.approx((0.06, 60.0))


def test_export_is_taken_at_the_least_price() -> None:
    assert QuadraticSupply(0.0, 1e-3, 0.02).cross(Curve.vertical(-5.0), HOUR) == (0.02, -5.0)


def test_a_flat_supply_shares_a_block_that_bids_its_price() -> None:
    demand = Curve(np.array([0.05, 0.05]), np.array([80.0, 30.0]))
    assert QuadraticSupply(0.0, 0.0, 0.05).cross(demand, HOUR) == pytest.approx((0.05, 55.0))


def test_scarce_supply_goes_to_who_bids_most() -> None:
    # 100 kW at 0, none at 1: 40 kW are wanted at 0.6 at most.
    demand = Curve(np.array([0.0, 1.0]), np.array([100.0, 0.0]))
    supply = QuadraticSupply(0.0, 1e-3, 0.0, most_kw=40.0)
    assert supply.cross(demand, HOUR) == pytest.approx((0.6, 40.0))
    assert supply.cross(Curve.vertical(90.0), HOUR) == (1.0, 40.0)


def test_the_triple_is_that_of_the_local_weekday_and_hour() -> None:
    c = np.zeros((7, 24))
    c[0, 23] = 0.5  # Monday 23:00 in Texas is Tuesday 04:00 in UTC in summer
    supply = QuadraticSupply(0.0, 0.0, c)
    monday = Interval(parse_time("2016-08-02T04:00Z"), 300)
    after = Interval(parse_time("2016-08-02T05:00Z"), 300)
    assert supply.expected_usd_per_kwh([monday, after], 0).tolist() == [0.5, 0.0]


def test_a_triple_in_megawatts_is_the_same_curve() -> None:
    # 2 MW: 1·4 + 3·2 + 20 = 30 USD/MWh
    supply = QuadraticSupply.from_mw(1.0, 3.0, 20.0)
    assert supply.cross(Curve.vertical(2000.0), HOUR) == pytest.approx((0.03, 2000.0))


@pytest.mark.parametrize(
    ("a", "b", "most_kw"),
    [(-1e-6, 1e-3, np.inf), (-1e-6, 1e-3, 501.0), (0.0, -1e-3, 10.0), (np.nan, 0.0, 10.0)],
)
def test_a_price_that_falls_is_refused(a: float, b: float, most_kw: float) -> None:
    with pytest.raises(InputError):
        QuadraticSupply(a, b, 0.0, most_kw=most_kw)


def test_a_concave_curve_is_taken_as_far_as_it_rises() -> None:
    # −1e-6·Q² + 1e-3·Q rises to Q = 500; at 100 kW 0.09.
    supply = QuadraticSupply(-1e-6, 1e-3, 0.0, most_kw=500.0)
    assert supply.cross(Curve.vertical(100.0), HOUR) == pytest.approx((0.09, 100.0))


@settings(max_examples=200, deadline=None)
@given(
    steps=st.lists(st.tuples(st.floats(0, 0.1), st.floats(0, 50)), min_size=1, max_size=6),
    start=st.floats(-0.05, 0.1),
    end_kw=st.floats(-50, 100),
    a=st.floats(0, 1e-5),
    b=st.floats(0, 1e-2),
)
def test_the_crossing_lies_on_both_curves(
    steps: list[tuple[float, float]], start: float, end_kw: float, a: float, b: float
) -> None:
    price = start + np.cumsum([dp for dp, _ in steps])
    kw = end_kw + np.cumsum([dq for _, dq in steps[::-1]])[::-1]
    demand = Curve(price, kw)
    p, q = QuadraticSupply(a, b, 0.02).cross(demand, HOUR)
    assert p == pytest.approx(max(a * q * q + b * q, 0.0) + 0.02 if q > 0 else 0.02, abs=1e-9)
    # Just beside the price the curve wants at least and at most the quantity.
    assert demand.quantity_above(p + 1e-9) - 1e-5 <= q <= demand.quantity_below(p - 1e-9) + 1e-5


def test_a_bid_of_two_intervals_clears_each() -> None:
    intervals = HOUR.split(2)
    bid = WholesaleBid("m", intervals, (Curve.vertical(10.0), Curve.vertical(20.0)))
    result = QuadraticSupply(0.0, 1e-3, 0.0).clear(bid)
    assert result.price_usd_per_kwh == pytest.approx([0.01, 0.02])
    assert result.quantity_kw.tolist() == [10.0, 20.0]
