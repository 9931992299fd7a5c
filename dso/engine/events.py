"""What waits in the engine's queue, and what comes from outside."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

ANSWER = -1  # a handler's outcome goes before every message of the same instant
START = "@start"  # runs the handler of the state in which a machine begins
ROW_OF = {"outcome": "outcome", "message": "external", "external": "external", "timer": "timer"}


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


def market_of(item: Happening) -> str:
    """The market that an event is for."""
    return item.machine.split("/", 1)[0]


def sender_of(item: Happening) -> str:
    """Who a message says that it comes from; where it says nothing, what kind of event it is."""
    payload = item.payload
    named = payload.get("sender") if isinstance(payload, Mapping) else getattr(payload, "sender", None)
    return str(named or item.kind)
