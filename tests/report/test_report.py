"""A report shows what the run file holds, on one page that needs nothing else."""

from __future__ import annotations

import re
import sqlite3
from base64 import b64decode
from html import unescape
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

pytest.importorskip("matplotlib")

from matplotlib.collections import LineCollection, PathCollection
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

from dso.report.charts import charts_of
from dso.report.charts_time import steps
from dso.report.feeder import TWO_LINES, feeder_plan
from dso.report.feeder_prices import bound_ever, widest_spread
from dso.report.figures import PHASE_COLOURS, Chart, render
from dso.report.html import report_html
from dso.run_file import RunReader
from dso.study import run
from tests.report.feeder_run import TIGHT, feeder_run
from tests.scenario.examples import small


@pytest.fixture(scope="module")
def with_feeder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return feeder_run(tmp_path_factory.mktemp("feeder"))


@pytest.fixture(scope="module")
def without(tmp_path_factory: pytest.TempPathFactory) -> Path:
    import yaml

    folder = tmp_path_factory.mktemp("static")
    (folder / "static.yaml").write_text(yaml.safe_dump(small()), encoding="utf-8")
    run(folder / "static.yaml", folder / "static.dso")
    return folder / "static.dso"


def page(path: Path) -> str:
    with RunReader(path) as reader:
        return report_html(reader)


def charts(path: Path) -> dict[str, Chart]:
    with RunReader(path) as reader:
        return {chart.name: chart for chart in charts_of(reader)}


def drawn(chart: Chart) -> Figure:
    figure = Figure(figsize=chart.size_in, layout="constrained")
    chart.draw(figure)
    return figure


def dots(figure: Figure, axes: int) -> set[tuple[float, float]]:
    marks = [c for c in figure.axes[axes].collections if isinstance(c, PathCollection)]
    found = [c.get_offsets() for c in marks if len(c.get_offsets())]
    return {(round(float(x), 6), round(float(y), 6)) for x, y in np.ma.concatenate(found)}


@pytest.fixture(scope="module")
def html(with_feeder: Path) -> str:
    return page(with_feeder)


def test_the_page_fetches_nothing_from_elsewhere(html: str) -> None:
    assert re.findall(r'\bsrc="(?!data:)', html) == []
    assert re.findall(r'\bhref="(?!#)', html) == []
    assert "<script" not in html
    assert "url(" not in html


def test_every_picture_of_the_page_is_a_whole_svg(html: str) -> None:
    pictures = re.findall(r"data:image/svg\+xml;base64,([^\"]+)", html)
    assert len(pictures) == 6
    assert {ElementTree.fromstring(b64decode(p)).tag for p in pictures} == {"{http://www.w3.org/2000/svg}svg"}


def test_every_link_of_the_page_leads_somewhere_on_it(html: str) -> None:
    assert set(re.findall(r'href="#([^"]+)"', html)) <= set(re.findall(r'id="([^"]+)"', html))


def test_the_same_run_gives_the_same_bytes(with_feeder: Path, html: str) -> None:
    assert page(with_feeder) == html
    first, second = (render(charts(with_feeder)["voltage-profile"], "png") for _ in range(2))
    assert first == second


def test_the_page_has_the_summary_that_a_run_prints(html: str) -> None:
    text = unescape(re.sub(r"<[^>]+>", " ", html))
    assert "money adds up to 0 micro-dollars" in text
    assert "Bills [USD]" in text
    assert "standard: flat, 50% of customers" in text
    assert "rate 0.112 USD/kWh" in text


def test_what_a_scenario_says_is_text_on_the_page_and_never_markup(tmp_path: Path) -> None:
    import yaml

    (tmp_path / "s.yaml").write_text(yaml.safe_dump(small(doc="<b>a & b</b>")), encoding="utf-8")
    run(tmp_path / "s.yaml", tmp_path / "s.dso")
    assert "<p>&lt;b&gt;a &amp; b&lt;/b&gt;</p>" in page(tmp_path / "s.dso")


def test_a_run_without_a_feeder_shows_what_happens_at_its_head_only(without: Path) -> None:
    assert list(charts(without)) == ["load-and-prices"]


def test_the_profile_shows_each_node_at_its_distance_at_the_lowest_voltage(with_feeder: Path) -> None:
    figure = drawn(charts(with_feeder)["voltage-profile"])
    assert [a.get_title(loc="left") for a in figure.axes] == ["Highest load", "Lowest voltage"]
    assert (2.03, 0.99) in dots(figure, 0)
    assert {(2.03, 0.948), (2.0, 0.97), (1.0, 1.015)} <= dots(figure, 1)


def test_the_profile_joins_nodes_of_a_phase_along_the_wires(with_feeder: Path) -> None:
    figure = drawn(charts(with_feeder)["voltage-profile"])
    strokes = [
        s for c in figure.axes[1].collections if isinstance(c, LineCollection) for s in c.get_segments()
    ]
    assert sorted(np.round(s, 5).tolist() for s in strokes) == [
        [[0.0, 1.02], [1.0, 0.99]],
        [[1.0, 0.99], [2.0, 0.97]],
    ]


def test_range_a_of_ansi_is_inside_the_profile(with_feeder: Path) -> None:
    low, high = drawn(charts(with_feeder)["voltage-profile"]).axes[0].get_ylim()
    assert low < 0.95 < 1.05 < high


def test_the_bars_name_the_most_loaded_elements_first(with_feeder: Path) -> None:
    bars = drawn(charts(with_feeder)["loading"]).axes[0]
    assert [label.get_text() for label in bars.get_yticklabels()] == ["l2", "l1", "substation"]
    assert [round(patch.get_width()) for patch in bars.patches] == [108, 40, 20]
    assert bars.texts[0].get_text() == "108 % of 50 A"


def test_prices_along_the_feeder_are_those_of_the_widest_spread(with_feeder: Path) -> None:
    with RunReader(with_feeder) as reader:
        prices = widest_spread(reader)
        energy = reader.row(
            "SELECT retail_usd_per_kwh v FROM prices WHERE market = ? AND tariff = 'live'", prices.market
        )["v"]
        start = reader.rows("SELECT interval_start s FROM readings ORDER BY s")[TIGHT]["s"]
    assert (prices.start_s, prices.tariff) == (start, "live")
    assert prices.total() == pytest.approx([energy + 0.001, energy + 0.036])
    figure = drawn(charts(with_feeder)["prices-along-feeder"])
    assert [a.get_title(loc="left") for a in figure.axes] == ["Price", "Losses", "Congestion", "Voltage"]
    assert dots(figure, 1) == {(1.03, 1.0), (2.03, 2.0)}
    assert dots(figure, 2) == {(1.03, 0.0), (2.03, 30.0)}


def test_what_bound_is_counted_in_hours_and_dollars(with_feeder: Path, html: str) -> None:
    with RunReader(with_feeder) as reader:
        rows = [tuple(r.values()) for r in bound_ever(reader)]
    quarter = 0.25
    assert rows == [
        ("l2", "ampacity", quarter, 1, pytest.approx(0.75 * quarter)),
        ("home_end_1-1.1", "voltage", quarter, 1, pytest.approx(0.05 * quarter)),
    ]
    assert '<td>l2</td><td>ampacity</td><td class="right">1</td><td class="right">0.25</td>' in html


def test_a_home_has_the_phase_of_its_transformer_and_the_distance_of_its_node(with_feeder: Path) -> None:
    with RunReader(with_feeder) as reader:
        plan = feeder_plan(reader)
    assert plan.phase == ("a", "a", "b", "a", "b", "a")
    assert plan.point_phase == ("b", "a")
    assert plan.point_km.tolist() == [1.03, 2.03]


def test_a_run_that_keeps_no_arrays_has_no_picture_of_them(tmp_path: Path) -> None:
    kept = charts(feeder_run(tmp_path, detailed=False))
    assert "voltage-over-time" in kept
    assert not {"voltage-profile", "loading"} & set(kept)


def test_values_of_intervals_that_are_apart_are_not_joined() -> None:
    rows = [{"interval_start": t, "interval_s": 900, "v": v} for t, v in ((0, 1.0), (900, 2.0), (3600, 3.0))]
    edges, values = steps(rows, "v")
    assert (edges * 86400).round().tolist() == [0, 900, 1800, 3600, 4500]
    assert values.tolist()[:2] + values.tolist()[3:] == [1.0, 2.0, 3.0]
    assert np.isnan(values[2])


def test_phases_stay_apart_in_grey_print() -> None:
    grey = sorted(
        float(np.dot(to_rgb(PHASE_COLOURS[p]), (0.2126, 0.7152, 0.0722))) for p in ("a", "b", "c", TWO_LINES)
    )
    assert grey[-1] - grey[0] > 0.4
    solid = sorted(float(np.dot(to_rgb(PHASE_COLOURS[p]), (0.2126, 0.7152, 0.0722))) for p in "abc")
    assert min(np.diff(solid)) > 0.15


def test_a_load_of_one_phase_is_found_at_its_bus(with_feeder: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy.dso"
    copy.write_bytes(with_feeder.read_bytes())
    with sqlite3.connect(copy) as db:
        db.execute("UPDATE nodes SET node = '634.2' WHERE node = 'mid.2'")
        db.execute("UPDATE points SET point = '634b' WHERE point = 'mid.2-1'")
    db.close()
    with RunReader(copy) as reader:
        plan = feeder_plan(reader)
    assert (plan.point_phase[0], plan.point_km[0]) == ("b", 1.0)
