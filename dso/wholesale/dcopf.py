"""DC optimal power flow: the cheapest dispatch within the lines' limits, and the price of each bus.

Variables: the units' cost blocks, the blocks of one price-responsive bid, load shed and power spilled at each
bus, the lines' flows f and the buses' angles θ. Rows:

    Σ generation + shed − spilled − bid − Σ flows out = load       one a bus; its dual is the LMP
    f = b·(θ_from − θ_to)                                          one a line

Line limits and the units' states are bounds, so the matrix is built once and serves every hour. Shedding
costs the price cap and spilling the negative of the price floor: there is always a solution.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.optimize import linprog

from dso.errors import DsoError
from dso.wholesale.grid import Grid

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

QUADRATIC_BLOCKS = 4
BID_BLOCKS = 20


@dataclass(frozen=True, slots=True, eq=False)
class BusBid:
    """Blocks that one bus takes up to their prices, on top of its load."""

    bus: int  # position
    size_mw: Floats  # (k,)
    price_usd_per_mwh: Floats  # (k,)


@dataclass(frozen=True, slots=True, eq=False)
class Dispatch:
    """What the optimal power flow found for one hour's worth of power."""

    price_usd_per_mwh: Floats  # (n,) LMP
    generation_mw: Floats  # (u,)
    flow_mw: Floats  # (l,) positive from its first bus to its second
    bid_mw: float  # taken by the bid, beside the load
    shed_mw: Floats  # (n,) load not served
    spilled_mw: Floats  # (n,) power that nobody could take
    cost_usd_per_h: float  # the objective: cost of all this, less what the bid was worth

    def congested(self, limit_mw: Floats) -> NDArray[np.bool_]:
        """Which lines are full, (l,)."""
        full: NDArray[np.bool_] = np.abs(self.flow_mw) >= limit_mw - 1e-6
        return full


class OptimalPowerFlow:
    """The optimal power flow of one grid, for any load and any state of its units.

    Parameters
    ----------
    grid : the system.
    price_cap_usd_per_mwh : what a MWh of load not served costs [USD/MWh].
    price_floor_usd_per_mwh : the price at which a MWh that nobody can take is given away, negative [USD/MWh].
    bid_blocks : most blocks of a bid.
    """

    def __init__(
        self,
        grid: Grid,
        *,
        price_cap_usd_per_mwh: float = 1000.0,
        price_floor_usd_per_mwh: float = -250.0,
        bid_blocks: int = BID_BLOCKS,
    ) -> None:
        self.grid, self.bid_blocks = grid, bid_blocks
        self.price_cap_usd_per_mwh = price_cap_usd_per_mwh
        self._owner, self._share, block_cost = _cost_blocks(grid)
        n, lines = grid.size, grid.lines.limit_mw.size
        sizes = (self._owner.size, bid_blocks, n, n, lines, n)
        ends = np.cumsum(sizes)
        self._part = [slice(int(e) - s, int(e)) for e, s in zip(ends, sizes, strict=True)]
        self._cost = np.zeros(int(ends[-1]))
        self._cost[self._part[0]] = block_cost
        self._cost[self._part[2]] = price_cap_usd_per_mwh
        self._cost[self._part[3]] = -price_floor_usd_per_mwh
        self._rows = _fixed_rows(grid, self._owner, bid_blocks)
        self._matrices: dict[int, sparse.csc_array] = {}

    def solve(self, load_mw: Floats, min_mw: Floats, max_mw: Floats, bid: BusBid | None = None) -> Dispatch:
        """The cheapest dispatch.

        Parameters
        ----------
        load_mw : (n,) load of each bus that is served at any price up to the cap [MW].
        min_mw, max_mw : (u,) what each unit can do now; 0 and 0 where it is off [MW].
        bid : blocks of one bus beyond its load.

        Raises
        ------
        DsoError : the solver found no optimum (it always exists).
        """
        cost, bounds = self._cost, self._bounds(load_mw, min_mw, max_mw)
        if bid is not None:
            cost = cost.copy()
            first = self._part[1].start
            blocks = slice(first, first + bid.size_mw.size)
            cost[blocks] = -np.minimum(bid.price_usd_per_mwh, self.price_cap_usd_per_mwh)
            bounds[blocks, 1] = bid.size_mw
        equal_to = np.concatenate((load_mw, np.zeros(self.grid.lines.limit_mw.size)))
        matrix = self._matrix(bid.bus if bid else 0)
        solve: Any = linprog  # its stubs know neither sparse matrices nor bounds as an array
        found = solve(cost, A_eq=matrix, b_eq=equal_to, bounds=bounds, method="highs")
        if found.status != 0:
            raise DsoError(f"the optimal power flow must have a solution, had none: {found.message}")
        return self._dispatch(found.x, found.eqlin.marginals[: self.grid.size], float(found.fun))

    def _dispatch(self, x: Floats, price: Floats, cost: float) -> Dispatch:
        blocks, bid, shed, spilled, flow, _ = (x[part] for part in self._part)
        generation = np.bincount(self._owner, blocks, self.grid.units.number.size).astype(float)
        return Dispatch(np.array(price), generation, flow, float(bid.sum()), shed, spilled, cost)

    def _bounds(self, load_mw: Floats, min_mw: Floats, max_mw: Floats) -> Floats:
        bounds = np.zeros((self._cost.size, 2))
        # The first block of a unit carries its least output, all share what is above it.
        first = np.append(True, self._owner[1:] != self._owner[:-1])
        bounds[self._part[0], 0] = np.where(first, min_mw[self._owner], 0.0)
        bounds[self._part[0], 1] = bounds[self._part[0], 0] + self._share * (max_mw - min_mw)[self._owner]
        bounds[self._part[2], 1] = np.maximum(load_mw, 0.0)
        bounds[self._part[3], 1] = np.inf
        limit = self.grid.lines.limit_mw
        bounds[self._part[4]] = np.column_stack((-limit, limit))
        bounds[self._part[5]] = (-np.inf, np.inf)
        bounds[self._part[5].start] = 0.0  # the reference angle
        return bounds

    def _matrix(self, bid_bus: int) -> sparse.csc_array:
        if bid_bus not in self._matrices:
            rows = self._rows.copy()
            rows[bid_bus, self._part[1]] = -1.0
            self._matrices[bid_bus] = sparse.csc_array(rows)
        return self._matrices[bid_bus]


def _cost_blocks(grid: Grid) -> tuple[Ints, Floats, Floats]:
    """Owner, share of the unit's range and cost [USD/MWh] of each block: several where it is quadratic.

    A block costs the mean of the marginal cost over its part of the range: the cost at its ends is exact.
    """
    units = grid.units
    count = np.where(units.square_usd_per_mw2h > 0, QUADRATIC_BLOCKS, 1)
    owner = np.repeat(np.arange(count.size), count)
    place = np.arange(owner.size) - np.repeat(np.cumsum(count) - count, count)
    share = 1.0 / count[owner]
    middle_mw = units.min_mw[owner] + (place + 0.5) * share * (units.max_mw - units.min_mw)[owner]
    return owner, share, units.linear_usd_per_mwh[owner] + 2 * units.square_usd_per_mw2h[owner] * middle_mw


def _fixed_rows(grid: Grid, owner: Ints, bid_blocks: int) -> Floats:
    n, lines = grid.size, grid.lines
    count = lines.limit_mw.size
    eye, at = np.eye(n), np.arange(count)
    ends = np.zeros((count, n))
    np.add.at(ends, (at, lines.from_bus), 1.0)
    np.add.at(ends, (at, lines.to_bus), -1.0)
    balance = [eye[:, grid.units.bus[owner]], np.zeros((n, bid_blocks)), eye, -eye, -ends.T, np.zeros((n, n))]
    before = np.zeros((count, owner.size + bid_blocks + 2 * n))
    flows = [before, np.eye(count), -lines.susceptance_mw[:, None] * ends]
    return np.vstack((np.hstack(balance), np.hstack(flows)))
