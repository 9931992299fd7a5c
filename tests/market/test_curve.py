from __future__ import annotations

import numpy as np
import pytest

from dso.errors import CurveError
from dso.market import Curve

# 50 kW wanted below 0.1, falling to 10 kW at 0.2, all the way down to 0 at 0.2 itself.
POINTS = [[0, 0.2], [10, 0.2], [50, 0.1]]


def test_a_curve_goes_on_vertically_beyond_both_ends() -> None:
    curve = Curve.from_points(POINTS)
    assert curve.quantity_interval_kw(-1.0) == (50, 50)
    assert curve.quantity_interval_kw(9.0) == (0, 0)


def test_a_horizontal_piece_wants_any_quantity_at_its_price() -> None:
    assert Curve.from_points(POINTS).quantity_interval_kw(0.2) == (0, 10)


def test_between_vertices_a_curve_is_straight() -> None:
    assert Curve.from_points(POINTS).quantity_interval_kw(0.15) == pytest.approx((30, 30))
    assert Curve.from_points(POINTS).price_interval(30) == pytest.approx((0.15, 0.15))


def test_points_may_come_from_either_end() -> None:
    assert Curve.from_points(POINTS[::-1]).points == Curve.from_points(POINTS).points


def test_one_point_is_vertical_at_every_price() -> None:
    curve = Curve.from_points([[25, 0.2]])
    assert curve.price_interval(25) == (-np.inf, np.inf)
    assert curve.price_interval(24) is None


def test_the_price_of_the_ends_is_open() -> None:
    curve = Curve.from_points(POINTS)
    assert curve.price_interval(50) == (-np.inf, 0.1)
    assert curve.price_interval(0) == (0.2, np.inf)
    assert curve.price_interval(51) is None


def test_an_offer_is_a_negative_load() -> None:
    offer = Curve.from_points([[0, 0.1], [20, 0.3]], offer=True)
    assert offer.quantity_interval_kw(0.2) == pytest.approx((-10, -10))


def test_blocks_are_stairs_whatever_their_order() -> None:
    curve = Curve.from_blocks([10, 5], [0.1, 0.3])
    assert curve.points == [(0, 0.3), (5, 0.3), (5, 0.1), (15, 0.1)]
    offered = Curve.from_blocks([10, 5], [0.1, 0.3], offer=True)
    assert offered.quantity_interval_kw(0.2) == (-10, -10)


def test_a_total_is_the_sum_of_its_parts_at_every_price() -> None:
    parts = [Curve.from_points(POINTS), Curve.from_points([[0, 0.3], [5, 0.15]]), Curve.vertical(7)]
    total = Curve.total(parts)
    for price in (0.0, 0.1, 0.12, 0.15, 0.2, 0.25, 0.3, 1.0):
        wanted = np.sum([c.quantity_interval_kw(price) for c in parts], axis=0)
        assert total.quantity_interval_kw(price) == pytest.approx(tuple(wanted))


def test_retail_and_wholesale_prices_turn_into_each_other() -> None:
    curve = Curve.from_points(POINTS)
    there = curve.to_wholesale(1.25, 0.04)
    assert there.quantity_interval_kw((0.15 - 0.04) / 1.25) == pytest.approx((30, 30))
    assert there.to_retail(1.25, 0.04).price_usd_per_kwh == pytest.approx(curve.price_usd_per_kwh)


def test_a_clipped_curve_bends_where_it_meets_its_limits() -> None:
    cut = Curve.from_points(POINTS).clipped(5, 30)
    assert cut.quantity_interval_kw(0.1) == pytest.approx((30, 30))
    assert cut.quantity_interval_kw(0.16) == pytest.approx((26, 26))
    assert cut.quantity_interval_kw(0.2) == (5, 10)
    assert cut.quantity_interval_kw(1.0) == (5, 5)


@pytest.mark.parametrize(
    ("price", "quantity"),
    [([], []), ([0.1], [1, 2]), ([0.1, np.nan], [2, 1]), ([0.2, 0.1], [2, 1]), ([0.1, 0.2], [1, 2])],
)
def test_a_curve_that_is_not_one_is_refused(price: list[float], quantity: list[float]) -> None:
    with pytest.raises(CurveError):
        Curve(np.array(price), np.array(quantity))


def test_curves_cannot_be_written_to_and_leave_the_callers_array_alone() -> None:
    price = np.array([0.1, 0.2])
    curve = Curve(price, np.array([2.0, 1.0]))
    with pytest.raises(ValueError, match="read-only"):
        curve.price_usd_per_kwh[0] = 0.0
    price[0] = 0.05


def test_a_scaling_of_nothing_is_refused() -> None:
    with pytest.raises(CurveError, match="above 0"):
        Curve.vertical(1).to_wholesale(0.0, 0.04)
