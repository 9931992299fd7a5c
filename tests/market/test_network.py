from __future__ import annotations

import numpy as np
import pytest

from dso.errors import CurveError
from dso.market import Book, Curve, clear_jointly, clear_network, demand_at
from tests.market.network_oracle import best_welfare_behind, claimed_welfare, random_case

ELASTIC = [[0, 0.2], [100, 0.1]]  # 100 kW wanted at 0.1 and below, none from 0.2 up


def test_each_bid_wants_what_its_own_price_says() -> None:
    book = Book.from_rows([ELASTIC, [[0, 0.15], [30, 0.15]], [[7, 0.0]], [[0, 0.15], [30, 0.15]]])
    low, high = demand_at(book, np.array([0.15, 0.15, 9.0, 0.14]))
    assert low == pytest.approx([50, 0, 7, 30])
    assert high == pytest.approx([50, 30, 7, 30])


def test_one_row_raises_the_price_at_its_point_only() -> None:
    # 50 of 100 kW may flow to point 0, whose bid then sees 0.15, 0.05 above 0.1.
    book = Book.from_rows([ELASTIC, ELASTIC])
    found = clear_network(book, np.full(2, 0.1), np.array([0, 1]), np.array([[0.02, 0.0]]), np.array([1.0]))
    assert found.quantity_kw == pytest.approx([50, 100])
    assert found.adder_usd_per_kwh == pytest.approx([0.05, 0])
    assert found.shadow_usd_per_h == pytest.approx([2.5])  # 0.05 over 0.02 per kW
    assert (found.outcome, found.violation.tolist()) == ("cleared", [0])


def test_a_lateral_and_its_trunk_both_bind_and_the_lateral_pays_both() -> None:
    # Lateral 20 kW at 0.18; the trunk's 80 leave 60 to point 0, at 0.14. 0.08 = 0.04 + 0.04.
    book = Book.from_rows([ELASTIC, ELASTIC])
    weight = np.array([[1.0, 1.0], [0.0, 1.0]])
    found = clear_network(book, np.full(2, 0.1), np.array([0, 1]), weight, np.array([80.0, 20.0]))
    assert found.quantity_kw == pytest.approx([60, 20])
    assert found.shadow_usd_per_h == pytest.approx([0.04, 0.04])
    assert found.adder_usd_per_kwh == pytest.approx([0.04, 0.08])


def test_a_row_that_does_not_bind_has_no_shadow() -> None:
    book = Book.from_rows([ELASTIC, ELASTIC])
    weight = np.array([[1.0, 1.0], [0.0, 1.0], [1.0, 0.0]])
    bound = np.array([80.0, 45.0, np.inf])
    found = clear_network(book, np.full(2, 0.1), np.array([0, 1]), weight, bound)
    assert found.quantity_kw == pytest.approx([40, 40])
    assert found.shadow_usd_per_h.tolist()[1:] == [0, 0]


def test_where_nothing_binds_everybody_gets_what_the_base_price_says_even_at_the_margin() -> None:
    book = Book.from_rows([ELASTIC, [[0, 0.12], [30, 0.12]], [[5, 0.0]]])
    base = np.array([0.15, 0.12, 0.3])
    for bound in (85.0, np.inf):
        found = clear_network(
            book, base, np.array([0, 0, 1]), np.ones((1, 2)), np.array([bound]), start=np.ones(1)
        )
        assert found.quantity_kw == pytest.approx([50, 30, 5])
        assert (found.shadow_usd_per_h.tolist(), found.adder_usd_per_kwh.tolist()) == ([0], [0, 0])


def test_the_same_weights_everywhere_are_an_import_limit() -> None:
    r = np.random.default_rng(4)
    rows = [np.column_stack((np.sort(r.uniform(-2, 5, 4)), -np.sort(-r.uniform(0, 1, 4)))) for _ in range(30)]
    base = r.uniform(0.2, 0.4, 30)
    curves = [Curve.from_points(row) for row in rows]
    for limit in (20.0, 5.0, 1.0):
        joint = clear_jointly(curves, base.tolist(), import_limit_kw=limit)
        found = clear_network(
            Book.from_rows(rows), base, r.integers(0, 6, 30), np.ones((1, 6)), np.array([limit])
        )
        assert found.shadow_usd_per_h == pytest.approx([joint.congestion_usd_per_kwh], abs=1e-9)
        assert found.quantity_kw == pytest.approx(joint.quantities_kw, abs=1e-6)
        assert found.quantity_kw.sum() == pytest.approx(limit, rel=1e-9)


def test_an_export_limit_lowers_the_price() -> None:
    # Of 50 kW of solar, offered from 0 to 0.1, 20 may leave with the 10 that must: at 0.04, 0.04 below 0.08.
    book = Book.from_rows([[[-50, 0.1], [0, 0.0]], [[-10, 0.0]]])
    found = clear_network(
        book, np.array([0.08, 0.08]), np.zeros(2, dtype=np.int64), -np.ones((1, 1)), np.array([30.0])
    )
    assert found.quantity_kw == pytest.approx([-20, -10])
    assert found.adder_usd_per_kwh == pytest.approx([-0.04])
    assert found.shadow_usd_per_h == pytest.approx([0.04])


def test_a_voltage_row_pays_injection_beyond_the_base_price() -> None:
    # The voltage falls by 0.001 per kW and may fall by 0.035: of the battery's 20 kW, from 0.2 to 0.3,
    # 15 must come, at 0.275, 0.175 above the base.
    book = Book.from_rows([[[50, 0.0]], [[-20, 0.3], [0, 0.2]]])
    found = clear_network(
        book, np.full(2, 0.1), np.array([0, 1]), np.array([[1e-3, 1e-3]]), np.array([0.035])
    )
    assert found.quantity_kw == pytest.approx([50, -15])
    assert found.adder_usd_per_kwh == pytest.approx([0.175, 0.175])
    assert found.shadow_usd_per_h == pytest.approx([175])


def test_a_row_of_both_signs_prices_load_down_where_it_helps() -> None:
    # Row: L0 − L1 / 2 ≤ 40. Both elastic from 0.15: L0 = 50 − 1000 y, L1 = 50 + 500 y; 25 − 1250 y = 20.
    book = Book.from_rows([ELASTIC, ELASTIC])
    found = clear_network(book, np.full(2, 0.15), np.array([0, 1]), np.array([[1.0, -0.5]]), np.array([20.0]))
    assert found.shadow_usd_per_h == pytest.approx([0.004])
    assert found.adder_usd_per_kwh == pytest.approx([0.004, -0.002])
    assert found.quantity_kw == pytest.approx([46, 52])


def test_the_margin_is_shared_pro_rata_and_never_by_arrival() -> None:
    blocks = [[[0, 0.2], [30, 0.2]], [[0, 0.2], [10, 0.2]], [[0, 0.3], [5, 0.3]], [[0, 0.15], [8, 0.15]]]
    one = np.zeros(4, dtype=np.int64)
    for order in ([0, 1, 2, 3], [3, 2, 1, 0]):
        book = Book.from_rows([blocks[i] for i in order])
        found = clear_network(book, np.full(4, 0.1), one, np.ones((1, 1)), np.array([25.0]))
        assert found.quantity_kw[order] == pytest.approx([15, 5, 5, 0])
        assert found.shadow_usd_per_h == pytest.approx([0.1], abs=2e-9)
        assert not found.curtailed_kw.any()


def test_inflexible_load_above_the_bound_is_curtailed_pro_rata_at_the_cap() -> None:
    book = Book.from_rows([[[60, 0.0]], [[40, 0.0]], [[-10, 0.0]], [[9, 0.0]]])
    found = clear_network(
        book,
        np.full(4, 0.15),
        np.array([0, 1, 1, 2]),
        np.array([[1.0, 1.0, 0.0]]),
        np.array([40.0]),
        price_cap_usd_per_kwh=1.0,
    )
    assert found.outcome == "scarcity"
    assert found.quantity_kw == pytest.approx([30, 20, -10, 9])
    assert found.curtailed_kw == pytest.approx([30, 20, 0, 0])
    assert found.adder_usd_per_kwh == pytest.approx([0.85, 0.85, 0])
    assert found.violation.tolist() == [0]


def test_injection_that_cannot_leave_is_curtailed_at_minus_the_cap() -> None:
    book = Book.from_rows([[[-60, 0.0]], [[10, 0.0]]])
    found = clear_network(
        book,
        np.full(2, 0.15),
        np.zeros(2, dtype=np.int64),
        -np.ones((1, 1)),
        np.array([20.0]),
        price_cap_usd_per_kwh=1.0,
    )
    assert found.quantity_kw == pytest.approx([-30, 10])
    assert found.curtailed_kw == pytest.approx([-30, 0])
    assert found.adder_usd_per_kwh == pytest.approx([-1.15])
    assert found.outcome == "scarcity"


def test_flexible_bids_above_the_cap_end_there_too() -> None:
    # Above 1.0 nobody is served: 40 kW would be wanted up to 2, and are shared with the inflexible 60.
    book = Book.from_rows([[[0, 2.0], [40, 2.0]], [[60, 0.0]], [[0, 0.5], [30, 0.5]]])
    found = clear_network(
        book,
        np.full(3, 0.1),
        np.zeros(3, dtype=np.int64),
        np.ones((1, 1)),
        np.array([50.0]),
        price_cap_usd_per_kwh=1.0,
    )
    assert found.quantity_kw == pytest.approx([20, 30, 0])
    assert found.curtailed_kw == pytest.approx([20, 30, 0])
    assert found.adder_usd_per_kwh == pytest.approx([0.9])


def test_a_sloped_bid_across_zero_and_the_cap_keeps_its_injection() -> None:
    # From −10 kW at 2.0 to 30 at 0.4, so 15 kW at 1.0; alone behind a row it ends at the cap, zero at 1.6.
    book = Book.from_rows([[[-10, 2.0], [30, 0.4]]])
    only = np.zeros(1, dtype=np.int64)
    for bound, quantity, price in ((20.0, 20, 0.8), (5.0, 5, 1.0), (-4.0, -4, 1.76)):
        found = clear_network(
            book, np.full(1, 0.1), only, np.ones((1, 1)), np.array([bound]), price_cap_usd_per_kwh=1.0
        )
        assert found.quantity_kw == pytest.approx([quantity])
        assert found.adder_usd_per_kwh == pytest.approx([price - 0.1], abs=1e-8)
    assert found.curtailed_kw == pytest.approx([15])


def test_a_base_price_above_the_cap_curtails_nothing_by_itself() -> None:
    book = Book.from_rows([[[60, 0.0]], [[0, 3.0], [10, 3.0]]])
    both = np.zeros(2, dtype=np.int64)
    args = (book, np.full(2, 2.0), both, np.ones((1, 1)))
    free = clear_network(*args, np.array([80.0]), price_cap_usd_per_kwh=1.0)
    assert (free.quantity_kw.tolist(), free.outcome) == ([60, 10], "cleared")
    short = clear_network(*args, np.array([35.0]), price_cap_usd_per_kwh=1.0)
    assert short.quantity_kw == pytest.approx([30, 5])
    assert short.curtailed_kw == pytest.approx([30, 5])


@pytest.mark.parametrize("cap", [1.0, np.inf])
def test_a_row_that_nothing_meets_keeps_the_least_violation(cap: float) -> None:
    book = Book.from_rows([[[50, 0.0]], [[-20, 0.3], [0, 0.2]], ELASTIC])
    weight = np.array([[1.0, 0.0], [0.0, 1.0], [0.0, 0.0]])
    found = clear_network(
        book,
        np.full(3, 0.1),
        np.array([0, 0, 1]),
        weight,
        np.array([-30.0, 50.0, -1.0]),
        price_cap_usd_per_kwh=cap,
    )
    assert found.outcome == "scarcity"
    assert found.quantity_kw == pytest.approx([0, -20, 50], abs=1e-6)
    assert found.violation == pytest.approx([10, 0, 1], abs=1e-6)
    assert found.adder_usd_per_kwh[1] == pytest.approx(0.05)
    assert np.isfinite(found.shadow_usd_per_h).all()


def test_without_a_cap_load_is_curtailed_at_a_finite_price() -> None:
    book = Book.from_rows([[[60, 0.0]], [[20, 0.0]]])
    found = clear_network(
        book, np.full(2, 0.1), np.zeros(2, dtype=np.int64), np.ones((1, 1)), np.array([40.0])
    )
    assert found.quantity_kw == pytest.approx([30, 10])
    assert found.adder_usd_per_kwh == pytest.approx([999.9])
    assert found.outcome == "scarcity"


def test_load_that_meets_the_bound_exactly_costs_nothing_more() -> None:
    book = Book.from_rows([[[60, 0.0]], [[40, 0.0]], [[0, 0.2], [10, 0.2]]])
    args = (book, np.array([0.1, 0.1, 0.3]), np.zeros(3, dtype=np.int64), np.ones((1, 1)), np.array([100.0]))
    for start in (None, np.array([0.7])):
        found = clear_network(*args, price_cap_usd_per_kwh=1.0, start=start)
        assert found.shadow_usd_per_h.tolist() == [0]
        assert found.quantity_kw.tolist() == [60, 40, 0]


def test_of_several_shadows_that_would_do_the_lowest_is_found_wherever_the_search_begins() -> None:
    # 30 kW at 0.4 fill the row; the next bid, at 0.25, must be kept out: 0.15 above the base, or more.
    book = Book.from_rows([[[0, 0.4], [30, 0.4]], [[0, 0.25], [10, 0.25]]])
    args = (book, np.full(2, 0.1), np.zeros(2, dtype=np.int64), np.ones((1, 1)), np.array([30.0]))
    for start in (0.0, 0.2, 5.0):
        found = clear_network(*args, start=np.array([start]))
        assert found.shadow_usd_per_h == pytest.approx([0.15], abs=1e-8)
        assert found.quantity_kw == pytest.approx([30, 0])


def test_rows_said_twice_have_one_shadow_between_them() -> None:
    book = Book.from_rows([ELASTIC, ELASTIC])
    weight = np.array([[1.0, 1.0], [1.0, 1.0], [2.0, 2.0], [1.0, 1.0 + 1e-12]])
    found = clear_network(
        book, np.full(2, 0.1), np.array([0, 1]), weight, np.array([80.0, 80.0, 160.0, 80.0])
    )
    assert found.quantity_kw == pytest.approx([40, 40])
    assert found.shadow_usd_per_h @ weight[:, 0] == pytest.approx(0.06)
    assert found.adder_usd_per_kwh == pytest.approx([0.06, 0.06])


def test_no_bids_and_no_rows_are_ordinary_input() -> None:
    nobody = Book(np.empty((0, 1)), np.empty((0, 1)))
    none, nowhere = np.empty(0), np.empty(0, dtype=np.int64)
    found = clear_network(nobody, none, nowhere, np.ones((1, 2)), np.ones(1))
    assert (found.quantity_kw.size, found.shadow_usd_per_h.tolist(), found.outcome) == (0, [0], "cleared")
    broken = clear_network(nobody, none, nowhere, np.ones((1, 2)), -np.ones(1))
    assert (broken.violation.tolist(), broken.outcome) == ([1], "scarcity")
    free = clear_network(
        Book.from_rows([ELASTIC]), np.full(1, 0.1), np.zeros(1, dtype=np.int64), np.empty((0, 1)), none
    )
    assert free.quantity_kw.tolist() == [100]


def test_a_warm_start_changes_nothing_but_the_way() -> None:
    r = np.random.default_rng(12)
    for _ in range(20):
        case = random_case(r)
        cold = clear_network(*case, price_cap_usd_per_kwh=5.0)
        warm = clear_network(*case, price_cap_usd_per_kwh=5.0, start=cold.shadow_usd_per_h)
        assert warm.quantity_kw == pytest.approx(cold.quantity_kw, abs=1e-6)
        again = clear_network(*case, price_cap_usd_per_kwh=5.0)
        assert again.quantity_kw.tobytes() == cold.quantity_kw.tobytes()
        assert again.shadow_usd_per_h.tobytes() == cold.shadow_usd_per_h.tobytes()


@pytest.mark.parametrize("group", range(12))
def test_random_books_behind_random_rows_clear_at_the_highest_welfare(group: int) -> None:
    r = np.random.default_rng([1984, group])
    for _ in range(25):
        case = random_case(r)
        book, _, point, weight, bound = case
        found = clear_network(*case, price_cap_usd_per_kwh=5.0)
        best = best_welfare_behind(*case, found, 5.0)
        if best is None:
            assert (found.outcome, bool(found.violation.any())) == ("scarcity", True)
            continue
        size = max(1.0, np.abs(book.quantity_kw).max(axis=1).sum())
        assert claimed_welfare(*case, found, 5.0) == pytest.approx(best, abs=1e-8 * size)
        load = np.bincount(point, found.quantity_kw, weight.shape[1])
        over = weight @ load - bound
        reach = np.abs(weight) @ np.bincount(point, np.abs(book.quantity_kw).max(axis=1), weight.shape[1])
        assert (over <= 1e-9 * reach + 1e-12).all()
        assert not found.violation.any()
        # What is not full has no shadow.
        assert (found.shadow_usd_per_h * -over <= 1e-8 * size).all()


def test_what_is_paid_beyond_the_base_prices_is_what_the_bounds_are_worth() -> None:
    r = np.random.default_rng(77)
    for _ in range(50):
        book, base, point, weight, bound = random_case(r)
        found = clear_network(book, base, point, weight, bound, price_cap_usd_per_kwh=5.0)
        if found.violation.any():
            continue
        paid = ((base + found.adder_usd_per_kwh[point]) * found.quantity_kw - base * found.quantity_kw).sum()
        worth = (found.shadow_usd_per_h * bound).sum()
        assert paid == pytest.approx(worth, abs=1e-8 * max(1.0, np.abs(book.quantity_kw).sum()))


def test_twenty_thousand_bids_behind_twenty_rows_meet_them_all() -> None:
    r = np.random.default_rng(3)
    n, points = 20_000, 1_200
    price, quantity = (
        -np.sort(-r.uniform(0.05, 0.4, (n, 4)), axis=1),
        np.sort(r.uniform(-2, 5, (n, 4)), axis=1),
    )
    book, point = Book(quantity, price), r.integers(0, points, n)
    weight = np.array([np.arange(points) >= start for start in range(0, points, 60)]) / 100.0
    at_base = demand_at(book, np.full(n, 0.15))[1]
    load = weight @ np.bincount(point, at_base, points)
    bound = load * r.uniform(0.5, 1.2, 20)
    found = clear_network(book, np.full(n, 0.15), point, weight, bound)
    after = weight @ np.bincount(point, found.quantity_kw, points)
    assert (after <= bound * (1 + 1e-9)).all()
    assert found.shadow_usd_per_h.any()
    assert after[found.shadow_usd_per_h > 0] == pytest.approx(bound[found.shadow_usd_per_h > 0])
    low, high = demand_at(book, 0.15 + found.adder_usd_per_kwh[point])
    assert ((found.quantity_kw >= low - 1e-6) & (found.quantity_kw <= high + 1e-6)).all()


@pytest.mark.parametrize(
    "wrong",
    [
        {"base": np.full(3, 0.1)},
        {"point": np.array([0, 2])},
        {"bound": np.ones(2)},
        {"weight": np.ones(2)},
        {"start": np.ones(2)},
        {"base": np.array([0.1, np.nan])},
        {"bound": np.array([np.nan])},
        {"cap": np.nan},
        {"cap": -1.0},
    ],
)
def test_arguments_that_do_not_fit_are_refused(wrong: dict[str, np.ndarray]) -> None:
    given = {
        "base": np.full(2, 0.1),
        "point": np.array([0, 1]),
        "weight": np.ones((1, 2)),
        "bound": np.ones(1),
    }
    given |= wrong
    settings = {"start": given.pop("start", None), "price_cap_usd_per_kwh": given.pop("cap", np.inf)}
    with pytest.raises(CurveError):
        clear_network(Book.from_rows([ELASTIC, ELASTIC]), *given.values(), **settings)
