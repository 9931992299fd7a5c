"""Limits of the form weight · load ≤ bound over the pieces of bids."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from dso.market.curve import Floats
from dso.market.network_pieces import Pieces

# A row is met where no more than this share of what could flow over it is beyond the bound.
MET_FRAC = 1e-10


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """Pieces at points, and the rows over them, of which the largest weight of each is 1.

    Parameters
    ----------
    point : (N,) where each piece is.
    size_kw, bottom_usd_per_kwh, span_usd_per_kwh : (N,) as in `Pieces`.
    fixed_kw : (points,) what is taken at any price.
    weight, bound_kw : (m, points) and (m,) the rows.
    flow_kw : (m,) what could flow over each row, above 0.
    """

    point: NDArray[np.int64]
    size_kw: Floats
    bottom_usd_per_kwh: Floats
    span_usd_per_kwh: Floats
    fixed_kw: Floats
    weight: Floats
    bound_kw: Floats
    flow_kw: Floats

    def excess_kw(self, share: Floats) -> Floats:
        """How much flows beyond each bound where each piece is taken to a share, (m,)."""
        load = self.fixed_kw + np.bincount(self.point, self.size_kw * share, self.fixed_kw.size)
        flow: Floats = np.add.reduce(self.weight * load, axis=1)
        return flow - self.bound_kw

    def adder(self, shadow: Floats) -> Floats:
        """What shadows add to the price of each piece, (N,)."""
        at: Floats = np.add.reduce(self.weight * shadow[:, None], axis=0)[self.point]
        return at

    @property
    def widest_usd_per_kwh(self) -> float:
        """The largest adder that still changes what somebody takes, or 1."""
        top = self.bottom_usd_per_kwh + self.span_usd_per_kwh
        return float(max(np.abs(self.bottom_usd_per_kwh).max(), np.abs(top).max(), 1.0))

    def relaxed(self, over_kw: Floats) -> Rows:
        """The rows with bounds that can just be met, once it is known by how much they were exceeded."""
        slack = np.where(over_kw > 0, over_kw + MET_FRAC / 10 * self.flow_kw, 0.0)
        return replace(self, bound_kw=self.bound_kw + slack)


def rows_of(
    pieces: Pieces, point: NDArray[np.int64], weight: Floats, bound: Floats
) -> tuple[Rows, NDArray[np.intp], Floats]:
    """The rows that can bind, per unit of their largest weight; their numbers, and that weight.

    Of rows that say the same the tightest is kept.

    Parameters
    ----------
    pieces : of n bids.
    point : (n,) where each bid is.
    weight, bound : (m, points) and (m,) all rows.
    """
    at, points = point[pieces.bid], weight.shape[1]
    fixed = np.bincount(point, pieces.fixed_kw, points).astype(np.float64)
    moving = np.bincount(at, pieces.size_kw, points)
    most = np.maximum(weight * fixed, weight * (fixed + moving)).sum(axis=1)
    flow = np.add.reduce(np.abs(weight) * np.maximum(-fixed, moving), axis=1)
    can_bind = np.flatnonzero((most > bound) & (flow > 0))
    scale = np.abs(weight[can_bind]).max(axis=1, initial=0.0)
    each, bounds = weight[can_bind] / scale[:, None], bound[can_bind] / scale
    tightest = _tightest(each, bounds)
    kept, scale = can_bind[tightest], scale[tightest]
    sides = pieces.size_kw, pieces.bottom_usd_per_kwh, pieces.span_usd_per_kwh
    return Rows(at, *sides, fixed, each[tightest], bounds[tightest], flow[kept] / scale), kept, scale


def _tightest(weight: Floats, bound: Floats) -> NDArray[np.intp]:
    """Of rows with the same weights the one with the lowest bound."""
    tightest: dict[bytes, int] = {}
    for row in range(len(bound)):
        other = tightest.setdefault(weight[row].tobytes(), row)
        if bound[row] < bound[other]:
            tightest[weight[row].tobytes()] = row
    return np.array(sorted(tightest.values()), dtype=np.intp)
