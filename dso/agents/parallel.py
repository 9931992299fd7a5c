"""Plans spread over processes: chunks of agents go out, the same plans come back in the same order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from dso.agents.planning import Plan, Problem, plan
from dso.errors import MissingExtraError


@dataclass(frozen=True, slots=True)
class Planner:
    """Solves problems here, or in other processes through joblib.

    How many processes there are changes no bit of a plan: who is planned for together is decided before.

    Parameters
    ----------
    processes : 1: in this one.
    backend : joblib's: loky, threading, multiprocessing, or dask (which needs a running `dask.distributed`
        client; see docs/agents.md).
    """

    processes: int = 1
    backend: str = "loky"

    def __call__(self, problems: Iterable[Problem]) -> Iterator[Plan] | Sequence[Plan]:
        """Plans of problems, in their order."""
        if self.processes == 1 and self.backend != "dask":
            return (plan(problem) for problem in problems)
        try:
            from joblib import Parallel, delayed, parallel_config
        except ImportError as error:
            raise MissingExtraError("parallel", "planning in several processes") from error
        with parallel_config(backend=self.backend, n_jobs=self.processes):
            found: list[Plan] = Parallel()(delayed(plan)(problem) for problem in problems)
        return found
