"""A run that broke off, however and wherever, ends as if it had not."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from dso.clock import parse_time
from dso.engine.loop import Engine
from dso.engine.step import Step
from dso.registry import build_engine
from dso.run_file import RunWriter
from dso.scenario import load_scenario
from dso.study import SNAPSHOT_EVERY_S, run
from tests.run_file.small import differing, dso, dso_command, scenario_file, tables


class Gone(BaseException):
    """The process is gone: nothing catches this."""


def breaking_at(step_number: int) -> Callable[[Step], None]:
    """A watcher that ends the process, as far as the run can tell, after a step."""

    def watch(step: Step) -> None:
        if step.sequence == step_number:
            raise Gone

    return watch


def last_step(path: Path) -> int:
    with closing(sqlite3.connect(path)) as db:
        return int(db.execute("SELECT MAX(seq) FROM journal").fetchone()[0])


def test_two_runs_of_one_scenario_are_equal(scenario, whole_run, tmp_path):
    run(scenario, tmp_path / "again.dso")
    assert differing(whole_run, tmp_path / "again.dso") == []


def test_a_finished_file_holds_no_memory_and_is_one_file(whole_run):
    held = tables(whole_run)
    assert held["snapshot"] == held["replaced"] == []
    assert [p.name for p in whole_run.parent.iterdir()] == ["whole.dso"]


def test_runs_that_break_off_many_times_end_equal(scenario, whole_run, tmp_path):
    target, total = tmp_path / "broken.dso", last_step(whole_run)
    rng = np.random.default_rng(5)
    stops = sorted({1, 2, total - 1, *rng.integers(1, total, 12).tolist()})
    for number, stop in enumerate(stops):
        with pytest.raises(Gone):
            run(scenario, target, resume=number > 0, watch=breaking_at(stop))
        assert last_step(target) == stop
    run(scenario, target, resume=True)
    assert differing(whole_run, target) == []


def test_breaking_off_earlier_than_the_time_before_is_no_matter(scenario, whole_run, tmp_path):
    target, total = tmp_path / "broken.dso", last_step(whole_run)
    for number, stop in enumerate((total - 5, total - 20, total - 10)):
        with pytest.raises(Gone):
            run(scenario, target, resume=number > 0, watch=breaking_at(stop))
    run(scenario, target, resume=True)
    assert differing(whole_run, target) == []


def test_until_stops_and_resume_goes_on(scenario, whole_run, tmp_path):
    target = tmp_path / "stages.dso"
    stops = (
        "2016-08-10T08:00Z",
        "2016-08-10T14:03:07Z",
        "2016-08-10T20:31Z",
        "2016-08-10T20:31Z",
        "2016-08-11T00:10Z",
    )
    for number, stop in enumerate(stops):
        run(scenario, target, resume=number > 0, until_s=parse_time(stop))
    run(scenario, target, resume=True)
    assert differing(whole_run, target) == []


def test_stopping_at_a_time_gives_the_same_file_however_one_gets_there(scenario, whole_run, tmp_path):
    straight, bent, until_s = (
        tmp_path / "straight.dso",
        tmp_path / "bent.dso",
        parse_time("2016-08-10T20:31Z"),
    )
    run(scenario, straight, until_s=until_s)
    with pytest.raises(Gone):
        run(scenario, bent, watch=breaking_at(last_step(straight) + 150))
    run(scenario, bent, resume=True, until_s=until_s)
    assert [name for name in differing(straight, bent) if name != "snapshot"] == []


@pytest.mark.parametrize("seed", range(3))
def test_kill_minus_nine_at_random_moments_several_times_in_a_row(scenario, whole_run, tmp_path, seed):
    target, rng = tmp_path / "killed.dso", np.random.default_rng(seed)
    part, killed = last_step(whole_run) // 3, 0
    for number in range(3):
        again = ["--resume"] if number else []
        command = dso_command("run", scenario, "-o", target, "--steps", *again)
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            for _ in range(int(rng.integers(1, part))):
                process.stdout.readline()
            process.send_signal(signal.SIGKILL)
        killed += process.returncode == -signal.SIGKILL
    assert killed
    done = dso("run", scenario, "-o", target, "--resume")
    assert done.returncode == 0, done.stderr
    assert differing(whole_run, target) == []


def test_ctrl_c_says_how_to_go_on_and_that_works(scenario, whole_run, tmp_path):
    target = tmp_path / "interrupted.dso"
    command = dso_command("run", scenario, "-o", target, "--steps")
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        for _ in range(400):
            process.stdout.readline()
        process.send_signal(signal.SIGINT)
        process.stdout.read()
        said = process.stderr.read()
    assert process.returncode == 130
    assert said == f"dso: interrupted; go on with: dso run {scenario} -o {target} --resume\n"
    run(scenario, target, resume=True)
    assert differing(whole_run, target) == []


def test_ctrl_c_before_a_run_begins_says_that_nothing_was_written(scenario, tmp_path):
    target = tmp_path / "early.dso"
    stopped = "import dso.study\ndef load_scenario(path): raise KeyboardInterrupt\n"
    stopped += "dso.study.load_scenario = load_scenario\n"
    command = dso_command("run", scenario, "-o", target, before=stopped)
    told = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert told.returncode == 130
    assert told.stderr == "dso: interrupted before it began; nothing was written\n"
    assert not target.exists()


# --- messages from outside ----------------------------------------------------------------------------------


def posts(engine: Engine, number: int) -> None:
    """What a program outside sends after some steps: good, bad and late, with arrays and without."""
    customers = engine.world.customers
    if number == 250:
        engine.post("dso", "nonsense", at="2016-08-10T19:00Z", text="nobody takes this")
    elif number == 400:
        market = next(m for m in sorted(engine.markets) if m.startswith("da"))
        bids = {
            "sender": "stranger",
            "customers": [1],
            "quantity_kw": [[[1.0]]],
            "price_usd_per_kwh": [[[0.1]]],
        }
        engine.post(f"{market}/live", "bids", **bids)
    elif number == 700:
        for market in sorted(engine.markets):
            engine.post(market, "outage")
        meters = np.full(customers, 1.0)
        engine.post(
            sorted(engine.markets)[-1],
            "readings",
            interval=0,
            meter_kwh=meters,
            device_kwh=meters,
            head_kwh=9.0,
        )
    elif number == 900:
        change = {"was_kwh": 1.0, "is_kwh": 2.5, "price_usd_per_kwh": 0.1}
        customer = int(engine.world.retailers["live"].customers[0])
        engine.post("bill-2016-08/live", "late_readings", at="2016-08-11T03:00Z", customer=customer, **change)


def drive(
    scenario: Path, target: Path, *, gone_after: int | None = None, gone_before: int | None = None
) -> None:
    """A program that embeds the engine, posts messages, and may break off after a step or just before it.

    Taken up again, it sends what had not been sent; the run file has kept the rest.
    """
    checked, resume = load_scenario(scenario), target.exists()
    sent = last_sent(target) if resume else -1
    engine = build_engine(checked, scenario.parent)
    writer = RunWriter(target, resume=resume)
    try:
        writer.attach(engine)
        if resume:
            writer.restore(engine)
        else:
            writer.begin(engine, {"seed": "3"})
        next_s = engine.now_s + SNAPSHOT_EVERY_S
        for step in engine.iterate():
            if step.sequence > sent:
                posts(engine, step.sequence)
            if step.sequence == gone_after:
                raise Gone
            if engine.now_s >= next_s:
                writer.snapshot(engine)
                next_s = engine.now_s + SNAPSHOT_EVERY_S
        writer.finish()
    finally:
        writer.close()


def last_sent(path: Path) -> int:
    with closing(sqlite3.connect(path)) as db:
        return int(db.execute("SELECT COALESCE(MAX(after_step), -1) FROM inbox").fetchone()[0])


def test_messages_from_outside_are_heard_again(scenario, tmp_path):
    straight, broken = tmp_path / "straight.dso", tmp_path / "broken.dso"
    drive(scenario, straight)
    held = tables(straight)
    assert len(held["inbox"]) >= 4
    assert held["rejections"]
    total = last_step(straight)
    # right after a message was kept and before any step heard it, twice in a row, and elsewhere
    for stop in (250, 400, 400, 531, 700, 800, 900, 899, total - 1):
        with pytest.raises(Gone):
            drive(scenario, broken, gone_after=stop)
    drive(scenario, broken)
    assert differing(straight, broken) == []


def test_a_snapshot_keeps_what_a_resumed_run_has_yet_to_hear_again(scenario, tmp_path):
    """Sent after step 20; the run breaks off again after a snapshot at step 10, before it is heard."""
    target = tmp_path / "twice.dso"
    checked = load_scenario(scenario)

    def taken_up(resume: bool) -> tuple[Engine, RunWriter]:
        engine, writer = build_engine(checked, scenario.parent), RunWriter(target, resume=resume)
        writer.attach(engine)
        if resume:
            writer.restore(engine)
        else:
            writer.begin(engine, {})
        return engine, writer

    engine, writer = taken_up(resume=False)
    for _ in range(20):
        engine.step()
    engine.post("dso", "nonsense")
    writer.close()
    engine, writer = taken_up(resume=True)
    for _ in range(10):
        engine.step()
    writer.snapshot(engine)
    writer.close()
    engine, writer = taken_up(resume=True)
    steps = [engine.step() for _ in range(20)]
    writer.close()
    assert [s.event for s in steps if s is not None and s.kind == "external"] == ["nonsense"]


def test_a_row_that_a_later_one_replaced_comes_back(scenario, tmp_path):
    """The day-ahead market publishes, a snapshot, an outage makes it publish anew, the run breaks off."""
    checked, target = load_scenario(scenario), tmp_path / "replaced.dso"
    engine, writer = build_engine(checked, scenario.parent), RunWriter(target)
    writer.attach(engine)
    writer.begin(engine, {})
    engine.run("2016-08-10T13:30Z")
    writer.snapshot(engine)
    before = tables(target)
    engine.post("da-2016-08-10T17:00Z", "outage")
    engine.run("2016-08-10T14:00Z")
    writer.close()
    after = tables(target)
    assert after["replaced"]
    assert after["prices"] != before["prices"]

    engine, writer = build_engine(checked, scenario.parent), RunWriter(target, resume=True)
    writer.attach(engine)
    writer.restore(engine)
    restored = tables(target)
    engine.run("2016-08-10T14:00Z")
    writer.close()
    assert {**restored, "inbox": []} == before
    assert tables(target) == after


def test_a_study_against_the_ercot_market_resumes_equal(tmp_path):
    """Its market plans each day once, and customers' noise is kept in caches: neither may be missed."""
    scenario = scenario_file(tmp_path, wholesale="{kind: ercot, bus: 1}", customers=6)
    run(scenario, tmp_path / "whole.dso")
    for number, stop in enumerate((400, 900)):
        with pytest.raises(Gone):
            run(scenario, tmp_path / "broken.dso", resume=number > 0, watch=breaking_at(stop))
    run(scenario, tmp_path / "broken.dso", resume=True)
    assert differing(tmp_path / "whole.dso", tmp_path / "broken.dso") == []
