"""A case in MATPOWER's or PYPOWER's arrays as a system: `bus`, `gen`, `branch`, `gencost`, `baseMVA`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dso.errors import InputError, Problem
from dso.wholesale.grid import Floats, Grid, Lines, Units
from dso.wholesale.iso.system import Abilities, System

Rows = NDArray[np.float64]

POLYNOMIAL = 2


def from_matpower(case: Mapping[str, Any]) -> tuple[System, Floats]:
    """The system of a case, and the load of each bus, (n,) [MW], its shunts at 1 p.u. included.

    Elements out of service are left out, a limit of 0 means none, ramps of 0 are without limit.

    Parameters
    ----------
    case : with the arrays of caseformat version 2.

    Raises
    ------
    InputError : costs that are not polynomials of degree 2 or less or not convex, a phase shifter.

    References
    ----------
    R. D. Zimmerman, C. E. Murillo-Sánchez, MATPOWER User's Manual, Appendix B, doi:10.5281/zenodo.3236519.
    """
    bus, branch = np.asarray(case["bus"], float), np.asarray(case["branch"], float)
    on = np.asarray(case["gen"], float)[:, 7] > 0
    gen = np.asarray(case["gen"], float)[on]
    cost = np.asarray(case["gencost"], float)[: on.size][on]
    branch = branch[branch[:, 10] > 0]
    problems = _problems(cost, branch)
    if problems:
        raise InputError(problems)
    at = {int(number): k for k, number in enumerate(bus[:, 0])}
    grid = Grid(tuple(at), _lines(branch, at, float(case["baseMVA"])), _units(gen, cost, at))
    return System(grid, _abilities(gen, cost), np.zeros(0, np.int64)), bus[:, 2] + bus[:, 4]


def _problems(cost: Rows, branch: Rows) -> list[Problem]:
    found = []
    if (cost[:, 0] != POLYNOMIAL).any() or (cost[:, 3] > 3).any():
        found.append(Problem("gencost", "must be polynomials (model 2) of 3 coefficients at most"))
    elif (_coefficients(cost)[:, 0] < 0).any():
        found.append(Problem("gencost", "must not have a negative square"))
    if branch[:, 9].any():
        found.append(Problem("branch", "must have no phase shifter (column 10, angle)"))
    return found


def _lines(branch: Rows, at: Mapping[int, int], base_mva: float) -> Lines:
    ratio = np.where(branch[:, 8] == 0, 1.0, branch[:, 8])
    limit = np.where(branch[:, 5] == 0, np.inf, branch[:, 5])
    ends = [np.array([at[int(number)] for number in branch[:, k]], np.int64) for k in (0, 1)]
    return Lines(ends[0], ends[1], base_mva / (branch[:, 3] * ratio), limit)


def _units(gen: Rows, cost: Rows, at: Mapping[int, int]) -> Units:
    where = np.array([at[int(number)] for number in gen[:, 0]], np.int64)
    square, linear, _ = _coefficients(cost).T
    count = len(gen)
    return Units(np.arange(count), where, ("",) * count, gen[:, 9], gen[:, 8], square, linear)


def _coefficients(cost: Rows) -> Rows:
    """Square, linear and constant, (u, 3): the last `n` of the columns from the fifth on."""
    found = np.zeros((len(cost), 3))
    for row, line in zip(found, cost, strict=True):
        count = int(line[3])
        row[3 - count :] = line[4 : 4 + count]
    return found


def _abilities(gen: Rows, cost: Rows) -> Abilities:
    ramp = gen[:, 16] if gen.shape[1] > 16 else np.zeros(len(gen))
    none = np.zeros(len(gen), np.int64)
    return Abilities(
        np.where(ramp > 0, ramp, np.inf), none, none, cost[:, 1], _coefficients(cost)[:, 2], none > 0
    )
