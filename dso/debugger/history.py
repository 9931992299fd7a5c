"""What each step has changed, so that a session can go back: restored as it was, never computed again."""

from __future__ import annotations

import pickle
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from dso.clock import LoggedQueue, QueueChange
from dso.debugger.ledger_before import LedgerBefore
from dso.debugger.spill import Spill
from dso.engine.events import Happening, OutsideMessage
from dso.engine.loop import Engine
from dso.engine.memory import stateful_parts, world_memory
from dso.engine.step import Effects, Step
from dso.engine.work import MISSING, Before, Machine, Work
from dso.messages import Rejection

MachineBefore = tuple[str, str, str, Any, str, dict[str, dict[str, int]]]
RecordBefore = tuple[
    str, Any, bool, Any, tuple[Any, ...] | None
]  # path, key, was there, value, order of keys


@dataclass(slots=True, repr=False)
class Entry:
    """One step, and everything that was otherwise before it."""

    now_s: int
    steps: int
    at_instant: int
    names: tuple[str, ...]  # of the machines, in order
    machine: MachineBefore | None  # name, chart, kind, subject, state, armed
    queue: QueueChange[Any] | None = None
    records: tuple[RecordBefore, ...] = ()
    ledger: LedgerBefore | None = None
    parts: Mapping[str, Any] = field(default_factory=dict)
    step: Step | None = None
    rejections: tuple[Rejection, ...] = ()
    checksum: int = 0  # of all steps before this one


class History:
    """Takes an engine's steps and takes them back; it is the engine's recorder as well.

    The last steps are held in memory, older ones in a temporary file. A message from outside that was posted
    after the step to which one goes back is forgotten; those of a recorded run are heard again in their turn.

    Parameters
    ----------
    engine : an engine that nobody else steps; its queue and its recorder are replaced.
    """

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.given: list[OutsideMessage] = list(engine.replay)
        self.posted: list[OutsideMessage] = []
        self._queue = LoggedQueue(engine.queue)
        engine.queue, engine.recorder, engine.history = self._queue, self, self
        self._records = world_memory(engine.world)
        self._paths = {id(records): path for path, records in self._records.items()}
        self._parts = stateful_parts(engine.world)
        self._kinds = engine.births.by_chart()
        self._spill: Spill[Entry] = Spill()
        self._open: Entry | None = None
        self.checksum = 0
        self._states: dict[str, tuple[Any, bytes]] = {}
        self._look_at_parts()

    # --- forward ------------------------------------------------------------------------------------------

    def step(self) -> Entry | None:
        """Take the next step and remember what it changed; None if nothing waits.

        Raises
        ------
        EngineError : the engine cannot go on; the step can be taken back all the same.
        """
        engine = self.engine
        if engine.next_time() is None:
            return None
        entry = self._open = self._before(self._queue.first())
        try:
            engine.step()
        finally:
            self._open = None
            entry.queue = self._queue.mark()
            entry.parts = self._look_at_parts()
            self._spill.push(entry)
        return entry

    def _before(self, item: object) -> Entry:
        engine = self.engine
        machine = engine.machines.get(item.machine) if isinstance(item, Happening) else None
        held: MachineBefore | None = None
        if machine is not None:
            armed = {state: dict(numbers) for state, numbers in machine.armed.items()}
            kind = machine.behaviour.kind
            held = (machine.name, machine.chart.name, kind, machine.subject, machine.state, armed)
        return Entry(engine.now_s, engine.steps, engine.at_instant, tuple(engine.machines), held)

    def _look_at_parts(self) -> dict[str, Any]:
        """What the parts that have changed remembered before."""
        changed = {}
        for name, part in self._parts.items():
            state, before = part.get_state(), self._states.get(name)
            if before is not None and before[0] is state:
                continue
            held = pickle.dumps(state, protocol=5)
            if before is None or before[1] != held:
                self._states[name] = (state, held)
                if before is not None:
                    changed[name] = pickle.loads(before[1])
        return changed

    # --- what the engine tells ----------------------------------------------------------------------------

    def before_posting(self, work: Work) -> None:
        """Keep what stood in the records that a handler has put, and in the ledger before it is posted to."""
        entry = self._open
        assert entry is not None  # nobody else steps the engine
        entry.records = tuple(
            (self._paths[id(b.records)], b.key, b.value is not MISSING, _or_none(b.value), b.order)
            for b in work.undo
        )
        if work.effects.exchanges:
            entry.ledger = LedgerBefore.of(work.world.ledger, work.effects.exchanges)

    def write(self, step: Step, effects: Effects | None) -> None:
        """Keep the step with what was rejected in it."""
        entry = self._open
        assert entry is not None  # nobody else steps the engine
        entry.step, entry.checksum = step, self.checksum
        self.checksum = zlib.crc32(repr(step).encode(), self.checksum)
        entry.rejections = tuple(effects.rejections) if effects is not None else ()

    def inbox(
        self, after_step: int, due_s: int, machine: str, event: str, payload: Mapping[str, Any]
    ) -> None:
        """Keep a message from outside, so that it is heard again after going back and forth."""
        self.posted.append(OutsideMessage(after_step, due_s, machine, event, payload))

    # --- backward -----------------------------------------------------------------------------------------

    def back(self) -> Entry | None:
        """Undo the last step; None at the beginning."""
        entry = self._spill.pop()
        if entry is None:
            return None
        engine = self.engine
        engine.now_s, engine.steps, engine.at_instant = entry.now_s, entry.steps, entry.at_instant
        engine.broken, self.checksum = None, entry.checksum
        if entry.queue is not None:
            self._queue.take_back(entry.queue)
        for path, key, was_there, value, order in reversed(entry.records):
            Before(self._records[path], key, value if was_there else MISSING, order).put_back()
        if entry.ledger is not None:
            entry.ledger.put_back(engine.world.ledger)
        for name, state in entry.parts.items():
            self._parts[name].set_state(state)
            self._states[name] = (state, pickle.dumps(state, protocol=5))
        self._restore_machines(entry)
        self.hear_again()
        return entry

    def _restore_machines(self, entry: Entry) -> None:
        machines = self.engine.machines
        if entry.machine is not None:
            name, chart_name, kind, subject, state, armed = entry.machine
            chart, behaviour = self._kinds[(chart_name, kind)]
            machines[name] = Machine(name, chart, behaviour, subject, state, armed)
        if tuple(machines) != entry.names:
            in_order = {name: machines[name] for name in entry.names}
            machines.clear()
            machines.update(in_order)

    def hear_again(self, *, all_posted: bool = False) -> None:
        """Let the engine hear what came by the step that it is at, and in turn what a recorded run hears.

        Parameters
        ----------
        all_posted : keep what was posted later, too, to be heard in its turn.
        """
        steps = self.engine.steps
        if not all_posted:
            self.posted = [m for m in self.posted if m.after_step <= steps]
        later = [m for m in [*self.given, *self.posted] if m.after_step >= steps]
        self.engine.replay = sorted(later, key=lambda m: m.after_step)
        self.engine.next_time()  # hears them

    # --- looking ------------------------------------------------------------------------------------------

    def latest(self, count: int | None = None) -> Iterator[Entry]:
        """The last steps, newest first; all, if no count is given."""
        yield from self._spill.latest(count)

    @property
    def file_bytes(self) -> int:
        """How much of it is in the temporary file."""
        return self._spill.file_bytes

    def close(self) -> None:
        """Let go of the temporary file."""
        self._spill.close()


def _or_none(value: Any) -> Any:
    return None if value is MISSING else value
