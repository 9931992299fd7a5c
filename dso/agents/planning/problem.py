"""What a day-ahead problem of many agents is, and what its solution is."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from dso.agents.planning.sides import fold
from dso.messages import FloatArray, IntArray

Arrays = dict[str, FloatArray]
_SECOND, _SOFT = ("p_v", "r_v", "b_v", "v_low", "v_high"), ("soft_curvature",)
_ATLEAST_ZERO = ("r_u", "r_v", "q", "soft_price", "soft_curvature")


@dataclass(frozen=True, slots=True, eq=False)
class Problem:
    """Day-ahead problems of n agents over T intervals, one state and one or two controls each.

    Minimise  Σ_t p_u·u + ½·r_u·u² + p_v·v + ½·r_v·v² + cross·u·v + c·x + ½·q·x²  with x the state at the
    *end* of interval t,  x_t = a·x_{t−1} + b_u·u_t + b_v·v_t + d_t,  u_low ≤ u ≤ u_high, v likewise, and
    x_low ≤ x ≤ x_high. A last row of c, q, x_low, x_high that differs is a terminal cost or bound.

    Parameters
    ----------
    x_start : (n,) state at the beginning, in the state's unit.
    p_u, u_low, u_high : price and bounds of u; this and all below of any shape that broadcasts to (T, n), at
        least one with all T rows. The control's unit is [kW] in all our formulations.
    b_u, a, d : the dynamics; a is 0 or more.
    x_low, x_high : bounds of the state, infinite where there is none.
    r_u, c, q : further costs, r_u and q 0 or more.
    p_v, r_v, b_v, v_low, v_high : the second control; without b_v there is none.
    cross : price of u·v, at most √(r_u·r_v).
    soft_price, soft_curvature : the state's bounds may be passed by σ at soft_price·σ + ½·soft_curvature·σ²
        each interval; without soft_price the bounds are hard.

    Raises
    ------
    ValueError : a shape does not fit, a number is not finite, bounds are crossed, or the cost is not convex.
    """

    x_start: FloatArray
    p_u: FloatArray | float
    u_low: FloatArray | float
    u_high: FloatArray | float
    x_low: FloatArray | float
    x_high: FloatArray | float
    b_u: FloatArray | float = 1.0
    a: FloatArray | float = 1.0
    d: FloatArray | float = 0.0
    r_u: FloatArray | float = 0.0
    c: FloatArray | float = 0.0
    q: FloatArray | float = 0.0
    b_v: FloatArray | float | None = None
    p_v: FloatArray | float = 0.0
    r_v: FloatArray | float = 0.0
    v_low: FloatArray | float = 0.0
    v_high: FloatArray | float = 0.0
    cross: FloatArray | float | None = None
    soft_price: FloatArray | float | None = None
    soft_curvature: FloatArray | float = 0.0

    def __post_init__(self) -> None:
        shape = self.shape
        if np.ndim(self.x_start) != 1 or len(shape) != 2 or shape[1] != len(self.x_start) or not shape[0]:
            raise ValueError(f"fields must broadcast to (T, n) with x_start (n,), was {shape}")
        for name in ("x_start", *self.names()):
            value = np.asarray(getattr(self, name))
            bad = np.isnan(value) if name in ("x_low", "x_high") else ~np.isfinite(value)
            if bad.any():
                raise ValueError(f"{name} must be finite, was {value[bad][0]} at {_first(bad)}")
            if name in (*_ATLEAST_ZERO, "a") and (value < 0).any():
                raise ValueError(f"{name} must be 0 or more, was {value.min()} at {_first(value < 0)}")
        for name in ("u", "v", "x"):
            crossed = np.asarray(getattr(self, f"{name}_low") > getattr(self, f"{name}_high"))
            if crossed.any():
                raise ValueError(f"{name}_low must be at most {name}_high, was above at {_first(crossed)}")
        if self.cross is not None:
            if self.b_v is None:
                raise ValueError("cross needs a second control, b_v")
            bent = np.asarray(np.square(self.cross) > np.multiply(self.r_u, self.r_v) * (1 + 1e-9))
            if bent.any():
                raise ValueError(f"cross² must be at most r_u·r_v, was above at {_first(bent)}")

    @property
    def shape(self) -> tuple[int, ...]:
        """Intervals and agents."""
        every = ("x_start", *self.names())
        return np.broadcast_shapes(*(np.shape(getattr(self, name)) for name in every))

    def names(self) -> tuple[str, ...]:
        """Fields in use that broadcast to (T, n)."""
        names = [f.name for f in fields(self) if f.name != "x_start" and getattr(self, f.name) is not None]
        unused = (*(() if self.b_v is not None else _SECOND), *(() if self.soft_price is not None else _SOFT))
        return tuple(name for name in names if name not in unused)

    def full(self, agents: slice = slice(None)) -> Arrays:
        """Every array in use of some agents, (T, m), by its name here."""
        shape = self.shape
        return {name: np.array(np.broadcast_to(getattr(self, name), shape)[:, agents], np.float64, order="C")
                for name in self.names()}  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """What n agents intend over T intervals.

    Parameters
    ----------
    u, v : (T, n) controls, within their bounds; v is None where there is no second one.
    x : (T, n) states at the end of each interval, as u and v make them.
    cost : (n,) of the problem's objective, in its unit.
    gap : (n,) what the cost is above the optimum at most, as the dual proves, in its unit.
    shortfall : (n,) by how much a hard bound of x gave way because no plan can meet it; 0 where all are met.
    converged : (n,) whether the gap is within the tolerance.
    iterations : (n,) steps taken.
    """

    u: FloatArray
    v: FloatArray | None
    x: FloatArray
    cost: FloatArray
    gap: FloatArray
    shortfall: FloatArray
    converged: NDArray[np.bool_]
    iterations: IntArray


def _first(bad: NDArray[np.bool_]) -> str:
    return f"index {tuple(int(i) for i in np.argwhere(bad)[0])}" if bad.ndim else "every index"


def states(part: Arrays, x_start: FloatArray, u: FloatArray, v: FloatArray | None) -> FloatArray:
    """States at the end of each interval, (T, n), that controls lead to."""
    x = part["b_u"] * u + part["d"]
    if v is not None:
        x += part["b_v"] * v
    before = x_start
    for row, a in zip(x, part["a"], strict=True):
        row += a * before
        before = row
    return x


def cost(part: Arrays, u: FloatArray, v: FloatArray | None, x: FloatArray) -> FloatArray:
    """The objective, (n,), passing soft bounds included."""
    stage = u * (part["p_u"] + 0.5 * part["r_u"] * u) + x * (part["c"] + 0.5 * part["q"] * x)
    if v is not None:
        stage += v * (part["p_v"] + 0.5 * part["r_v"] * v)
        if "cross" in part:
            stage += part["cross"] * u * v
    if "soft_price" in part:
        for passed in (part["x_low"] - x, x - part["x_high"]):
            sigma = np.maximum(passed, 0.0)
            stage += sigma * (part["soft_price"] + 0.5 * part["soft_curvature"] * sigma)
    return fold(stage)
