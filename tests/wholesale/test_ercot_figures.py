"""The ERCOT figures: what the source says, in our time stamps and units."""

from __future__ import annotations

import numpy as np
import pytest

from dso.clock import parse_time
from dso.data.ercot_load import bus_info, bus_load_mw, bus_scale, industrial_mw, load_table, simulated_load_kw
from dso.wholesale.grid import ercot_grid, ercot_wind


def _row(text: str) -> int:
    return int(np.searchsorted(load_table()[0], parse_time(text)))


def test_the_hours_run_through_2016_without_a_gap() -> None:
    start_s, load = load_table()
    assert (start_s[0], start_s[-1]) == (parse_time("2016-01-01T00:00Z"), parse_time("2017-01-01T05:00Z"))
    assert (np.diff(start_s) == 3600).all()
    assert load.shape == (8790, 8)


def test_the_annual_peak_is_the_hour_that_ends_at_five_in_the_afternoon_of_11_august() -> None:
    start_s, load = load_table()
    peak = int(load.sum(axis=1).argmax())
    assert start_s[peak] == parse_time("2016-08-11T16:00-05:00")
    assert load[peak, 0] == 21308.99
    assert load[peak].sum() == pytest.approx(69199.22, abs=0.03)  # the source's own sum


@pytest.mark.parametrize(
    ("start", "bus1_mw"),
    [
        # Rows "3/13/2016 1:00", "3:00" and "11/6/2016 2:00", "2:00", "3:00" of the source, in its order.
        ("2016-03-13T00:00-06:00", 6980.83),
        ("2016-03-13T01:00-06:00", 6627.88),
        ("2016-11-06T01:00-05:00", 6882.45),
        ("2016-11-06T01:00-06:00", 6621.96),
        ("2016-11-06T02:00-06:00", 6475.1),
    ],
)
def test_the_clock_changes_leave_no_hole_and_no_double(start: str, bus1_mw: float) -> None:
    assert bus_load_mw(1)[1][_row(start)] == bus1_mw


def test_the_customers_of_a_bus_are_its_simulated_homes_times_the_scale() -> None:
    # DSO+T's metadata: 3,843,475 customers, 88.68 % residential.
    info = bus_info(1)
    assert info.simulated_homes * info.scale == pytest.approx(3_843_475 * 0.8868, rel=1e-4)


def test_simulated_load_scaled_up_and_industry_make_the_bus() -> None:
    hour = _row("2016-08-11T21:00Z")
    kw = simulated_load_kw(1, 1000)[1][hour]
    assert kw * bus_scale(1, 1000) / 1000 + industrial_mw(1) == pytest.approx(21308.99)
    assert industrial_mw(1) == pytest.approx(0.2117 * 11011.907)
    assert min(simulated_load_kw(bus)[1].min() for bus in range(1, 9)) > 0


def test_half_the_homes_have_twice_the_scale() -> None:
    assert bus_scale(1, 500) == pytest.approx(2 * bus_scale(1, 1000))
    assert bus_scale(1) == pytest.approx(3816.926092)


def test_a_bus_that_does_not_exist_is_refused() -> None:
    with pytest.raises(ValueError, match="bus must be one of 1, 2"):
        bus_load_mw(9)
    with pytest.raises(ValueError, match="homes must be 1 or more"):
        bus_scale(1, 0)


def test_the_grid_has_the_sources_counts() -> None:
    grid = ercot_grid()
    assert (grid.size, grid.lines.limit_mw.size, grid.units.number.size) == (8, 13, 110)
    assert grid.units.max_mw[grid.units.fuelled("wind")].sum() == pytest.approx(16309.3)
    assert grid.units.fuel.count("wind") == 34


def test_wind_is_never_negative_nor_above_its_rating() -> None:
    _, units, wind = ercot_wind()
    assert wind.min() >= 0
    assert (wind <= ercot_grid().units.max_mw[units]).all()
    assert ercot_grid().units.number[units][0] == 26


def test_figures_cannot_be_written_to() -> None:
    with pytest.raises(ValueError, match="read-only"):
        bus_load_mw(1)[1][0] = 1.0
