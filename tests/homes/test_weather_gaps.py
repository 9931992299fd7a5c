"""Hours that weather lacks are named before a run."""

from dataclasses import replace

import numpy as np

from dso.clock import parse_time
from dso.data.austin import austin_august
from dso.data.typical_year import HOURS, Weather
from dso.homes.weather_gaps import gaps


def test_gaps_are_named_before_a_run() -> None:
    weather = austin_august()
    inside = parse_time("2016-08-02T06:00Z"), parse_time("2016-09-01T06:00Z")
    assert gaps(weather, *inside) == []
    late = gaps(weather, parse_time("2016-09-04T00:00Z"), parse_time("2016-09-04T08:00Z"))
    assert len(late) == 4
    assert late[0].startswith("temperature of Austin")
    assert late[0].endswith("lacks 09-04T01:00, 09-04T02:00")
    holed = weather.ghi_w_per_m2.copy()
    holed[5300:5310] = np.nan  # 9 August 20:00 is 220 · 24 + 20
    found = gaps(replace(weather, ghi_w_per_m2=holed), *inside)
    assert len(found) == 1
    assert "lacks 08-09T20:00, 08-09T21:00" in found[0]
    assert found[0].endswith("and 5 hours more")


def test_a_leap_day_and_new_year_are_no_gaps() -> None:
    nothing = np.zeros(HOURS)
    weather = Weather("nowhere", 0, nothing, nothing, nothing, nothing, nothing)
    assert gaps(weather, parse_time("2015-12-30T00:00Z"), parse_time("2016-03-02T00:00Z")) == []
