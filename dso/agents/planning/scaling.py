"""From a problem in its own units to one whose controls run from 0 to 1, and where its iterations start."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dso.agents.planning.problem import Arrays
from dso.messages import FloatArray

WIDEN = 2.5e-7  # of a state's scale on both sides: a bound that can only just be met still has an inside
MULTIPLIER = 0.5  # where the iterations start; costs are of the order of 1
FIXED = 1e-9  # a control that can move less than this part of its largest range does not move


@dataclass(frozen=True, slots=True, eq=False)
class Tube:
    """What the states can be: bounds that some plan can meet, and by how much the given ones were passed."""

    low: FloatArray  # (T, n)
    high: FloatArray  # (T, n)
    scale: FloatArray  # (n,) size of the state's range
    shortfall: FloatArray  # (n,) largest distance by which a hard bound had to give way


def tube(part: Arrays, x_start: FloatArray) -> Tube:
    """Go forward over the states that can be reached, and let a bound give way where none can meet it.

    An earlier bound is never passed for the sake of a later one. Infinite bounds become what can be reached.
    """
    soft = "soft_price" in part
    low, high = part["x_low"].copy(), part["x_high"].copy()
    down, up = _drift(part)
    scale = _scale(high - low, up - down, x_start, soft)
    least = most = x_start
    shortfall = np.zeros_like(scale)
    for t, a in enumerate(part["a"]):
        least, most = a * least + down[t], a * most + up[t]
        low[t] = np.where(np.isinf(low[t]), least - scale, low[t])
        high[t] = np.where(np.isinf(high[t]), most + scale, high[t])
        if soft:
            continue
        shortfall = np.maximum(shortfall, np.maximum(low[t] - most, least - high[t]))
        low[t], high[t] = np.minimum(low[t], most), np.maximum(high[t], least)
        least, most = np.maximum(least, low[t]), np.minimum(most, high[t])
    if not soft:
        low -= WIDEN * scale
        high += WIDEN * scale
    return Tube(low, high, scale, shortfall)


def _drift(part: Arrays) -> tuple[FloatArray, FloatArray]:
    # the least and the most that an interval can add to the state
    down, up = part["d"].copy(), part["d"].copy()
    for name in ("u", "v"):
        if f"b_{name}" in part:
            ends = (part[f"b_{name}"] * part[f"{name}_low"], part[f"b_{name}"] * part[f"{name}_high"])
            down += np.minimum(*ends)
            up += np.maximum(*ends)
    return down, up


def _scale(wide: FloatArray, move: FloatArray, x_start: FloatArray, soft: bool) -> FloatArray:
    # a state's size: its widest bounds; where these say nothing, what one interval can change
    bounds, most = np.where(np.isfinite(wide), wide, 0.0).max(axis=0), move.max(axis=0)
    size = np.maximum(bounds, most) if soft else np.where(bounds > 0, bounds, most)
    return np.where(size > 0, size, np.maximum(np.abs(x_start), 1.0))


def scaled(part: Arrays, room: Tube, x_start: FloatArray) -> tuple[Arrays, FloatArray]:
    """The problem with controls from 0 to 1 and states from 0, and (n,) what one unit of its cost is.

    A control that cannot move is let go: it runs from 0 to 1 at a cost of its own, and moves nothing.
    """
    size, rest = room.scale, part["d"] - room.low
    rest[0] += part["a"][0] * x_start
    rest[1:] += part["a"][1:] * room.low[:-1]
    data = {"a": part["a"].copy(), "width": (room.high - room.low) / size}
    wide = {name: _width(part, name) for name in ("u", "v") if f"b_{name}" in part}
    for name, w in wide.items():
        low, b = part[f"{name}_low"], part[f"b_{name}"]
        rest += b * low
        data[f"b_{name}"] = b * w / size
        data[f"p_{name}"] = (part[f"p_{name}"] + part[f"r_{name}"] * low) * w
        data[f"r_{name}"] = part[f"r_{name}"] * w * w
    if "cross" in part:
        data["p_u"] += part["cross"] * part["v_low"] * wide["u"]
        data["p_v"] += part["cross"] * part["u_low"] * wide["v"]
        data["cross"] = part["cross"] * wide["u"] * wide["v"]
    data["q"], data["c"] = part["q"] * size * size, (part["c"] + part["q"] * room.low) * size
    unit = _unit([data[name] for name in data if name[0] in "pcqr"])
    if "soft_price" in part:
        data["k1"], data["k2"] = part["soft_price"] * size, part["soft_curvature"] * size * size
    for name in data:
        if name[0] in "pcqrk":
            data[name] /= unit
    for name, w in wide.items():
        data[f"r_{name}"] += w == 0
    data["rest"] = rest / size
    return data, unit


def _width(part: Arrays, name: str) -> FloatArray:
    wide = part[f"{name}_high"] - part[f"{name}_low"]
    return np.where(wide > FIXED * wide.max(axis=0), wide, 0.0)


def _unit(gradients: list[FloatArray]) -> FloatArray:
    most = np.max([np.abs(g).max(axis=0) for g in gradients], axis=0)
    return np.where(most > 0, most, 1.0)


def start(data: Arrays) -> Arrays:
    """Where the iterations start: everything in the middle, multipliers that leave no dual residual."""
    kept = ("a", "b_u", "b_v", "r_u", "r_v", "cross", "q", "k2")
    here = {name: data[name] for name in kept if name in data}
    here["missing"] = data["rest"].copy()
    pull = np.zeros_like(data["a"])  # the dynamics' multiplier
    middle = data["width"] / 2
    slope = data["c"] + data["q"] * middle
    if "k1" in data:
        here |= _soft_start(data, middle)
        pull = _pull(data["a"], slope)
    else:
        here |= _hard_start("x", middle, slope)
    for name in ("u", "v"):
        if f"b_{name}" not in data:
            continue
        bent = data[f"r_{name}"] + data.get("cross", 0.0)
        slope = data[f"p_{name}"] + 0.5 * bent + data[f"b_{name}"] * pull
        here |= _hard_start(name, np.full_like(slope, 0.5), slope)
        here["missing"] += 0.5 * data[f"b_{name}"]
    here["missing"] -= middle
    here["missing"][1:] += data["a"][1:] * middle[:-1]
    return here


def _pull(a: FloatArray, slope: FloatArray) -> FloatArray:
    pull = slope.copy()
    for t in range(len(a) - 2, -1, -1):
        pull[t] += a[t + 1] * pull[t + 1]
    return pull


def _hard_start(name: str, middle: FloatArray, slope: FloatArray) -> Arrays:
    return {
        f"{name}_low_s": middle.copy(),
        f"{name}_high_s": middle.copy(),
        f"{name}_low_z": MULTIPLIER + np.maximum(slope, 0.0),
        f"{name}_high_z": MULTIPLIER + np.maximum(-slope, 0.0),
    }


def _soft_start(data: Arrays, middle: FloatArray) -> Arrays:
    # both sides alike, so that their multipliers cancel; σ is small where it is dear
    sigma = 0.5 / (1.0 + data["k1"] + data["k2"])
    price = data["k1"] + data["k2"] * sigma
    z = np.minimum(MULTIPLIER, 0.5 * price)
    one = {"s": middle + sigma, "z": z, "sigma": sigma, "w": price - z}
    return {f"x_{side}_{part}": value.copy() for side in ("low", "high") for part, value in one.items()}
