"""dso explain and dso bill --explain, as a study author types them."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest


def first(dso, run, series: str) -> str:
    return json.loads(dso("explain", run, "--list", "--series", series, "--json").out)[0]["market"]


def test_ten_lines_that_fit_a_paper(dso, finished):
    answer = dso("explain", finished, "--market", first(dso, finished, "rt"))
    assert (answer.code, answer.err) == (0, "")
    lines = answer.out.splitlines()
    labels = [line.split()[0] for line in lines if not line.startswith(" ")]
    assert labels == [
        "Market", "Price", "Margin", "Wholesale", "Wires", "Rejected", "Degraded",
        "Deviation", "Money", "Books",
    ]  # fmt: skip
    assert max(map(len, lines)) <= 100
    assert "add up to 0 micro-dollars" in answer.out


def test_the_markets_of_a_run_by_name(dso, finished):
    answer = dso("explain", finished, "--list")
    assert answer.out.splitlines()[0] == "Markets, retail prices [USD/kWh] · 17 markets"
    assert len(answer.out.splitlines()) == 3 + 17
    rows = json.loads(dso("explain", finished, "--list", "--json").out)
    assert {row["series"] for row in rows} == {"da", "rt"}
    assert dso("explain", finished, "--list", "--flag", "rejected", "--json").out == "[]\n"


def test_programs_are_told_the_same(dso, finished):
    market = first(dso, finished, "da")
    facts = json.loads(dso("explain", finished, "--market", market, "--json").out)
    assert facts["market"] == market
    assert sum(row["amount_uusd"] for row in facts["ledger"]) == 0
    assert len(facts["prices"]) == 8


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ((), "give --market ID for one market, or --list to see which there are"),
        (("--market", "x", "--list"), "give --market ID for one market, or --list to see which there are"),
        (("--market", "x", "--series", "rt"), "--series and --flag belong to --list"),
        (("--list", "--series", "xx"), "--series: the run has no series 'xx'; it has da, rt"),
        (
            ("--market", "rt-2016-08-10T18:07Z"),
            "--market: the run has no market 'rt-2016-08-10T18:07Z'; nearest: ",
        ),
    ],
)
def test_wrong_options(dso, finished, options, told):
    answer = dso("explain", finished, *options)
    assert answer.code == 2
    assert answer.err.startswith(f"dso: {told}")
    assert answer.err.count("\n") == 1


COMMANDS = [
    ("explain", "--list"),
    ("explain", "--market", "rt-2016-08-10T17:00Z"),
    ("sequence", "--market", "rt-2016-08-10T17:00Z"),
    ("bill", "--customer", "1", "--explain"),
]


@pytest.mark.parametrize("command", COMMANDS, ids=lambda c: " ".join(c[:2]))
def test_files_that_cannot_be_read(dso, finished, command):
    name, *options = command
    Path("text.dso").write_text("no database at all " * 50)
    Path("cut.dso").write_bytes(finished.read_bytes()[:60_000])
    other = Path("other.dso")
    other.write_bytes(finished.read_bytes())
    with closing(sqlite3.connect(other)) as db, db:
        db.execute("UPDATE run SET value = '99' WHERE key = 'schema_version'")
    for path, told in (
        ("missing.dso", "there is no run missing.dso; make one with"),
        ("text.dso", "text.dso is not a run file"),
        ("other.dso", "other.dso has schema version 99, this program reads"),
        ("cut.dso", ""),
        (".", ". is a folder"),
    ):
        answer = dso(name, path, *options)
        assert answer.code == (1 if path == "cut.dso" and "cannot read" in answer.err else 2), answer
        assert told in answer.err
        assert answer.err.count("\n") == 1, answer.err


def test_a_bill_down_to_its_intervals(dso, finished):
    answer = dso("bill", finished, "--customer", 7, "--explain")
    assert (answer.code, answer.err) == (0, "")
    assert answer.out.splitlines()[-1].endswith("0 micro-dollars off the bill")
    assert "By day" in answer.out
    assert "the dearest 5 of 16 postings" in answer.out
    assert max(map(len, answer.out.splitlines())) <= 100
    whole = dso("bill", finished, "--customer", 7, "--explain", "--interval", "all").out
    assert "metered energy · 16 of 16 postings" in whole
    one = dso("bill", finished, "--customer", 7, "--explain", "--interval", "2016-08-10T13:15").out
    assert "metered energy · 1 of 16 postings" in one
    assert "2016-08-10 13:15" in one


def test_an_explained_bill_for_programs(dso, finished):
    (bill,) = json.loads(dso("bill", finished, "--customer", 7, "--explain", "--json").out)
    for line in bill["lines"]:
        assert line["explained_uusd"] == line["amount_uusd"]
        assert line["explained_uusd"] == sum(i["amount_uusd"] for i in line["intervals"])


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--explain",), "--explain needs --customer ID: whose bill is to be explained"),
        (("--customer", "7", "--interval", "all"), "--interval belongs to --explain"),
        (("--customer", "7", "--explain", "--interval", "noon"), "--interval: must be a date or time"),
        (
            ("--customer", "7", "--explain", "--interval", "2020-01-01"),
            "--interval: no interval of the bill begins",
        ),
    ],
)
def test_wrong_options_of_an_explained_bill(dso, finished, options, told):
    answer = dso("bill", finished, *options)
    assert answer.code == 2
    assert told in answer.err
    assert answer.err.count("\n") == 1
