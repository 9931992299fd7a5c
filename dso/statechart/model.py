"""What a statechart is made of, as plain values: rows, states, moves and the names that it may use."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, NamedTuple

ROOT = ""
"""The path of the chart's root, which counts as a state that is entered once, at the start."""

TIMER_PREFIX = "@"
"""A timer named `gate` is fired as event `@gate`, so that it cannot be mistaken for a message."""

OWNERS = ("DO", "MO", "LSE", "DSO")

Kind = Literal["outcome", "external", "timer"]


def parent_of(path: str) -> str:
    """The path of the state around a state; the root for a state at the top."""
    return path.rpartition(".")[0]


def join(parent: str, name: str) -> str:
    """The path of a child."""
    return f"{parent}.{name}" if parent else name


@dataclass(frozen=True, slots=True)
class Row:
    """One event that a state takes: where it leads (None: taken, no change) and what it costs in quality."""

    event: str
    to: str | None
    degraded: str | None
    kind: Kind
    line: int

    @property
    def name(self) -> str:
        """The event as the file writes it: a timer without its `@`."""
        return self.event.removeprefix(TIMER_PREFIX)


@dataclass(frozen=True, slots=True)
class State:
    """One state as the file declares it; `owner` is inherited from the nearest ancestor that has one."""

    path: str
    parent: str | None
    owner: str | None
    doc: str
    do: str | None
    initial: str | None
    final: bool
    rows: tuple[Row, ...]
    children: tuple[str, ...]
    line: int

    @property
    def name(self) -> str:
        """The last part of its path."""
        return self.path.rpartition(".")[2]

    @property
    def depth(self) -> int:
        """How deep it lies: 1 at the top."""
        return self.path.count(".") + 1


@dataclass(frozen=True, slots=True)
class Move:
    """What one event does in one state; `internal` when it is taken without leaving the state."""

    event: str
    source: str
    destination: str
    exited: tuple[str, ...]  # innermost first
    entered: tuple[str, ...]  # outermost first
    degraded: str | None
    internal: bool


class Timer(NamedTuple):
    """A named instant to arm when its owner is entered and to disarm when the owner is left."""

    time: str
    depth: int
    owner: str

    @property
    def event(self) -> str:
        """The event that it fires."""
        return TIMER_PREFIX + self.time


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The names that a chart may use: handlers with their outcomes, others' messages, named instants."""

    handlers: Mapping[str, frozenset[str]]
    events: frozenset[str]
    times: frozenset[str]
