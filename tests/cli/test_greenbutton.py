"""dso greenbutton: meter data out of a run, and in from a file."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from dso.cli.failing import told
from dso.cli.greenbutton import greenbutton_command
from dso.formats import read_green_button
from dso.run_file import RunReader
from tests.cli.conftest import Told
from tests.formats.handmade import metered

Command = Callable[..., Told]
COLUMNS = [(1_126_045, -250_001), (1, 3), (999_999, None)]


@pytest.fixture
def greenbutton(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Command:
    """Runs the command in an empty folder."""
    monkeypatch.chdir(tmp_path)

    def command(*args: str | Path) -> Told:
        code = told(greenbutton_command, [str(arg) for arg in args])
        return Told(code, *capsys.readouterr())

    return command


@pytest.fixture
def run(tmp_path: Path) -> Path:
    return metered(tmp_path / "run.dso", COLUMNS)


def test_out_and_in_again_keep_every_milliwatt_hour(greenbutton: Command, run: Path) -> None:
    assert greenbutton("out", run, "-o", "all.xml").out == "7 readings of 2 customers written to all.xml\n"
    assert greenbutton("in", "all.xml", "--csv", "all.csv").code == 0
    with Path("all.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    assert rows[0] == ["usage_point", "start", "duration_s", "kwh", "quality"]
    assert rows[1] == ["customer 0", "2016-08-10T17:00Z", "900", "1.126045", "0"]
    assert [float(row[3]) for row in rows[1:]] == [1.126045, 1e-6, 0.999999, -0.250001, 3e-6]


def test_each_customer_can_have_a_file(greenbutton: Command, run: Path) -> None:
    said = greenbutton("out", run, "-o", "folder", "--customer", "1", "--json")
    assert json.loads(said.out) == {"output": "folder", "files": 1, "customers": 1, "readings": 4}
    assert [p.name for p in Path("folder").iterdir()] == ["customer-1.xml"]


def test_without_a_place_the_feed_is_printed(greenbutton: Command, run: Path) -> None:
    said = greenbutton("out", run, "--customer", "0")
    assert said.out.startswith('<?xml version="1.0" encoding="UTF-8"?>')
    assert said.out.endswith("</feed>\n")


def test_a_summary_says_what_each_point_drew_and_what_is_missing(greenbutton: Command, run: Path) -> None:
    greenbutton("out", run, "-o", "all.xml")
    first, second = json.loads(greenbutton("in", "all.xml", "--json").out)
    assert first == {
        "usage_point": "customer 0", "readings": 3, "start": "2016-08-10T17:00Z", "end": "2016-08-10T17:45Z",
        "drawn_kwh": pytest.approx(2.126045), "injected_kwh": 0.0, "gaps": 0, "not_valid": 0, "left_out": [],
    }  # fmt: skip
    assert (second["readings"], second["injected_kwh"], second["drawn_kwh"]) == (2, 0.250001, 3e-6)
    assert "customer 1" in greenbutton("in", "all.xml").out


def test_what_is_wrong_ends_with_2_and_says_what_to_do(
    greenbutton: Command, run: Path, tmp_path: Path
) -> None:
    stranger = greenbutton("out", run, "--customer", "5")
    assert (stranger.code, stranger.err) == (2, "dso: customer 5: is not in the run; it has 0 to 1\n")
    nowhere = greenbutton("out", run, "-o", "no/folder/all.xml")
    assert (nowhere.code, "choose another place" in nowhere.err) == (2, True)
    file = tmp_path / "bad.xml"
    file.write_text("<!DOCTYPE a []><feed/>", encoding="utf-8")
    bad = greenbutton("in", file)
    assert (bad.code, "bad.xml:1: declares a document type" in bad.err) == (2, True)
    assert greenbutton("out", run, "--json").code == 2


def test_what_a_study_metered_comes_back_as_it_stands_in_its_run_file(
    greenbutton: Command, finished: Path
) -> None:
    with RunReader(finished) as reader:
        rows = reader.rows("SELECT customers_milliwh m FROM readings ORDER BY interval_start")
    metered_mwh = list(zip(*(json.loads(row["m"]) for row in rows), strict=True))
    greenbutton("out", finished, "-o", "all.xml")
    points = read_green_button(Path("all.xml"))
    assert [tuple(round(kwh * 1e6) for kwh in p.kwh.tolist()) for p in points] == metered_mwh
