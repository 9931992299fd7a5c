"""Where a session is to stop by itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from dso.debugger.facts import NAMES, market_of, of_entry
from dso.debugger.history import Entry
from dso.debugger.predicate import Predicate
from dso.engine.loop import Engine
from dso.engine.step import Step
from dso.errors import InputError, Problem
from dso.statechart.form import suggest

KINDS = ("state", "when", "reject", "degrade", "error")


def enters(step: Step, path: str) -> bool:
    """Whether a step has entered a state, or a state inside it from outside."""
    return path in step.entered


@dataclass(slots=True)
class Breakpoint:
    """One reason to stop."""

    kind: str
    what: str
    predicate: Predicate | None = None
    holds_for: set[str] = field(default_factory=set)  # machines for which a condition was true already

    def __str__(self) -> str:
        return f"{self.kind} {self.what}".rstrip()

    def hit(self, engine: Engine, entry: Entry) -> bool:
        """Whether a step is a reason to stop; a condition is one when it becomes true for a machine."""
        step = entry.step
        if step is None:
            return False
        if self.predicate is None:
            return bool(_HIT[self.kind](entry, step, self.what))
        market, holds = market_of(step.machine), self.predicate.holds(of_entry(engine, entry))
        new = holds and market not in self.holds_for
        (self.holds_for.add if holds else self.holds_for.discard)(market)
        return new


_HIT: dict[str, Callable[[Entry, Step, str], Any]] = {
    "state": lambda entry, step, path: enters(step, path),
    "reject": lambda entry, step, _: bool(entry.rejections or step.rejected),
    "degrade": lambda entry, step, _: bool(step.degraded),
    "error": lambda entry, step, _: bool(step.error),
}


def breakpoint_of(kind: str, what: str, state_named: Callable[[str], str]) -> Breakpoint:
    """A breakpoint from two words.

    Raises
    ------
    InputError : there is no such kind, state or condition; with those that come nearest.
    """
    if kind not in KINDS:
        raise InputError([Problem("", f"there is no breakpoint '{kind}'; {suggest(kind, KINDS)}")])
    if kind == "state":
        return Breakpoint(kind, state_named(what))
    if kind == "when":
        text = what.strip()
        quoted = len(text) > 1 and text[0] == text[-1] and text[0] in "\"'" and text.count(text[0]) == 2
        text = text[1:-1] if quoted else text
        return Breakpoint(kind, text, Predicate(text, tuple(NAMES)))
    return Breakpoint(kind, "")
