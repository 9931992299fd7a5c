"""Whether what happened is what a designer drew, and where it first is not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dso.clock import iso
from dso.debugger.cycle import Message
from dso.debugger.pattern import Never, Pattern, Told, after, expected, may_end


@dataclass(frozen=True, slots=True)
class Difference:
    """The first place where a market's cycle leaves the drawing."""

    market: str
    position: int  # how many messages had agreed
    at: str | None  # when it was said; None: nothing more was
    said: str | None
    expected: tuple[str, ...]

    def __str__(self) -> str:
        wanted = " or ".join(self.expected) or "the end"
        if self.said is None:
            return f"{self.market}: ends after {self.position} messages, expected {wanted}"
        return f"{self.market}: message {self.position + 1} at {self.at} is {self.said}, expected {wanted}"


class Drawing:
    """A pattern that reads messages; each of its states is worked out once, however many cycles it reads."""

    def __init__(self, pattern: Pattern) -> None:
        self._states = [pattern]
        self._numbers: dict[Pattern, int] = {pattern: 0}
        self._next: dict[tuple[int, str, str, str], int] = {}

    def difference(self, market: str, messages: Sequence[Message]) -> Difference | None:
        """The first difference of a whole cycle from the drawing, None if it conforms."""
        state = 0
        for position, m in enumerate(messages):
            following = self._after(state, m)
            if isinstance(self._states[following], Never):
                told = str(Told(m.sender, m.receiver, m.kind))
                return Difference(market, position, iso(m.time_s), told, _wanted(self._states[state]))
            state = following
        if may_end(self._states[state]):
            return None
        return Difference(market, len(messages), None, None, _wanted(self._states[state]))

    def _after(self, state: int, m: Message) -> int:
        key = (state, m.sender, m.receiver, m.kind)
        known = self._next.get(key)
        if known is None:
            pattern = after(self._states[state], Told(m.sender, m.receiver, m.kind))
            known = self._next[key] = self._numbers.setdefault(pattern, len(self._states))
            if known == len(self._states):
                self._states.append(pattern)
        return known


def _wanted(pattern: Pattern) -> tuple[str, ...]:
    lines = [f"{told} (line {told.line})" for told in expected(pattern)]
    return tuple(lines + (["the end"] if may_end(pattern) and lines else []))
