"""The V, K, N, Q cases of the shared TENT file, and A07 and A11; `dso_should` wins over `then`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from dso.clock import Interval
from dso.market.signals import (
    CostVertex,
    balance_price,
    cost_at,
    include_demand_charge,
    include_losses,
    must_send,
    reference_price,
    signal_for,
    sum_vertices,
    updated_threshold,
)

FILE = Path(__file__).parents[1] / "data" / "cases" / "tent_market.json"
CASES: dict[str, Any] = {case["id"]: case for case in json.loads(FILE.read_text(encoding="utf-8"))["cases"]}
ANY_PRICE = 0.0


def given(case: str) -> Any:
    return CASES[case]["given"]


def then(case: str) -> Any:
    return CASES[case]["then"]


def same(found: Any, wanted: Any) -> None:
    assert len(found) == len(wanted)
    for a, b in zip(found, wanted, strict=True):
        assert tuple(a) == pytest.approx(tuple(b), abs=1e-7)


@pytest.mark.parametrize("case", ["V01", "V04"])
def test_curves_add_up_with_at_most_two_vertices_at_a_price(case: str) -> None:
    same(sum_vertices([given(case)["asset"], given(case)["neighbor"]]), then(case)["net"])


def test_v02_the_residual_curve_leaves_out_the_neighbour_it_goes_to() -> None:
    same(sum_vertices([given("V01")["asset"], given("V01")["neighbor"]], without=1), then("V02")["net"])


def test_v06_the_cost_between_vertices_has_the_half_and_is_continuous() -> None:
    vertices = [CostVertex(*v) for v in given("V06")["curve_cost"]]
    found = cost_at(vertices, CASES["V06"]["when"]["cost_at"])
    assert found == pytest.approx([0, 5, 6, 8.0625, 9.25])  # 8.125 in TNT, which lacks the ½
    assert cost_at(vertices, [199.999999])[0] == pytest.approx(9.25, abs=1e-6)


def test_k01_supply_and_a_fixed_load_balance_on_the_net_curve() -> None:
    curves = [given("K01")["supply"], [(ANY_PRICE, given("K01")["load"])]]
    same(sum_vertices(curves), then("K01")["net_vertices"])
    assert balance_price(curves) == pytest.approx(0.032)


def test_k03_the_upstream_delivers_what_the_load_takes_at_the_balancing_price() -> None:
    supply = [(price, power) for _, price, power in given("K03")["upstream"]["received"]]
    price = balance_price([supply, [(ANY_PRICE, given("K03")["load"])]])
    assert price == pytest.approx(then("K03")["price"])
    assert price is not None
    delivered = supply[0][1] + (price - 0.1) / 0.1 * 100
    assert delivered == pytest.approx(then("K03")["upstream_power"])


def test_k05_nothing_sent_and_nothing_scheduled_has_not_converged() -> None:
    # Scheduling itself is the engine's; what is asked here is that one schedule sent once is converged.
    schedule = [(0.1, -5.0)]
    assert must_send([], schedule)
    assert not must_send(schedule, schedule)


def test_a07_a_fixed_load_clears_at_the_middle_of_the_supply_and_not_at_the_default() -> None:
    assert balance_price([given("A07")["supply"], [(ANY_PRICE, given("A07")["load"])]]) == pytest.approx(0.15)


def test_no_price_balances_a_load_that_nobody_can_supply() -> None:
    assert balance_price([[(0.1, 0), (0.2, 10)], [(ANY_PRICE, -50)]]) is None


def test_n01_losses_shrink_an_import_and_raise_its_price() -> None:
    case = given("N01")
    found = include_losses([tuple(case["vertex"])], case["loss_factor"], case["maximum"])
    same(found, [then("N01")["vertex"]])


def test_n01_exports_are_left_as_they_are() -> None:
    assert include_losses([(0.1, -10.0)], 0.01, 20) == [(0.1, -10.0)]


@pytest.mark.parametrize("case", ["N03", "N05"])
def test_power_beyond_the_demand_threshold_costs_the_demand_rate_more(case: str) -> None:
    found = include_demand_charge(
        [tuple(v) for v in given(case)["curve"]], given(case)["threshold"], given(case)["rate"]
    )
    same(found, then(case)["curve"])


def test_n07_a_new_month_keeps_a_fraction_of_the_threshold() -> None:
    case = given("N07")
    found = updated_threshold(
        case["threshold"], case["scheduled"], new_month=True, carry_frac=case["coefficient"]
    )
    assert found == then("N07")["threshold"]


def test_within_a_month_the_threshold_rises_to_the_highest_schedule() -> None:
    assert updated_threshold(1000, [900, 1100]) == 1100


def test_n09_a_signal_that_was_never_sent_must_be_sent() -> None:
    assert must_send(given("N09")["sent"], [(0.1, 5.0)]) is not then("N09")["converged"]


def test_n10_a_signal_is_cut_to_the_neighbours_limits_with_its_ends_interpolated() -> None:
    case = given("N10")
    least, most = case["neighbor_power_limits"]
    found = include_losses(
        signal_for([tuple(v) for v in case["asset_curve"]], least, most), case["loss_factor"], 75
    )
    same(found, then("N10")["records"])


@pytest.mark.parametrize(
    ("case", "known"),
    [
        ("Q01", (3.14159, 1.234, 2.0, 1.0)),
        ("Q03", (None, 1.234, 2.0, 1.0)),
        ("Q05", (None, None, None, 3.14159)),
    ],
)
def test_a_market_starts_from_the_best_price_known(case: str, known: Any) -> None:
    assert reference_price(*known) == then(case)["price"]


def test_a11_intervals_last_their_hours_not_whole_ones() -> None:
    minutes = CASES["A11"]["when"]["duration_hours_of"]
    assert [Interval(0, 60 * m).hours for m in minutes] == [0.25, 1, 1.5, 24]
