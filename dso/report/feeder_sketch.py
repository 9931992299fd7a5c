"""The voltage profile of a feeder drawn in characters."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from dso.messages import FloatArray
from dso.report.feeder import TWO_LINES, FeederPlan

WIDTH, HEIGHT = 66, 22  # of the drawing, in characters
RANGE_A = (0.95, 1.05)  # ANSI C84.1, at the service
LETTERS = {"a": "a", "b": "b", "c": "c", TWO_LINES: "x", "": "o"}
STEPS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1)  # p.u. between two rows
SERVICE, SEVERAL, BOUND = "·", "*", "╌"


def profile_lines(
    plan: FeederPlan, voltage_pu: FloatArray, width: int = WIDTH, height: int = HEIGHT
) -> Iterator[str]:
    """Voltage over distance from the head as lines of text; none where no distance is known.

    Parameters
    ----------
    voltage_pu : (nodes,) NaN where dead.
    width, height : of the drawing, in characters; its axis and legend come on top.
    """
    shown = np.isfinite(voltage_pu) & np.isfinite(plan.distance_km)
    if not shown.any():
        return
    longest = float(plan.distance_km[shown].max()) or 1.0
    values = _rows(voltage_pu[shown], height)
    across = np.nan_to_num(np.rint(plan.distance_km / longest * (width - 1)))
    down = np.nan_to_num(np.rint((values[0] - voltage_pu) / (values[0] - values[1])))
    ends = [bool(np.isclose(RANGE_A, value).any()) for value in values]
    grid = [[BOUND if end else " "] * width for end in ends]
    for k in [*np.flatnonzero(shown & plan.at_service), *np.flatnonzero(shown & ~plan.at_service)]:
        cells, x = grid[int(down[k])], int(across[k])
        cells[x] = _mark(cells[x], SERVICE if plan.at_service[k] else LETTERS[plan.phase[k]])
    for value, cells in zip(values.tolist(), grid, strict=True):
        yield f"{value:7.4f} │" + "".join(cells).rstrip()
    yield " " * 8 + "└" + "─" * width
    right = f"{longest:.2f} km from the head"
    yield " " * 9 + "0" + right.rjust(width - 1)
    yield from _legend(plan, any(ends))


def _rows(voltage_pu: FloatArray, height: int) -> FloatArray:
    """The voltage of each row from above: round numbers around all voltages and ends of range A nearby."""
    low, high = float(voltage_pu.min()), float(voltage_pu.max())
    room = max(high - low, 0.01)
    ends = [end for end in RANGE_A if low - room <= end <= high + room]
    low, high = min([low, *ends]), max([high, *ends])
    step = next((s for s in STEPS if round(high / s) - round(low / s) < height), STEPS[-1])
    return np.asarray(np.arange(round(high / step), round(low / step) - 1, -1) * step, np.float64)


def _mark(there: str, new: str) -> str:
    return new if there in (" ", BOUND, SERVICE, new) else SEVERAL


def _legend(plan: FeederPlan, bounded: bool) -> Iterator[str]:
    phases = [
        p for p in LETTERS if p in {q for q, s in zip(plan.phase, plan.at_service, strict=True) if not s}
    ]
    marks = [f"{LETTERS[p]} {'phase ' + p if len(p) == 1 else p or 'primaries'}" for p in phases]
    marks += [f"{SEVERAL} several"] * (len(phases) > 1)
    marks += [f"{SERVICE} at the service"] * bool(plan.at_service.any())
    marks += [f"{BOUND * 2} ANSI range A"] * bounded
    yield " " * 9 + "   ".join(marks)
