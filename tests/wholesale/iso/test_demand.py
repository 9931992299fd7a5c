"""What a DSO bids in one interval: curves, blocks and squares as pieces of falling worth."""

from __future__ import annotations

import numpy as np
import pytest

from dso.errors import CurveError
from dso.market import Curve
from dso.wholesale.iso.demand import Demand, Pieces


def test_a_curve_becomes_its_straight_parts() -> None:
    # 10 MW at 0.10 USD/kWh, 30 MW at 0.05, a step to 40 MW there, 40 MW down to 0.02.
    curve = Curve(np.array([0.02, 0.05, 0.05, 0.10]), np.array([40e3, 40e3, 30e3, 10e3]))
    demand = Demand.of_curve(curve)
    assert demand.fixed_mw == 10.0
    assert demand.size_mw == pytest.approx([20.0, 10.0])
    assert demand.first_usd_per_mwh == pytest.approx([100.0, 50.0])
    assert demand.last_usd_per_mwh == pytest.approx([50.0, 50.0])
    assert demand.most_mw == pytest.approx(40.0)


def test_scaling_multiplies_load_and_leaves_prices() -> None:
    demand = Demand.quadratic(10.0, 20.0, c1=50.0, c2=0.5).scaled(3.0)
    assert (demand.fixed_mw, demand.size_mw.tolist()) == (30.0, [60.0])
    assert (demand.first_usd_per_mwh.tolist(), demand.last_usd_per_mwh.tolist()) == ([50.0], [30.0])


def test_blocks_come_in_any_order_and_empty_ones_vanish() -> None:
    demand = Demand.blocks(5.0, [1.0, 0.0, 2.0], [10.0, 99.0, 20.0])
    assert demand.size_mw.tolist() == [2.0, 1.0]
    assert demand.first_usd_per_mwh.tolist() == [20.0, 10.0]


def test_worth_above_the_cap_counts_as_the_cap() -> None:
    # 1400 − 10·d over 100 MW: the first 40 MW are worth more than 1000.
    pieces = Pieces.of((0,), (Demand.quadratic(0.0, 100.0, c1=1400.0, c2=5.0),), 1000.0)
    assert pieces.size_mw == pytest.approx([40.0, 60.0])
    assert pieces.worth_usd_per_mwh == pytest.approx([1000.0, 1000.0])
    assert pieces.square_usd_per_mw2h == pytest.approx([0.0, 5.0])


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda: Demand.quadratic(0.0, 10.0, c1=5.0, c2=-1.0), "must not rise"),
        (lambda: Demand.quadratic(0.0, -10.0, c1=5.0, c2=1.0), "larger than 0"),
        (lambda: Demand.quadratic(float("nan"), 10.0, c1=5.0, c2=1.0), "finite"),
        (lambda: Demand.blocks(0.0, [1.0, 2.0], [5.0]), "as many prices"),
        (lambda: Demand.blocks(0.0, [-1.0], [5.0]), "larger than 0"),
    ],
)
def test_what_is_no_demand_is_refused(make: object, reason: str) -> None:
    with pytest.raises(CurveError, match=reason):
        make()  # type: ignore[operator]
