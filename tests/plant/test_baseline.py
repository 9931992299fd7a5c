"""The fleet by itself, ahead of the clock: a pure function of time."""

import numpy as np
import pytest

from dso.clock import Interval
from dso.plant.baseline import Baseline
from dso.plant.fleet import Fleet, Group
from tests.plant.hands import Counters

HOUR = 3600
START = 10 * HOUR


def baseline() -> tuple[Baseline, Counters]:
    """Customer 0 draws 1 to 12 kW in the twelve steps of an hour; customer 1 bids, and draws 1 kW more."""
    counters = Counters([0, 1], rising=True)
    return Baseline(Fleet((Group(counters, np.array([-1, 0])),), 2, 1, step_s=300), START), counters


def test_devices_that_do_not_take_part_are_known_step_by_step() -> None:
    alone, _ = baseline()
    assert alone.customers_kw(Interval(START, 300)).tolist() == [1, 0]
    assert alone.customers_kw(Interval(START + 3300, 300)).tolist() == [12, 0]
    assert alone.customers_kw(Interval(START, 900)).tolist() == [2, 0]
    assert alone.customers_kw(Interval(START, HOUR)).tolist() == [6.5, 0]


def test_an_interval_may_cut_steps_and_hours() -> None:
    """200 s of 12 kW and 100 s of 1 kW."""
    alone, _ = baseline()
    np.testing.assert_allclose(alone.customers_kw(Interval(START + 3400, 300)), [(200 * 12 + 100) / 300, 0])


def test_devices_that_take_part_are_known_by_the_hour() -> None:
    alone, _ = baseline()
    assert alone.devices_kw(Interval(START, 300)).tolist() == [7.5]
    assert alone.devices_kw(Interval(START + 5 * HOUR, 2 * HOUR)).tolist() == [7.5]


def test_it_does_not_matter_in_which_order_it_is_asked() -> None:
    one, _ = baseline()
    other, _ = baseline()
    hours = [Interval(START + k * HOUR, HOUR) for k in (30, 2, 50, 0)]
    forwards = {i: one.customers_kw(i) for i in sorted(hours)}
    for interval in hours:
        np.testing.assert_array_equal(other.customers_kw(interval), forwards[interval])


def test_what_was_run_is_not_run_again() -> None:
    alone, counters = baseline()
    alone.customers_kw(Interval(START + 5 * HOUR, HOUR))
    asked = len(counters.asked)
    assert asked == 6 * 12
    alone.devices_kw(Interval(START, 6 * HOUR))
    assert len(counters.asked) == asked


def test_hours_gone_by_are_forgotten_and_the_rest_goes_on() -> None:
    alone, _ = baseline()
    alone.customers_kw(Interval(START + 49 * HOUR, HOUR))
    alone.forget(START + 47 * HOUR)
    assert alone.customers_kw(Interval(START + 47 * HOUR, HOUR)).tolist() == [6.5, 0]
    assert alone.customers_kw(Interval(START + 80 * HOUR, HOUR)).tolist() == [6.5, 0]
    for k in range(80, 1000):
        alone.forget(START + k * HOUR)
        alone.customers_kw(Interval(START + (k + 24) * HOUR, HOUR))
    assert len(alone.get_state()) <= 4  # one a day, of two days ahead, and the newest
    assert len(alone._hours) <= 25


def test_forgetting_what_was_never_asked_for_does_no_harm() -> None:
    alone, _ = baseline()
    alone.forget(START - 100 * HOUR)
    alone.forget(START + 100 * HOUR)
    assert alone.customers_kw(Interval(START + 100 * HOUR, HOUR)).tolist() == [6.5, 0]


def test_a_resumed_one_knows_the_same() -> None:
    """The states are memory: device 1 has drawn 7.5 kWh an hour."""
    alone, _ = baseline()
    alone.customers_kw(Interval(START + 30 * HOUR, HOUR))
    again, counters = baseline()
    again.set_state(alone.get_state())
    assert again.customers_kw(Interval(START + 25 * HOUR, HOUR)).tolist() == [6.5, 0]
    assert counters.asked[0][0] == START + 24 * HOUR  # from the state of the day before, not from the start
    newest = max(again.get_state())
    assert again.get_state()[newest][0][0].tolist() == pytest.approx([6.5 * newest, 7.5 * newest])


def test_a_state_that_was_handed_out_does_not_change_afterwards() -> None:
    alone, _ = baseline()
    alone.customers_kw(Interval(START, HOUR))
    held = alone.get_state()
    before = sorted(held)
    alone.customers_kw(Interval(START + 60 * HOUR, HOUR))
    alone.forget(START + 60 * HOUR)
    assert sorted(held) == before
