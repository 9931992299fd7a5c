"""The shadow prices of rows weight · load ≤ bound: Newton on the dual with exact slopes.

The dual function is convex, and its gradient, bound − weight · load, piecewise linear: Newton's steps
(semismooth, within the box that keeps the shadows positive) with exact searches along them end after finitely
many. Horizontal pieces would let the gradient jump; they are given a span of 1e-9 USD/kWh, along which a row
that binds finds the share of each, the same for all at one price.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dso.market.box_step import box_step
from dso.market.curve import Floats
from dso.market.network_rows import Rows

Whole = NDArray[np.intp]

# Horizontal pieces are first smoothed over a wide span, from which Newton finds its way in few steps, and
# then over the width that counts [USD/kWh].
_COARSE, WIDTH = 1e-3, 1e-9
# How exactly a row must be met, as a share of what could flow over it: at first and in the end.
_NEAR_FRAC, _MET_FRAC = 1e-3, 1e-12
# Below this share of what could flow over a row the difference of load and bound is rounding.
_NOISE_FRAC = 1e-13
# So much of a row per USD/kWh pulls its shadow to the lowest value where many would do.
_PULL_FRAC = 1e-11
# A row that nothing satisfies would have an infinite shadow: it stops at so many times the widest price.
_WIDEST = 1e4
_STEPS = 200
# So many rows get a shadow at once; where hundreds are broken, a few often mend the rest.
_MOST = 16
# Where no piece gives way, a step may be so many times as wide as the prices; the search along it then stops
# where one does.
_REACH = 1e3
# A full step that leaves no more than this share of the slope behind needs no search.
_ENOUGH = 0.1


def lowest_shadows(rows: Rows, start: Floats) -> tuple[Floats, Floats]:
    """The shadows of the rows, (m,) [USD/kWh], and the share of each piece that is taken there, (N,).

    Where several shadows would do, low ones; a row that nothing satisfies has the highest possible one.

    Parameters
    ----------
    rows : one at least.
    start : (m,) shadows to begin from.
    """
    descent = _Descent(rows, start)
    none = np.zeros(start.shape)
    descent.run(_COARSE, _NEAR_FRAC, none)
    descent.run(WIDTH, _MET_FRAC, none)
    # The pull leaves a trace in the rows; pulled to where it already is, it leaves none.
    descent.run(WIDTH, _MET_FRAC, descent.shadow.copy())
    return descent.shadow, descent.position(WIDTH)[0].clip(0.0, 1.0)


class _Descent:
    """Shadows on their way down the dual function.

    Each piece's distance from its own price is carried along, not computed anew: a margin of 1e-9 USD/kWh is
    then resolved as finely as any other.
    """

    def __init__(self, rows: Rows, start: Floats) -> None:
        self.rows = rows
        self.widest = rows.widest_usd_per_kwh
        self.highest = np.full(start.shape, _WIDEST * self.widest)
        self.shadow = start.clip(0.0, self.highest)
        self.below = rows.bottom_usd_per_kwh - rows.adder(self.shadow)

    def position(self, width: float) -> tuple[Floats, Floats]:
        """Where each piece's price lies on it, 1 at the bottom and 0 at the top, and its span."""
        span = np.maximum(self.rows.span_usd_per_kwh, width)
        return self.below / span + 1.0, span

    def run(self, width: float, met_frac: float, home: Floats) -> None:
        """Go down until every row is met, with the shadows pulled home."""
        for _ in range(_STEPS):
            position, span = self.position(width)
            slope = self._slope(position, home)
            pushed = np.where(self.shadow <= 0, np.minimum(slope, 0.0), slope)
            pushed = np.where(self.shadow >= self.highest, np.maximum(slope, 0.0), pushed)
            if (np.abs(pushed) <= met_frac * self.rows.flow_kw).all():
                return
            self._step(position, span, slope, pushed, home)

    def _slope(self, position: Floats, home: Floats) -> Floats:
        slope = -self.rows.excess_kw(position.clip(0.0, 1.0))
        slope[np.abs(slope) <= _NOISE_FRAC * self.rows.flow_kw] = 0.0
        pulled: Floats = slope + _PULL_FRAC * self.rows.flow_kw * (self.shadow - home)
        return pulled

    def _step(self, position: Floats, span: Floats, slope: Floats, pushed: Floats, home: Floats) -> None:
        rows = self.rows
        rate = rows.size_kw / span
        pull = _PULL_FRAC * rows.flow_kw
        some = self._acting(pushed)
        curvature = self._curvature(some, position, rate, pushed)
        step = np.zeros(slope.shape)
        step[some] = box_step(
            curvature, slope[some], -self.shadow[some], self.highest[some] - self.shadow[some]
        )
        rise = rows.adder(step)
        start, motion = float((slope * step).sum()), -rise / span
        end_slope = pull * (self.shadow + step - home) - rows.excess_kw((position + motion).clip(0.0, 1.0))
        share = 1.0
        if float((end_slope * step).sum()) > _ENOUGH * abs(start):
            bend = float((pull * step * step).sum())
            share = lowest_on_line(position, motion, rate * rise * rise, start, bend)
        self.below = self.below - share * rise
        self.shadow = (self.shadow + share * step).clip(0.0, self.highest)

    def _acting(self, pushed: Floats) -> Whole:
        """The rows with a shadow, and the few that are broken most; the rest wait for a later step."""
        broken = np.where(self.shadow > 0, 0.0, pushed / self.rows.flow_kw)
        worst = np.argsort(broken)[:_MOST]
        acting: Whole = np.union1d(np.flatnonzero(self.shadow > 0), worst[broken[worst] < 0])
        return acting

    def _curvature(self, some: Whole, position: Floats, rate: Floats, pushed: Floats) -> Floats:
        """The exact curvature of some rows, and on its diagonal what keeps the step finite where no piece
        gives way.
        """
        rows, weight = self.rows, self.rows.weight[some]
        inside = (position > 0) & (position < 1)
        slope = np.bincount(rows.point[inside], rate[inside], rows.fixed_kw.size)
        # BLAS may: the curvature decides on the way only, not on where it ends.
        curvature: Floats = (weight * slope) @ weight.T
        diagonal = np.diag_indices(len(curvature))
        curvature[diagonal] *= 1.0 + 1e-13
        loose = np.abs(pushed) / (_REACH * self.widest) + _PULL_FRAC * rows.flow_kw
        curvature[diagonal] += loose[some]
        return curvature


def lowest_on_line(position: Floats, motion: Floats, bends: Floats, start: float, bend: float) -> float:
    """Where, from 0 to 1 along a step, the dual function is lowest; its slope is straight from kink to kink.

    Parameters
    ----------
    position, motion : (N,) where each piece is entered and left: at position 0 and 1.
    bends : (N,) how much each piece adds to the slope per step while inside.
    start : the slope at 0, below 0.
    bend : what is added to the slope per step everywhere, above 0.
    """
    moving = motion != 0
    position, motion, bends = position[moving], motion[moving], bends[moving]
    with np.errstate(over="ignore"):
        kinks = np.sort(np.array([-position / motion, (1.0 - position) / motion]), axis=0)
    met = (kinks[1] > 0) & (kinks[0] < 1)
    kinks = kinks[:, met].clip(0.0, 1.0)
    at, change = kinks.ravel(), np.concatenate((bends[met], -bends[met]))
    order = np.argsort(at)
    at = np.concatenate(([0.0], at[order], [1.0]))
    rate = bend + np.concatenate(([0.0], np.cumsum(change[order])))
    slope = start + np.concatenate(([0.0], np.cumsum(rate * np.diff(at))))
    up = int(np.argmax(slope >= 0))
    if up == 0:
        return 1.0
    return float(at[up - 1] - slope[up - 1] * (at[up] - at[up - 1]) / (slope[up] - slope[up - 1]))
