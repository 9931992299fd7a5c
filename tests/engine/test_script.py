"""What a scenario scripts to happen to the wires: made into cases, refused in one line, resumed equal."""

from __future__ import annotations

from pathlib import Path

import pytest

from dso.clock import parse_time
from dso.errors import ScenarioError
from dso.registry import build_engine
from dso.scenario.load import parse_scenario
from dso.study import run
from tests.run_file.small import differing, scenario_file, tables
from tests.scenario.examples import HAPPENINGS, small

SCRIPT = """  loss_frac: 0.03
  outages: [{element: substation, at: "2016-08-10T13:10", repair: 40 min}]
  maintenance: [{element: substation, from: "2016-08-10T16:00", to: "2016-08-10T16:20"}]
  upgrades: [{element: substation, at: "2016-08-10T17:00", rating_frac: 2}]
  crews: {travel: 20 min}
settings: {records: awards, meter_estimate: similar, suspect_share: 0.5}
"""


def scripted(folder: Path) -> Path:
    """The small study, with its substation failing from 13:10 to 14:10, and out again from 16:00 to 16:20."""
    path = scenario_file(folder)
    text = path.read_text(encoding="utf-8").replace("settings: {records: awards}\n", "")
    path.write_text(text.replace("  loss_frac: 0.03\n", SCRIPT.partition("settings")[0]), encoding="utf-8")
    with path.open("a", encoding="utf-8") as file:
        file.write("settings" + SCRIPT.partition("settings")[2])
    return path


def script_of(**network):
    scenario = parse_scenario(small(network=network))
    return build_engine(scenario, Path()).world.distribution.script


def test_a_script_becomes_cases_in_the_order_of_time() -> None:
    happenings = {k: HAPPENINGS[k] for k in ("outages", "maintenance", "upgrades")}
    failure, maintenance, upgrade = script_of(**happenings)
    assert (failure.name, failure.repair_s) == ("failure of substation 2016-08-10T18:00Z", 3600)
    assert (maintenance.cause, maintenance.until_s) == ("maintenance", parse_time("2016-08-10T19:30Z"))
    assert (upgrade.rating_frac, upgrade.until_s) == (1.5, None)


def test_an_element_that_there_is_not_is_told_with_the_nearest() -> None:
    with pytest.raises(ScenarioError) as caught:
        script_of(
            outages=[{"element": "substatoin", "at": "2016-08-10T13:00"}],
            failures={"rate_per_year": 1, "elements": ["line.l1"]},
        )
    assert [str(p) for p in caught.value.problems] == [
        "scenario network.outages[0].element: there is no element 'substatoin'; did you mean 'substation'?",
        "scenario network.failures.elements[0]: there is no element 'line.l1'; did you mean 'substation'?",
    ]


def test_maintenance_that_ends_before_it_begins_is_refused() -> None:
    work = {"element": "substation", "from": "2016-08-10T14:00", "to": "2016-08-10T13:00"}
    with pytest.raises(ScenarioError, match=r"network\.maintenance\[0\]\.to: must be after from"):
        script_of(maintenance=[work])


def test_failures_by_chance_come_from_the_seed_at_their_rate() -> None:
    """4 h at 10,000 a year: 4.56 on average; the same seed draws the same ones."""
    drawn = [script_of(failures={"rate_per_year": 10_000}) for _ in range(2)]
    assert drawn[0] == drawn[1]
    assert 1 <= len(drawn[0]) <= 12  # 4.56 on average, 12 or more in one of 500
    assert {c.cause for c in drawn[0]} == {"failure"}
    assert script_of(failures={"rate_per_year": 0}) == ()


def test_a_run_that_stops_in_the_middle_of_an_outage_resumes_equal(tmp_path: Path) -> None:
    scenario, whole, staged = scripted(tmp_path), tmp_path / "whole.dso", tmp_path / "staged.dso"
    run(scenario, whole)
    for number, stop in enumerate(("18:10", "18:25", "19:00", "21:07")):
        run(scenario, staged, resume=number > 0, until_s=parse_time(f"2016-08-10T{stop}Z"))
    run(scenario, staged, resume=True)
    assert differing(whole, staged) == []
    held = tables(whole)
    assert len(held["outages"]) == 2
    assert [row[5] for row in held["equipment"]] == ["out", "in", "out", "in", "upgraded"]
