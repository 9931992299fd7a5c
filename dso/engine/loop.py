"""The step loop: one queue, one clock, one event at a time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import structlog

from dso.clock import MESSAGE, TIMER, Due, DueQueue, iso, parse_time, to_epoch_s
from dso.engine.series import MarketTimes, SeriesSpec
from dso.engine.step import SPAWN, Effects, NoRecorder, Recorder, Step
from dso.engine.work import Behaviour, Machine, Work
from dso.engine.world import World
from dso.errors import EngineError
from dso.messages import Rejection
from dso.statechart import Chart, Move

ANSWER = -1  # a handler's outcome goes before every message of the same instant
MOST_STEPS_AT_ONE_INSTANT = 200_000

START = "@start"  # runs the handler of the state in which a machine begins
ROW_OF = {"outcome": "outcome", "message": "external", "external": "external", "timer": "timer"}
UNREADABLE = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)

log = structlog.get_logger("dso")


@dataclass(frozen=True, slots=True)
class Happening:
    """An event on its way to a machine."""

    machine: str
    event: str
    kind: str  # outcome | message | external | timer
    payload: Any = None  # of a timer: the state that armed it


@dataclass(frozen=True, slots=True)
class Spawning:
    """A series' next market."""

    series: str
    number: int


@dataclass(frozen=True, slots=True)
class OutsideMessage:
    """A message from outside that a resumed run must hear again, after so many steps."""

    after_step: int
    due_s: int
    machine: str
    event: str
    payload: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Births:
    """What the engine starts by itself: the machines of a market, and those that live from the start."""

    market: tuple[Chart, Behaviour]
    retail: Mapping[str, tuple[Chart, Behaviour]]  # by tariff
    standing: Sequence[tuple[str, Chart, Behaviour, Any]]  # name, chart, behaviour, subject

    def by_chart(self) -> dict[tuple[str, str], tuple[Chart, Behaviour]]:
        """Every chart and behaviour by the chart's name and the behaviour's kind."""
        pairs = [self.market, *self.retail.values(), *((c, b) for _, c, b, _ in self.standing)]
        return {(chart.name, behaviour.kind): (chart, behaviour) for chart, behaviour in pairs}


def _instant(when: int | str | datetime) -> int:
    if isinstance(when, int):
        return when
    return parse_time(when) if isinstance(when, str) else to_epoch_s(when)


@dataclass(slots=True)
class Engine:
    """An explicit state-machine DSO: series spawn markets, charts say what happens, handlers do it.

    Parameters
    ----------
    world : the parties and what lies around them.
    series : the series, by name.
    births : charts and behaviours of what is started.
    recorder : where steps are kept.
    """

    world: World
    series: Mapping[str, SeriesSpec]
    births: Births
    recorder: Recorder = field(default_factory=NoRecorder)
    now_s: int = 0
    steps: int = 0
    machines: dict[str, Machine] = field(default_factory=dict)
    queue: DueQueue[Happening | Spawning] = field(default_factory=DueQueue)
    replay: list[OutsideMessage] = field(default_factory=list)
    at_instant: int = 0
    _broken: str | None = None

    def start(self) -> None:
        """Queue every series' first market and start the machines that live from the beginning."""
        for spec in self.series.values():
            self._queue_spawn(spec, 0)
        first = self.queue.next_due_s()
        self.now_s = self.world.start_s if first is None else min(first, self.world.start_s)
        for name, chart, behaviour, subject in self.births.standing:
            self._birth(name, chart, behaviour, subject)

    # --- what a caller does -------------------------------------------------------------------------------

    @property
    def markets(self) -> Mapping[str, Machine]:
        """The markets that are alive, by name; each has a `state`."""
        return {name: m for name, m in self.machines.items() if m.behaviour is self.births.market[1]}

    def next_time(self) -> int | None:
        """When the next event is due [s], None if nothing waits."""
        self._hear_again()
        return self.queue.next_due_s()

    def step(self) -> Step | None:
        """Take the next event to completion; None if nothing waits.

        Raises
        ------
        EngineError : if too many steps fall on one instant, or a machine broke and has no way to go on.
        """
        self._hear_again()
        if self.queue.next_due_s() is None:
            return None
        due = self.queue.pop()
        self._count(due.due_s)
        item = due.item
        step = self._spawn(due.due_s, item) if isinstance(item, Spawning) else self._happen(due, item)
        if self._broken is not None:
            raise EngineError(self._broken)
        return step

    def advance(self, to: int | str | datetime) -> list[Step]:
        """Take every event that is due until an instant, inclusive, oldest first."""
        return list(self.iterate(to))

    def iterate(self, to: int | str | datetime | None = None) -> Iterator[Step]:
        """The steps until an instant, inclusive, or until nothing waits, one by one."""
        limit = None if to is None else _instant(to)
        while True:
            due = self.next_time()
            if due is None or (limit is not None and due > limit):
                break
            step = self.step()
            if step is not None:
                yield step
        if limit is not None:
            self.now_s = max(self.now_s, limit)

    def run(self, until: int | str | datetime | None = None) -> None:
        """Take every event that is due until an instant, inclusive, or to the end of the study."""
        for _ in self.iterate(until):
            pass

    def post(
        self, machine: str, event: str, *, at: int | str | datetime | None = None, **payload: Any
    ) -> None:
        """Send a message from outside; it is taken in turn, and recorded as rejected if nobody takes it.

        Parameters
        ----------
        machine : a market, one of its tariffs (`market/tariff`), a billing period, or `dso`.
        event : the message's name in the chart.
        at : when it arrives; now, if not given.
        payload : what it carries.

        Raises
        ------
        EngineError : if `at` lies in the past.
        """
        self._hear_again()
        due_s = self.now_s if at is None else _instant(at)
        if due_s < self.now_s:
            raise EngineError(f"a message cannot arrive at {iso(due_s)}, it is already {iso(self.now_s)}")
        self.recorder.inbox(self.steps, due_s, machine, event, payload)
        self._queue(due_s, machine, event, payload, "external")

    def _hear_again(self) -> None:
        """Queue the messages from outside that a resumed run had heard by now the first time."""
        while self.replay and self.replay[0].after_step <= self.steps:
            message = self.replay.pop(0)
            self._queue(message.due_s, message.machine, message.event, message.payload, "external")

    # --- one step -----------------------------------------------------------------------------------------

    def _count(self, due_s: int) -> None:
        if due_s > self.now_s:
            self.now_s, self.at_instant = due_s, 0
        self.at_instant += 1
        self.steps += 1
        if self.at_instant > MOST_STEPS_AT_ONE_INSTANT:
            most = MOST_STEPS_AT_ONE_INSTANT
            raise EngineError(f"more than {most} steps at {iso(due_s)}: a chart runs in circles")

    def _queue(self, due_s: int, machine: str, event: str, payload: Any, kind: str) -> None:
        self.queue.put(due_s, MESSAGE, Happening(machine, event, kind, payload))

    def _queue_spawn(self, spec: SeriesSpec, number: int) -> None:
        delivery_s = self.world.start_s + number * spec.clearing_interval_s
        if delivery_s < self.world.end_s:
            self.queue.put(MarketTimes(spec, delivery_s).activation_s, TIMER, Spawning(spec.name, number))

    def _spawn(self, t_s: int, item: Spawning) -> Step:
        spec = self.series[item.series]
        times = MarketTimes(spec, self.world.start_s + item.number * spec.clearing_interval_s)
        chart, behaviour = self.births.market
        machine = self._birth(times.market, chart, behaviour, behaviour.work.subject_for(times, None))
        for tariff, (retail_chart, retail) in sorted(self.births.retail.items()):
            subject = retail.work.subject_for(times, tariff)
            self._birth(f"{times.market}/{tariff}", retail_chart, retail, subject)
        self._queue_spawn(spec, item.number + 1)
        step = Step(
            self.steps, t_s, times.market, SPAWN, SPAWN, None, machine.state, (), chart.entered_at_start[1:]
        )
        self.recorder.write(step, None)
        return step

    def _birth(self, name: str, chart: Chart, behaviour: Behaviour, subject: Any) -> Machine:
        machine = Machine(name, chart, behaviour, subject, chart.initial_leaf)
        self.machines[name] = machine
        work = behaviour.work(self.world, machine, self.now_s)
        self._arm(machine, chart.entered_at_start, work)
        if chart.states[machine.state].do is not None:
            self.queue.put(self.now_s, ANSWER, Happening(name, START, "message"))
        return machine

    def _happen(self, due: Due[Happening | Spawning], item: Happening) -> Step:
        machine = self.machines.get(item.machine)
        if machine is None:
            return self._refused(due.due_s, item, None, "there is no such machine, or it is over")
        move = self._move(machine, item)
        if move is None:
            return self._refused(due.due_s, item, machine, f"not taken in {machine.state}")
        work = machine.behaviour.work(self.world, machine, due.due_s)
        try:
            refusal = self._receive(work, machine, item)
            if refusal is None:
                outcome = self._do(work, machine, move)
        except Exception as error:  # noqa: BLE001  a handler's failure is the market's, never the run's
            return self._failed(due.due_s, machine, move, item, work, error)
        if refusal is not None:
            work.rollback()
            return self._refused(due.due_s, item, machine, refusal.reason, refusal)
        return self._settle(due.due_s, machine, move, item, work, outcome)

    @staticmethod
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

    @staticmethod
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
            return Rejection(_market_of(item), _sender_of(item), None, why)

    @staticmethod
    def _do(work: Work, machine: Machine, move: Move) -> str | None:
        """Do what the state that is entered does."""
        if move.internal:
            return None
        handler = machine.chart.states[move.destination].do
        return machine.behaviour.handlers[handler](work) if handler is not None else None

    def _settle(
        self, t_s: int, machine: Machine, move: Move, item: Happening, work: Work, outcome: str | None
    ) -> Step:
        """Make true what the handler wants: state, timers, ledger, messages, record."""
        effects = work.effects
        if move.degraded is not None:
            work.degrade(move.degraded)
        self._go(machine, move, work)
        for exchange in effects.exchanges:
            self.world.ledger.post(exchange)
        if outcome is not None:
            self.queue.put(t_s, ANSWER, Happening(machine.name, outcome, "outcome"))
        for due_s, name, event, payload in effects.posts:
            self._queue(max(due_s, t_s), name, event, payload, "message")
        step = Step(
            self.steps,
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
        self.recorder.write(step, effects)
        return step

    def _go(self, machine: Machine, move: Move, work: Work) -> None:
        """Be where a move leads: disarm what is left, arm what is entered, end where nothing follows."""
        if move.internal:
            return
        machine.state = move.destination
        for state in move.exited:
            for number in machine.armed.pop(state, {}).values():
                self.queue.cancel(number)
        if machine.chart.states[machine.state].final:
            self._bury(machine)
        else:
            self._arm(machine, move.entered, work)

    def _arm(self, machine: Machine, entered: tuple[str, ...], work: Work) -> None:
        for path in entered:
            numbers = {}
            for timer in machine.chart.timers(path):
                due_s = work.time(timer.time)
                if due_s is not None:
                    item = Happening(machine.name, timer.event, "timer", path)
                    numbers[timer.event] = self.queue.put(max(due_s, work.now_s), TIMER, item, timer.depth)
            if numbers:
                machine.armed[path] = numbers

    def _bury(self, machine: Machine) -> None:
        for numbers in machine.armed.values():
            for number in numbers.values():
                self.queue.cancel(number)
        del self.machines[machine.name]

    def _refused(
        self, t_s: int, item: Happening, machine: Machine | None, why: str, rejection: Rejection | None = None
    ) -> Step:
        """Record a message that changes nothing."""
        state = machine.state if machine is not None else ""
        step = Step(self.steps, t_s, item.machine, item.event, item.kind, state or None, state, rejected=why)
        effects = Effects()
        if rejection is None and (item.kind == "external" or _sender_of(item) != item.kind):
            rejection = Rejection(_market_of(item), _sender_of(item), None, f"{item.event}: {why}")
        if rejection is not None:
            effects.rejections.append(rejection)
        self.recorder.write(step, effects)
        return step

    def _failed(
        self, t_s: int, machine: Machine, move: Move, item: Happening, work: Work, error: Exception
    ) -> Step:
        """Undo the step; the machine gets `fatal`, or goes on without the handler if that leads nowhere."""
        work.rollback()
        why, source = f"{type(error).__name__}: {error}", machine.state
        log.error("handler.failed", machine=machine.name, state=source, trigger=item.event, error=why)
        rescue = machine.chart.move(source, Behaviour.FATAL)
        if isinstance(error, EngineError) or rescue is None:
            self._broken = f"{machine.name} broke in {source} on {item.event} and cannot go on: {why}"
        elif item.event == Behaviour.FATAL or rescue.internal or rescue.destination == source:
            self._go(machine, move, work)
        elif item.kind == "timer":  # due again after the rescue, unless that leaves the state that armed it
            number = self.queue.put(t_s, TIMER, item, item.payload.count(".") + bool(item.payload))
            machine.armed.setdefault(item.payload, {})[item.event] = number
        helped = item.event == Behaviour.FATAL or machine.name not in self.machines
        if self._broken is None and not helped:
            self.queue.put(t_s, ANSWER, Happening(machine.name, Behaviour.FATAL, "message", {"error": why}))
        step = Step(self.steps, t_s, machine.name, item.event, item.kind, source, machine.state, error=why)
        self.recorder.write(step, None)
        return step


def _market_of(item: Happening) -> str:
    return item.machine.split("/", 1)[0]


def _sender_of(item: Happening) -> str:
    """Who a message says that it comes from; where it says nothing, what kind of event it is."""
    payload = item.payload
    named = payload.get("sender") if isinstance(payload, Mapping) else getattr(payload, "sender", None)
    return str(named or item.kind)
