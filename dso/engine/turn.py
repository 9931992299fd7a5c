"""One event's turn on one machine: received, done, settled; or refused, or undone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog

from dso.clock import TIMER, Due
from dso.engine.events import ANSWER, ROW_OF, START, Happening, Spawning, market_of, sender_of
from dso.engine.step import Effects, Step
from dso.engine.work import Behaviour, Machine, Work
from dso.errors import EngineError
from dso.messages import Rejection
from dso.statechart import Move

if TYPE_CHECKING:
    from dso.engine.loop import Engine

UNREADABLE = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)

log = structlog.get_logger("dso")


def happen(engine: Engine, due: Due[Happening | Spawning], item: Happening) -> Step:
    """Take one event to completion."""
    machine = engine.machines.get(item.machine)
    if machine is None:
        return _refused(engine, due.due_s, item, None, "there is no such machine, or it is over")
    move = _move(machine, item)
    if move is None:
        return _refused(engine, due.due_s, item, machine, f"not taken in {machine.state}")
    work = machine.behaviour.work(engine.world, machine, due.due_s)
    try:
        refusal = _receive(work, machine, item)
        if refusal is None:
            outcome = _do(work, machine, move)
    except Exception as error:  # noqa: BLE001  a handler's failure is the market's, never the run's
        return _failed(engine, due.due_s, machine, move, item, work, error)
    if refusal is not None:
        work.rollback()
        return _refused(engine, due.due_s, item, machine, refusal.reason, refusal)
    return _settle(engine, due.due_s, machine, move, item, work, outcome)


def _move(machine: Machine, item: Happening) -> Move | None:
    """What an event does now; None if no row takes it from there: nobody outside fires a timer."""
    if item.event == START and item.kind == "message":
        return Move(START, machine.state, machine.state, (), (), None, False)
    row = machine.chart.rows_in(machine.state).get(item.event)
    if row is None or row.kind != ROW_OF[item.kind]:
        return None
    if item.kind == "timer":
        machine.armed[item.payload].pop(item.event, None)
    return machine.chart.move(machine.state, item.event)


def _receive(work: Work, machine: Machine, item: Happening) -> Rejection | None:
    """Take in what a message carries; what it answers is why the message does not count."""
    receiver = machine.behaviour.receivers.get(item.event)
    if receiver is None or ROW_OF[item.kind] != "external":
        return None
    try:
        return receiver(work, item.payload)
    except UNREADABLE as error:
        if item.kind != "external":
            raise
        why = f"{item.event} cannot be read: {type(error).__name__}: {error}"
        return Rejection(market_of(item), sender_of(item), None, why)


def _do(work: Work, machine: Machine, move: Move) -> str | None:
    """Do what the state that is entered does."""
    if move.internal:
        return None
    handler = machine.chart.states[move.destination].do
    return machine.behaviour.handlers[handler](work) if handler is not None else None


def _settle(
    engine: Engine, t_s: int, machine: Machine, move: Move, item: Happening, work: Work, outcome: str | None
) -> Step:
    """Make true what the handler wants: state, timers, ledger, messages, record."""
    effects = work.effects
    if move.degraded is not None:
        work.degrade(move.degraded)
    _go(engine, machine, move, work)
    if engine.history is not None:
        engine.history.before_posting(work)
    for exchange in effects.exchanges:
        engine.world.ledger.post(exchange)
    if outcome is not None:
        engine.queue.put(t_s, ANSWER, Happening(machine.name, outcome, "outcome"))
    for due_s, name, event, payload in effects.posts:
        engine.send(max(due_s, t_s), name, event, payload, "message")
    step = Step(
        engine.steps,
        t_s,
        machine.name,
        item.event,
        item.kind,
        move.source,
        move.destination,
        move.exited,
        move.entered,
        None if move.internal else machine.chart.states[move.destination].do,
        effects.summary,
        "; ".join(effects.degraded) or None,
    )
    engine.recorder.write(step, effects)
    return step


def _go(engine: Engine, machine: Machine, move: Move, work: Work) -> None:
    """Be where a move leads: disarm what is left, arm what is entered, end where nothing follows."""
    if move.internal:
        return
    machine.state = move.destination
    for state in move.exited:
        for number in machine.armed.pop(state, {}).values():
            engine.queue.cancel(number)
    if machine.chart.states[machine.state].final:
        _bury(engine, machine)
    else:
        arm(engine, machine, move.entered, work)


def arm(engine: Engine, machine: Machine, entered: tuple[str, ...], work: Work) -> None:
    """Queue the timers of the states that are entered."""
    for path in entered:
        numbers = {}
        for timer in machine.chart.timers(path):
            due_s = work.time(timer.time)
            if due_s is not None:
                item = Happening(machine.name, timer.event, "timer", path)
                numbers[timer.event] = engine.queue.put(max(due_s, work.now_s), TIMER, item, timer.depth)
        if numbers:
            machine.armed[path] = numbers


def _bury(engine: Engine, machine: Machine) -> None:
    for numbers in machine.armed.values():
        for number in numbers.values():
            engine.queue.cancel(number)
    del engine.machines[machine.name]


def _refused(
    engine: Engine,
    t_s: int,
    item: Happening,
    machine: Machine | None,
    why: str,
    rejection: Rejection | None = None,
) -> Step:
    """Record a message that changes nothing."""
    state = machine.state if machine is not None else ""
    step = Step(engine.steps, t_s, item.machine, item.event, item.kind, state or None, state, rejected=why)
    effects = Effects()
    if rejection is None and (item.kind == "external" or sender_of(item) != item.kind):
        rejection = Rejection(market_of(item), sender_of(item), None, f"{item.event}: {why}")
    if rejection is not None:
        effects.rejections.append(rejection)
    engine.recorder.write(step, effects)
    return step


def _failed(
    engine: Engine, t_s: int, machine: Machine, move: Move, item: Happening, work: Work, error: Exception
) -> Step:
    """Undo the step; the machine gets `fatal`, or goes on without the handler if that leads nowhere."""
    work.rollback()
    why, source = f"{type(error).__name__}: {error}", machine.state
    log.error("handler.failed", machine=machine.name, state=source, trigger=item.event, error=why)
    rescue = machine.chart.move(source, Behaviour.FATAL)
    if isinstance(error, EngineError) or rescue is None:
        engine.broken = f"{machine.name} broke in {source} on {item.event} and cannot go on: {why}"
    elif item.event == Behaviour.FATAL or rescue.internal or rescue.destination == source:
        _go(engine, machine, move, work)
    elif item.kind == "timer":  # due again after the rescue, unless that leaves the state that armed it
        number = engine.queue.put(t_s, TIMER, item, item.payload.count(".") + bool(item.payload))
        machine.armed.setdefault(item.payload, {})[item.event] = number
    helped = item.event == Behaviour.FATAL or machine.name not in engine.machines
    if engine.broken is None and not helped:
        engine.queue.put(t_s, ANSWER, Happening(machine.name, Behaviour.FATAL, "message", {"error": why}))
    step = Step(engine.steps, t_s, machine.name, item.event, item.kind, source, machine.state, error=why)
    engine.recorder.write(step, None)
    return step
