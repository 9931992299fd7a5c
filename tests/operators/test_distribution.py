"""The DO: losses at the head, limits, and what takes the place of a model that cannot answer."""

from __future__ import annotations

import numpy as np
import pytest

from dso.clock import Interval
from dso.operators.distribution import DistributionOperator, tighter
from dso.ports import Limits
from tests.engine.small import Wires

HOUR = (Interval(0, 3600),)


def test_losses_are_added_at_the_head_whichever_way_power_flows() -> None:
    do = DistributionOperator(Wires(loss_frac=0.05), Wires())
    assert do.head_kw(np.array([[100.0], [0.0], [-100.0]]), HOUR * 3).tolist() == [105.0, 0.0, -95.0]


def test_losses_per_kw_are_those_of_a_unit_load_where_there_is_none() -> None:
    do = DistributionOperator(Wires(loss_frac=0.05), Wires())
    factor = do.loss_factor(np.array([[100.0], [0.0], [-100.0]]), HOUR * 3)
    assert factor == pytest.approx([1.05, 1.05, 0.95])


def test_the_static_limits_are_another_model() -> None:
    do = DistributionOperator(Wires(import_limit_kw=9.0), Wires(import_limit_kw=5.0))
    load = np.array([[7.0]])
    assert do.violated(HOUR, load, 0) is None
    static = do.violated_static(HOUR, load, 0)
    assert static is not None
    assert static.import_kw.tolist() == [5.0]


def test_the_tighter_of_two_limits_counts_in_each_interval() -> None:
    a = Limits(np.array([1.0, 9.0]), np.array([np.inf, 2.0]))
    b = Limits(np.array([5.0, 3.0]), np.array([4.0, np.inf]))
    found = tighter(a, b)
    assert found.import_kw.tolist() == [1.0, 3.0]
    assert found.export_kw.tolist() == [4.0, 2.0]
    assert tighter(a, None) is a
