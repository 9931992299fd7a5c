"""Which agents are being planned at a time: who is done makes room for the next."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dso.agents.planning.interior import Interior
from dso.agents.planning.problem import Arrays, Plan, Problem
from dso.agents.planning.scaling import scaled, start, tube
from dso.messages import IntArray

MOST_ITERATIONS = 60
GAP = 3e-6  # of the dearest interval's cost of control
LEAST_WORTH = 1e-3  # of all that is weighed: below, the gap need not be smaller still
MISSING = 1e-9  # what the dynamics may miss, of the state's scale
LEAVE, JOIN = 0.6, 0.3  # so much still running of those present, and of a chunk: they are parted, others join


class Crowd:
    """Agents on their way, some further than others; what one does never touches another.

    Parameters
    ----------
    problem : of all agents.
    plans : filled in as agents are done, their controls as parts, 0 to 1, of their ranges.
    chunk : how many are on their way at most.
    """

    def __init__(self, problem: Problem, plans: Plan, chunk: int) -> None:
        self._problem, self._plans, self._chunk = problem, plans, chunk
        self._next = 0
        self._agents: IntArray = np.zeros(0, np.int64)
        self._data: Arrays = {}

    def join(self) -> bool:
        """Let the next begin if there is room enough; whether anybody is on the way."""
        present = len(self._agents)
        last = min(self._next + self._chunk - present, self._problem.shape[1])
        if last > self._next and present <= JOIN * self._chunk:
            new = self._begin(slice(self._next, last))
            self._agents = np.concatenate([self._agents, np.arange(self._next, last)])
            if present:
                new = {name: np.concatenate([self._data[name], new[name]], axis=-1) for name in new}
            self._data, self._next = new, last
        return len(self._agents) > 0

    def _begin(self, agents: slice) -> Arrays:
        part, x_start = self._problem.full(agents), np.asarray(self._problem.x_start[agents], np.float64)
        room = tube(part, x_start)
        self._plans.shortfall[agents] = room.shortfall
        data, unit = scaled(part, room, x_start)
        here = start(data)
        dearest = np.max([np.abs(data[name]).max(axis=0) for name in ("p_u", "p_v") if name in data], axis=0)
        here["enough"] = GAP * np.maximum(dearest, LEAST_WORTH)
        return here | {"unit": unit, "left": np.ones_like(unit), "steps": np.zeros_like(unit),
                       "most": np.abs(here["missing"]).max(axis=0)}  # fmt: skip

    def go(self) -> None:
        """Iterate until enough are done, and part from them."""
        data, interior = self._data, Interior(self._data)
        running = np.ones(len(self._agents), bool)
        while True:
            ready = (interior.gap <= data["enough"]) & (data["left"] * data["most"] <= MISSING)
            over = running & (ready | (data["steps"] >= MOST_ITERATIONS))
            if over.any():
                self._record(np.flatnonzero(over), interior, ready)
                running &= ~over
                if running.sum() <= LEAVE * len(running):
                    break
            interior.iterate()
        stay = np.flatnonzero(running)
        self._agents = self._agents[stay]
        self._data = {name: array[..., stay] for name, array in data.items()}

    def _record(self, which: IntArray, interior: Interior, ready: NDArray[np.bool_]) -> None:
        agents, plans, data = self._agents[which], self._plans, self._data
        plans.u[:, agents] = data["u_low_s"][:, which]
        if plans.v is not None:
            plans.v[:, agents] = data["v_low_s"][:, which]
        plans.gap[agents] = interior.gap[which] * data["unit"][which]
        plans.converged[agents] = ready[which]
        plans.iterations[agents] = data["steps"][which].astype(np.int64)
