"""The optimal power flow: small systems worked by hand, the ERCOT system against another formulation."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from dso.data.ercot_load import load_table
from dso.wholesale.dcopf import BusBid, Dispatch, OptimalPowerFlow
from dso.wholesale.grid import Floats, Grid, Lines, Units, ercot_grid, ercot_wind

HOURS = load_table()[0].size


def _grid(
    buses: int, lines: list[tuple[int, int, float]], units: list[tuple[int, float, float, float, float]]
) -> Grid:
    """Lines (from, to, limit) of equal reactance; units (bus, least, most, square, linear)."""
    bus, least, most, square, linear = (np.array(column) for column in zip(*units, strict=True))
    start, end, limit = (np.array(column) for column in zip(*lines, strict=True))
    return Grid(
        tuple(range(buses)),
        Lines.of(start, end, np.full(len(lines), 0.1), limit),
        Units(np.arange(len(units)), bus, ("gas",) * len(units), least, most, square, linear),
    )


def _solve(grid: Grid, load: list[float], bid: BusBid | None = None) -> Dispatch:
    return OptimalPowerFlow(grid).solve(np.array(load), grid.units.min_mw, grid.units.max_mw, bid)


TWO = _grid(2, [(0, 1, 30.0)], [(0, 0.0, 100.0, 0.0, 20.0), (1, 0.0, 100.0, 0.0, 50.0)])


def test_two_buses_share_a_price_while_the_line_has_room() -> None:
    found = _solve(TWO, [10.0, 25.0])
    assert found.price_usd_per_mwh == pytest.approx([20.0, 20.0])
    assert found.generation_mw == pytest.approx([35.0, 0.0])


def test_a_full_line_splits_the_price() -> None:
    # 80 MW at the second bus: 30 come over the line, 50 are made there.
    found = _solve(TWO, [0.0, 80.0])
    assert found.price_usd_per_mwh == pytest.approx([20.0, 50.0])
    assert found.generation_mw == pytest.approx([30.0, 50.0])
    assert found.flow_mw == pytest.approx([30.0])
    assert found.cost_usd_per_h == pytest.approx(30 * 20 + 50 * 50)
    assert found.congested(TWO.lines.limit_mw).tolist() == [True]


def test_in_a_loop_a_bus_can_cost_more_than_any_unit() -> None:
    # Flow 0→2 is ⅔ of what bus 0 gives and ⅓ of what bus 1 gives; 150 MW at most: both give 150. One more MW
    # at bus 2 takes one less from bus 0 and two more from bus 1: 2·30 − 10 = 50.
    grid = _grid(
        3,
        [(0, 1, 500.0), (1, 2, 500.0), (0, 2, 150.0)],
        [(0, 0.0, 400.0, 0.0, 10.0), (1, 0.0, 400.0, 0.0, 30.0)],
    )
    found = _solve(grid, [0.0, 0.0, 300.0])
    assert found.generation_mw == pytest.approx([150.0, 150.0])
    assert found.price_usd_per_mwh == pytest.approx([10.0, 30.0, 50.0])


def test_a_bid_takes_the_blocks_that_are_worth_the_price() -> None:
    # At bus 1: 40 MW at any price, 20 up to 60, 20 up to 45. The line brings 30, the unit there costs 50.
    bid = BusBid(1, np.array([20.0, 20.0]), np.array([60.0, 45.0]))
    found = _solve(TWO, [0.0, 40.0], bid)
    assert found.bid_mw == pytest.approx(20.0)
    assert found.price_usd_per_mwh == pytest.approx([20.0, 50.0])


def test_a_bid_at_the_margin_sets_the_price() -> None:
    # At bus 1 10 MW and 40 up to 45: the line's 30 MW serve 20 of the block.
    found = _solve(TWO, [0.0, 10.0], BusBid(1, np.array([40.0]), np.array([45.0])))
    assert found.bid_mw == pytest.approx(20.0)
    assert found.price_usd_per_mwh == pytest.approx([20.0, 45.0])


def test_load_beyond_all_supply_is_shed_at_the_cap() -> None:
    found = _solve(TWO, [0.0, 150.0])
    assert found.shed_mw == pytest.approx([0.0, 20.0])
    assert found.price_usd_per_mwh == pytest.approx([20.0, 1000.0])


def test_power_that_nobody_can_take_is_given_away_at_the_floor() -> None:
    grid = _grid(2, [(0, 1, 30.0)], [(0, 60.0, 100.0, 0.0, 20.0)])
    found = _solve(grid, [10.0, 20.0])
    assert found.spilled_mw.sum() == pytest.approx(30.0)
    assert found.price_usd_per_mwh[0] == pytest.approx(-250.0)


def test_a_bus_that_injects_is_served_and_paid() -> None:
    found = _solve(TWO, [-5.0, 30.0])
    assert found.generation_mw.sum() == pytest.approx(25.0)
    assert found.shed_mw.tolist() == [0.0, 0.0]


def test_a_quadratic_cost_is_four_blocks_exact_at_their_ends() -> None:
    # 0.01·P² + 10·P up to 400 MW: four blocks of 100 MW at 11, 13, 15 and 17 USD/MWh.
    grid = _grid(2, [(0, 1, 500.0)], [(0, 0.0, 400.0, 0.01, 10.0)])
    assert _solve(grid, [0.0, 150.0]).price_usd_per_mwh == pytest.approx([13.0, 13.0])
    for load in (100.0, 200.0, 300.0, 400.0):
        assert _solve(grid, [0.0, load]).cost_usd_per_h == pytest.approx(0.01 * load**2 + 10 * load)


def _ercot_case(hour: int) -> tuple[Floats, Floats, Floats]:
    most = ercot_grid().units.max_mw.copy()
    most[ercot_wind()[1]] = ercot_wind()[2][hour]
    return load_table()[1][hour], np.minimum(ercot_grid().units.min_mw, most), most


@settings(max_examples=25, deadline=None)
@given(hour=st.integers(0, HOURS - 1))
def test_power_balances_at_every_bus(hour: int) -> None:
    grid, (load, least, most) = ercot_grid(), _ercot_case(hour)
    found = OptimalPowerFlow(grid).solve(load, least, most)
    given_mw = np.bincount(grid.units.bus, found.generation_mw, grid.size)
    out = np.bincount(grid.lines.from_bus, found.flow_mw, grid.size)
    out -= np.bincount(grid.lines.to_bus, found.flow_mw, grid.size)
    assert given_mw + found.shed_mw - found.spilled_mw - out == pytest.approx(load, abs=1e-6)
    assert (np.abs(found.flow_mw) <= grid.lines.limit_mw + 1e-6).all()


@settings(max_examples=25, deadline=None)
@given(hour=st.integers(0, HOURS - 1), bus=st.integers(0, 7))
def test_the_price_of_a_bus_is_what_one_more_mw_there_costs(hour: int, bus: int) -> None:
    load, least, most = _ercot_case(hour)
    flow = OptimalPowerFlow(ercot_grid())

    def cost(extra: float) -> float:
        return flow.solve(load + extra * (np.arange(8) == bus), least, most).cost_usd_per_h

    here, price = cost(0.0), flow.solve(load, least, most).price_usd_per_mwh[bus]
    step = 0.01
    assert (here - cost(-step)) / step - 1e-3 <= price <= (cost(step) - here) / step + 1e-3


def _by_shift_factors(hour: int) -> tuple[float, Floats]:
    """The same problem written with power transfer distribution factors: one balance, two limits a line."""
    grid, (load, least, most) = ercot_grid(), _ercot_case(hour)
    units, lines, n = grid.units, grid.lines, grid.size
    incidence = np.eye(n)[lines.from_bus] - np.eye(n)[lines.to_bus]
    weighted = lines.susceptance_mw[:, None] * incidence
    factors = np.zeros((lines.limit_mw.size, n))
    factors[:, 1:] = weighted[:, 1:] @ np.linalg.inv((incidence.T @ weighted)[1:, 1:])
    at_bus = np.eye(n)[:, units.bus]
    # Nuclear units' marginal cost moves by 0.2 USD/MWh only: they are taken at full output here.
    cost = units.linear_usd_per_mwh + 2 * units.square_usd_per_mw2h * units.max_mw
    limits = np.vstack((factors @ at_bus, -factors @ at_bus))
    room = np.concatenate((lines.limit_mw + factors @ load, lines.limit_mw - factors @ load))
    found = linprog(
        cost,
        A_ub=limits,
        b_ub=room,
        A_eq=np.ones((1, units.bus.size)),
        b_eq=[load.sum()],
        bounds=list(zip(least, most, strict=True)),
        method="highs",
    )
    up, down = np.split(found.ineqlin.marginals, 2)
    return units.linear_usd_per_mwh @ found.x, found.eqlin.marginals[0] + factors.T @ (up - down)


@pytest.mark.parametrize("hour", [200, 2500, 5343, 5345, 5400, 8000])
def test_prices_agree_with_the_formulation_by_shift_factors(hour: int) -> None:
    load, least, most = _ercot_case(hour)
    found = OptimalPowerFlow(ercot_grid()).solve(load, least, most)
    cost, price = _by_shift_factors(hour)
    assert ercot_grid().units.linear_usd_per_mwh @ found.generation_mw == pytest.approx(cost, rel=1e-9)
    assert found.price_usd_per_mwh == pytest.approx(price, abs=1e-6)
