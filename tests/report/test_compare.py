"""A comparison tells what the market changes, in figures that can be worked by hand."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dso.clock import HOUR_S, parse_time
from dso.report.compare import Pair, compare_of, pair_of
from dso.report.compare_load import Load, by_hour, change, days_of, hottest_day
from dso.run_file import RunReader
from tests.report.compare_pair import hand_made

NOON = parse_time("2016-08-10T12:00-05:00")
BOTH = {"base", "market", "change", "change_frac"}
SYSTEM = {
    "energy_kwh", "peak_kw", "peak_at", "peak_reduction_kw", "peak_reduction_frac", "peak_hour_kw",
    "at_base_peak_kw", "load_factor", "valley_to_peak", "shifted_kwh", "shifted_between_hours_kwh",
}  # fmt: skip


@pytest.fixture(scope="module")
def paths(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return hand_made(tmp_path_factory.mktemp("pair"))


@pytest.fixture(scope="module")
def pair(paths: tuple[Path, Path]) -> Iterator[Pair]:
    with RunReader(paths[0]) as with_market, RunReader(paths[1]) as without:
        yield pair_of(with_market, without)


@pytest.fixture(scope="module")
def figures(pair: Pair) -> dict[str, Any]:
    return compare_of(pair)


# --- load --------------------------------------------------------------------------------------------------


def test_energy_and_peak_are_those_of_the_head(figures: dict[str, Any]) -> None:
    system = figures["system"]
    assert system["energy_kwh"] == pytest.approx(change(200.0, 190.0))
    assert system["peak_kw"] == pytest.approx(
        {"base": 80.0, "market": 60.0, "change": -20.0, "change_frac": -0.25}
    )
    assert system["peak_at"] == {"base": "2016-08-10T18:00Z", "market": "2016-08-10T18:00Z"}
    assert (system["peak_reduction_kw"], system["peak_reduction_frac"]) == pytest.approx((20.0, 0.25))


def test_the_load_at_the_base_cases_peak_and_the_highest_hour_stand_beside_the_peak(
    figures: dict[str, Any],
) -> None:
    assert figures["system"]["at_base_peak_kw"]["market"] == pytest.approx(60.0)
    assert figures["system"]["peak_hour_kw"] == pytest.approx(change(80.0, 60.0))


def test_the_shape_of_the_load_is_its_mean_and_its_valley_over_its_peak(figures: dict[str, Any]) -> None:
    assert figures["system"]["load_factor"] == pytest.approx(change(50 / 80, 47.5 / 60))
    assert figures["system"]["valley_to_peak"] == pytest.approx(change(20 / 80, 30 / 60))


def test_energy_shifted_is_half_of_what_changes_either_way(figures: dict[str, Any]) -> None:
    assert figures["system"]["shifted_kwh"] == pytest.approx((1 + 1 + 20 + 10) / 2)
    assert figures["system"]["shifted_between_hours_kwh"] == pytest.approx((20 + 10) / 2)


def load(start: str, hours: int, base_kw: list[float], run_kw: list[float] | None = None) -> Load:
    starts = parse_time(start) + HOUR_S * np.arange(hours)
    base = np.resize(np.array(base_kw), hours)
    return Load(starts, np.full(hours, HOUR_S), np.resize(np.array(run_kw or base_kw), hours), base)


def test_a_day_is_a_local_one_however_many_hours_it_has() -> None:
    october = load("2016-11-06T00:00-05:00", 49, [1.0])  # clocks go back that night
    days = days_of(october, "America/Chicago")
    assert [(day, len(own.start_s)) for day, own in days] == [
        (date(2016, 11, 6), 25),
        (date(2016, 11, 7), 24),
    ]


def test_days_that_are_covered_in_part_do_not_count_beside_whole_ones() -> None:
    days = days_of(load("2016-08-10T20:00-05:00", 30, [1.0]), "America/Chicago")
    assert [day for day, _ in days] == [date(2016, 8, 11)]
    assert len(days_of(load("2016-08-10T20:00-05:00", 8, [1.0]), "America/Chicago")) == 2


def test_the_hottest_day_has_the_highest_mean_temperature_and_figures_of_its_own() -> None:
    two = load(
        "2016-08-10T00:00-05:00", 48, [10.0] * 23 + [50.0] + [20.0] * 24, [10.0] * 23 + [40.0] + [15.0] * 24
    )
    second = parse_time("2016-08-11T00:00-05:00")
    hot = hottest_day(two, "America/Chicago", lambda t_s: np.where(t_s < second, 25.0, 31.0))
    assert (hot["date"], hot["chosen_by"], hot["mean_c"]) == ("2016-08-11", "temperature", 31.0)
    assert hot["peak_kw"]["base"] == 20.0
    assert hot["energy_kwh"]["change"] == pytest.approx(-5.0 * 24)


def test_without_temperatures_the_day_of_the_base_cases_peak_is_taken_and_it_is_said() -> None:
    two = load("2016-08-10T00:00-05:00", 48, [10.0] * 23 + [50.0] + [20.0] * 24)
    hot = hottest_day(two, "America/Chicago", None)
    assert (hot["date"], hot["chosen_by"], hot["mean_c"]) == ("2016-08-10", "base peak", None)


def test_hours_are_averages_and_such_as_are_covered_in_part_are_left_out() -> None:
    quarters = Load(
        np.array([0, 900, 1800, 2700, 3600]),
        np.full(5, 900),
        np.array([1.0, 2.0, 3.0, 6.0, 9.0]),
        np.zeros(5),
    )
    assert by_hour(quarters).run_kw.tolist() == [3.0]


def test_a_change_from_nothing_has_no_percentage() -> None:
    assert change(0.0, 2.0) == {"base": 0.0, "market": 2.0, "change": 2.0, "change_frac": None}
    assert change(None, 2.0)["change"] is None
    assert change(-4.0, -5.0)["change_frac"] == -0.25


# --- customers ---------------------------------------------------------------------------------------------


def bills(figures: dict[str, Any], tariff: str) -> list[dict[str, Any]]:
    return [row for row in figures["bills"] if row["tariff"] == tariff]


def test_bills_of_participants_change_by_what_their_invoices_say_corrections_included(
    figures: dict[str, Any],
) -> None:
    everybody = bills(figures, "live")[0]
    assert (everybody["group"], everybody["customers"]) == ("participants", 4)
    assert everybody["base_mean_usd"] == pytest.approx(28 / 4)
    assert everybody["market_mean_usd"] == pytest.approx(25.5 / 4)
    assert everybody["change_mean_usd"] == pytest.approx((-1 + 0.5 + 0 - 2) / 4)
    assert everybody["change_median_usd"] == pytest.approx(-0.5)
    assert everybody["change_frac"] == pytest.approx(-2.5 / 28)
    assert (everybody["better_off_frac"], everybody["worse_off_frac"]) == (0.5, 0.25)


def test_each_band_of_the_slider_has_its_own_row_and_its_ends_belong_to_one_band(
    figures: dict[str, Any],
) -> None:
    bands = [
        (r["slider_from"], r["slider_to"], r["customers"], round(r["change_mean_usd"], 9))
        for r in bills(figures, "live")
        if r["group"] == "band"
    ]
    assert bands == [(0.0, 0.25, 1, -1.0), (0.25, 0.5, 2, 0.25), (0.75, 1.0, 1, -2.0)]


def test_those_who_do_not_take_part_stand_beside(figures: dict[str, Any]) -> None:
    live, standard = bills(figures, "live")[-1], bills(figures, "standard")
    assert (live["group"], live["customers"], live["change_mean_usd"]) == ("others", 1, 0.0)
    assert [(r["group"], r["customers"], r["better_off_frac"]) for r in standard] == [("others", 5, 0.0)]


def test_participants_energy_is_what_their_meters_say(figures: dict[str, Any]) -> None:
    assert bills(figures, "live")[0]["energy_kwh"] == pytest.approx(change(80.0, 70.0))
    assert bills(figures, "standard")[0]["energy_kwh"] == pytest.approx(change(100.0, 100.0))


def test_a_population_has_what_was_awarded_beside_what_its_meters_say(figures: dict[str, Any]) -> None:
    assert figures["populations"] == [
        {
            "tariff": "live", "population": "battery", "devices": 4, "awarded_kwh": -4.0, "metered_kwh": -2.0,
            "off_award_kwh": 2.0, "highest_kw": 12.0, "lowest_kw": -20.0, "off_award_frac": 2 / 8,
        }
    ]  # fmt: skip


def test_stores_that_end_emptier_are_named_for_they_look_like_savings(figures: dict[str, Any]) -> None:
    assert [note for note in figures["notes"] if "battery of live gave 2.0 kWh more than it took" in note]


def test_comfort_is_told_by_band_in_its_unit_and_traces_do_not_count(figures: dict[str, Any]) -> None:
    everybody, *bands = figures["comfort"]
    assert (everybody["unit"], everybody["customers"], everybody["any_frac"]) == ("kWh missing", 4, 0.5)
    assert (everybody["mean"], everybody["median"], everybody["highest"]) == pytest.approx(
        (1.00025, 0.5005, 3.0)
    )
    assert [(r["slider_from"], r["customers"], r["highest"]) for r in bands] == [
        (0.0, 1, 0.0), (0.25, 2, 3.0), (0.75, 1, 0.001),
    ]  # fmt: skip


# --- money -------------------------------------------------------------------------------------------------


def test_an_lse_keeps_what_it_took_in_less_what_it_paid(figures: dict[str, Any]) -> None:
    lse = {r["kind"]: r["usd"] for r in figures["money"]["lse"] if r["tariff"] == "live"}
    assert lse["metered energy"] == pytest.approx(change(40.0, 37.5))
    assert lse["wholesale energy"] == pytest.approx(change(-10.0, -8.5))
    assert lse["surplus"] == pytest.approx(change(26.0, 25.4))


def test_the_do_gets_what_neither_lses_nor_the_bus_get(figures: dict[str, Any]) -> None:
    assert [(r["account"], r["usd"]["base"], r["usd"]["market"]) for r in figures["money"]["operator"]] == [
        ("network charge", 4.0, 3.6)
    ]


def test_wholesale_has_cost_energy_and_the_price_that_they_make(figures: dict[str, Any]) -> None:
    bought = figures["money"]["wholesale"]
    assert bought["cost_usd"] == pytest.approx(change(10.0, 8.5))
    assert bought["energy_kwh"] == pytest.approx(change(200.0, 190.0))
    assert bought["average_usd_per_kwh"] == pytest.approx(change(0.05, 8.5 / 190))


def test_programs_can_rely_on_the_names(figures: dict[str, Any]) -> None:
    assert set(figures) == {
        "study", "run", "base", "seed", "timezone", "stretch", "notes", "system", "hottest_day",
        "populations", "billed_periods", "bills", "comfort", "money",
    }  # fmt: skip
    assert set(figures["system"]) == SYSTEM
    assert set(figures["hottest_day"]) == SYSTEM | {"date", "chosen_by", "mean_c", "highest_c"}
    assert set(figures["system"]["energy_kwh"]) == BOTH
    assert set(figures["bills"][0]) == {
        "tariff", "group", "slider_from", "slider_to", "customers", "base_mean_usd", "market_mean_usd",
        "change_mean_usd", "change_median_usd", "change_p5_usd", "change_p95_usd", "change_frac",
        "better_off_frac", "worse_off_frac", "energy_kwh",
    }  # fmt: skip
    assert set(figures["money"]) == {"lse", "operator", "wholesale"}
    assert figures["stretch"] == {
        "from": "2016-08-10T17:00Z", "to": "2016-08-10T21:00Z", "hours": 4.0, "intervals": 16,
    }  # fmt: skip
