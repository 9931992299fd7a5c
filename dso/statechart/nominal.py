"""The path that a chart takes if all goes well, with the instant of each entry."""

from __future__ import annotations

from typing import NamedTuple, Protocol

from dso.errors import EngineError, IllegalEventError
from dso.statechart.chart import Chart
from dso.statechart.model import ROOT, Move, Row, Timer


class NominalClock(Protocol):
    """What the walk has to be told: when named instants are, what is expected, and how handlers answer."""

    def time(self, name: str) -> int | None:
        """The instant [s since the epoch] of a time name under the present counters; None: never."""

    def expected(self, event: str, now_s: int) -> int | None:
        """When a message is expected here if all goes well; None: it is not."""

    def entered(self, state: str) -> None:
        """Told of each entry (the root's "" too) before its times are asked for, to count rounds."""

    def outcome(self, handler: str) -> str | None:
        """What a handler answers; None: its first outcome that is not degraded."""


class Entry(NamedTuple):
    """A state is entered."""

    at_s: int
    state: str


def nominal(chart: Chart, clock: NominalClock, start_s: int, max_steps: int = 10_000) -> list[Entry]:
    """Walk a chart from its start to a final state, or to a wait that nothing is expected to end.

    A handler gives its first outcome that is not degraded; a wait ends with the first of its expected
    messages and its timers, messages first and then the innermost timer at one instant. An instant that has
    passed on entry is due at once; a message that would have come earlier, or has come, is not waited for.

    Parameters
    ----------
    chart : the chart.
    clock : instants, expectations and answers.
    start_s : when the initial state is entered [s since the epoch].
    max_steps : how many events to take at most.

    Raises
    ------
    IllegalEventError : if the clock names an outcome that the state does not take.
    EngineError : if the walk has not ended after `max_steps` events.
    """
    walk = _Walk(chart, clock, start_s)
    for _ in range(max_steps):
        if not walk.step():
            return walk.entries
    raise EngineError(f"the nominal path of chart '{chart.name}' has not ended after {max_steps} events")


class _Walk:
    def __init__(self, chart: Chart, clock: NominalClock, start_s: int) -> None:
        self.chart = chart
        self.clock = clock
        self.now_s = start_s
        self.state = chart.initial_leaf
        self.entries: list[Entry] = []
        self.answered = False
        self._armed: dict[Timer, int] = {}
        self._received: set[tuple[str, int]] = set()
        self._enter(chart.entered_at_start)

    def step(self) -> bool:
        state = self.chart.states[self.state]
        if state.final:
            return False
        event = None if self.answered or state.do is None else self._answer(state.do)
        if event is None:
            event = self._wait()
        else:
            self.answered = True
        move = self.chart.move(self.state, event) if event is not None else None
        if move is None:
            return False
        self._take(move)
        return True

    def _answer(self, handler: str) -> str | None:
        outcomes = [row for row in self.chart.states[self.state].rows if row.kind == "outcome"]
        chosen = self.clock.outcome(handler)
        if chosen is None:
            good = [row.event for row in outcomes if row.degraded is None]
            return next(iter(good or [row.event for row in outcomes]), None)
        if chosen not in {row.event for row in outcomes}:
            raise IllegalEventError(f"'{self.state}' does not take '{chosen}' as an answer of '{handler}'")
        return chosen

    def _wait(self) -> str | None:
        # (due, messages before timers, innermost timer first)
        found: list[tuple[int, int, int, str, Timer | None]] = []
        for row in self.chart.rows_in(self.state).values():
            due_s = self.clock.expected(row.event, self.now_s) if _is_hoped_for(row) else None
            if due_s is not None and due_s >= self.now_s and (row.event, due_s) not in self._received:
                found.append((due_s, 0, 0, row.event, None))
        found += [(due_s, 1, -timer.depth, timer.event, timer) for timer, due_s in self._armed.items()]
        if not found:
            return None
        due_s, _, _, event, timer = min(found, key=lambda candidate: candidate[:3])
        self.now_s = max(self.now_s, due_s)
        if timer is None:
            self._received.add((event, due_s))
        else:
            del self._armed[timer]
        return event

    def _take(self, move: Move) -> None:
        if move.internal:
            return
        left = set(move.exited)
        self._armed = {timer: due_s for timer, due_s in self._armed.items() if timer.owner not in left}
        self.state = move.destination
        self.answered = False
        self._enter(move.entered)

    def _enter(self, paths: tuple[str, ...]) -> None:
        for path in paths:
            self.clock.entered(path)
            if path != ROOT:
                self.entries.append(Entry(self.now_s, path))
            for timer in self.chart.timers(path):
                due_s = self.clock.time(timer.time)
                if due_s is not None:
                    self._armed[timer] = max(due_s, self.now_s)


def _is_hoped_for(row: Row) -> bool:
    return row.kind == "external" and row.to is not None and row.degraded is None
