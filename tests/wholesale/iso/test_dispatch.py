"""The dispatch of one interval: bids and costs with squares, worked by hand."""

from __future__ import annotations

import numpy as np
import pytest

from dso.data.ercot_load import load_table
from dso.wholesale.dcopf import BusBid, OptimalPowerFlow
from dso.wholesale.grid import Grid, Lines, Units, ercot_wind
from dso.wholesale.iso import highs
from dso.wholesale.iso.demand import Demand
from dso.wholesale.iso.dispatch import Dispatch, dispatch
from dso.wholesale.iso.system import Abilities, System, ercot_system


def _system(lines: list[tuple[int, int, float]], units: list[tuple[int, float, float, float]]) -> System:
    """Lines (from, to, limit) of equal reactance; units (bus, rating, square, linear)."""
    bus, most, square, linear = (np.array(column) for column in zip(*units, strict=True))
    start, end, limit = zip(*lines, strict=True)
    grid = Grid(
        tuple(range(max(*start, *end) + 1)),
        Lines.of(start, end, np.full(len(lines), 0.1), limit),
        Units(np.arange(len(units)), bus, ("gas",) * len(units), 0 * most, most, square, linear),
    )
    return System(grid, Abilities.free(len(units)), np.zeros(0, np.int64))


def _solve(system: System, load: list[float], *bids: tuple[int, Demand]) -> Dispatch:
    units, (buses, demands) = system.grid.units, zip(*bids, strict=True) if bids else ((), ())
    return dispatch(system, np.array(load), units.min_mw, units.max_mw, buses, demands)


TWO = _system([(0, 1, 30.0)], [(0, 100.0, 0.0, 20.0), (1, 100.0, 0.0, 50.0)])
CURVED = _system([(0, 1, 500.0)], [(0, 400.0, 0.01, 10.0)])


def test_a_quadratic_cost_is_exact_at_any_load() -> None:
    # 0.01·P² + 10·P at 150 MW: 2·0.01·150 + 10 = 13 USD/MWh, 225 + 1500 USD/h.
    found = _solve(CURVED, [0.0, 150.0])
    assert found.price_usd_per_mwh == pytest.approx([13.0, 13.0])
    assert found.cost_usd_per_h == pytest.approx(1725.0)
    assert _solve(CURVED, [0.0, 187.0]).price_usd_per_mwh == pytest.approx([13.74, 13.74])


def test_two_quadratic_units_share_the_load_at_equal_marginal_cost() -> None:
    # 20 + 0.2·a = 30 + 0.1·b and a + b = 250: a = 116⅔, b = 133⅓, price 43⅓.
    system = _system([(0, 1, 500.0)], [(0, 400.0, 0.1, 20.0), (1, 400.0, 0.05, 30.0)])
    found = _solve(system, [0.0, 250.0])
    assert found.generation_mw == pytest.approx([350 / 3, 400 / 3])
    assert found.price_usd_per_mwh == pytest.approx([130 / 3, 130 / 3])


def test_a_quadratic_bid_meets_a_quadratic_cost() -> None:
    # Worth 40 − 0.1·d, cost 10 + 0.02·(50 + d): 40 − 0.1·d = 11 + 0.02·d, d = 241⅔.
    bid = Demand.quadratic(50.0, 300.0, c1=40.0, c2=0.05)
    found = _solve(CURVED, [0.0, 0.0], (1, bid))
    assert found.wanted_mw == pytest.approx([50 + 29 / 0.12])
    assert found.price_usd_per_mwh == pytest.approx([40 - 0.1 * 29 / 0.12] * 2)
    # The objective is the cost less what the responsive part is worth.
    d = 29 / 0.12
    worth = 40 * d - 0.05 * d**2
    assert found.cost_usd_per_h == pytest.approx(0.01 * (50 + d) ** 2 + 10 * (50 + d) - worth)


def test_a_quadratic_bid_takes_no_more_than_it_asked_for() -> None:
    found = _solve(CURVED, [0.0, 0.0], (1, Demand.quadratic(50.0, 100.0, c1=40.0, c2=0.05)))
    assert found.wanted_mw == pytest.approx([150.0])
    assert found.price_usd_per_mwh == pytest.approx([13.0, 13.0])


def test_bids_of_all_kinds_meet_at_one_bus() -> None:
    # Bus 1: the line brings 30 MW, beyond it 50 USD/MWh. Blocks: 20 at 60, 20 at 45. Curve: 40 MW from 70
    # to 30, of which 20 MW are worth 50 and more. Quadratic: 55 − 0.5·d, worth 50 at 10 MW.
    blocks = Demand.blocks(10.0, [20.0, 20.0], [60.0, 45.0])
    curve = Demand(0.0, np.array([40.0]), np.array([70.0]), np.array([30.0]))
    found = _solve(TWO, [0.0, 0.0], (1, blocks), (1, curve), (1, Demand.quadratic(0.0, 50.0, 55.0, 0.25)))
    assert found.wanted_mw == pytest.approx([30.0, 20.0, 10.0])
    assert found.price_usd_per_mwh == pytest.approx([20.0, 50.0])
    assert found.flow_mw == pytest.approx([30.0])
    assert found.generation_mw == pytest.approx([30.0, 30.0])


def test_bids_at_different_buses_see_their_own_price() -> None:
    cheap, dear = Demand.quadratic(0.0, 100.0, 40.0, 0.25), Demand.quadratic(60.0, 100.0, 60.0, 0.25)
    found = _solve(TWO, [0.0, 0.0], (0, cheap), (1, dear))
    # 40 − 0.5·d = 20 and 60 − 0.5·d = 50.
    assert found.wanted_mw == pytest.approx([40.0, 80.0])
    assert found.price_usd_per_mwh == pytest.approx([20.0, 50.0])


def test_a_bid_that_injects_sells_at_its_price() -> None:
    # Offers 20 MW from 45 USD/MWh on: wanted −20 where the price is above it.
    offer = Demand(-20.0, np.array([20.0]), np.array([45.0]), np.array([45.0]))
    found = _solve(TWO, [0.0, 80.0], (1, offer))
    assert found.wanted_mw == pytest.approx([-20.0])
    assert found.generation_mw == pytest.approx([30.0, 30.0])


def test_load_beyond_all_supply_is_shed_at_the_value_of_lost_load() -> None:
    found = _solve(TWO, [0.0, 100.0], (1, Demand.blocks(50.0, [10.0], [900.0])))
    assert found.shed_mw == pytest.approx([0.0, 20.0])
    assert found.wanted_mw == pytest.approx([50.0])
    assert found.price_usd_per_mwh == pytest.approx([20.0, 1000.0])


def test_a_bid_above_the_value_of_lost_load_is_worth_just_that() -> None:
    found = _solve(TWO, [0.0, 130.0], (1, Demand.quadratic(0.0, 20.0, 3000.0, 50.0)))
    # 3000 − 100·d is at least 1000: 130 MW are there, 150 wanted at the cap, either may go short.
    assert found.price_usd_per_mwh == pytest.approx([20.0, 1000.0])
    assert found.shed_mw[1] == pytest.approx(found.wanted_mw[0], abs=1e-6)


def test_power_that_nobody_can_take_is_given_away_at_the_floor() -> None:
    units = TWO.grid.units
    found = dispatch(TWO, np.array([10.0, 20.0]), np.array([60.0, 0.0]), units.max_mw)
    assert found.spilled_mw.sum() == pytest.approx(30.0)
    assert found.price_usd_per_mwh[0] == pytest.approx(-250.0)


def test_islands_have_prices_of_their_own() -> None:
    system = _system([(0, 1, 30.0), (2, 3, 30.0)], [(0, 100.0, 0.0, 20.0), (2, 100.0, 0.1, 40.0)])
    found = _solve(system, [0.0, 10.0, 5.0, 5.0])
    assert found.price_usd_per_mwh == pytest.approx([20.0, 20.0, 42.0, 42.0])


def test_a_lossless_loop_prices_as_worked_by_hand() -> None:
    # As in the tests of dcopf: one more MW at bus 2 takes one less from bus 0 and two more from bus 1.
    system = _system(
        [(0, 1, 500.0), (1, 2, 500.0), (0, 2, 150.0)], [(0, 400.0, 0.0, 10.0), (1, 400.0, 0.0, 30.0)]
    )
    assert _solve(system, [0.0, 0.0, 300.0]).price_usd_per_mwh == pytest.approx([10.0, 30.0, 50.0])


@pytest.mark.parametrize("hour", [200, 2500, 5343, 5345, 8000])
def test_ercot_prices_agree_with_the_linear_programme_where_costs_and_bids_are_blocks(hour: int) -> None:
    """Against dso.wholesale.dcopf: angles instead of shift factors, scipy; nuclear is never marginal."""
    system, units = ercot_system(), ercot_system().grid.units
    most = units.max_mw.copy()
    most[system.wind] = ercot_wind()[2][hour]
    least, load = np.minimum(units.min_mw, most), load_table()[1][hour]
    blocks = BusBid(0, np.array([800.0, 700.0]), np.array([60.0, 12.0]))
    other = OptimalPowerFlow(system.grid).solve(load, least, most, blocks)
    bid = Demand.blocks(0.0, blocks.size_mw, blocks.price_usd_per_mwh)
    found = dispatch(system, load, least, most, (0,), (bid,))
    assert found.price_usd_per_mwh == pytest.approx(other.price_usd_per_mwh, abs=1e-6)
    assert found.flow_mw == pytest.approx(other.flow_mw, abs=1e-3)
    assert found.wanted_mw == pytest.approx([other.bid_mw], abs=1e-6)


def test_prices_stay_exact_when_the_solver_for_squares_gives_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(highs, "QP_STEPS", 0)
    found = _solve(CURVED, [0.0, 0.0], (1, Demand.quadratic(50.0, 300.0, c1=40.0, c2=0.05)))
    assert found.how == "tangents"
    assert found.price_usd_per_mwh == pytest.approx([40 - 0.1 * 29 / 0.12] * 2, abs=1e-9)
