"""What a clearing does in the cases that people ask about, each worked by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from dso.errors import CurveError
from dso.market import Book, Clearing, Curve, PolynomialCurve, aggregate, awards, clear


def bids(*rows: list[list[float]]) -> Book:
    return Book.from_rows(list(rows))


def offers(*rows: list[list[float]]) -> Book:
    return Book.from_rows(list(rows), offers=True)


def interval(found: Clearing) -> tuple[float, float]:
    return found.price_lo_usd_per_kwh, found.price_hi_usd_per_kwh


def block(quantity: float, price: float) -> list[list[float]]:
    return [[0, price], [quantity, price]]


def test_the_price_lies_by_theta_between_the_last_accepted_and_the_first_rejected() -> None:
    demand, supply = bids(block(10, 0.3), block(10, 0.1)), offers(block(10, 0.05), block(10, 0.2))
    # Accepted: 10 kW. lo = max(ask 0.05, rejected bid 0.1), hi = min(bid 0.3, rejected ask 0.2).
    for theta, price in ((0.0, 0.1), (0.5, 0.15), (1.0, 0.2)):
        found = clear(demand, supply, theta=theta)
        assert interval(found) == (0.1, 0.2)
        assert found.price_usd_per_kwh == pytest.approx(price)
        assert found.quantity_kw == found.supply_kw == 10


def test_bids_at_the_margin_share_pro_rata_whatever_their_order() -> None:
    demand, supply = bids(block(30, 0.2), block(5, 0.4), block(10, 0.2)), offers(block(25, 0.1))
    found = clear(demand, supply)
    assert found.price_usd_per_kwh == 0.2
    assert awards(demand, found) == pytest.approx([15, 5, 5])


def test_offers_at_the_margin_share_pro_rata() -> None:
    demand, supply = bids(block(25, 0.4)), offers(block(30, 0.2), block(5, 0.1), block(10, 0.2))
    found = clear(demand, supply)
    assert found.price_usd_per_kwh == 0.2
    assert awards(supply, found, offers=True) == pytest.approx([-15, -5, -5])


def test_demand_left_over_at_the_margin_sets_the_price_not_the_dearest_ask() -> None:
    # 0.1 is no dual price: at 0.1 more is wanted than offered (a peer answers 0.1).
    found = clear(bids(block(20, 0.3)), offers(block(10, 0.1)))
    assert interval(found) == (0.3, 0.3)
    assert found.quantity_kw == 10


def test_no_overlap_trades_nothing_and_says_so() -> None:
    found = clear(bids(block(10, 0.1)), offers(block(10, 0.3)))
    assert found.outcome == "no_crossing"
    assert interval(found) == (0.1, 0.3)
    assert found.price_usd_per_kwh == pytest.approx(0.2)
    assert found.quantity_kw == found.supply_kw == found.import_kw == 0


def test_nothing_offered_to_those_who_can_do_without_trades_nothing() -> None:
    found = clear(bids(block(10, 0.1)))
    assert found.outcome == "no_crossing"
    assert found.price_usd_per_kwh == 0.1  # the finite end of [0.1, ∞)
    assert math.isinf(found.price_hi_usd_per_kwh)


def test_nothing_offered_to_inflexible_load_is_scarcity_at_the_cap() -> None:
    demand = bids([[10, 0.2]], block(5, 0.3))
    found = clear(demand, price_cap_usd_per_kwh=2.0)
    assert (found.outcome, found.price_usd_per_kwh, found.curtailed_kw) == ("scarcity", 2.0, 10.0)
    assert awards(demand, found).tolist() == [0.0, 0.0]


def test_scarcity_without_a_cap_takes_the_highest_price_bid() -> None:
    found = clear(bids([[10, 0.2], [12, 0.1]]), offers(block(4, 0.05)))
    assert (found.price_usd_per_kwh, found.curtailed_kw, found.quantity_kw) == (0.2, 6.0, 4.0)


def test_curtailment_spares_nobody_and_favours_nobody() -> None:
    demand = bids([[600, 0.5]], [[300, 0.1]], [[-100, 0.1]])
    found = clear(demand, import_price=0.1, import_limit_kw=350, price_cap_usd_per_kwh=1.0)
    # 800 net of 100 kW local injection: 350 may come in, so 450 of 900 kW are served.
    assert awards(demand, found) == pytest.approx([300, 150, -100])
    assert (found.curtailed_kw, found.quantity_kw, found.rent_usd_per_h) == pytest.approx(
        (450, 350, 0.9 * 350)
    )


def test_any_price_may_be_bid_but_scarcity_is_bounded_by_the_cap() -> None:
    demand = bids([[0, 9.0], [100, 5.0]])
    found = clear(demand, import_price=0.1, import_limit_kw=40, price_cap_usd_per_kwh=1.0)
    assert (found.outcome, found.price_usd_per_kwh, found.curtailed_kw) == ("scarcity", 1.0, 60.0)
    assert clear(demand, import_price=0.1, import_limit_kw=40).price_usd_per_kwh == pytest.approx(7.4)


def test_a_cap_below_the_import_price_does_not_stop_the_import() -> None:
    found = clear(bids([[10, 0.2]]), import_price=3.0, price_cap_usd_per_kwh=1.0)
    assert (found.price_usd_per_kwh, found.import_kw, found.outcome) == (3.0, 10.0, "cleared")


def test_net_export_is_paid_the_flat_price() -> None:
    found = clear(bids([[-30, 0.1]], [[10, 0.1]]), import_price=0.09)
    assert (found.price_usd_per_kwh, found.import_kw, found.rent_usd_per_h) == (0.09, -20.0, 0.0)


def test_a_binding_export_limit_mirrors_the_import_limit() -> None:
    # Injection falls from 50 kW at 0.1 to 0 at 0.0; 20 kW may leave at 0.08.
    found = clear(offers([[0, 0.0], [50, 0.1]]), import_price=0.08, export_limit_kw=20)
    assert found.price_usd_per_kwh == pytest.approx(0.04)
    assert found.import_kw == pytest.approx(-20)
    assert found.rent_usd_per_h == pytest.approx(0.04 * 20)


def test_injection_that_nobody_can_take_is_curtailed_at_minus_the_cap() -> None:
    demand = bids([[-30, 0.1]], [[-10, 0.1]], [[10, 0.1]])
    found = clear(demand, import_price=0.08, export_limit_kw=20, price_cap_usd_per_kwh=1.0)
    assert (found.outcome, found.price_usd_per_kwh, found.curtailed_kw) == ("scarcity", -1.0, -10.0)
    assert awards(demand, found) == pytest.approx([-22.5, -7.5, 10])
    assert found.rent_usd_per_h == pytest.approx(1.08 * 20)


def test_negative_prices_are_prices() -> None:
    found = clear(bids(block(10, -0.05)), offers(block(20, -0.1)))
    assert found.price_usd_per_kwh == pytest.approx(-0.1)
    assert found.quantity_kw == 10


def test_local_offers_come_before_the_import_and_the_import_caps_the_price() -> None:
    demand, supply = bids([[100, 0.3]]), offers(block(30, 0.05), block(30, 0.2))
    found = clear(demand, supply, import_price=0.1)
    assert (found.price_usd_per_kwh, found.supply_kw, found.import_kw) == (0.1, 30.0, 70.0)


def test_a_limit_that_binds_calls_the_dearer_local_offers() -> None:
    demand, supply = bids([[100, 0.3]]), offers(block(30, 0.05), block(30, 0.2))
    found = clear(demand, supply, import_price=0.1, import_limit_kw=50)
    assert (found.price_usd_per_kwh, found.supply_kw, found.import_kw) == (0.2, 50.0, 50.0)
    assert found.rent_usd_per_h == pytest.approx(5.0)


def test_demand_and_offers_at_the_import_price_are_accepted_in_full() -> None:
    demand, supply = bids(block(40, 0.1)), offers(block(10, 0.1))
    found = clear(demand, supply, import_price=0.1)
    assert (found.quantity_kw, found.supply_kw, found.import_kw) == (40, 10, 30)


def test_a_limit_met_exactly_leaves_a_dual_interval() -> None:
    found = clear(bids(block(40, 0.3)), import_price=0.1, import_limit_kw=40)
    assert interval(found) == (0.1, 0.3)
    assert found.price_usd_per_kwh == pytest.approx(0.2)
    assert clear(bids([[40, 0.3]]), import_price=0.1, import_limit_kw=40).price_usd_per_kwh == 0.1


def test_a_rounding_residual_is_no_margin() -> None:
    # 0.1 + 0.2 exceeds 0.3 by 5e-17: once such a rest set the price of the next, dearest order.
    demand = bids(block(0.1, 0.5), block(0.2, 0.5))
    supply = offers(block(0.3, 0.2), block(10, 1000.0))
    found = clear(demand, supply)
    assert found.price_usd_per_kwh <= 0.5
    assert found.outcome == "cleared"


def test_a_rising_import_price_meets_demand_exactly() -> None:
    # P = 0.02 + 1e-4·q against a demand of 100 kW at 0.02 falling to 0 at 0.05: q/100 = (0.05 − P)/0.03.
    found = clear(bids([[0, 0.05], [100, 0.02]]), import_price=PolynomialCurve((0.02, 1e-4), 0.0, 500.0))
    assert found.import_kw == pytest.approx(75)
    assert found.price_usd_per_kwh == pytest.approx(0.0275)
    assert found.rent_usd_per_h == pytest.approx(0, abs=1e-12)


def test_a_rising_import_price_crosses_vertical_horizontal_and_exporting_demand() -> None:
    price = PolynomialCurve((0.02, 1e-4), 0.0, 500.0)
    assert clear(bids([[50, 0.3]]), import_price=price).price_usd_per_kwh == pytest.approx(0.025)
    horizontal = clear(bids(block(400, 0.04)), import_price=price)
    assert (horizontal.price_usd_per_kwh, horizontal.import_kw) == pytest.approx((0.04, 200))
    export = clear(bids([[-50, 0.3]]), import_price=price)
    assert (export.price_usd_per_kwh, export.import_kw) == pytest.approx((0.02, -50))
    full = clear(bids([[600, 0.3]]), import_price=price, price_cap_usd_per_kwh=1.0)
    assert (full.outcome, full.curtailed_kw) == ("scarcity", pytest.approx(100))


def test_a_curve_clears_as_its_book_does() -> None:
    demand = bids([[0, 0.3], [50, 0.1]], block(20, 0.2), [[5, 0.1]])
    as_book = clear(demand, import_price=0.1, import_limit_kw=40)
    as_curve = clear(aggregate(demand), import_price=0.1, import_limit_kw=40)
    assert as_book == as_curve


def test_an_empty_market_stands_at_the_import_price() -> None:
    found = clear(Book.from_rows([]), import_price=0.12)
    assert (found.price_usd_per_kwh, found.quantity_kw, found.outcome) == (0.12, 0.0, "cleared")
    assert clear(Curve.vertical(0.0)).outcome == "no_crossing"


@pytest.mark.parametrize(
    "wrong",
    [
        {"theta": 1.5},
        {"import_limit_kw": -1.0},
        {"export_limit_kw": -1.0},
        {"price_cap_usd_per_kwh": np.nan},
        {"import_price": np.nan},
    ],
)
def test_settings_out_of_range_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(CurveError):
        clear(bids(block(1, 0.1)), **{"import_price": 0.1, **wrong})
