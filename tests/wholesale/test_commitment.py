"""Who runs: the merit order by hand, and what has to run behind a line."""

from __future__ import annotations

import numpy as np

from dso.wholesale.commitment import commit
from dso.wholesale.dcopf import OptimalPowerFlow
from dso.wholesale.grid import Grid, Lines, Units
from dso.wholesale.outages import drawn_outage


def _units(*rows: tuple[str, int, float, float]) -> Units:
    """Fuel, bus, rating, cost."""
    fuel, bus, most, cost = zip(*rows, strict=True)
    zero = np.zeros(len(rows))
    return Units(np.arange(len(rows)) + 10, np.array(bus), fuel, zero, np.array(most), zero, np.array(cost))


FLEET = _units(
    ("wind", 0, 50.0, 0.0),
    ("nuclear", 0, 100.0, 90.0),
    ("gas", 1, 100.0, 40.0),
    ("coal", 0, 100.0, 20.0),
    ("gas", 0, 200.0, 60.0),
    ("gas", 1, 100.0, 120.0),
)


def _commit(limit_mw: float, *hours: tuple[float, float, float]) -> list[bool]:
    """Who runs, for hours of (load at bus 0, load at bus 1, wind)."""
    grid = Grid((1, 2), Lines.of([0], [1], [0.1], [limit_mw]), FLEET)
    most = np.tile(FLEET.max_mw, (len(hours), 1))
    most[:, 0] = [wind for _, _, wind in hours]
    return commit(OptimalPowerFlow(grid), np.array([hour[:2] for hour in hours]), most).tolist()


def test_units_are_taken_from_the_cheapest_until_the_reserve_is_covered() -> None:
    # 200 MW · 1.15 − 20 MW wind = 210 MW: coal 100, gas at 40 100, gas at 60 10. Nuclear runs anyway.
    assert _commit(1000.0, (100.0, 100.0, 20.0)) == [True, True, True, True, True, False]


def test_wind_spares_a_unit_in_the_hours_that_have_it() -> None:
    # 200 · 1.15 − 30 = 200 MW are just covered by coal and the gas at 40; the other hour needs 57.5 MW.
    assert _commit(1000.0, (100.0, 100.0, 30.0), (25.0, 25.0, 0.0)) == [True, True, True, True, False, False]


def test_a_calm_hour_brings_a_unit_for_the_whole_day() -> None:
    day = _commit(1000.0, (100.0, 100.0, 30.0), (100.0, 100.0, 0.0))
    assert day == [True, True, True, True, True, False]


def test_nuclear_and_wind_run_whatever_the_load() -> None:
    assert _commit(1000.0, (10.0, 0.0, 50.0)) == [True, True, False, False, False, False]


def test_behind_a_full_line_a_dear_unit_runs() -> None:
    # Bus 1 needs 150 · 1.15 = 172.5 MW: 50 over the line, 100 at 40, the rest at 120 USD/MWh.
    assert _commit(50.0, (10.0, 150.0, 0.0)) == [True, True, True, True, False, True]


def test_all_run_when_all_is_not_enough() -> None:
    assert all(_commit(1000.0, (900.0, 0.0, 50.0)))


def test_one_of_three_days_has_an_outage_of_a_big_cheap_unit_in_the_afternoon() -> None:
    fleet = _units(("coal", 0, 2000.0, 20.0), ("gas", 0, 2000.0, 50.0), ("coal", 0, 300.0, 20.0))
    for seed in range(5):
        drawn = [drawn_outage(fleet, np.full(3, True), day, 0, seed) for day in range(100, 103)]
        (outage,) = [o for o in drawn if o is not None]
        assert outage.unit == 10
        assert outage.from_s in {13 * 3600, 14 * 3600, 15 * 3600}
        assert outage.to_s - outage.from_s == 3 * 3600


def test_a_unit_that_does_not_run_cannot_fail() -> None:
    fleet = _units(("coal", 0, 2000.0, 20.0))
    assert all(drawn_outage(fleet, np.array([False]), day, 0, 0) is None for day in range(3))
