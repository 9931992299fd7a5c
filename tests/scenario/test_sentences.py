"""What the user reads, word for word."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import yaml

from dso.data.ercot_load import load_table
from dso.errors import ScenarioError
from dso.scenario import load_scenario
from dso.scenario.load import parse_scenario
from dso.scenario.quantities import duration_s, duration_text
from dso.scenario.times import FIRST_S, LAST_S
from tests.scenario.examples import DAY_AHEAD, REAL_TIME, changed, everything, small

FLAT = {"name": "flat", "kind": "flat", "share": 1, "rate_usd_per_kwh": 0.1}
HEAT = "2016-08-10T12:00"


def told(data, folder=None) -> list[str]:
    with pytest.raises(ScenarioError) as caught:
        parse_scenario(data, folder=folder)
    return [str(p).removeprefix("scenario ") for p in caught.value.problems]


def series(da=None, rt=None):
    return [DAY_AHEAD | (da or {}), REAL_TIME | (rt or {})]


TABLE = {
    "unit of power": (
        {"series": series(da={"market_lead": "5 MW"})},
        "series[0].market_lead: must be a duration, such as '30 s', '5 min', '24 h' or '1 d', was '5 MW'",
    ),
    "no unit": (
        {"series": series(da={"market_lead": 30})},
        "series[0].market_lead: must have a unit, such as '30 min' or '30 h', was 30",
    ),
    "fraction of a second": (
        {"series": series(da={"market_lead": "0.5 s"})},
        "series[0].market_lead: must be a whole number of seconds, was '0.5 s'",
    ),
    "unit in a number": (
        {"network": {"import_limit_kw": "5 MW"}},
        "network.import_limit_kw: must be a number [kW], without unit or quotes, was '5 MW'",
    ),
    "bad name": (
        {"name": "my study"},
        "name: must be a letter followed by letters, digits, - and _, was 'my study'",
    ),
    "unknown kind of tariff": (
        {"tariffs": [FLAT | {"kind": "tou"}]},
        "tariffs[0].kind: must be flat, tiered, time_of_use, critical_peak, demand, real_time, subscription, "
        "urdb, auction, consensus, capacity, voltage or custom, was 'tou'",
    ),
    "no kind of wholesale": (
        {"wholesale": {}},
        "wholesale.kind: is missing; it must be price_series, supply_curve or ercot",
    ),
    "shares": (
        {"tariffs": [FLAT | {"share": 0.9}]},
        "tariffs: shares must add up to 1, added up to 0.9",
    ),
    "two tariffs of one name": (
        {"tariffs": [FLAT | {"share": 0.5}, FLAT | {"share": 0.5}]},
        "tariffs[1].name: 'flat' is taken by tariffs[0]",
    ),
    "no tariff": ({"tariffs": []}, "tariffs: must not be empty"),
    "format of the future": ({"dso": 2}, "dso: must be 1, was 2"),
    "two physical series": (
        {"series": series(da={"physical": True}, rt={"refines": None})},
        "series: only one series may have physical: true (the default), da and rt have: each interval would "
        "be delivered twice",
    ),
    "a series that refines nothing": (
        {"series": series(rt={"refines": "day"})},
        "series[1].refines: there is no series 'day'; there is da",
    ),
    "positions of no use": (
        {"series": series(rt={"refines": None})},
        "series[0].physical: must be true, or a series must say refines: da; its positions come to nothing",
    ),
    "bids after the round": (
        {"series": series(da={"bid_window": "15 min"})},
        "series[0].bid_window: must be shorter than round_length, 15 min, was 15 min: bids would be taken "
        "after the round has closed",
    ),
    "rounds overlap": (
        {"series": series(da={"round_interval": "10 min"})},
        "series[0].round_length: must be at most round_interval, 10 min, was 15 min: rounds would overlap",
    ),
    "round interval left out": (
        {"series": series(da={"round_interval": None})},
        "series[0].round_interval: is missing; 2 rounds need it",
    ),
    "gate before the round closes": (
        {"series": series(da={"negotiation_lead": "1 h"})},
        "series[0]: lead times overlap in the market that delivers first: round_close (15:15) must not be "
        "after gate (15:00)",
    ),
    "end before start": (
        {"end": "2016-08-09"},
        "end: must be after start, 2016-08-10T12:00-05:00, was 2016-08-09T00:00-05:00",
    ),
    "half a market": (
        {"end": "2016-08-10T17:30"},
        "end: must lie a whole number of markets after start, and those of series 'da' are 4 h long; it was "
        "5.5 h after it, 2016-08-10T16:00-05:00 would be right",
    ),
    "clocks change between": (
        {"start": "2016-03-13T00:00", "end": "2016-03-13T04:00"},
        "end: must lie a whole number of markets after start, and those of series 'da' are 4 h long; it was "
        "3 h after it (clocks are changed between), 2016-03-13T05:00-05:00 would be right",
    ),
    "a time that the clocks skip": (
        {"start": "2016-03-13T02:30"},
        "start: does not exist in America/Chicago: clocks are put forward then, was 2016-03-13T02:30:00",
    ),
    "a time that comes twice": (
        {"start": "2016-11-06T01:30"},
        "start: comes twice in America/Chicago: clocks are put back then; write 2016-11-06T01:30-05:00 or "
        "2016-11-06T01:30-06:00",
    ),
    "another year": (
        {"start": "2017-08-10T12:00", "end": "2017-08-10T16:00"},
        "start: must lie in 2015-12-31T18:00-06:00 to 2017-01-01T00:00-06:00, which the ERCOT load covers, "
        "was 2017-08-10T12:00-05:00",
    ),
    "unknown zone": (
        {"timezone": "Texas"},
        "timezone: must be an IANA time zone, such as America/Chicago or UTC, was 'Texas'",
    ),
    "a derating that ends first": (
        {"network": {"derates": [{"from": HEAT, "to": "2016-08-10T11:00", "import_limit_kw": 1}]}},
        "network.derates[0].to: must be after from, 2016-08-10T12:00:00, was 2016-08-10T11:00:00",
    ),
    "a derating of nothing": (
        {"network": {"derates": [{"from": HEAT, "to": "2016-08-11"}]}},
        "network.derates[0]: needs import_limit_kw or export_limit_kw",
    ),
    "no price": (
        {"wholesale": {"kind": "price_series"}},
        "wholesale: needs either usd_per_kwh or file, had neither",
    ),
    "no such price file": (
        {"wholesale": {"kind": "price_series", "file": "prices.csv"}},
        "wholesale.file: there is no file prices.csv beside the scenario",
    ),
    "no such weather file": (
        {"weather": {"tmy3": "austin.csv"}},
        "weather.tmy3: there is no file austin.csv beside the scenario",
    ),
    "no such unit": (
        {"wholesale": {"kind": "ercot", "outage": {"unit": 89, "from": HEAT, "to": "2016-08-11"}}},
        "wholesale.outage.unit: there is no unit 89 in the ERCOT system; the next is 88",
    ),
    "an unknown outage": (
        {"wholesale": {"kind": "ercot", "outage": "often"}},
        "wholesale.outage: must be random or none, or a unit with its times, {unit: 12, from: "
        "2016-08-10T15:00, to: 2016-08-11}, was 'often'",
    ),
    "a plug-in without a class": (
        {"tariffs": [{"name": "own", "kind": "custom", "share": 1, "plugin": "own.py"}]},
        "tariffs[0].plugin: must name the class, too: own.py:ClassName, was 'own.py'",
    ),
    "a plug-in without a file": (
        {"tariffs": [{"name": "own", "kind": "custom", "share": 1, "plugin": "own.py:Own"}]},
        "tariffs[0].plugin: there is no file own.py beside the scenario",
    ),
}


@pytest.mark.parametrize("case", TABLE)
def test_the_user_reads(case, tmp_path):
    changes, line = TABLE[case]
    assert line in told(small(**changes), tmp_path)


def test_mistakes_of_single_fields_and_between_fields_are_told_at_once():
    lines = told(small(seed=-1, end="2016-08-09", tariffs=[FLAT | {"share": 0.9, "rate": 1}]))
    assert [line.split(":")[0] for line in lines] == ["seed", "tariffs[0].rate", "end", "tariffs"]


def test_the_file_and_the_line_are_told(tmp_path):
    path = tmp_path / "study.yaml"
    path.write_text(yaml.safe_dump(small(seed=-1), sort_keys=False) + "sed: 3\n")
    with pytest.raises(ScenarioError) as caught:
        load_scenario(path)
    lines = path.read_text().splitlines()
    assert [str(p) for p in caught.value.problems] == [
        f"study.yaml:{lines.index('seed: -1') + 1} seed: must be at least 0, was -1",
        f"study.yaml:{len(lines)} sed: is not known here; did you mean seed?",
    ]


@pytest.mark.parametrize(
    ("content", "line"),
    [
        ("", "study.yaml: the file is empty"),
        ("# nothing yet\n", "study.yaml: the file is empty"),
        ("- dso: 1\n", "study.yaml: must be a mapping of fields, was a list"),
        ("hello\n", "study.yaml: must be a mapping of fields, was 'hello'"),
        ("dso: 1\ndso: 1\n", "study.yaml:2: key 'dso' is given twice, first on line 1"),
        ("dso: [1\nname: x\n", "study.yaml:2: not valid YAML:"),
        ("on: 1\n", "study.yaml:1: key on must be text, YAML reads it as a truth value"),
        ("start: 12:30\n", "study.yaml:1: YAML reads 12:30 as the number 750; write it in quotes"),
        ("start: 2016-02-30\n", "study.yaml:1: 2016-02-30 cannot be read: day is out of range for month"),
        (b"\x89PNG\r\n\x1a\n\x00\xff", "study.yaml: must be a UTF-8 text file"),
        (b"SQLite format 3\x00\x10", "study.yaml:1: holds a character that YAML does not allow"),
    ],
)
def test_a_file_that_is_no_scenario(content, line, tmp_path):
    path = tmp_path / "study.yaml"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(ScenarioError) as caught:
        load_scenario(path)
    assert str(caught.value.problems[0]).removeprefix(f"{tmp_path}{os.sep}").startswith(line)


def test_a_folder_or_no_file_at_all(tmp_path):
    (tmp_path / "scenario.yaml").touch()
    for path, line in (
        (tmp_path, f"must be a file, was a folder; did you mean {tmp_path / 'scenario.yaml'}?"),
        (tmp_path / "none.yaml", "there is no such file; dso init FOLDER makes one to start from"),
    ):
        with pytest.raises(ScenarioError) as caught:
            load_scenario(path)
        assert str(caught.value) == f"{path}: {line}"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read(tmp_path):
    path = tmp_path / "study.yaml"
    path.touch(mode=0)
    with pytest.raises(ScenarioError, match="Permission denied"):
        load_scenario(path)


def test_a_number_with_an_exponent_may_be_written_without_a_point(tmp_path):
    text = yaml.safe_dump(small()) + "settings: {unaccounted_tolerance_frac: 1e-5}\n"
    (tmp_path / "study.yaml").write_text(text)
    assert load_scenario(tmp_path / "study.yaml").settings.unaccounted_tolerance_frac == 1e-5


@pytest.mark.parametrize("text", ["0 s", "1 s", "90 s", "5 min", "24 h", "1 d", "7 d"])
def test_durations_are_written_as_they_are_read(text):
    assert duration_s(duration_text(duration_s(text))) == duration_s(text)


def test_a_resolved_scenario_is_a_scenario():
    for wholesale in ("price_series", "supply_curve", "ercot"):
        scenario = parse_scenario(everything(wholesale))
        assert parse_scenario(scenario.model_dump(mode="json", by_alias=True)) == scenario


def test_the_year_is_that_of_the_load():
    start_s, _ = load_table()
    assert (start_s[0], start_s[-1] + 3600) == (FIRST_S, LAST_S)


def test_an_ambiguous_local_time_may_be_given_with_its_offset():
    data = small(start="2016-11-06T01:30-05:00", end="2016-11-06T04:30-06:00")
    assert parse_scenario(data).name == "small"


def test_examples_and_template_are_fit_to_run():
    root = Path(__file__).parents[2]
    for path in (*root.glob("examples/*.yaml"), root / "dso/scenario/template.yaml"):
        load_scenario(path)


def test_a_wrong_kind_hides_nothing_else():
    lines = told(changed(small(seed=-1), ("tariffs", 0, "kind"), "tou"))
    assert [line.split(":")[0] for line in lines] == ["seed", "tariffs[0].kind"]
