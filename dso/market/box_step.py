"""The lowest point of a small convex quadratic within a box."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dso.market.curve import Floats

Mask = NDArray[np.bool_]

# How often all bounds are guessed at once, which nearly always does, before they are taken one by one.
_GUESSES = 8
# Slopes below this share of what they are summed from are rounding.
_NOISE_FRAC = 1e-14


def box_step(curvature: Floats, slope: Floats, low: Floats, high: Floats) -> Floats:
    """The step d that minimises slope·d + d·curvature·d / 2 with low ≤ d ≤ high, (m,).

    Guesses which bounds hold until the guess confirms itself (Hintermüller, Ito and Kunisch 2002, the
    primal-dual active set method); where that runs in circles, the primal active set method, whose every
    step goes down (Nocedal and Wright, Numerical Optimization, section 16.5).

    Parameters
    ----------
    curvature : (m, m) symmetric and positive definite.
    slope : (m,) at d = 0.
    low, high : (m,) the box, with low ≤ 0 ≤ high.
    """
    found = _guessed(curvature, slope, low, high)
    return _one_by_one(curvature, slope, low, high) if found is None else found


def _guessed(curvature: Floats, slope: Floats, low: Floats, high: Floats) -> Floats | None:
    at_low, at_high = (low >= 0) & (slope > 0), (high <= 0) & (slope < 0)
    for _ in range(_GUESSES):
        free = ~(at_low | at_high)
        step = np.where(at_low, low, np.where(at_high, high, 0.0))
        step[free] = _lowest(curvature, slope + _times(curvature, step), free)
        rise = slope + _times(curvature, step)
        now_low = (free & (step < low)) | (at_low & (rise > 0))
        now_high = (free & (step > high)) | (at_high & (rise < 0))
        if (now_low == at_low).all() and (now_high == at_high).all():
            return step.clip(low, high)
        at_low, at_high = now_low, now_high
    return None


def _one_by_one(curvature: Floats, slope: Floats, low: Floats, high: Floats) -> Floats:
    step: Floats = np.zeros(slope.shape)
    held = ((low >= 0) & (slope >= 0)) | ((high <= 0) & (slope <= 0))
    # Stopping early costs nothing but a shorter step: every state on the way lies lower than the start.
    for _ in range(5 * slope.size + 10):
        free = np.flatnonzero(~held)
        move = _lowest(curvature, slope + _times(curvature, step), free)
        share, first = _room(step[free], move, low[free], high[free])
        step[free] += share * move
        if share < 1:
            step[free[first]] = (low if move[first] < 0 else high)[free[first]]
            held[free[first]] = True
            continue
        rise = slope + _times(curvature, step)
        noise = _NOISE_FRAC * (np.abs(slope) + _times(np.abs(curvature), np.abs(step)))
        gain = np.where(held, np.where(step <= low, -rise, rise) - noise, 0.0)
        best = int(np.argmax(gain))
        if gain[best] <= 0:
            break
        held[best] = False
    return step.clip(low, high)


def _lowest(curvature: Floats, slope: Floats, free: Mask | NDArray[np.intp]) -> Floats:
    """Where the free coordinates' slopes vanish, the others held."""
    found: Floats = np.linalg.solve(curvature[free][:, free], -slope[free]).astype(np.float64)
    return found


def _room(step: Floats, move: Floats, low: Floats, high: Floats) -> tuple[float, int]:
    """The share of a move that the box leaves, 1 at most, and which coordinate stops it."""
    if not move.size:
        return 1.0, -1
    with np.errstate(divide="ignore", invalid="ignore"):
        room = np.where(move == 0, np.inf, (np.where(move < 0, low, high) - step) / move)
    first = int(np.argmin(room))
    return min(max(float(room[first]), 0.0), 1.0), first


def _times(matrix: Floats, vector: Floats) -> Floats:
    """The product, summed without BLAS, whose order depends on its threads."""
    product: Floats = np.add.reduce(matrix * vector, axis=1)
    return product
