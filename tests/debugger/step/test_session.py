"""A session walks forth and back, stops where it is told to, and comes again as it was saved."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from dso.clock import parse_time
from dso.debugger.saved import load, save
from dso.debugger.session import StepSession
from dso.errors import InputError
from dso.run_file.writer import RunWriter
from dso.study import facts_of, run
from tests.debugger.step.dump import dump
from tests.scenario.examples import small


@pytest.fixture(scope="module")
def scenario(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("study") / "small.yaml"
    path.write_text(yaml.safe_dump(small(), sort_keys=False), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def finished(scenario: Path, tmp_path_factory) -> Path:
    target = tmp_path_factory.mktemp("run") / "small.dso"
    run(scenario, target)
    return target


@pytest.fixture
def session(scenario: Path):
    made = StepSession.open(scenario)
    yield made
    made.close()


def rt(session: StepSession, number: int) -> str:
    from dso.engine.series import MarketTimes

    spec = session.engine.world.physical()
    return MarketTimes(spec, session.engine.world.start_s + number * spec.clearing_interval_s).market


def test_a_session_takes_the_steps_of_a_run(session: StepSession, finished: Path) -> None:
    recorded = StepSession.open(finished)
    assert recorded.go().reason == "nothing waits any more: the study is over"
    assert recorded.differs is None
    session.go()
    assert session.engine.steps == recorded.engine.steps == recorded.recorded.steps
    recorded.close()


def test_a_run_that_was_recorded_otherwise_is_told_at_its_first_step(scenario: Path, tmp_path: Path) -> None:
    import sqlite3
    from contextlib import closing

    run(scenario, tmp_path / "other.dso")
    with closing(sqlite3.connect(tmp_path / "other.dso")) as db:
        db.execute("UPDATE journal SET destination = 'elsewhere' WHERE seq = 40")
        db.commit()
    recorded = StepSession.open(tmp_path / "other.dso")
    recorded.next(39)
    assert recorded.differs is None
    recorded.next(3)
    assert recorded.differs.startswith("step 40: destination was recorded as 'elsewhere', is ")
    recorded.close()


def test_messages_that_a_run_has_heard_are_heard_again(scenario: Path, tmp_path: Path) -> None:
    from dso.registry import build_engine
    from dso.scenario import load_scenario

    checked = load_scenario(scenario)
    engine = build_engine(checked, scenario.parent)
    writer = RunWriter(tmp_path / "heard.dso")
    writer.attach(engine)
    writer.begin(engine, facts_of(checked, scenario.read_text(encoding="utf-8")))
    for _ in range(60):
        engine.step()
    engine.post("dso", "outage")
    engine.run()
    writer.finish()
    recorded = StepSession.open(tmp_path / "heard.dso")
    recorded.next(62)
    there = dump(recorded.engine)
    recorded.back(30)
    recorded.next(30)
    assert dump(recorded.engine) == there
    recorded.go()
    assert recorded.differs is None
    assert recorded.engine.steps == engine.steps
    recorded.close()


def test_stops_at_states_times_markets_ticks_and_the_end_of_a_cycle(session: StepSession) -> None:
    stop = session.until_state("publishing")
    assert stop.reason == "delivery_lead.publishing is entered"
    assert stop.last.step.destination == "delivery_lead.publishing"
    market = rt(session, 3)
    assert session.until_market(market).reason == f"{market} is there"
    assert session.market == market
    assert session.cycle().reason == f"{market} is over"
    session.look_at(None)
    before_s = session.now_s
    session.tick()
    assert session.engine.next_time() > session.now_s >= before_s
    session.until_time(session.now_s + 400)
    assert session.now_s <= before_s + 900


def test_breakpoints_stop_where_they_hold_and_a_condition_once_for_a_market(session: StepSession) -> None:
    session.break_at("when", "price > 0 and series == 'rt'")
    first, second = session.go(), session.go()
    assert first.reason == second.reason == "break when price > 0 and series == 'rt'"
    assert first.last.step.machine != second.last.step.machine
    session.breakpoints.clear()
    session.break_at("state", "settling")
    assert {"reconcile.settling", "settling"} & set(session.go().last.step.entered)
    session.breakpoints.clear()
    session.break_at("reject")
    session.post("dso", "restored")
    session.engine.post("nobody", "outage")
    assert session.go().last.rejections[0].reason == "outage: there is no such machine, or it is over"


def test_goto_leads_forth_and_back_to_the_same_place(session: StepSession) -> None:
    session.goto_step(300)
    there, now_s = dump(session.engine), session.now_s
    session.goto_step(20)
    session.goto_step(300)
    assert dump(session.engine) == there
    session.goto_time(now_s - 3600)
    assert session.now_s <= now_s - 3600
    assert session.engine.next_time() > now_s - 3600 or session.engine.steps < 300
    steps = session.engine.steps
    assert session.goto_step(steps).steps == 0
    assert session.back(10**6).steps == -steps
    assert session.back().reason == "the beginning"


FAULTS = {
    "wholesale_silent": {},
    "wholesale_refuses": {},
    "agents_silent": {},
    "meters_missing": {"customers": 2},
    "network_down": {},
    "derate": {"kw": 5.0},
    "forecast_breaks": {},
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_degrades_the_market_is_taken_back_and_can_be_played_again(
    session: StepSession, name
) -> None:
    market = rt(session, 2)
    session.until_market(market)
    session.until_time(session.now_s)
    before, steps = dump(session.engine), session.engine.steps
    session.fault(name, **FAULTS[name])
    session.next()
    assert session.history.latest(1).__next__().step.kind == "external"
    session.break_at("degrade")
    session.break_at("error")
    if name == "derate":
        session.break_at("when", "limit_kw == 5")
    stop = session.cycle()
    assert stop.reason.startswith("break"), stop.reason
    checksum, at = session.history.checksum, session.engine.steps
    session.goto_step(steps - 1)
    session.goto_step(steps)
    assert dump(session.engine) == before
    session.breakpoints.clear()
    session.fault(name, **FAULTS[name])
    session.goto_step(at)
    assert session.history.checksum == checksum


def test_a_study_with_faults_still_balances_its_books(session: StepSession) -> None:
    for number, name in enumerate(FAULTS, 1):
        session.until_market(rt(session, number * 2))
        session.fault(name, until_s=session.now_s + 900, **FAULTS[name])
    session.look_at(None)
    session.go()
    assert session.engine.world.ledger.total_uusd() == 0


def test_a_saved_session_is_taken_up_as_it_was(session: StepSession, tmp_path: Path) -> None:
    session.until_market(rt(session, 2))
    session.fault("wholesale_silent")
    session.post("dso", "outage", session.now_s + 120)
    session.next(40)
    session.break_at("when", "price > 1")
    save(session, tmp_path / "session.json")
    again = load(tmp_path / "session.json")
    assert dump(again.engine) == dump(session.engine)
    assert [str(b) for b in again.breakpoints] == ["when price > 1"]
    assert again.market == session.market
    again.next(50)
    session.breakpoints.clear()
    again.breakpoints.clear()
    session.next(50)
    assert again.history.checksum == session.history.checksum
    again.back(60)
    session.back(60)
    assert dump(again.engine) == dump(session.engine)
    again.close()


def test_a_saved_run_is_taken_up_and_a_strange_file_is_refused(finished: Path, tmp_path: Path) -> None:
    recorded = StepSession.open(finished)
    recorded.next(30)
    save(recorded, tmp_path / "run.json")
    again = load(tmp_path / "run.json")
    assert dump(again.engine) == dump(recorded.engine)
    again.close()
    recorded.close()
    text = (tmp_path / "run.json").read_text(encoding="utf-8")
    (tmp_path / "other.json").write_text(text.replace('"steps": 30', '"steps": 31'), encoding="utf-8")
    with pytest.raises(InputError, match="come out otherwise"):
        load(tmp_path / "other.json")
    (tmp_path / "strange.json").write_text("[]", encoding="utf-8")
    with pytest.raises(InputError, match="is no saved session"):
        load(tmp_path / "strange.json")


def test_paths_of_a_run_lead_from_the_folders_around_it_or_from_the_one_given(tmp_path: Path) -> None:
    folder = tmp_path / "study"
    folder.mkdir()
    data = small(wholesale={"kind": "price_series", "file": "prices.csv"})
    (folder / "study.yaml").write_text(yaml.safe_dump(data, sort_keys=False), encoding="utf-8")
    rows = "".join(f"2016-08-{d:02d}T{h:02d}:00Z,40\n" for d in range(5, 16) for h in range(24))
    (folder / "prices.csv").write_text("time,usd_per_mwh\n" + rows, encoding="utf-8")
    for target in (folder / "runs" / "study.dso", tmp_path / "elsewhere" / "deep" / "study.dso"):
        run(folder / "study.yaml", target, until_s=parse_time("2016-08-10T05:00Z"))
    near = StepSession.open(folder / "runs" / "study.dso")
    near.next(20)
    assert near.differs is None
    near.close()
    far = tmp_path / "elsewhere" / "deep" / "study.dso"
    with pytest.raises(InputError, match=r"prices\.csv"):
        StepSession.open(far)
    given = StepSession.open(far, folder)
    given.close()
