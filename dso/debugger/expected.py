"""Read an intended exchange that a designer drew as PlantUML or Mermaid.

`A -> B : kind` is a message (any arrow of the two languages; what follows the kind after ` [` or `: ` says
nothing). `loop … end` is once or more, `opt … end` once or not at all, `alt … else … end` one of them, `par …
and … end` (or `else`, as PlantUML has it) all of them in any order, `par … end` of one branch once or more,
side by side. Titles, participants, notes and dividers say nothing about the exchange.
"""

from __future__ import annotations

import re
from functools import reduce
from pathlib import Path

from dso.debugger.cycle import LIFELINES
from dso.debugger.pattern import Again, Done, Each, Either, Pattern, Told, either, mixed, then
from dso.errors import InputError, Problem

_ARROW = re.compile(r"^(\w+)\s*(?:-+|=+|\.+)>{1,2}[+-]?\s*(\w+)\s*:\s*(.+)$")
_IGNORED = re.compile(
    r"^(@startuml|@enduml|sequenceDiagram|title\b|participant\b|actor\b|autonumber|note\b|Note\b|==|%%|'|skinparam\b|"
    r"activate\b|deactivate\b|hide\b|---)"
)
_OPENERS = ("loop", "opt", "alt", "par", "group")
_SEPARATORS = ("else", "and")


def read_expected(path: Path) -> Pattern:
    """The pattern of a file.

    Raises
    ------
    InputError : with every line that cannot be read, and what was expected there.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError([Problem(str(path), f"cannot be read: {error}")]) from error
    return parse_expected(text, path.name)


def parse_expected(text: str, name: str = "expected") -> Pattern:
    """The pattern of a text; see `read_expected`."""
    reader = _Reader(name)
    for number, line in enumerate(text.splitlines(), 1):
        reader.take(number, line.strip())
    return reader.finished()


class _Block:
    """A construct that is open, with the branches read so far."""

    def __init__(self, word: str, line: int) -> None:
        self.word, self.line = word, line
        self.branches: list[list[Pattern]] = [[]]

    def pattern(self) -> Pattern:
        branches = [_sequence(parts) for parts in self.branches]
        match self.word:
            case "loop":
                body = _sequence(branches)
                return then(body, Again(body))
            case "opt":
                return either([_sequence(branches), Done()])
            case "alt":
                return Either(tuple(branches)) if len(branches) > 1 else either([branches[0], Done()])
            case "par":
                if len(branches) == 1:
                    return mixed(branches[0], Each(branches[0]))
                return reduce(mixed, branches)
        return _sequence(branches)


def _sequence(parts: list[Pattern]) -> Pattern:
    whole: Pattern = Done()
    for part in reversed(parts):
        whole = then(part, whole)
    return whole


class _Reader:
    def __init__(self, name: str) -> None:
        self.name = name
        self.problems: list[Problem] = []
        self.open = [_Block("file", 0)]

    def take(self, number: int, line: str) -> None:
        if not line or _IGNORED.match(line):
            return
        word = line.split(None, 1)[0].rstrip(":")
        arrow = _ARROW.match(line)
        if arrow:
            self._message(number, *arrow.groups())
        elif word in _OPENERS:
            self.open.append(_Block(word, number))
        elif word in _SEPARATORS:
            self._separate(number, word)
        elif word == "end":
            self._close(number)
        else:
            self._wrong(number, f"expected `A -> B : kind`, loop, opt, alt, par or end, was '{line}'")

    def _message(self, number: int, sender: str, receiver: str, label: str) -> None:
        for party in (sender, receiver):
            if party not in LIFELINES:
                self._wrong(number, f"there is no party '{party}'; there is {', '.join(LIFELINES)}")
                return
        kind = re.split(r": | \[", label, maxsplit=1)[0].strip()
        self.open[-1].branches[-1].append(Told(sender, receiver, kind, number))

    def _separate(self, number: int, word: str) -> None:
        if self.open[-1].word not in ("alt", "par"):
            self._wrong(number, f"'{word}' belongs into alt or par")
            return
        self.open[-1].branches.append([])

    def _close(self, number: int) -> None:
        if len(self.open) == 1:
            self._wrong(number, "'end' without loop, opt, alt or par before it")
            return
        block = self.open.pop()
        self.open[-1].branches[-1].append(block.pattern())

    def _wrong(self, number: int, what: str) -> None:
        self.problems.append(Problem(f"{self.name}:{number}", what))

    def finished(self) -> Pattern:
        for block in self.open[1:]:
            self._wrong(block.line, f"'{block.word}' is not closed; expected 'end'")
        if not self.problems and self.open[0].branches == [[]]:
            self._wrong(1, "no message is drawn; expected `A -> B : kind`")
        if self.problems:
            raise InputError(self.problems)
        return self.open[0].pattern()
