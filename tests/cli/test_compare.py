"""dso compare: what it prints and writes, and what it says where it cannot."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from dso.cli.compare import charts_beside, compare_command, outdoor_of, sections_beside
from dso.cli.failing import told
from dso.clock import parse_time
from dso.report.figures import render
from dso.run_file import RunReader
from dso.study import run
from tests.cli.conftest import Told, write
from tests.report.compare_pair import hand_made
from tests.scenario.examples import small

Compare = Callable[..., Told]


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return hand_made(tmp_path_factory.mktemp("pair"))


@pytest.fixture
def compare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Compare:
    """Runs the command in an empty folder."""
    monkeypatch.chdir(tmp_path)

    def command(*args: str | Path) -> Told:
        capsys.readouterr()
        code = told(compare_command, [str(arg) for arg in args])
        return Told(code, *capsys.readouterr())

    return command


def test_tables_are_printed_that_one_can_paste(compare: Compare, pair: tuple[Path, Path]) -> None:
    done = compare(*pair)
    assert (done.code, done.err) == (0, "")
    lines = [" ".join(line.split()) for line in done.out.splitlines()]
    assert "small · with and without the market · seed 3" in lines
    assert "energy [kWh] 200.0 190.0 -10.0 -5.0" in lines
    assert "peak [kW] 80.0 60.0 -20.0 -25.0" in lines
    assert "… from 08-10 13:00 08-10 13:00" in lines
    assert "energy shifted [kWh] 16.0 8.0" in lines
    assert "Bills of 2016-08 [USD/customer]" in lines
    assert "live participants 4 7.00 -0.62 -0.50 -8.9 50.0 25.0 -12.5" in lines
    assert "live customers 40.00 37.50 -2.50 -6.2" in lines
    assert "live surplus 26.00 25.40 -0.60 -2.3" in lines
    assert "live battery all 4 1.00 0.50 3.00 50.0 kWh missing" in lines
    assert "average price [USD/kWh] 0.05000 0.04474 -0.00526 -10.5" in lines


def test_json_has_the_same_figures_for_programs(compare: Compare, pair: tuple[Path, Path]) -> None:
    done = compare(*pair, "--json")
    figures = json.loads(done.out)
    assert (figures["run"], figures["base"]) == tuple(map(str, pair))
    assert figures["system"]["peak_reduction_kw"] == pytest.approx(20.0)
    assert figures["hottest_day"]["chosen_by"] == "base peak"


@pytest.mark.parametrize(
    ("name", "begins"), [("c.png", b"\x89PNG"), ("c.svg", b"<?xml"), ("c.html", b"<!doc")]
)
def test_the_end_of_its_name_says_what_is_written(
    compare: Compare, pair: tuple[Path, Path], tmp_path: Path, name: str, begins: bytes
) -> None:
    pytest.importorskip("matplotlib")
    done = compare(*pair, "-o", f"out/{name}", "--json")
    assert (done.code, done.err) == (0, f"out/{name}\n")
    assert json.loads(done.out)["study"] == "small"
    assert (tmp_path / "out" / name).read_bytes().startswith(begins)


def test_each_picture_can_have_a_file_of_its_own(
    compare: Compare, pair: tuple[Path, Path], tmp_path: Path
) -> None:
    pytest.importorskip("matplotlib")
    assert compare(*pair, "--pictures", "pictures").code == 0
    names = {path.name for path in (tmp_path / "pictures").iterdir()}
    assert {"compare-load.png", "compare-load.svg", "compare-bills.svg", "compare-duration.png"} <= names


def test_another_ending_is_refused_before_anything_is_read(compare: Compare, tmp_path: Path) -> None:
    done = compare("none.dso", "none.dso", "-o", "c.pdf")
    assert (done.code, done.out) == (2, "")
    assert done.err == "dso: -o must end in .html, .png, .svg, was c.pdf\n"


def test_each_problem_of_a_pair_is_one_line(compare: Compare, pair: tuple[Path, Path]) -> None:
    done = compare(pair[1], pair[0])
    assert (done.code, done.out) == (2, "")
    assert done.err.count("\n") == 1
    assert "give it second" in done.err


def test_a_run_that_is_not_there_says_how_to_make_one(compare: Compare, pair: tuple[Path, Path]) -> None:
    done = compare(pair[0], "none.dso")
    assert done.code == 2
    assert "there is no run none.dso" in done.err


def test_without_matplotlib_there_are_tables_but_no_pictures(
    compare: Compare, pair: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    assert compare(*pair).code == 0
    done = compare(*pair, "-o", "c.png")
    assert done.code == 1
    assert "needs the extra 'report'" in done.err
    assert not (tmp_path / "c.png").exists()


def test_a_runs_own_page_can_have_the_comparison_in_it(pair: tuple[Path, Path]) -> None:
    pytest.importorskip("matplotlib")
    with RunReader(pair[0]) as reader:
        section, charts = "".join(sections_beside(reader, pair[1])), charts_beside(reader, pair[1])
    assert [f'<section id="{chart.name}">' in section for chart in charts] == [True] * 5
    assert all(render(chart, "svg") for chart in charts)  # after both runs are closed


def test_temperatures_are_those_of_homes_with_devices_and_built_in_weather(tmp_path: Path) -> None:
    scenario = write(tmp_path / "s.yaml", small(devices={"hvac": {"share": 0.5}}))
    run(scenario, tmp_path / "s.dso", market="none", until_s=0)
    with RunReader(tmp_path / "s.dso") as reader:
        outdoor_c = outdoor_of(reader)
    assert outdoor_c is not None
    noon = np.array([parse_time("2016-08-10T11:00-06:00")], np.float64)
    assert outdoor_c(noon) == pytest.approx([32.2])  # dso/data/weather/austin_august.csv


def test_weather_that_cannot_be_read_is_named(compare: Compare, pair: tuple[Path, Path]) -> None:
    pytest.importorskip("pvlib")
    done = compare(*pair, "--weather", "none.tm3")
    assert done.code == 2
    assert "none.tm3" in done.err


def test_where_no_load_depends_on_weather_none_is_shown(pair: tuple[Path, Path]) -> None:
    with RunReader(pair[0]) as reader:
        assert outdoor_of(reader) is None
