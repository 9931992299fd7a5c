"""dso rates and dso bill-pages: what they print and write, and what they say where they cannot."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dso.cli.bill_pages import bill_pages_command
from dso.cli.failing import told
from dso.cli.rates import rates_command
from dso.rates import library_rate, read_rate, write_rate
from tests.cli.conftest import Told
from tests.report.rate_run import sheet, two_customers

Command = Callable[..., Told]


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return two_customers(tmp_path_factory.mktemp("two"))


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    """Runs a command in a folder with hours.json."""
    monkeypatch.chdir(tmp_path)
    Path("hours.json").write_text(json.dumps(sheet()), encoding="utf-8")

    def run(which: Any, *args: str | Path) -> Told:
        capsys.readouterr()
        code = told(which, [str(arg) for arg in args])
        return Told(code, *capsys.readouterr())

    return run


@pytest.fixture
def rates(command: Any) -> Command:
    return lambda *args: command(rates_command, *args)


def test_bills_and_changes_are_printed_as_tables(rates: Command, path: Path) -> None:
    done = rates(path, "--compare", "hours.json")
    assert (done.code, done.err) == (0, "")
    lines = [" ".join(line.split()) for line in done.out.splitlines()]
    assert "Bills of 2016-08 [USD/customer]" in lines
    assert "as billed 0.80 0.71 0.75 0.80 0.85 0.89 1.60" in lines
    assert "hours: who wins, who loses [USD/customer]" in lines
    everybody = next(line for line in lines if line.startswith("all everybody"))
    assert everybody.startswith("all everybody 2 +0.05 ")
    assert everybody.endswith(" 1 1 0")
    assert "live … slider 0.25–0.50 1 +0.20 +0.20 +0.20 +0.20 +22.2 0 1 0" in lines
    assert "live … with battery 1 +0.20 +0.20 +0.20 +0.20 +22.2 0 1 0" in lines


def test_json_has_every_customer(rates: Command, path: Path) -> None:
    figures = json.loads(rates(path, "--compare", "hours.json", "--json").out)
    assert figures["compared_with"] == "as billed"
    assert figures["customers"][1]["usd"] == pytest.approx({"as billed": 0.9, "hours": 1.1})
    assert figures["customers"][0]["load_factor"] == pytest.approx(0.75)


def test_rates_that_come_along_are_given_by_name(rates: Command, path: Path) -> None:
    figures = json.loads(rates(path, "--compare", "hours.json", "sioux-falls-residential", "--json").out)
    assert [row["rate"] for row in figures["bills"]] == ["as billed", "hours", "sioux-falls-residential"]


@pytest.mark.parametrize(("name", "begins"), [("w.png", b"\x89PNG"), ("w.svg", b"<?xml")])
def test_the_picture_is_written_as_its_ending_says(
    rates: Command, path: Path, tmp_path: Path, name: str, begins: bytes
) -> None:
    pytest.importorskip("matplotlib")
    done = rates(path, "--compare", "hours.json", "-o", f"out/{name}")
    assert (done.code, done.err) == (0, f"out/{name}\n")
    first = (tmp_path / "out" / name).read_bytes()
    assert first.startswith(begins)
    rates(path, "--compare", "hours.json", "-o", f"out/{name}")
    assert (tmp_path / "out" / name).read_bytes() == first


def test_the_picture_has_every_customers_change_in_order_and_over_the_load_factor(path: Path) -> None:
    pytest.importorskip("matplotlib")
    from matplotlib.figure import Figure

    from dso.report.charts_rates import winners_and_losers
    from dso.report.rate_making import compare_rates
    from dso.run_file import RunReader

    with RunReader(path) as reader:
        chart = winners_and_losers(compare_rates(reader, {"hours": read_rate(sheet())}))
    figure = Figure()
    chart.draw(figure)
    left, right = figure.axes
    wins, loses = (patch.get_data().values.tolist() for patch in left.patches)
    assert wins == pytest.approx([-0.10, 0.0])
    assert loses == pytest.approx([0.0, 0.20])
    marks = [tuple(map(float, point)) for dots in right.collections for point in dots.get_offsets()]
    assert sorted(marks) == [pytest.approx((2 / 3, 0.20)), pytest.approx((0.75, -0.10))]
    assert {text.get_text() for text in left.texts} == {"1 win (50.0 %)", "1 lose (50.0 %)"}


def test_a_neutral_rate_is_told_and_written(rates: Command, path: Path) -> None:
    done = rates(path, "--neutral", "hours.json", "--free", "energy", "-o", "neutral.json")
    assert (done.code, done.err) == (0, "neutral.json\n")
    lines = [" ".join(line.split()) for line in done.out.splitlines()]
    assert "before 1 1.700000 +0.600000 +54.545455" in lines
    assert "after 0.6 1.100000 0.000000 0.000000" in lines
    again = json.loads(rates(path, "--compare", "neutral.json", "--json").out)
    assert again["bills"][1]["sum_usd"] == pytest.approx(1.10, abs=1e-6)


def test_each_class_has_a_rate_of_its_own(rates: Command, path: Path, tmp_path: Path) -> None:
    classes = ("--class", "standard", "--class", "live")
    done = rates(path, "--neutral", "hours.json", "--free", "energy", *classes, "-o", "n.json", "--json")
    assert done.err == "n-standard.json\nn-live.json\n"
    factors = [found["after"]["value"] for found in json.loads(done.out)["classes"]]
    assert factors == pytest.approx([0.64, 0.58])
    assert json.loads((tmp_path / "n-live.json").read_text())["fixedchargefirstmeter"] == 37.2


def test_a_rate_may_earn_what_the_run_billed_instead(rates: Command, path: Path) -> None:
    done = rates(path, "--neutral", "hours.json", "--free", "energy", "--revenue", "billed", "--json")
    (found,) = json.loads(done.out)["classes"]
    assert found["cost_by_kind_usd"] == {"as billed": pytest.approx(1.60)}
    assert found["after"]["value"] == pytest.approx(1.40 / 1.50)


def test_the_rate_that_was_given_stays_as_it_was(rates: Command, path: Path) -> None:
    before = write_rate(library_rate("river-falls-time-of-day"))
    done = rates(path, "--neutral", "river-falls-time-of-day", "--free", "energy", "--json")
    assert done.code == 0
    assert write_rate(library_rate("river-falls-time-of-day")) == before


@pytest.mark.parametrize(
    ("args", "says"),
    [
        ((), "say either --compare RATE..., or --neutral RATE --free PATH"),
        (("--compare",), "--compare needs rates"),
        (("--compare", "hours.json", "--neutral", "hours.json"), "say either"),
        (("--compare", "hours.json", "--free", "energy"), "--free belongs to --neutral"),
        (("--compare", "hours.json", "-o", "w.pdf"), "-o must end in .png, .svg, was w.pdf"),
        (("--compare", "no-such-rate"), "is no rate of the package; there is"),
        (("--compare", "none.json"), "none.json: cannot be read"),
        (("--neutral", "hours.json"), "--neutral needs --free PATH"),
        (("--neutral", "hours.json", "--free", "energy", "hours.json"), "belongs to --compare"),
        (("--neutral", "hours.json", "--free", "energy", "-o", "n.png"), "-o must end in .json"),
        (("--neutral", "hours.json", "--free", "energy", "--revenue", "nan"), "must be an amount of USD"),
        (("--neutral", "hours.json", "--free", "energy", "--revenue", "much"), "or 'billed', was much"),
        (("--neutral", "hours.json", "--free", "mincharge", "--revenue", "1"), "at least 1.700000 USD"),
        (("--neutral", "hours.json", "--free", "price"), "price: is no price or charge of a rate"),
    ],
)
def test_what_cannot_be_done_is_one_line(
    rates: Command, path: Path, args: tuple[str, ...], says: str
) -> None:
    done = rates(path, *args)
    assert (done.code, done.out) == (2, "")
    assert done.err.count("\n") == 1
    assert says in done.err


def test_without_matplotlib_there_are_tables_but_no_picture(
    rates: Command, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    done = rates(path, "--compare", "hours.json", "-o", "w.png")
    assert done.code == 1
    assert "needs the extra 'report'" in done.err


def test_bills_are_written_as_pages(command: Any, path: Path, tmp_path: Path) -> None:
    done = command(bill_pages_command, path, "-o", "bills", "--customer", "1")
    assert (done.code, done.out, done.err) == (0, "", "1 bills in bills/index.html\n")
    assert {file.name for file in (tmp_path / "bills").iterdir()} == {"2016-08-000001.html", "index.html"}


def test_a_folder_that_cannot_be_written_is_told(command: Any, path: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    done = command(bill_pages_command, path, "-o", "file/bills")
    assert done.code == 2
    assert "cannot write to file/bills" in done.err
