"""Pictures of a comparison show the figures of both runs, with units and labels."""

from __future__ import annotations

import re
from base64 import b64decode
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

pytest.importorskip("matplotlib")

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import StepPatch

from dso.clock import HOUR_S, parse_time
from dso.report.charts_beside import average_day, load_and_price
from dso.report.charts_compare import compare_charts
from dso.report.charts_response import responses_of
from dso.report.compare import Pair, pair_of
from dso.report.compare_load import Load
from dso.report.compare_page import compare_html, compare_sections, compare_sheet
from dso.report.figures import Chart, render
from dso.run_file import RunReader
from tests.report.compare_pair import BASE_KW, PRICES, RUN_KW, hand_made

NAMES = [
    "compare-load", "compare-average-day", "compare-duration", "compare-price-response", "compare-bills",
]  # fmt: skip


@pytest.fixture(scope="module")
def paths(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return hand_made(tmp_path_factory.mktemp("pair"))


@pytest.fixture(scope="module")
def pair(paths: tuple[Path, Path]) -> Iterator[Pair]:
    with RunReader(paths[0]) as with_market, RunReader(paths[1]) as without:
        yield pair_of(with_market, without, lambda t_s: np.full(len(t_s), 31.0))


@pytest.fixture(scope="module")
def charts(pair: Pair) -> dict[str, Chart]:
    return {chart.name: chart for chart in compare_charts(pair)}


def drawn(chart: Chart) -> Figure:
    figure = Figure(figsize=chart.size_in, layout="constrained")
    chart.draw(figure)
    return figure


def outline(axes: Axes, label: str) -> list[float]:
    """Values of the steps with a label."""
    (found,) = (p for p in axes.patches if isinstance(p, StepPatch) and p.get_label() == label)
    return [float(v) for v in found.get_data().values]


def test_all_five_are_there_with_a_caption_and_draw(charts: dict[str, Chart]) -> None:
    assert list(charts) == NAMES
    assert all(chart.caption.endswith(".") for chart in charts.values())
    assert all(render(chart, "png").startswith(b"\x89PNG") for chart in charts.values())


def test_load_stands_over_price_and_temperature_with_their_units(charts: dict[str, Chart]) -> None:
    load, price, outdoors = drawn(charts["compare-load"]).axes
    assert [a.get_ylabel() for a in (load, price, outdoors)] == [
        "power at the head [kW]", "price [USD/kWh]", "outdoors [°C]",
    ]  # fmt: skip
    assert outdoors.get_xlabel() == "10 August 2016, local time (America/Chicago)"
    assert outline(load, "with the market") == pytest.approx(RUN_KW)
    assert outline(load, "without the market") == pytest.approx(BASE_KW)
    assert outline(price, "live, with the market") == pytest.approx(np.repeat(PRICES, 4))
    assert outdoors.lines[0].get_ydata().tolist() == [31.0] * 16


def test_what_is_less_and_what_is_more_is_filled_apart(charts: dict[str, Chart]) -> None:
    load = drawn(charts["compare-load"]).axes[0]
    less, more = (np.isfinite(outline(load, name)).tolist() for name in ("less", "more"))
    assert [k for k, is_less in enumerate(less) if is_less] == [1, 4, 5, 6, 7]
    assert [k for k, is_more in enumerate(more) if is_more] == [0, 12, 13, 14, 15]


def test_without_temperatures_there_is_no_strip_for_them(pair: Pair) -> None:
    chart = next(compare_charts(replace(pair, outdoor_c=None)))
    assert len(drawn(chart).axes) == 2
    assert "temperature" not in chart.caption


def two_weeks(pair: Pair) -> Pair:
    """The pair with a load of 14 days, hour by hour: each day 10 to 33 kW, and 100 kW at noon of the 17th."""
    first_s = parse_time("2016-08-10T00:00-05:00")
    base = np.tile(np.arange(10.0, 34.0), 14)
    base[7 * 24 + 12] = 100.0
    load = Load(first_s + HOUR_S * np.arange(14 * 24), np.full(14 * 24, HOUR_S), base - 1, base)
    return replace(pair, load=load)


def test_of_a_long_study_the_week_around_the_base_cases_peak_is_shown(pair: Pair) -> None:
    chart = load_and_price(two_weeks(pair))
    values = outline(drawn(chart).axes[0], "without the market")
    assert (len(values), values.index(100.0)) == (7 * 24, 3 * 24 + 12)
    assert "7 days around the base case's peak" in chart.caption


def test_days_of_a_long_study_have_a_band_around_their_mean(pair: Pair) -> None:
    chart = average_day(two_weeks(pair))
    axes = drawn(chart).axes[0]
    usual = [float(k) for k in range(9, 33)]
    usual[12] = (13 * 21.0 + 99.0) / 14
    assert outline(axes, "with the market") == pytest.approx(usual)
    assert outline(axes, "days, 10 to 90 %")[:3] == [9.0, 10.0, 11.0]
    assert "Mean of 14 days" in chart.caption


def test_the_average_day_has_each_quarter_at_its_local_time(charts: dict[str, Chart]) -> None:
    load, price = drawn(charts["compare-average-day"]).axes
    values = outline(load, "with the market")
    assert (len(values), values[48:64]) == (96, pytest.approx(RUN_KW))
    assert np.isnan(values[:48]).all()
    assert outline(price, "live")[48:64] == pytest.approx(np.repeat(PRICES, 4))
    assert "1 day" in charts["compare-average-day"].caption
    assert price.get_xlabel() == "hour of the day, local time (America/Chicago)"


def test_the_duration_curve_is_each_load_in_its_own_order_with_the_peak_reduction(
    charts: dict[str, Chart],
) -> None:
    (axes,) = drawn(charts["compare-duration"]).axes
    assert outline(axes, "with the market") == sorted(RUN_KW, reverse=True)
    assert outline(axes, "without the market") == sorted(BASE_KW, reverse=True)
    assert "peak −20.0 kW (−25.0 %)" in [text.get_text() for text in axes.texts]
    assert axes.get_xlabel() == "hours in which the load is at least as high [h]"


def test_price_response_is_the_participants_alone_by_hour(pair: Pair) -> None:
    (response,) = responses_of(pair)
    assert response.tariff == "live"
    assert response.dearer_usd_per_kwh == pytest.approx([-0.01, 0.03, 0.01, -0.03])
    assert response.change_kw == pytest.approx([0.0, -20.0, 0.0, 10.0])
    assert response.hour.tolist() == [12, 13, 14, 15]


def test_its_line_is_that_of_least_squares(pair: Pair, charts: dict[str, Chart]) -> None:
    slope, height, r2 = responses_of(pair)[0].line() or (0, 0, 0)
    assert (slope, height, r2) == pytest.approx((-0.9 / 0.002, -2.5, 0.81 / (0.002 * 475)))
    assert "live -4.50 kW for each cent/kWh (R² 0.85)" in charts["compare-price-response"].caption


def test_bill_changes_have_a_row_for_each_group_with_its_customers(charts: dict[str, Chart]) -> None:
    (axes,) = drawn(charts["compare-bills"]).axes
    assert [label.get_text() for label in reversed(axes.get_yticklabels())] == [
        "live, participants  (4)", "live, slider 0.00–0.25  (1)", "live, slider 0.25–0.50  (2)",
        "live, slider 0.75–1.00  (1)", "live, others  (1)", "standard, others  (5)",
    ]  # fmt: skip
    assert axes.get_xlabel() == "change of the bill of 2016-08 [USD/customer]"
    dots = sorted(x for c in axes.collections for x, y in c.get_offsets() if y > 4.5)
    assert dots == [-2.0, -1.0, 0.0, 0.5]


def test_a_run_that_kept_no_customers_meters_has_no_price_response(pair: Pair) -> None:
    names = [chart.name for chart in compare_charts(replace(pair, meters=None))]
    assert names == [name for name in NAMES if name != "compare-price-response"]


def test_the_page_has_tables_and_pictures_and_fetches_nothing(pair: Pair) -> None:
    html = compare_html(pair)
    assert re.findall(r'\b(?:src|href)="(?!data:|#)', html) == []
    pictures = re.findall(r"data:image/svg\+xml;base64,([^\"]+)", html)
    assert {ElementTree.fromstring(b64decode(p)).tag for p in pictures} == {"{http://www.w3.org/2000/svg}svg"}
    assert len(pictures) == len(NAMES)
    assert '<td>peak [kW]</td><td class="right">80.0</td><td class="right">60.0</td>' in html


def test_the_section_for_a_runs_page_can_be_linked_to(pair: Pair) -> None:
    section = "".join(compare_sections(pair))
    assert section.startswith('<section id="compare"><h2>With and without the market</h2>')
    assert re.findall(r'<section id="([^"]+)"', section)[1:] == NAMES


def test_the_sheet_has_all_pictures_and_is_the_same_from_the_same_runs(pair: Pair) -> None:
    sheet = compare_sheet(pair, "svg")
    assert ElementTree.fromstring(sheet).tag == "{http://www.w3.org/2000/svg}svg"
    assert compare_sheet(pair, "svg") == sheet
    assert set(re.findall(rb"url\(#(\w+)\)", sheet)) <= set(re.findall(rb'id="(\w+)"', sheet))
