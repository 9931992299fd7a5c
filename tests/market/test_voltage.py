"""The voltage market by hand: a line with a weak end, who is bought, what each is paid."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dso.errors import CurveError
from dso.market.voltage import clear_voltage

# A near and a far node; a kvar at the near one lifts both by 0.001 p.u., at the far one itself by 0.003.
LINE = np.array([[0.001, 0.001], [0.001, 0.003]])
WIDE = [0.05, 0.05]


def test_nothing_is_bought_while_all_nodes_are_in_their_band() -> None:
    found = clear_voltage([0.01, 0.02], [10, 10], LINE, [-0.01, -0.001], WIDE)
    assert found.outcome == "in_band"
    assert found.quantity.tolist() == [0.0, 0.0]
    assert found.cost_usd_per_h == 0.0


def test_the_cheapest_rise_is_bought_not_the_cheapest_kvar() -> None:
    # 0.012 p.u. at the far end: 4 kvar there for 0.08, or 12 kvar near for 0.12 USD/h.
    found = clear_voltage([0.01, 0.02], [20, 20], LINE, [-0.01, 0.012], WIDE)
    assert found.outcome == "bought"
    assert found.quantity == pytest.approx([0.0, 4.0])
    assert found.price_usd_per_h_pu == pytest.approx([0.0, 0.02 / 0.003])
    assert found.price_usd_per_kwh == pytest.approx([0.02 / 3, 0.02])
    assert found.cost_usd_per_h == pytest.approx(0.08)


def test_where_the_best_is_sold_out_the_next_sets_the_price() -> None:
    # 3 far kvar give 0.009; 3 near ones the rest, at 0.01: 0.01/0.001 = 10 USD/h for a p.u. at the far node.
    found = clear_voltage([0.01, 0.02], [20, 3], LINE, [-0.01, 0.012], WIDE)
    assert found.quantity == pytest.approx([3.0, 3.0])
    assert found.price_usd_per_h_pu == pytest.approx([0.0, 10.0])
    assert found.price_usd_per_kwh == pytest.approx([0.01, 0.03])
    assert found.cost_usd_per_h == pytest.approx(0.12)


def test_active_and_reactive_offers_compete_by_what_they_do() -> None:
    # A kW less at the far end lifts it by 0.002 and asks 0.01: 5 USD/h for a p.u., the kvar there 6.67.
    both = np.array([[0.001], [0.002]])
    found = clear_voltage([0.01, 0.02, 0.01], [20, 20, 20], np.hstack([LINE, both]), [-0.01, 0.012], WIDE)
    assert found.quantity == pytest.approx([0.0, 0.0, 6.0])
    assert found.price_usd_per_h_pu == pytest.approx([0.0, 5.0])


def test_a_voltage_too_high_is_lowered_by_offers_that_lower_it() -> None:
    found = clear_voltage([0.03], [10], [[-0.002]], [-0.1], [-0.01])
    assert found.quantity == pytest.approx([5.0])
    assert found.price_usd_per_h_pu == pytest.approx([-15.0])
    assert found.price_usd_per_kwh == pytest.approx([0.03])


def test_a_node_that_has_no_room_keeps_the_cheapest_offer_from_being_used() -> None:
    # The near node may rise by 0.002 only: 2 of the near and far kvar together.
    found = clear_voltage([0.001, 0.02], [20, 20], LINE, [-0.01, 0.005], [0.002, 0.05])
    # x + y ≤ 2, x + 3y ≥ 5: y = 1.5, x = 0.5.
    assert found.quantity == pytest.approx([0.5, 1.5])
    near, far = found.price_usd_per_h_pu
    assert near < 0 < far
    assert found.price_usd_per_kwh == pytest.approx([0.001, 0.02])


def test_what_cannot_be_mended_is_told_and_as_much_as_can_be_is_bought() -> None:
    found = clear_voltage([0.01, 0.02], [2, 3], LINE, [-0.01, 0.02], WIDE)
    assert found.outcome == "short"
    assert found.quantity == pytest.approx([2.0, 3.0])
    assert found.unmet_pu == pytest.approx([0.0, 0.02 - 0.011])
    # Whoever is bought is paid what it asks at least.
    assert (found.price_usd_per_kwh >= np.array([0.01, 0.02]) - 1e-9).all()


def test_without_offers_the_whole_shortfall_is_unmet() -> None:
    found = clear_voltage([], [], np.zeros((2, 0)), [0.01, -0.02], WIDE)
    assert (found.outcome, found.unmet_pu.tolist()) == ("short", pytest.approx([0.01, 0.0]))


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (([0.01], [1, 2], [[1.0]], [0.0], [1.0]), "one value each"),
        (([0.01], [1], [[1.0, 2.0]], [0.0], [1.0]), r"must be \(1, 1\)"),
        (([np.nan], [1], [[1.0]], [0.0], [1.0]), "finite"),
        (([-0.01], [1], [[1.0]], [0.0], [1.0]), "0 or more"),
        (([0.01], [1], [[1.0]], [0.2], [0.1]), "upside down"),
    ],
)
def test_what_does_not_fit_is_refused(given, told: str) -> None:
    with pytest.raises(CurveError, match=told):
        clear_voltage(*given)


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 2**32 - 1), st.integers(1, 6), st.integers(1, 8))
def test_payments_cover_every_offer_and_add_up_to_what_nodes_needed(seed: int, n: int, m: int) -> None:
    rng = np.random.default_rng(seed)
    effect = rng.uniform(1e-5, 3e-3, (n, m))
    price, most = rng.uniform(0, 0.1, m), rng.uniform(0, 20, m)
    least = rng.uniform(-0.05, 0.03, n)
    room = np.maximum(least, 0) + rng.uniform(0.05, 0.2, n)
    found = clear_voltage(price, most, effect, least, room)
    x, y = found.quantity, found.price_usd_per_h_pu
    assert (x >= -1e-9).all()
    assert (x <= most + 1e-9).all()
    rise = effect @ x
    assert (rise + np.maximum(found.unmet_pu, 0) >= least - 1e-7).all()
    assert (rise + np.minimum(found.unmet_pu, 0) <= room + 1e-7).all()
    used = x > 1e-6
    assert (found.price_usd_per_kwh[used] >= price[used] - 1e-6).all()  # whoever is bought is covered
    left = x < most - 1e-6
    assert (found.price_usd_per_kwh[left] <= price[left] + 1e-6).all()  # whoever is left would have lost
    assert found.cost_usd_per_h == pytest.approx(float(found.price_usd_per_kwh @ x), abs=1e-9)
    assert found.cost_usd_per_h == pytest.approx(float(y @ rise), abs=1e-6)
