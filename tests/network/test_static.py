import numpy as np
import pytest

from dso.clock import Interval
from dso.network.static import Derate, StaticNetwork

HOURS = Interval(0, 4 * 3600).split(4)
PLANNED = Derate(3600, 7200, import_limit_kw=50.0)
FAULT = Derate(5400, 9000, import_limit_kw=20.0, export_limit_kw=5.0, planned=False)


def column(load_kw):
    """A load at the only service point, (t, 1)."""
    return load_kw[:, None]


def test_a_schedule_within_the_limits_can_flow():
    wires = StaticNetwork(100.0, 30.0)
    assert wires.violated(HOURS, column(np.array([100.0, 0.0, -30.0, 99.0])), 0, ()) is None


def test_rounding_breaks_no_limit_but_a_watt_does():
    wires = StaticNetwork(100.0, 0.0)
    assert wires.violated(HOURS[:2], column(np.array([100.0 * (1 + 1e-10), -1e-10])), 0, ()) is None
    assert wires.violated(HOURS[:1], column(np.array([100.001])), 0, ()) is not None
    assert wires.violated(HOURS[:1], column(np.array([-0.001])), 0, ()) is not None


def test_one_broken_limit_brings_the_limits_of_all_intervals():
    limits = StaticNetwork(100.0, 30.0).violated(HOURS, column(np.array([0.0, 0.0, -31.0, 0.0])), 0, ())
    assert limits is not None
    assert limits.import_kw == pytest.approx([100.0] * 4)
    assert limits.export_kw == pytest.approx([30.0] * 4)


def test_without_limits_everything_can_flow():
    assert StaticNetwork().violated(HOURS, column(np.array([1e12, -1e12, 0.0, 0.0])), 0, ()) is None


def test_a_planned_derating_is_known_beforehand_and_touches_whole_intervals():
    limits = StaticNetwork(100.0, derates=(PLANNED,)).limits(HOURS, -86400)
    assert limits.import_kw == pytest.approx([100.0, 50.0, 100.0, 100.0])
    assert np.isinf(limits.export_kw).all()


def test_an_unplanned_derating_is_known_from_its_start_only():
    wires = StaticNetwork(100.0, derates=(PLANNED, FAULT))
    assert wires.limits(HOURS, 5399).import_kw == pytest.approx([100.0, 50.0, 100.0, 100.0])
    known = wires.limits(HOURS, 5400)
    assert known.import_kw == pytest.approx([100.0, 20.0, 20.0, 100.0])
    assert known.export_kw == pytest.approx([np.inf, 5.0, 5.0, np.inf])


def test_a_schedule_is_judged_by_what_is_known_when_it_is_made():
    wires = StaticNetwork(100.0, derates=(FAULT,))
    load = np.full(4, 60.0)
    assert wires.violated(HOURS, column(load), 0, ()) is None
    assert wires.violated(HOURS, column(load), 5400, ()) is not None


def test_reduced_says_when_a_derating_holds_planned_or_not():
    wires = StaticNetwork(derates=(PLANNED, FAULT))
    assert [wires.reduced(t) for t in (3599, 3600, 7199, 7200, 8999, 9000)] == [
        False,
        True,
        True,
        True,
        True,
        False,
    ]


def test_changes_come_in_order_and_end():
    wires = StaticNetwork(derates=(FAULT, PLANNED))
    changes, t = [], 0
    while (following := wires.next_change_s(t)) is not None:
        changes.append(following)
        t = following
    assert changes == [3600, 5400, 7200, 9000]


def test_losses_are_a_share_of_the_load_whichever_way_it_flows():
    load = column(np.array([100.0, -40.0, 0.0]))
    assert StaticNetwork(loss_frac=0.05).losses_kw(load, ()) == pytest.approx([5.0, 2.0, 0.0])


@pytest.mark.parametrize(
    "make",
    [
        lambda: StaticNetwork(-1.0),
        lambda: StaticNetwork(float("nan")),
        lambda: StaticNetwork(loss_frac=1.0),
        lambda: Derate(10, 10, 5.0),
        lambda: Derate(0, 10, float("nan")),
    ],
)
def test_impossible_wires_are_refused(make):
    with pytest.raises(ValueError, match="must"):
        make()
