from __future__ import annotations

import numpy as np
import pytest

from dso.errors import CurveError
from dso.market import Curve, QuadraticBid, as_blocks, as_quadratic, from_quadratic

# 100 kW fixed, 200 more as the price falls from 0.30 to 0.10: P = 0.30 − 0.001·(Q − 100).
LINE = Curve.from_points([[100, 0.3], [300, 0.1]])


def test_a_straight_curve_becomes_its_own_quadratic() -> None:
    bid = as_quadratic(LINE)
    # Q_5% = 110, where the price is 0.29; slope −0.001, so c2 = 0.0005; up to 300 kW.
    assert bid.unresponsive_kw == pytest.approx(110)
    assert bid.responsive_max_kw == pytest.approx(190)
    assert bid.c1 == pytest.approx(0.29)
    assert bid.c2 == pytest.approx(0.0005)


def test_a_quadratic_bid_comes_back_as_the_curve_of_its_marginal_benefit() -> None:
    curve = from_quadratic(as_quadratic(LINE))
    for price in (0.1, 0.15, 0.2, 0.29):
        assert curve.quantity_interval_kw(price) == pytest.approx(LINE.quantity_interval_kw(price))


def test_a_bent_curve_gets_the_least_squares_line() -> None:
    curve = Curve.from_points([[0, 0.5], [40, 0.2], [60, 0.2], [100, 0.1]])
    q = np.linspace(5, 95, 200_001)
    slope, at_zero = np.polyfit(q, np.interp(q, [0, 40, 60, 100], [0.5, 0.2, 0.2, 0.1]), 1)
    bid = as_quadratic(curve)
    assert bid.c2 == pytest.approx(-slope / 2, rel=1e-5)
    assert bid.c1 == pytest.approx(at_zero + 5 * slope, rel=1e-5)


def test_what_the_rule_refuses_becomes_a_fixed_quantity() -> None:
    below_zero = Curve.from_points([[0, 0.1], [100, -0.3]])
    refused = as_quadratic(below_zero, expected_price_usd_per_kwh=-0.1)
    assert refused.unresponsive_kw == pytest.approx(50)
    assert refused.responsive_max_kw == refused.c1 == refused.c2 == 0
    assert as_quadratic(Curve.vertical(70)) == QuadraticBid(70.0, 0.0, 0.0, 0.0, 0.0)
    block = Curve.from_blocks([40], [0.2])
    assert as_quadratic(block, expected_price_usd_per_kwh=0.1).unresponsive_kw == 40


def test_a_fixed_bid_comes_back_vertical() -> None:
    assert from_quadratic(QuadraticBid(70.0, 0.0, 0.0, 0.0, 0.0)).quantity_interval_kw(0.5) == (70, 70)


def test_a_benefit_that_is_not_concave_is_refused() -> None:
    with pytest.raises(CurveError):
        from_quadratic(QuadraticBid(1.0, 1.0, 0.0, 0.1, -0.1))


def test_stairs_stay_the_blocks_they_are() -> None:
    stairs = Curve.from_blocks([10, 5], [0.1, 0.3])
    bid = as_blocks(stairs, 10)
    assert bid.quantity_kw.tolist() == [5, 10]
    assert bid.price_usd_per_kwh.tolist() == [0.3, 0.1]
    assert bid.to_curve().points == stairs.points


def test_blocks_of_a_line_are_worth_what_the_line_is_worth() -> None:
    bid = as_blocks(LINE, 4)
    assert bid.fixed_kw == 100
    assert bid.quantity_kw == pytest.approx([50, 50, 50, 50])
    assert bid.price_usd_per_kwh == pytest.approx([0.275, 0.225, 0.175, 0.125])
    assert (bid.quantity_kw * bid.price_usd_per_kwh).sum() == pytest.approx(200 * 0.2)


def test_a_vertical_curve_has_no_blocks() -> None:
    bid = as_blocks(Curve.vertical(-20), 5)
    assert bid.fixed_kw == -20
    assert bid.quantity_kw.size == 0
    assert bid.to_curve().quantity_interval_kw(0.1) == (-20, -20)


def test_less_than_one_block_is_refused() -> None:
    with pytest.raises(CurveError):
        as_blocks(LINE, 0)
