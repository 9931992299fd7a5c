"""What `dso check` says beforehand of a run's size is right to within a factor of two."""

from __future__ import annotations

import pytest

from dso.run_file import RunReader
from dso.scenario import load_scenario
from dso.scenario.estimate import size_estimate
from dso.study import run
from tests.run_file.small import scenario_file


@pytest.mark.parametrize(
    ("records", "customers"), [("summary", 20), ("awards", 20), ("awards", 700), ("bids", 20), ("bids", 300)]
)
def test_the_estimate_is_right_within_a_factor_of_two(tmp_path, records, customers):
    scenario = scenario_file(tmp_path, customers=customers, records=records, end="2016-08-11T12:00")
    said = size_estimate(load_scenario(scenario))
    run(scenario, tmp_path / "run.dso")
    actual_mb = (tmp_path / "run.dso").stat().st_size / 1e6
    assert actual_mb / 2 <= said["run_file_about_mb"] <= actual_mb * 2
    with RunReader(tmp_path / "run.dso") as reader:
        steps = reader.row("SELECT COUNT(*) AS n FROM journal")["n"]
    assert steps / 2 <= said["steps_about"] <= steps * 2
