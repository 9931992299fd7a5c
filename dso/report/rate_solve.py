"""Where bills meet a target: they are lines over one number of a rate, bent up by minimum charges."""

from __future__ import annotations

from collections.abc import Callable

from scipy.optimize import brentq

from dso.errors import DsoError

Function = Callable[[float], float]

SAME_USD = 1e-7
FIRST_STEP, STEPS = 1e-3, 50  # doubling: up to 1e12 away
FAR = 1e9  # where a line that changes at all has changed
THIRDS = 400


class NoSolutionError(DsoError):
    """A function that is nowhere zero; `nearest` is the value closest to it, `flat` if it never changes."""

    def __init__(self, nearest: float, *, flat: bool) -> None:
        super().__init__(nearest, flat)
        self.nearest = nearest
        self.flat = flat


def solved(f: Function, start: float) -> float:
    """Where a convex function, made of straight pieces, is zero: the line through two points, else search.

    Parameters
    ----------
    f : convex; bills bent up by a minimum are, and sums of them.
    start : where to begin.

    Raises
    ------
    NoSolutionError : it is nowhere zero.
    """
    here, there = f(start), f(start + 1.0)
    if abs(here) <= SAME_USD:
        return start
    if there != here:
        on_the_line = start - here / (there - here)
        if abs(f(on_the_line)) <= SAME_USD:
            return on_the_line
    end = _above(f, start) if here < 0 else _below(f, start)
    return float(brentq(f, start, end, xtol=1e-15, rtol=1e-15, maxiter=500))


def _above(f: Function, start: float) -> float:
    """Where it is no longer negative, on the nearer side."""
    highest = f(start)
    first = highest
    for k in range(STEPS):
        for side in (1.0, -1.0):
            x = start + side * FIRST_STEP * 2.0**k
            value = f(x)
            if value >= 0:
                return x
            highest = max(highest, value)
    raise NoSolutionError(highest, flat=highest - first <= SAME_USD)


def _below(f: Function, start: float) -> float:
    """Where it is no longer positive: downhill, as far as its lowest point."""
    here = f(start)
    side = 1.0 if f(start + FIRST_STEP) < f(start - FIRST_STEP) else -1.0
    before = last = start
    for k in range(STEPS):
        x = start + side * FIRST_STEP * 2.0**k
        if f(x) <= 0:
            return x
        if f(x) >= f(last):
            last = _lowest(f, *sorted((before, x)))
            break
        before, last = last, x
    if f(last) <= 0:
        return last
    raise NoSolutionError(f(last), flat=all(abs(f(start + x) - here) <= SAME_USD for x in (-FAR, FAR)))


def _lowest(f: Function, low: float, high: float) -> float:
    """The lowest point between two, by thirds."""
    for _ in range(THIRDS):
        a, b = low + (high - low) / 3, high - (high - low) / 3
        if f(a) <= f(b):
            high = b
        else:
            low = a
        if b <= a:
            break
    return (low + high) / 2
