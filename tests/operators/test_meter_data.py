"""How gaps in the meters are filled, rule by rule."""

from __future__ import annotations

import numpy as np
import pytest

from dso.clock import Interval
from dso.messages import MeterReading
from dso.operators.meter_data import Gap, filled_kw, metered_kw

NAN = float("nan")
GAP = Gap(
    read_kw=np.array([3.0, NAN, 1.0, NAN]),
    schedule_kw=np.array([2.0, 4.0, 2.0, 6.0]),
    before_kw=np.array([9.0, 5.0, 9.0, NAN]),
    group=np.array([0, 0, 1, 1]),
)


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("schedule", [3.0, 4.0, 1.0, 6.0]),
        ("before", [3.0, 5.0, 1.0, 6.0]),  # the last was never read: its schedule
        ("similar", [3.0, 4.0 * 3 / 2, 1.0, 6.0 * 1 / 2]),  # read per scheduled: 3/2 and 1/2
    ],
)
def test_what_was_read_stays_and_gaps_are_estimated(rule: str, expected: list[float]) -> None:
    assert filled_kw(GAP, rule, None).tolist() == pytest.approx(expected)


def test_who_had_no_supply_is_estimated_to_have_drawn_nothing() -> None:
    frac = np.array([1.0, 0.25, 1.0, 0.0])
    assert filled_kw(GAP, "schedule", frac).tolist() == [3.0, 1.0, 1.0, 0.0]


def test_where_nobody_was_read_similar_is_the_schedule() -> None:
    nobody = Gap(np.full(4, NAN), GAP.schedule_kw, GAP.before_kw, GAP.group)
    assert filled_kw(nobody, "similar", None).tolist() == [2.0, 4.0, 2.0, 6.0]


def test_device_meters_are_told_as_power_and_what_was_not_read_is_not_a_number() -> None:
    reading = MeterReading(Interval(0, 900), np.ones(3), np.array([0.5, NAN, 0.25]), 3.0)
    told = metered_kw((reading, None), np.array([2, 1]))
    np.testing.assert_array_equal(told, [[1.0, NAN], [NAN, NAN]])
