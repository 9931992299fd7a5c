"""dso conform: whether each cycle of a run is what a designer drew."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

DRAWN = Path(__file__).parents[2] / "docs" / "exchanges"


def test_our_own_cycles_are_as_drawn(dso, finished):
    assert dso("conform", finished, DRAWN / "physical.puml", "--series", "rt") == (
        0,
        "16 of 16 market cycles are as physical.puml draws them\n",
        "",
    )
    assert dso("conform", finished, DRAWN / "position.puml", "--series", "da").code == 0
    assert dso("conform", finished, DRAWN / "degraded.puml").out.startswith("17 of 17 market cycles")


def test_the_first_difference_of_each_cycle_is_printed_and_the_exit_code_says_so(dso, finished):
    Path("mine.mmd").write_text("sequenceDiagram\nLSE->>LSE: estimate\nLSE->>DO: order\n")
    answer = dso("conform", finished, "mine.mmd")
    assert answer.code == 1
    lines = answer.out.splitlines()
    assert len(lines) == 18
    assert lines[-1] == "0 of 17 market cycles are as mine.mmd draws them"
    rows = json.loads(dso("conform", finished, "mine.mmd", "--json").out)
    assert (rows["markets"], rows["conform"], len(rows["differences"])) == (17, 0, 17)
    assert set(rows["differences"][0]) == {"market", "position", "at", "said", "expected"}


def test_mistakes_of_the_drawing_are_told_with_file_and_line(dso, finished):
    Path("bad.puml").write_text("@startuml\nMO -> agents\nloop\n@enduml\n")
    answer = dso("conform", finished, "bad.puml")
    assert answer.code == 2
    assert [line.partition(": ")[2].partition(" ")[0].rstrip(":") for line in answer.err.splitlines()] == [
        "bad.puml:2",
        "bad.puml:3",
    ]


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--series", "xx"), "--series: the run has no series 'xx'; it has da, rt"),
        (("--market", "rt-1"), "--market: the run has no market 'rt-1'; nearest: "),
    ],
)
def test_unknown_markets_and_series(dso, finished, options, told):
    answer = dso("conform", finished, DRAWN / "physical.puml", *options)
    assert answer.code == 2
    assert answer.err.startswith(f"dso: {told}")
    assert answer.err.count("\n") == 1
