"""The step loop: one clock, one queue, one event at a time."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

import dso.engine.loop as loop
from dso.clock import from_epoch_s
from dso.engine.handlers import MARKET
from dso.engine.loop import OutsideMessage
from dso.engine.step import events_of
from dso.errors import EngineError
from tests.engine.small import HOUR_AHEAD, REAL_TIME, build, first_rt, rows_of, start_s, steps_of

SERIES = {"da": HOUR_AHEAD, "rt": REAL_TIME}


def alone(**parts):
    return build(hours=1, series={"rt": REAL_TIME}, **parts)


def test_next_time_is_when_the_next_step_happens_and_a_step_is_one_event() -> None:
    engine = alone()
    opening = [engine.step(), engine.step()]
    assert [s.event for s in opening if s] == ["@start", "opened"]
    assert engine.next_time() == start_s() - 270
    step = engine.step()
    assert step is not None
    assert (step.event, step.machine, step.time_s) == ("spawn", first_rt(engine), start_s() - 270)
    assert engine.markets[first_rt(engine)].state == "inactive"
    step = engine.step()
    assert step is not None
    assert (step.event, step.source, step.destination) == ("@activation", "inactive", "active.preparing")
    assert (step.exited, step.entered) == (("inactive",), ("active", "active.preparing"))
    assert engine.now_s == start_s() - 270


def test_a_run_that_is_over_has_no_next_step() -> None:
    engine = alone()
    engine.run()
    assert engine.next_time() is None
    assert engine.step() is None
    assert engine.advance(engine.now_s + 1000) == []


def test_advance_takes_what_is_due_until_an_instant_inclusive_in_any_form() -> None:
    moment = from_epoch_s(start_s())
    found = []
    for to in (start_s(), moment, moment.isoformat(), "2016-08-10T05:00Z"):
        engine = alone()
        steps = engine.advance(to)
        assert engine.now_s == start_s()
        assert steps[-1].time_s == start_s()
        assert engine.next_time() > start_s()
        found.append([(s.machine, s.event) for s in steps])
    assert all(rows == found[0] for rows in found)
    with pytest.raises(ValueError, match="has no time zone"):
        alone().advance(datetime(2016, 8, 10, tzinfo=UTC).replace(tzinfo=None))


def test_one_jump_does_what_single_minutes_do() -> None:
    jump, minutes = build(hours=1, series=SERIES), build(hours=1, series=SERIES)
    jump.advance(start_s() + 3600)
    t = minutes.now_s
    while t < start_s() + 3600:
        t = min(t + 60, start_s() + 3600)
        minutes.advance(t)
    assert jump.recorder.steps == minutes.recorder.steps
    assert jump.world.ledger.balance_uusd == minutes.world.ledger.balance_uusd


def test_steps_are_numbered_in_order_of_time() -> None:
    engine = build(hours=1, series=SERIES)
    engine.run()
    steps = engine.recorder.steps
    assert [s.sequence for s in steps] == list(range(1, len(steps) + 1))
    assert [s.time_s for s in steps] == sorted(s.time_s for s in steps)


def test_a_message_cannot_arrive_in_the_past() -> None:
    engine = alone()
    engine.advance(start_s())
    with pytest.raises(
        EngineError, match=r"cannot arrive at 2016-08-10T04:59:59Z, it is already 2016-08-10T05:00Z"
    ):
        engine.post(first_rt(engine), "outage", at=start_s() - 1)


def test_a_message_for_nobody_is_a_recorded_rejection() -> None:
    engine = alone()
    engine.advance(start_s())
    engine.post("nobody", "hello")
    (step,) = engine.advance(start_s())
    assert (step.machine, step.rejected) == ("nobody", "there is no such machine, or it is over")
    assert [(r.market, r.sender) for r in engine.recorder.rejections] == [("nobody", "external")]


def test_a_message_that_a_state_does_not_take_is_a_recorded_rejection() -> None:
    engine = alone()
    engine.advance(start_s())
    engine.post(first_rt(engine), "cancel")
    (step,) = engine.advance(start_s())
    assert step.rejected == "not taken in delivery.metering"
    assert engine.markets[first_rt(engine)].state == "delivery.metering"


def test_messages_of_an_instant_go_before_its_timers() -> None:
    engine = alone()
    engine.advance(start_s() + 100)
    engine.post(first_rt(engine), "fatal", at=start_s() + 300)
    events = [s.event for s in engine.advance(start_s() + 300) if s.machine == first_rt(engine)]
    # The readings were asked for at the start of delivery, the message came later; then the timer.
    assert events[:3] == ["readings", "fatal", "served"]
    assert events[3] == "@delivery_end"


def test_a_chart_that_runs_in_circles_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loop, "MOST_STEPS_AT_ONE_INSTANT", 500)
    engine = alone()

    def again(work):
        work.post(work.market, "outage")

    again.__annotations__ = {"return": type(None)}
    receivers = {**MARKET.receivers, "outage": lambda work, payload: again(work)}
    engine.advance(start_s())
    machine = engine.markets[first_rt(engine)]
    machine.behaviour = replace(machine.behaviour, receivers=receivers)
    engine.post(first_rt(engine), "outage")
    with pytest.raises(
        EngineError, match=r"more than 500 steps at 2016-08-10T05:00Z: a chart runs in circles"
    ):
        engine.run()


def test_an_ordinary_hour_stays_far_below_the_cap() -> None:
    engine = build(hours=1, series=SERIES)
    most = 0
    for _ in engine.iterate():
        most = max(most, engine.at_instant)
    assert most < 200


def test_only_markets_that_are_alive_are_listed() -> None:
    engine = build(hours=1, series=SERIES)
    engine.advance(start_s())
    assert set(engine.markets) == {"da-2016-08-10T05:00Z", first_rt(engine)}
    assert engine.markets["da-2016-08-10T05:00Z"].state == "delivery.holding"


def test_timers_that_have_fired_leave_nothing_behind() -> None:
    engine = build(hours=1, series=SERIES)
    engine.run()
    assert len(engine.queue) == 0
    assert list(engine.queue) == []
    assert not engine.queue._dead


def test_a_summary_holds_plain_values_only() -> None:
    engine = build(hours=1, series=SERIES)
    engine.run()

    def plain(value) -> bool:
        if isinstance(value, list):
            return all(plain(v) for v in value)
        return value is None or type(value) in (bool, int, float, str)

    for step in engine.recorder.steps:
        assert all(plain(v) for v in step.summary.values()), step
        assert "-0.0" not in str(dict(step.summary))
    for table in ("audit", "balances", "markets", "prices"):
        for row in rows_of(engine, table):
            assert all(plain(v) for v in row.values()), (table, row)


def test_messages_from_outside_are_heard_again_after_as_many_steps() -> None:
    """What a resumed run does: the inbox holds after how many steps a message had come."""
    first = alone()
    first.advance(start_s() + 60)
    steps = first.steps
    first.post(first_rt(first), "fatal")
    first.run()
    again = alone()
    again.replay = [OutsideMessage(steps, start_s() + 60, first_rt(first), "fatal", {})]
    again.run()
    assert again.recorder.steps == first.recorder.steps


def test_events_of_a_machine_are_those_that_it_took() -> None:
    engine = alone()
    engine.advance(start_s())
    engine.post(first_rt(engine), "cancel")
    engine.run()
    retail = events_of(engine.recorder.steps, f"{first_rt(engine)}/flat")
    assert retail == ["open_round", "estimated", "round_result", "binding"]
    assert "cancel" not in events_of(engine.recorder.steps, first_rt(engine))


def test_every_move_of_a_run_stands_in_its_chart() -> None:
    engine = build(hours=1, series=SERIES)
    charts = {}
    while (step := engine.step()) is not None:
        charts |= {name: machine.chart for name, machine in engine.machines.items()}
        if step.rejected or step.error or step.kind == "spawn" or step.event == "@start":
            continue
        move = charts[step.machine].move(step.source, step.event)
        assert move is not None
        assert (move.destination, move.exited, move.entered) == (step.destination, step.exited, step.entered)


def test_the_dsos_own_life_ends_with_the_audit() -> None:
    engine = build(hours=1, series=SERIES)
    engine.run()
    own = [(s.event, s.destination) for s in steps_of(engine, "dso")]
    assert own == [
        ("@start", "opening"),
        ("opened", "operating.normal"),
        ("@books_close", "closing.auditing"),
        ("sound", "closing.filed"),
        ("@books_close", "closed"),
    ]
