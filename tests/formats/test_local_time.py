"""What Green Button files say of a time zone."""

from __future__ import annotations

import pytest

from dso.formats.local_time import local_day, local_time_rules

# month << 28 | operator << 25 | day << 20 | weekday << 17 | hour << 12, worked by hand; the first two
# are those of the files that American utilities hand out.
RULES = {
    "America/Chicago": (
        -21600,
        3600,
        "360E2000",
        "B40E2000",
    ),  # second Sunday of March, first of November, 2:00
    "Europe/Berlin": (3600, 3600, "3E0E2000", "AE0E3000"),  # last Sundays of March, 2:00, and October, 3:00
    "Australia/Sydney": (36000, 3600, "A40E2000", "440E3000"),  # first Sundays of October and April
    "Asia/Jerusalem": (7200, 3600, "337A2000", "AE0E2000"),  # the Friday on or after March 23rd
    "Asia/Kolkata": (19800, 0, "00000000", "00000000"),
    "America/Phoenix": (-25200, 0, "00000000", "00000000"),
}


@pytest.mark.parametrize("zone", RULES)
def test_offsets_and_rules_of_summer_time_are_those_of_the_zone(zone: str) -> None:
    rules = local_time_rules(zone, 2016)
    said = (rules.tz_offset_s, rules.dst_offset_s, rules.dst_start_rule, rules.dst_end_rule)
    assert said == RULES[zone]


def test_where_no_weekday_fits_the_dates_of_the_year_itself_are_given() -> None:
    """Morocco put its clocks back for Ramadan 2024 on March 10th at 3:00, forward on April 14th at 2:00."""
    rules = local_time_rules("Africa/Casablanca", 2024)
    assert (rules.dst_end_rule, rules.dst_start_rule) == ("30A03000", "40E02000")


def test_a_day_is_that_of_the_place() -> None:
    assert local_day(1_470_805_199, "America/Chicago") == "2016-08-09"  # 04:59:59Z
    assert local_day(1_470_805_200, "America/Chicago") == "2016-08-10"
