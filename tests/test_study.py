"""A study from its file to its end: what is told meanwhile, and what is kept."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

import dso
from dso.clock import HOUR_S, parse_time
from dso.errors import RunFileError, ScenarioError
from dso.run_file import RunReader
from dso.study import SNAPSHOT_EVERY_S, Snapshots, load, run
from tests.run_file.small import differing, scenario_file


@pytest.fixture
def scenario(tmp_path: Path) -> Path:
    return scenario_file(tmp_path)


def test_the_package_offers_it_under_its_own_name():
    assert dso.load is load
    assert dso.run is run
    with pytest.raises(AttributeError, match="no attribute 'lod'"):
        _ = dso.lod


def test_a_loaded_study_can_be_stepped(scenario):
    engine = load(scenario)
    first = engine.step()
    assert first is not None
    assert first.sequence == 1
    assert engine.next_time() is not None


def test_a_wrong_scenario_touches_no_file(tmp_path):
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text("dso: 1\nname: wrong\n", encoding="utf-8")
    with pytest.raises(ScenarioError):
        run(wrong, tmp_path / "runs" / "wrong.dso")
    assert [path.name for path in tmp_path.iterdir()] == ["wrong.yaml"]


def test_the_folder_of_a_run_is_made(scenario, tmp_path):
    run(scenario, tmp_path / "new" / "folder" / "run.dso", until_s=parse_time("2016-08-10T07:00Z"))
    assert [path.name for path in (tmp_path / "new" / "folder").iterdir()] == ["run.dso"]


def test_progress_and_watcher_hear_of_each_step(scenario, tmp_path):
    heard, told = [], []
    engine = run(scenario, tmp_path / "run.dso", progress=told.append, watch=heard.append)
    assert [step.sequence for step in heard] == list(range(1, engine.steps + 1))
    assert len(told) == engine.steps
    assert {(p.begin_s, p.end_s) for p in told} == {(told[0].begin_s, told[-1].now_s)}
    assert [p.now_s for p in told] == sorted(p.now_s for p in told)


def test_a_run_that_stops_after_its_end_is_finished(scenario, tmp_path):
    run(scenario, tmp_path / "run.dso", until_s=parse_time("2020-01-01T00:00Z"))
    with RunReader(tmp_path / "run.dso") as reader:
        assert reader.finished


def test_a_run_that_stops_before_it_begins_has_done_nothing_yet(scenario, tmp_path):
    run(scenario, tmp_path / "run.dso", until_s=parse_time("2016-01-01T00:00Z"))
    with RunReader(tmp_path / "run.dso") as reader:
        assert not reader.finished
        assert reader.rows("SELECT * FROM journal") == []
    run(scenario, tmp_path / "run.dso", resume=True)
    run(scenario, tmp_path / "whole.dso")
    assert differing(tmp_path / "run.dso", tmp_path / "whole.dso") == []


def test_the_seed_given_goes_before_the_scenarios(scenario, tmp_path):
    run(scenario, tmp_path / "run.dso", seed=42, until_s=parse_time("2016-08-10T07:00Z"))
    with RunReader(tmp_path / "run.dso") as reader:
        assert reader.facts["seed"] == "42"
        assert json.loads(reader.facts["resolved"])["seed"] == 42
        assert reader.facts["scenario"] == scenario.read_text()


def test_what_breaks_while_a_run_goes_on_leaves_it_fit_to_be_resumed(scenario, tmp_path):
    def broken(step) -> None:
        if step.sequence == 444:
            raise RuntimeError("a watcher broke")

    with pytest.raises(RuntimeError):
        run(scenario, tmp_path / "run.dso", watch=broken)
    run(scenario, tmp_path / "run.dso", resume=True)
    run(scenario, tmp_path / "whole.dso")
    assert differing(tmp_path / "run.dso", tmp_path / "whole.dso") == []


def test_resuming_without_the_file_says_so(scenario, tmp_path):
    with pytest.raises(RunFileError, match="there is no run"):
        run(scenario, tmp_path / "none.dso", resume=True)


class Clock:
    """A recorder whose snapshots take a known time of a known clock."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, takes_s: float) -> None:
        self.now_s, self.steps, self.taken, self._takes_s, self._t_s = 0, 0, [], takes_s, 0.0
        monkeypatch.setattr(time, "monotonic", lambda: self._t_s)

    def snapshot(self, engine) -> None:
        self._t_s += self._takes_s
        self.taken.append(engine.now_s // HOUR_S)

    def run(self, hours: int, hour_takes_s: float) -> list[int]:
        snapshots = Snapshots(self, self)  # type: ignore[arg-type]
        for _ in range(hours):
            self.now_s += HOUR_S
            self._t_s += hour_takes_s
            snapshots.after_step()
        return self.taken


def test_a_small_study_is_kept_every_six_hours(monkeypatch):
    assert SNAPSHOT_EVERY_S == 6 * HOUR_S
    assert Clock(monkeypatch, takes_s=0.001).run(hours=25, hour_takes_s=1.0) == [6, 12, 18, 24]


def test_a_large_study_is_kept_no_more_often_than_a_twentieth_of_its_time_allows(monkeypatch):
    taken = Clock(monkeypatch, takes_s=1.0).run(hours=100, hour_takes_s=1.0)
    assert taken == [6, 26, 46, 66, 86]
