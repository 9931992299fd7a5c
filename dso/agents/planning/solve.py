"""Day-ahead plans of many agents at once, each the optimum of that agent alone."""

from __future__ import annotations

import numpy as np

from dso.agents.planning.crowd import Crowd
from dso.agents.planning.problem import Plan, Problem, cost, states
from dso.messages import FloatArray


def plan(problem: Problem, *, chunk: int = 512) -> Plan:
    """Solve every agent's problem to its optimum; how agents are cut into chunks changes no bit of a plan.

    Parameters
    ----------
    problem : of n agents over T intervals.
    chunk : how many agents are worked on at once, 1 or more; 512 suits second-level caches.

    Raises
    ------
    ValueError : chunk is below 1.
    """
    if chunk < 1:
        raise ValueError(f"chunk must be 1 or more, was {chunk}")
    plans = _empty(problem)
    crowd = Crowd(problem, plans, chunk)
    with np.errstate(all="ignore"):  # who is done runs on until others join, and may leave what floats hold
        while crowd.join():
            crowd.go()
    for first in range(0, problem.shape[1], chunk):
        _finish(problem, plans, slice(first, first + chunk))
    return plans


def _empty(problem: Problem) -> Plan:
    shape, count = problem.shape, problem.shape[1]
    return Plan(
        u=np.empty(shape), v=None if problem.b_v is None else np.empty(shape), x=np.empty(shape),
        cost=np.empty(count), gap=np.empty(count), shortfall=np.empty(count),
        converged=np.zeros(count, bool), iterations=np.zeros(count, np.int64),
    )  # fmt: skip


def _finish(problem: Problem, plans: Plan, agents: slice) -> None:
    # from parts of their ranges to the controls themselves, and what follows from them
    part, x_start = problem.full(agents), np.asarray(problem.x_start[agents], np.float64)
    u, v = plans.u[:, agents], None if plans.v is None else plans.v[:, agents]
    _stretch(u, part["u_low"], part["u_high"])
    if v is not None:
        _stretch(v, part["v_low"], part["v_high"])
    x = states(part, x_start, u, v)
    plans.x[:, agents] = x
    plans.cost[agents] = cost(part, u, v, x)


def _stretch(control: FloatArray, low: FloatArray, high: FloatArray) -> None:
    control *= high - low
    control += low
    np.clip(control, low, high, out=control)
