"""The transactive rate: λ = s·w + d + μ, awards, two settlements."""

from __future__ import annotations

import numpy as np
import pytest

from dso.market import Book, Curve
from dso.tariffs.auction import AuctionTariff, DoubleAuction

TARIFF = AuctionTariff("live", scaling=1.25, distribution_usd_per_kwh=0.04, fixed_usd_month=10.0)


def book(*rows: list[tuple[float, float]]) -> Book:
    """Bids as (quantity, price) points."""
    return Book.from_rows([np.array(row) for row in rows])


def test_the_price_is_scaled_wholesale_and_distribution_and_congestion() -> None:
    found = TARIFF.retail_usd_per_kwh(np.array([0.048, -0.04, 0.0]), np.array([0.0, 0.01, 0.5]))
    assert found == pytest.approx([0.10, 0.0, 0.54])


def test_its_demand_over_the_wholesale_price_crosses_where_the_retail_price_would() -> None:
    demand = Curve(np.array([0.10, 0.20]), np.array([8.0, 4.0]))
    wholesale = TARIFF.wholesale_curve(demand)
    assert wholesale.price_usd_per_kwh == pytest.approx([0.048, 0.128])
    assert wholesale.quantity_kw.tolist() == [8.0, 4.0]


def test_a_position_is_paid_at_its_price_and_the_deviation_at_the_later_one() -> None:
    position = TARIFF.position_usd(np.array([2.0, -1.0]), 0.10)
    delivery = TARIFF.delivery_usd(np.array([1.7, -1.5]), np.array([2.0, -1.0]), 0.14)
    assert position == pytest.approx([0.20, -0.10])
    assert delivery == pytest.approx([-0.042, -0.07])


def test_its_charges() -> None:
    assert TARIFF.network_usd_per_kwh() == 0.04
    assert TARIFF.fixed_usd_per_month() == 10.0
    assert TARIFF.takes_positions
    assert TARIFF.load_serving() is TARIFF
    assert isinstance(TARIFF.market_operator(), DoubleAuction)


def test_the_aggregate_is_all_bids_and_the_load_that_does_not_bid() -> None:
    curve = DoubleAuction().aggregate(book([(0, 0.2), (2, 0.0)], [(1, 0.1), (1, 0.1)]), 3.0)
    # At 0.1 the straight bid takes 1 kW and the other one its 1 kW at any price.
    assert curve.quantity_interval_kw(0.1) == pytest.approx((5.0, 5.0))
    assert curve.quantity_interval_kw(0.3) == pytest.approx((4.0, 4.0))


def test_without_bids_the_aggregate_is_the_load_that_does_not_bid() -> None:
    empty = Book(np.zeros((0, 1)), np.zeros((0, 1)))
    assert DoubleAuction().aggregate(empty, -3.0).quantity_interval_kw(0.1) == (-3.0, -3.0)


def test_who_bids_more_is_served_in_full_and_who_bids_just_the_price_pro_rata() -> None:
    steps = book([(0, 0.3), (2, 0.3)], [(0, 0.1), (4, 0.1)], [(0, 0.1), (8, 0.1)], [(0, 0.05), (9, 0.05)])
    assert DoubleAuction().award(steps, 0.1, 8.0).tolist() == pytest.approx([2.0, 2.0, 4.0, 0.0])


@pytest.mark.parametrize(("total", "at_margin"), [(99.0, 4.0), (1.0, 0.0), (2.0, 0.0)])
def test_an_award_is_never_more_than_was_bid_nor_less_than_was_bid_above_the_price(
    total: float, at_margin: float
) -> None:
    steps = book([(0, 0.3), (2, 0.3)], [(0, 0.1), (4, 0.1)])
    assert DoubleAuction().award(steps, 0.1, total).tolist() == pytest.approx([2.0, at_margin])
