"""The step loop: one queue, one clock, one event at a time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from dso.clock import MESSAGE, TIMER, DueQueue, iso, parse_time, to_epoch_s
from dso.engine.events import ANSWER, START, Happening, OutsideMessage, Spawning
from dso.engine.series import MarketTimes, SeriesSpec
from dso.engine.step import SPAWN, NoRecorder, Recorder, Step
from dso.engine.turn import arm, happen
from dso.engine.work import Behaviour, History, Machine
from dso.engine.world import World
from dso.errors import EngineError
from dso.statechart import Chart

MOST_STEPS_AT_ONE_INSTANT = 200_000


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
    history : told what a step is about to change, where somebody wants to go back; None costs nothing.
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
    broken: str | None = None  # why it cannot go on
    history: History | None = None

    def start(self) -> None:
        """Queue every series' first market and start the machines that live from the beginning."""
        for spec in self.series.values():
            self._queue_spawn(spec, 0)
        first = self.queue.next_due_s()
        self.now_s = self.world.start_s if first is None else min(first, self.world.start_s)
        for name, chart, behaviour, subject in self.births.standing:
            self.birth(name, chart, behaviour, subject)

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
        step = self._spawn(due.due_s, item) if isinstance(item, Spawning) else happen(self, due, item)
        if self.broken is not None:
            raise EngineError(self.broken)
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
        self.send(due_s, machine, event, payload, "external")

    def _hear_again(self) -> None:
        """Queue the messages from outside that a resumed run had heard by now the first time."""
        while self.replay and self.replay[0].after_step <= self.steps:
            message = self.replay.pop(0)
            self.send(message.due_s, message.machine, message.event, message.payload, "external")

    # --- one step -----------------------------------------------------------------------------------------

    def _count(self, due_s: int) -> None:
        if due_s > self.now_s:
            self.now_s, self.at_instant = due_s, 0
        self.at_instant += 1
        self.steps += 1
        if self.at_instant > MOST_STEPS_AT_ONE_INSTANT:
            most = MOST_STEPS_AT_ONE_INSTANT
            raise EngineError(f"more than {most} steps at {iso(due_s)}: a chart runs in circles")

    def send(self, due_s: int, machine: str, event: str, payload: Any, kind: str) -> None:
        """Queue an event for a machine."""
        self.queue.put(due_s, MESSAGE, Happening(machine, event, kind, payload))

    def _queue_spawn(self, spec: SeriesSpec, number: int) -> None:
        delivery_s = self.world.start_s + number * spec.clearing_interval_s
        if delivery_s < self.world.end_s:
            self.queue.put(MarketTimes(spec, delivery_s).activation_s, TIMER, Spawning(spec.name, number))

    def _spawn(self, t_s: int, item: Spawning) -> Step:
        spec = self.series[item.series]
        times = MarketTimes(spec, self.world.start_s + item.number * spec.clearing_interval_s)
        chart, behaviour = self.births.market
        machine = self.birth(times.market, chart, behaviour, behaviour.work.subject_for(times, None))
        for tariff, (retail_chart, retail) in sorted(self.births.retail.items()):
            subject = retail.work.subject_for(times, tariff)
            self.birth(f"{times.market}/{tariff}", retail_chart, retail, subject)
        self._queue_spawn(spec, item.number + 1)
        step = Step(
            self.steps, t_s, times.market, SPAWN, SPAWN, None, machine.state, (), chart.entered_at_start[1:]
        )
        self.recorder.write(step, None)
        return step

    def birth(self, name: str, chart: Chart, behaviour: Behaviour, subject: Any) -> Machine:
        """Start a machine."""
        machine = Machine(name, chart, behaviour, subject, chart.initial_leaf)
        self.machines[name] = machine
        work = behaviour.work(self.world, machine, self.now_s)
        arm(self, machine, chart.entered_at_start, work)
        if chart.states[machine.state].do is not None:
            self.queue.put(self.now_s, ANSWER, Happening(name, START, "message"))
        return machine
