"""Plans are the same wherever they are made, and come back in order."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from dso.agents.parallel import Planner
from dso.agents.planning import Problem, plan
from dso.errors import MissingExtraError

joblib = pytest.importorskip("joblib")


def problems():
    """Six problems of different sizes, prices and needs; a generator, as populations send them."""
    for k in range(6):
        rng = np.random.default_rng(k)
        n = 3 + k
        low = np.zeros((24, n))
        low[-1] = rng.uniform(1, 8, n)
        yield Problem(
            x_start=np.zeros(n),
            p_u=rng.uniform(0.02, 0.2, (24, 1)),
            u_low=0.0,
            u_high=3.0,
            r_u=0.01,
            x_low=low,
            x_high=9.0,
        )


HERE = [plan(p) for p in problems()]


def same(found) -> None:
    found = list(found)
    assert len(found) == len(HERE)
    for mine, theirs in zip(HERE, found, strict=True):
        for field in ("u", "x", "cost", "gap", "iterations"):
            np.testing.assert_array_equal(getattr(mine, field), getattr(theirs, field))


def test_one_process_solves_one_after_another_without_joblib(monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "joblib", None)
    same(Planner()(problems()))


@pytest.mark.parametrize("backend", ["threading", "loky"])
def test_two_at_once_make_the_same_plans_in_the_same_order(backend: str) -> None:
    same(Planner(2, backend)(problems()))


def test_dask_makes_the_same_plans() -> None:
    distributed = pytest.importorskip("distributed")
    cluster = distributed.LocalCluster(
        n_workers=1, threads_per_worker=2, processes=False, dashboard_address=None
    )
    with cluster, distributed.Client(cluster):
        same(Planner(2, "dask")(problems()))
        same(Planner(1, "dask")(problems()))


def test_no_problem_is_no_plan() -> None:
    assert list(Planner()([])) == []
    assert list(Planner(2, "threading")([])) == []


def test_without_joblib_the_extra_is_named(monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "joblib", None)
    with pytest.raises(MissingExtraError, match=r"needs the extra 'parallel': pip install"):
        Planner(2)(problems())


def test_a_planner_can_be_sent_elsewhere_and_compared() -> None:
    assert Planner(2, "loky") == Planner(2, "loky") != Planner(3, "loky")
