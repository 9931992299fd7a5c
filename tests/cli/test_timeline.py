"""dso timeline says beforehand what a run's journal says afterwards."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from dso.clock import iso
from dso.run_file import RunReader
from dso.study import run
from tests.cli.conftest import write
from tests.scenario.examples import DAY_AHEAD, REAL_TIME, small

P = {
    "activation_lead": 10,
    "negotiation_lead": 10,
    "market_lead": 600,
    "delivery_lead": 10,
    "intervals_to_clear": 24,
    "interval_duration": 60,
    "clearing_interval": 1440,
}


def entered(path: Path) -> list[tuple[str, str, str]]:
    """What a run's markets entered, as (market, state, at), in the order of the journal."""
    with RunReader(path) as reader:
        markets = {row["market"] for row in reader.rows("SELECT market FROM markets")}
        journal = reader.rows("SELECT machine, entered, destination, time_s FROM journal ORDER BY seq")
    rows = []
    for row in journal:
        if row["machine"] in markets:
            rows += [(row["machine"], state, iso(row["time_s"])) for state in row["entered"].split()]
    return rows


def by_market(rows: list[tuple[str, str, str]]) -> dict[str, list[tuple[str, str]]]:
    found: dict[str, list[tuple[str, str]]] = {}
    for market, state, at in rows:
        found.setdefault(market, []).append((state, at))
    return found


STUDIES = {
    "two rounds": small(),
    "one series": small(series=[REAL_TIME | {"refines": None}]),
    "as many rounds as fit": small(series=[DAY_AHEAD | {"protocol": "gated", "rounds": 1}, REAL_TIME]),
    "an early wholesale result": small(
        series=[DAY_AHEAD | {"wholesale_result_lead": "0 s", "market_lead": "2 h"}, REAL_TIME]
    ),
}


@pytest.mark.parametrize("study", STUDIES)
def test_the_timeline_is_what_a_run_does_if_all_goes_well(dso, study):
    path = write(Path("study.yaml"), STUDIES[study])
    rows = json.loads(dso("timeline", path, "--json").out)
    run(path, "study.dso")
    said = by_market([(r["market"], r["state"], r["at"]) for r in rows])
    done = by_market(entered(Path("study.dso")))
    assert said.keys() == done.keys()
    for market, states in done.items():
        assert said[market] == states


def test_rows_name_the_series_and_are_in_order_of_time(dso, scenario):
    rows = json.loads(dso("timeline", scenario, "--json").out)
    assert set(rows[0]) == {"series", "market", "state", "at"}
    assert [r["at"] for r in rows] == sorted(r["at"] for r in rows)
    assert all(r["market"].startswith(r["series"] + "-") for r in rows)


def test_a_window_is_inclusive_and_local(dso, scenario):
    every = json.loads(dso("timeline", scenario, "--json").out)
    window = ("--from", "2016-08-10T12:00", "--to", "2016-08-10T17:15Z")
    some = json.loads(dso("timeline", scenario, "--json", *window).out)
    assert some == [r for r in every if "2016-08-10T17:00Z" <= r["at"] <= "2016-08-10T17:15Z"]
    assert some[0]["at"] == "2016-08-10T17:00Z"
    assert some[-1]["at"] == "2016-08-10T17:15Z"
    answer = dso("timeline", scenario, "--from", "2016-08-11", "--to", "2016-08-10")
    assert answer.code == 2
    assert answer.err == "dso: --from, 2016-08-11T05:00Z, must not be after --to, 2016-08-10T05:00Z\n"


def test_lead_times_alone_give_tents_boundaries(dso):
    Path("P.json").write_text(json.dumps(P))
    rows = json.loads(dso("timeline", "--series", "P.json", "--json").out)
    assert {(r["series"], r["market"]) for r in rows} == {("P", "P")}
    first = {}
    for row in rows:
        first.setdefault(row["state"], row["at"])
    wanted = {
        "active": -620,
        "negotiation": -610,
        "market_lead": -600,
        "delivery_lead": 0,
        "delivery": 10,
        "reconcile": 1450,
    }
    assert {state: first[state] for state in wanted} == wanted
    assert first["inactive"] == -620
    assert first["negotiation.clearing"] == -610
    assert first["delivery_lead.ready"] == 0
    assert [r["at"] for r in rows if r["state"] == "delivery.dispatching"] == list(range(10, 1450, 60))
    assert rows[-1]["state"] == "expired"


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"market_lead": "10 h"}, "P.json market_lead: must be a number, was '10 h'"),
        ({"market_lead": -1}, "P.json market_lead: must be 0 to 527040, was -1"),
        ({"market_lead": 1e300}, "P.json market_lead: must be 0 to 527040, was 1e+300"),
        ({"market_lead": None}, "P.json market_lead: must be a number, was nothing"),
        ({"interval_duration": 0}, "P.json interval_duration: must be longer than 0"),
        ({"intervals_to_clear": 1.5}, "P.json intervals_to_clear: must be a whole number of them, was 1.5"),
        ({"market_leed": 1}, "P.json market_leed: is not a lead time; did you mean market_lead?"),
        ({"name": 3}, "P.json name: must be text"),
        ({"physical": "no"}, "P.json physical: must be true or false"),
        ({"round_length": 11}, "P.json: lead times overlap: round_close"),
    ],
)
def test_wrong_lead_times(dso, changes, told):
    Path("P.json").write_text(json.dumps(P | changes))
    answer = dso("timeline", "--series", "P.json")
    assert answer.code == 2
    assert told in answer.err
    assert answer.err.count("\n") == 1


def test_lead_times_that_are_no_object(dso):
    for content, told in (
        ("[1]", "must be one JSON object of lead times in minutes, was a list"),
        ("{", "x.json is not JSON: "),
        ("{}", "x.json activation_lead: is missing [minutes]"),
    ):
        Path("x.json").write_text(content)
        answer = dso("timeline", "--series", "x.json")
        assert answer.code == 2
        assert told in answer.err
