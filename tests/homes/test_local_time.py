"""Schedules follow the clock on the wall, through daylight saving days."""

import numpy as np

from dso.clock import parse_time
from dso.homes.local_time import LocalTime

CHICAGO = LocalTime("America/Chicago")


def test_midnight_in_chicago_is_five_o_clock_utc_in_summer_and_six_in_winter() -> None:
    times = [parse_time("2016-08-10T05:00Z"), parse_time("2016-01-10T06:00Z")]
    assert CHICAGO.hour(times).tolist() == [0.0, 0.0]


def test_the_day_on_which_clocks_go_forward_has_no_two_o_clock() -> None:
    start = parse_time("2016-03-13T06:00Z")
    hours = CHICAGO.hour(start + 3600 * np.arange(23))
    assert hours.tolist() == [0, 1, *range(3, 24)]
    assert len(set(CHICAGO.day(start + 3600 * np.arange(23)).tolist())) == 1


def test_the_day_on_which_clocks_go_back_has_one_o_clock_twice() -> None:
    start = parse_time("2016-11-06T05:00Z")
    assert CHICAGO.hour(start + 3600 * np.arange(25)).tolist() == [0, 1, 1, *range(2, 24)]


def test_a_week_in_august_has_its_weekend_at_its_end() -> None:
    monday = parse_time("2016-08-08T12:00Z")
    assert CHICAGO.weekend(monday + 86400 * np.arange(7)).tolist() == [False] * 5 + [True] * 2


def test_a_zone_off_by_three_quarters_of_an_hour_is_read_right() -> None:
    assert LocalTime("Asia/Kathmandu").hour([parse_time("2016-08-10T00:00Z")]).tolist() == [5.75]
