"""Whether what happened is what a designer drew, and where it first is not."""

from __future__ import annotations

from dataclasses import dataclass

from dso.clock import iso
from dso.debugger.cycle import Cycle
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


def difference(cycle: Cycle, pattern: Pattern) -> Difference | None:
    """The first difference of a whole cycle from a pattern, None if it conforms."""
    messages = [m for band in cycle.bands for m in band.messages]
    for position, message in enumerate(messages):
        told = Told(message.sender, message.receiver, message.kind)
        following = after(pattern, told)
        if isinstance(following, Never):
            return Difference(cycle.market, position, iso(message.time_s), str(told), _wanted(pattern))
        pattern = following
    if may_end(pattern):
        return None
    return Difference(cycle.market, len(messages), None, None, _wanted(pattern))


def _wanted(pattern: Pattern) -> tuple[str, ...]:
    lines = [f"{told} (line {told.line})" for told in expected(pattern)]
    return tuple(lines + (["the end"] if may_end(pattern) and lines else []))
