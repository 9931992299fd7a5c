"""dso init, check, run, bill and export, as a newcomer types them."""

from __future__ import annotations

import csv
import importlib.util
import json
import re
import sys
from pathlib import Path

import pytest

from dso.run_file import TABLES, RunReader
from tests.cli.conftest import write
from tests.scenario.examples import changed, small

HAS_PYARROW = importlib.util.find_spec("pyarrow") is not None


def test_what_init_makes_is_fit_to_run_and_says_what_to_do_next(dso):
    answer = dso("init", "study")
    assert answer == (
        0,
        "study/scenario.yaml is ready. Next: dso check study/scenario.yaml, then dso run "
        "study/scenario.yaml\n",
        "",
    )
    answer = dso("check", "study/scenario.yaml")
    assert answer.code == 0
    assert answer.out.startswith(
        "study/scenario.yaml is fit to run\nStudy       my-study, 2016-08-10T00:00-05:00"
    )
    assert answer.out.endswith("Next: dso run study/scenario.yaml\n")


def test_init_leaves_what_is_there_alone(dso):
    dso("init", "study")
    Path("study/scenario.yaml").write_text("mine")
    answer = dso("init", "study")
    assert answer.code == 2
    assert answer.err == "dso: study/scenario.yaml is there already; choose another folder\n"
    assert Path("study/scenario.yaml").read_text() == "mine"


def test_check_tells_programs_the_same(dso, scenario):
    facts = json.loads(dso("check", scenario, "--json").out)
    assert facts["ok"]
    assert (facts["customers"], facts["markets"]) == (10, 17)
    assert facts["tariffs"] == {"standard": "flat", "live": "auction"}


def test_the_estimate_is_right_within_a_factor_of_two(dso, scenario, finished):
    facts = json.loads(dso("check", scenario, "--json").out)
    with RunReader(finished) as reader:
        steps = reader.row("SELECT COUNT(*) n FROM journal")["n"]
    assert steps / 2 < facts["steps_about"] < 2 * steps
    assert facts["run_file_about_mb"] < 2 * finished.stat().st_size / 1e6


def test_check_lists_every_problem_and_runs_nothing(dso):
    write(Path("bad.yaml"), small(seed=-1, timezone="Texas", end="2016-08-09"))
    for command in ("check", "run", "timeline"):
        answer = dso(command, "bad.yaml")
        assert answer.code == 2
        assert answer.out == ""
        assert answer.err.splitlines() == [
            "dso: bad.yaml:3 seed: must be at least 0, was -1",
            "dso: bad.yaml:4 timezone: must be an IANA time zone, such as America/Chicago or UTC, "
            "was 'Texas'",
        ]
    assert not Path("runs").exists()


def test_a_run_prints_its_page_and_nothing_else(dso, scenario):
    answer = dso("run", scenario)
    assert answer.code == 0
    assert answer.err == ""
    lines = answer.out.splitlines()
    assert lines[0] == "small · runs/small.dso · seed 3"
    assert lines[1].startswith("Markets     1 da and 16 rt are over, in ")
    assert max(map(len, lines)) <= 80
    for part in ("Energy", "Peak", "Prices", "Procurement", "Bills", "LSEs", "Degraded    nothing", "Audit"):
        assert any(line.startswith(part) for line in lines)
    assert "money adds up to 0 micro-dollars" in answer.out
    assert "-05:00" in next(line for line in lines if line.startswith("Peak"))


def test_a_run_tells_programs_the_same(dso, scenario):
    answer = dso("run", scenario, "--json", "--seed", 5, "-o", "five.dso")
    page = json.loads(answer.out)
    assert (page["seed"], page["finished"], page["markets"]) == (5, True, {"da": 1, "rt": 16})
    assert sum(page["accounts_usd"].values()) == pytest.approx(0, abs=1e-6)
    for lse, bill in zip(page["lse"], page["bills"], strict=True):
        assert lse["surplus_usd"] == pytest.approx(bill["lse_surplus_usd"])


def test_watching_prints_each_step(dso, scenario):
    answer = dso("run", scenario, "--steps", "-o", "w.dso")
    lines = answer.out.splitlines()
    assert any(line.split()[1:3] == ["da-2016-08-10T17:00Z", "spawn"] for line in lines)
    with RunReader(Path("w.dso")) as reader:
        steps = reader.row("SELECT COUNT(*) n FROM journal")["n"]
    assert sum(line.startswith("2016-08-1") for line in lines) == steps


@pytest.mark.parametrize("until", ["2016-08-10T14:00", "2016-08-10T14:00-05:00", "2016-08-10T19:00Z"])
def test_a_run_may_stop_on_the_way_at_local_time(dso, scenario, until):
    answer = dso("run", scenario, "--until", until)
    assert answer.code == 0
    assert "Unfinished  at 2016-08-10 14:00-05:00; go on with --resume" in answer.out


def test_a_run_that_stops_before_it_begins_has_a_page(dso, scenario):
    answer = dso("run", scenario, "--until", "2016-01-01")
    assert answer.code == 0
    assert "nothing was delivered yet" in answer.out


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--until", "noon"), "--until: must be a date or time"),
        (("--seed", "-1"), "'--seed': -1 is not in the range"),
        (("-o", "."), "-o must name the run file, such as small.dso; . is a folder"),
    ],
)
def test_wrong_options_of_a_run(dso, scenario, options, told):
    answer = dso("run", scenario, *options)
    assert answer.code == 2
    assert told in answer.err
    assert answer.err.count("\n") == 1


def test_a_run_never_overwrites_the_scenario(dso, scenario):
    before = scenario.read_text()
    answer = dso("run", scenario, "-o", scenario)
    assert answer.code in (1, 2)
    assert answer.err.count("\n") == 1
    assert scenario.read_text() == before


def test_bills_by_tariff_and_of_one_customer(dso, finished):
    by_tariff = dso("bill", finished)
    assert by_tariff.code == 0
    heads = ["period", "tariff", "bills", "lowest", "median", "highest", "sum", "[USD]"]
    assert by_tariff.out.splitlines()[1].split() == heads
    one = dso("bill", finished, "--customer", 3)
    assert "2016-08-10 12:00-05:00 to 2016-08-10 16:00-05:00" in one.out
    assert one.out.splitlines()[-1].startswith("total")
    assert "-0.00" not in one.out
    (invoice,) = json.loads(dso("bill", finished, "--customer", 3, "--json").out)
    assert invoice["total_uusd"] == sum(line["amount_uusd"] for line in invoice["lines"])


def test_a_bill_that_is_not_there(dso, finished):
    answer = dso("bill", finished, "--customer", 99, "--month", "2016-08")
    assert answer.code == 2
    assert answer.err == (
        f"dso: {finished} holds no bill for customer 99 in 2016-08; it has customers 0 to 9 in 2016-08\n"
    )


def test_every_table_is_exported(dso, finished):
    answer = dso("export", finished, "out", "--json")
    rows = json.loads(answer.out)["rows"]
    assert {table.name for table in TABLES} - set(rows) <= {"inbox", "snapshot", "replaced"}
    for name, count in rows.items():
        with Path(f"out/{name}.csv").open(newline="") as file:
            csv.field_size_limit(sys.maxsize)
            assert len(list(csv.DictReader(file))) == count
    assert dso("export", finished, "some", "--table", "prices").out.startswith("Written to some\n")


def test_an_unknown_table_or_folder(dso, finished):
    answer = dso("export", finished, "out", "--table", "price")
    assert answer.code == 2
    assert "there is no table 'price'; there is " in answer.err
    Path("file").touch()
    answer = dso("export", finished, "file")
    assert answer.code == 2
    assert answer.err == "dso: cannot write to file: File exists; choose another folder\n"


def test_parquet_without_its_extra_is_one_line(dso, finished, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    answer = dso("export", finished, "out", "--format", "parquet")
    assert answer.code == 1
    assert answer.err == "dso: export to parquet needs the extra 'report': pip install 'dso-engine[report]'\n"
    assert not Path("out").exists()


@pytest.mark.skipif(not HAS_PYARROW, reason="needs the extra 'report'")
def test_parquet_holds_the_same(dso, finished):
    import pyarrow.parquet as pq

    assert dso("export", finished, "out", "--format", "parquet").code == 0
    with RunReader(finished) as reader:
        prices = reader.rows("SELECT * FROM prices")
    assert pq.read_table("out/prices.parquet").to_pylist() == prices


FILES = {
    "not rising": ("time,usd_per_kwh\n2016-08-10T17:00Z,0.1\n2016-08-10T16:00Z,0.1\n", "starts must rise"),
    "no column": ("time,price\n2016-08-10T17:00Z,0.1\n", "needs the column time and one of usd_per_kwh"),
    "no zone": ("time,usd_per_kwh\n2016-08-10T17:00,0.1\n", "time must be ISO 8601 with a zone"),
    "no number": ("time,usd_per_kwh\n2016-08-10T17:00Z,x\n", "usd_per_kwh must be a number, was 'x'"),
    "empty": ("", "needs the column time"),
    "short row": ("usd_per_kwh,time\n0.1\n", "time must be ISO 8601 with a zone"),
    "no text": (b"\xff\xfe\x00", "must be a UTF-8 text file"),
}


@pytest.mark.parametrize("case", FILES)
@pytest.mark.parametrize("command", ["check", "run"])
def test_a_price_file_that_cannot_be_used(dso, case, command):
    content, told = FILES[case]
    Path("prices.csv").write_bytes(content if isinstance(content, bytes) else content.encode())
    write(Path("study.yaml"), small(wholesale={"kind": "price_series", "file": "prices.csv"}))
    answer = dso(command, "study.yaml")
    assert answer.code == 2
    assert answer.err.startswith("dso: study.yaml:")
    assert "wholesale: " in answer.err
    assert told in answer.err
    assert "Traceback" not in answer.err
    assert not Path("runs").exists()


def test_a_weather_file_that_is_none(dso):
    Path("weather.csv").write_text("hot\n")
    write(Path("study.yaml"), small(weather={"tmy3": "weather.csv"}))
    answer = dso("check", "study.yaml")
    assert answer.code in (1, 2)  # 1 where the extra 'weather' is not installed
    assert answer.err.count("\n") == 1


def test_a_failing_handler_is_one_line_on_stderr_and_the_run_goes_on(dso, scenario, monkeypatch):
    def broken(*_args, **_kwargs):
        raise ValueError("no\nprice")

    monkeypatch.setattr("dso.tariffs.flat.FlatTariff.delivery_usd", broken)
    answer = dso("run", scenario)
    lines = answer.err.splitlines()
    assert lines
    assert all(line.startswith(("dso: rt-2016-08-10T", "dso: bill-2016-08")) for line in lines)
    assert "handler failed in reconcile" in lines[0]
    assert lines[0].endswith("ValueError: no price")


def test_edges_that_are_allowed_do_run(dso):
    edges = {
        "one customer": small(customers={"count": 1}),
        "an empty tariff": changed(changed(small(), ("tariffs", 0, "share"), 1), ("tariffs", 1, "share"), 0),
        "nobody takes part": changed(small(), ("tariffs", 1, "participation_frac"), 0),
        "no limit, no losses": small(network={}),
        "nothing may pass": small(network={"import_limit_kw": 0}),
        "few records": small(settings={"records": "summary"}),
        "all records": small(settings={"records": "bids"}),
        "across two months": small(start="2016-08-31T22:00", end="2016-09-01T02:00"),
        "a supply curve": small(
            wholesale={
                "kind": "supply_curve",
                "c_usd_per_kwh": 0.02,
                "b_usd_per_kwh_kw": 1e-4,
                "most_kw": 500,
            }
        ),
    }
    run_all(dso, edges)


def test_edges_of_the_year_do_run(dso):
    pvlib = pytest.importorskip("pvlib")
    weather = {"tmy3": str(Path(pvlib.__file__).parent / "data" / "723170TYA.CSV")}
    edges = {
        "its first hours": small(weather=weather, start="2016-01-01", end="2016-01-01T04:00"),
        "its last hours": small(weather=weather, start="2016-12-31T20:00", end="2017-01-01"),
        "across the spring change": small(weather=weather, start="2016-03-13T00:00", end="2016-03-13T05:00"),
        "across the autumn change": small(weather=weather, start="2016-11-06T00:00", end="2016-11-06T03:00"),
    }
    run_all(dso, edges)


def test_a_study_without_weather_is_told_before_it_runs(dso):
    write(Path("may.yaml"), small(start="2016-05-10T12:00", end="2016-05-10T16:00"))
    for command in ("check", "run"):
        answer = dso(command, "may.yaml")
        assert answer.code == 2
        assert answer.err == (
            "dso: may.yaml:1 weather: the weather of Austin (TMY3 722540, August only) must cover "
            "2016-05-10T17:00Z, but holds 07-29T00:00 to 09-04T00:00 (local standard time); give the path of "
            "a TMY3 file, which holds the whole year\n"
        )


def run_all(dso, edges):
    for k, (name, data) in enumerate(edges.items()):
        write(Path(f"s{k}.yaml"), data)
        answer = dso("run", f"s{k}.yaml", "--json")
        assert answer.code == 0, (name, answer.err)
        assert answer.err == "", (name, answer.err)
        page = json.loads(answer.out)
        assert page["audit"]["money_uusd"] == 0, name
        assert page["audit"]["delivered_exactly_once"] == 1, name


def test_what_init_makes_runs_without_anything_going_wrong(dso):
    dso("init", "study")
    page = json.loads(dso("run", "study/scenario.yaml", "--json").out)
    assert (page["finished"], page["degraded"], page["rejections"]) == (True, [], [])
    assert page["markets"] == {"da": 1, "rt": 288}


def test_a_watched_run_tells_its_address_and_prints_the_same_page(dso, scenario):
    answer = dso("run", scenario, "--watch")
    assert answer.code == 0
    assert re.fullmatch(r"dso: watch the run at http://127\.0\.0\.1:\d+/[\w-]{24,}/\n", answer.err)
    assert answer.out.startswith("small · runs/small.dso · seed 3\n")


def test_staying_needs_something_to_stay_for(dso, scenario):
    answer = dso("run", scenario, "--stay")
    assert (answer.code, answer.err) == (2, "dso: --stay keeps the page of --watch; give both\n")
