"""Who runs: the merit order by hand."""

from __future__ import annotations

import numpy as np

from dso.wholesale.commitment import commit
from dso.wholesale.grid import Units
from dso.wholesale.outages import drawn_outage


def _units(*rows: tuple[str, float, float, float]) -> Units:
    fuel, least, most, cost = zip(*rows, strict=True)
    zero = np.zeros(len(rows))
    return Units(
        np.arange(len(rows)) + 10,
        np.zeros(len(rows), int),
        fuel,
        np.array(least),
        np.array(most),
        zero,
        np.array(cost),
    )


FLEET = _units(
    ("wind", 0.0, 50.0, 0.0),
    ("nuclear", 90.0, 100.0, 90.0),
    ("gas", 10.0, 100.0, 40.0),
    ("coal", 20.0, 100.0, 20.0),
    ("gas", 5.0, 100.0, 60.0),
)


def test_units_are_taken_from_the_cheapest_until_the_reserve_is_covered() -> None:
    # 200 MW · 1.15 − 20 MW wind = 210 MW: nuclear 100, coal 100 and the gas unit at 40.
    running = commit(FLEET, np.array([150.0, 200.0]), np.array([50.0, 20.0]))
    assert running.tolist() == [True, True, True, True, False]


def test_wind_in_the_peak_hour_spares_a_unit() -> None:
    # 200 · 1.15 − 30 = 200 MW are just covered by nuclear and coal; the calm hour needs 150 · 1.15 = 172.5.
    running = commit(FLEET, np.array([150.0, 200.0]), np.array([0.0, 30.0]))
    assert running.tolist() == [True, True, False, True, False]


def test_nuclear_and_wind_run_whatever_the_load() -> None:
    assert commit(FLEET, np.array([10.0]), np.array([0.0])).tolist() == [True, True, False, False, False]


def test_a_unit_that_cannot_go_low_enough_at_night_is_passed_over() -> None:
    # At night 105 MW: nuclear's 90 leave 15, too little for coal's 20, enough for the gas units' 10 and 5.
    running = commit(FLEET, np.array([105.0, 200.0]), np.array([0.0, 0.0]))
    assert running.tolist() == [True, True, True, False, True]


def test_all_run_when_all_is_not_enough() -> None:
    assert commit(FLEET, np.array([900.0]), np.array([0.0])).all()


def test_one_of_three_days_has_an_outage_of_a_big_cheap_unit_in_the_afternoon() -> None:
    fleet = _units(("coal", 0.0, 2000.0, 20.0), ("gas", 0.0, 2000.0, 50.0), ("coal", 0.0, 300.0, 20.0))
    for seed in range(5):
        drawn = [drawn_outage(fleet, np.full(3, True), day, 0, seed) for day in range(100, 103)]
        (outage,) = [o for o in drawn if o is not None]
        assert outage.unit == 10
        assert outage.from_s in {13 * 3600, 14 * 3600, 15 * 3600}
        assert outage.to_s - outage.from_s == 3 * 3600


def test_a_unit_that_does_not_run_cannot_fail() -> None:
    fleet = _units(("coal", 0.0, 2000.0, 20.0))
    assert all(drawn_outage(fleet, np.array([False]), day, 0, 0) is None for day in range(3))
