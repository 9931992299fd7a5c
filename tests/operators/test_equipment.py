"""What is out in an interval: planned with what is known, and as it was."""

from __future__ import annotations

import numpy as np
import pytest

from dso.clock import Interval
from dso.messages import AS_BUILT
from dso.operators.equipment import (
    Case,
    equipment_during,
    equipment_in,
    next_change_s,
    next_job,
    supplied_frac,
)

HOUR = Interval(3600, 3600)


def case(since_s: int, until_s: int | None = None, cause="failure", **more) -> Case:
    return Case(f"{cause} {since_s}", more.pop("element", "line"), cause, since_s, until_s, **more)


def lit(equipment):
    return np.array(["substation" not in equipment.out, not equipment.out])


def test_an_interval_that_is_touched_in_part_is_planned_as_out() -> None:
    assert equipment_in([case(7000)], HOUR).out == {"line"}
    assert equipment_in([case(0, 3601)], HOUR).out == {"line"}


def test_what_ends_where_an_interval_begins_does_not_touch_it() -> None:
    assert equipment_in([case(0, 3600), case(7200)], HOUR) is AS_BUILT


def test_a_failure_is_not_known_before_it_happens_but_maintenance_is() -> None:
    assert equipment_in([case(4000)], HOUR, known_at_s=3999) is AS_BUILT
    assert equipment_in([case(4000)], HOUR, known_at_s=4000).out == {"line"}
    assert equipment_in([case(4000, 5000, "maintenance")], HOUR, known_at_s=0).out == {"line"}


def test_a_failure_lasts_until_a_crew_is_expected_to_have_mended_it() -> None:
    open_ended = case(0)
    assert equipment_in([open_ended], Interval(10**6, 60)).out == {"line"}
    sent = case(0, crew="crew-1", arrives_s=1800, repair_s=1800)
    assert equipment_in([sent], HOUR) is AS_BUILT
    assert equipment_in([case(0, crew="crew-1", arrives_s=1800, repair_s=1801)], HOUR).out == {"line"}


def test_as_it_was_is_out_only_what_was_out_throughout() -> None:
    assert equipment_during([case(3600, 7200)], HOUR).out == {"line"}
    assert equipment_during([case(3601, 7200)], HOUR) is AS_BUILT
    assert equipment_during([case(0, 7199)], HOUR) is AS_BUILT
    assert equipment_during([case(0, 5000), case(5000)], HOUR).out == {"line"}


def test_the_newest_rating_counts_and_of_an_interval_the_lowest() -> None:
    first, second = (
        case(0, cause="upgrade", rating_frac=1.5),
        case(5000, cause="upgrade", rating_frac=1.2),
    )
    assert equipment_in([first], HOUR).rating_frac == (("line", 1.5),)
    assert equipment_in([second], HOUR) is AS_BUILT  # 1.0 before it
    assert equipment_in([first, second], HOUR).rating_frac == (("line", 1.2),)
    assert equipment_in([first, second, case(4000)], HOUR).rating_frac == ()


def test_supply_is_the_part_of_the_interval_with_light() -> None:
    frac = supplied_frac([case(4500, 5400), case(6300, 7200, element="substation")], HOUR, lit)
    assert frac is not None
    assert frac.tolist() == pytest.approx([0.75, 0.5])  # 15 min of 60 and 30 min
    assert supplied_frac([case(0, 3600)], HOUR, lit) is None


def test_the_next_job_is_the_oldest_failure_that_nobody_else_has() -> None:
    jobs = [case(50), case(40, crew="crew-1"), case(30, 35), case(20, cause="maintenance")]
    assert next_job(jobs, "crew-2") == jobs[0]
    assert next_job(jobs, "crew-1") == jobs[1]
    assert next_job(jobs[2:], "crew-1") is None


def test_the_next_change_is_a_beginning_or_an_end() -> None:
    cases = [case(10, 20), case(15)]
    assert [next_change_s(cases, t) for t in (0, 10, 15, 20)] == [10, 15, 20, None]
