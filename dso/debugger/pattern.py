"""What a designer intends, as a pattern of messages: sequences, choices, repetitions, any order.

A pattern takes one message and becomes the pattern of what may follow (Brzozowski, Derivatives of Regular
Expressions, J. ACM 11, 1964, doi:10.1145/321239.321249); `AnyOrder` is the shuffle of its parts.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce


@dataclass(frozen=True, slots=True)
class Told:
    """One message of a kind from one party to another."""

    sender: str
    receiver: str
    kind: str
    line: int = 0

    def __str__(self) -> str:
        return f"{self.sender} -> {self.receiver} : {self.kind}"

    def matches(self, other: Told) -> bool:
        """Whether another is the same message, wherever it was written."""
        return (self.sender, self.receiver, self.kind) == (other.sender, other.receiver, other.kind)


@dataclass(frozen=True, slots=True)
class Done:
    """Nothing more."""


@dataclass(frozen=True, slots=True)
class Never:
    """No continuation is right."""


@dataclass(frozen=True, slots=True)
class Then:
    """One pattern, and after it another."""

    first: Pattern
    rest: Pattern


@dataclass(frozen=True, slots=True)
class Either:
    """One of several patterns."""

    parts: tuple[Pattern, ...]


@dataclass(frozen=True, slots=True)
class Again:
    """A pattern any number of times, also none."""

    body: Pattern


@dataclass(frozen=True, slots=True)
class AnyOrder:
    """Two patterns whose messages may be mixed."""

    left: Pattern
    right: Pattern


@dataclass(frozen=True, slots=True)
class Each:
    """A pattern any number of times side by side, also none: their messages may be mixed."""

    body: Pattern


Pattern = Told | Done | Never | Then | Either | Again | AnyOrder | Each


def may_end(pattern: Pattern) -> bool:
    """Whether everything that is expected has been said."""
    match pattern:
        case Done() | Again() | Each():
            return True
        case Then(a, b) | AnyOrder(a, b):
            return may_end(a) and may_end(b)
        case Either(parts):
            return any(may_end(p) for p in parts)
    return False


def after(pattern: Pattern, told: Told) -> Pattern:
    """What is expected after a message."""
    match pattern:
        case Told():
            return Done() if pattern.matches(told) else Never()
        case Then(a, b):
            ways = [then(after(a, told), b)]
            if may_end(a):
                ways.append(after(b, told))
            return either(ways)
        case Either(parts):
            return either([after(p, told) for p in parts])
        case Again(body):
            return then(after(body, told), pattern)
        case Each(body):
            return mixed(after(body, told), pattern)
        case AnyOrder(a, b):
            return either([mixed(after(a, told), b), mixed(a, after(b, told))])
    return Never()


def expected(pattern: Pattern) -> list[Told]:
    """The messages of which one should come next, in the order of their lines."""
    return sorted(set(_expected(pattern)), key=lambda told: (told.line, str(told)))


def _expected(pattern: Pattern) -> list[Told]:
    match pattern:
        case Told():
            return [pattern]
        case Then(a, b):
            return _expected(a) + (_expected(b) if may_end(a) else [])
        case Either(parts):
            return [told for p in parts for told in _expected(p)]
        case Again(body) | Each(body):
            return _expected(body)
        case AnyOrder(a, b):
            return _expected(a) + _expected(b)
    return []


def then(first: Pattern, rest: Pattern) -> Pattern:
    """One after the other, in its shortest form."""
    if isinstance(first, Never) or isinstance(rest, Never):
        return Never()
    if isinstance(first, Done):
        return rest
    return first if isinstance(rest, Done) else Then(first, rest)


def either(ways: list[Pattern]) -> Pattern:
    """A choice, in its shortest form."""
    flat = [p for way in ways for p in (way.parts if isinstance(way, Either) else (way,))]
    left = tuple(dict.fromkeys(p for p in flat if not isinstance(p, Never)))
    if not left:
        return Never()
    return left[0] if len(left) == 1 else Either(left)


def mixed(left: Pattern, right: Pattern) -> Pattern:
    """Any order, in its shortest form."""
    if isinstance(left, Never) or isinstance(right, Never):
        return Never()
    parts = sorted([*_parts(left), *_parts(right)], key=repr)
    return reduce(AnyOrder, parts) if parts else Done()


def _parts(pattern: Pattern) -> list[Pattern]:
    """What is mixed, however it is nested."""
    if isinstance(pattern, AnyOrder):
        return _parts(pattern.left) + _parts(pattern.right)
    return [] if isinstance(pattern, Done) else [pattern]
