"""What one step leaves behind: the record of one event taken to completion, with everything it wrote."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from dso.messages import Rejection, ValueExchange

SPAWN = "spawn"


@dataclass(frozen=True, slots=True)
class Step:
    """One event, in one machine, taken to completion."""

    sequence: int
    time_s: int
    machine: str
    event: str
    kind: str  # spawn | outcome | message | external | timer
    source: str | None
    destination: str
    exited: tuple[str, ...] = ()
    entered: tuple[str, ...] = ()
    handler: str | None = None
    summary: Mapping[str, Any] = field(default_factory=dict)
    degraded: str | None = None
    rejected: str | None = None
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """A row for a table of the run file, as column values by name."""

    table: str
    values: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Said:
    """One message between two parties, for the record: who told whom what, in a few words."""

    sender: str  # DO | MO | LSE | agents | wholesale | feeder
    receiver: str
    kind: str
    text: str
    tariff: str | None = None


@dataclass(slots=True)
class Effects:
    """What a handler wants to happen; nothing of it does unless the handler returns."""

    posts: list[tuple[int, str, str, Any]] = field(default_factory=list)  # due, machine, event, payload
    exchanges: list[ValueExchange] = field(default_factory=list)
    rejections: list[Rejection] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)
    summary: dict[str, Any] = field(default_factory=dict)
    degraded: list[str] = field(default_factory=list)
    said: list[Said] = field(default_factory=list)


class Recorder(Protocol):
    """Where steps go; the run file is one, a list in a test is another."""

    def write(self, step: Step, effects: Effects | None) -> None:
        """Keep a step and its effects, durably before the next one begins."""

    def inbox(
        self, after_step: int, due_s: int, machine: str, event: str, payload: Mapping[str, Any]
    ) -> None:
        """Keep a message from outside, so that a resumed run hears it again."""


class NoRecorder:
    """Keeps nothing."""

    def write(self, step: Step, effects: Effects | None) -> None:
        """Forget the step."""

    def inbox(
        self, after_step: int, due_s: int, machine: str, event: str, payload: Mapping[str, Any]
    ) -> None:
        """Forget the message."""


@dataclass(slots=True)
class ListRecorder:
    """Keeps steps and rows in memory: for tests and for a session at the prompt."""

    steps: list[Step] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)
    rejections: list[Rejection] = field(default_factory=list)
    exchanges: list[ValueExchange] = field(default_factory=list)

    def write(self, step: Step, effects: Effects | None) -> None:
        """Keep the step."""
        self.steps.append(step)
        if effects is not None:
            self.rows += effects.rows
            self.rejections += effects.rejections
            self.exchanges += effects.exchanges

    def inbox(
        self, after_step: int, due_s: int, machine: str, event: str, payload: Mapping[str, Any]
    ) -> None:
        """Messages from outside are steps, too, once they are taken."""


def events_of(steps: Iterable[Step], machine: str) -> Sequence[str]:
    """The events that one machine took, in order."""
    return [s.event for s in steps if s.machine == machine and s.rejected is None]
