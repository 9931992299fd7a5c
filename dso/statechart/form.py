"""The small pieces of a chart file: keys, texts, owners and rows; a sentence for each that is malformed."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from typing import Any

from dso.errors import Problem
from dso.statechart.model import OWNERS, TIMER_PREFIX, Kind, Row
from dso.statechart.yaml_source import DataPath, Lines

CHART_KEYS = ("chart", "doc", "owner", "initial", "external", "at", "states")
STATE_KEYS = ("owner", "doc", "final", "do", "outcomes", "external", "at", "initial", "states")
ROW_KEYS = ("to", "degraded")
ROW_KINDS: Mapping[str, Kind] = {"outcomes": "outcome", "external": "external", "at": "timer"}

# No double underscore: the drawings write a dot as one.
NAME = re.compile(r"[A-Za-z][A-Za-z0-9]*(_[A-Za-z0-9]+)*")


def suggest(name: str, valid: Iterable[str]) -> str:
    """The end of a sentence about an unknown name: the nearest valid one, or all of them."""
    names = list(dict.fromkeys(valid))
    near = difflib.get_close_matches(name, names, n=1)
    if near:
        return f"did you mean '{near[0]}'?"
    return f"valid: {', '.join(names)}" if names else "there are none"


class Form:
    """Reads the pieces of one file and collects what is wrong with them.

    Parameters
    ----------
    file : the file's name, for the messages.
    lines : the line of each key by its path.
    """

    def __init__(self, file: str, lines: Lines) -> None:
        self.file = file
        self.lines = lines
        self.problems: list[Problem] = []
        self.complete = True
        """Whether it could be told what was meant, so that checks along the rows make sense."""

    def line(self, at: DataPath) -> int:
        """The line of a key, or of the nearest thing around it."""
        return next(self.lines[at[:n]] for n in range(len(at), -1, -1) if at[:n] in self.lines)

    def report(self, at: DataPath, what: str, *, guessed: bool = False) -> None:
        """Collect a problem with what stands at a path of the file; `guessed` if its meaning is clear."""
        self.complete &= guessed
        names = [str(name) for name in at[1::2]]
        depth = sum(part == "states" for part in at[::2])
        where = f"{self.file}:{self.line(at)} {'.'.join(names[:depth])}"
        self.problems.append(Problem(where.rstrip(), what))

    def mapping(self, data: Any, at: DataPath, what: str, keys: tuple[str, ...]) -> dict[str, Any]:
        """A mapping with known keys only; a key that is nearly right is read as the one that was meant."""
        if not isinstance(data, dict):
            self.report(at, f"{what} must be a mapping, was {data!r}")
            return {}
        body = {key: value for key, value in data.items() if key in keys}
        for key in [key for key in data if key not in keys]:
            near = difflib.get_close_matches(key, keys, n=1)
            hint = f"did you mean '{near[0]}'?" if near else f"{what} has {', '.join(keys)}"
            self.report((*at, key), f"unknown key '{key}'; {hint}", guessed=True)
            if near and near[0] not in body:
                body[near[0]] = data[key]
        return body

    def text(self, body: Mapping[str, Any], key: str, at: DataPath) -> str | None:
        """The text under a key, or None where there is none."""
        value = body.get(key)
        if isinstance(value, str) and value:
            return value
        if key in body:
            self.report((*at, key), f"{key} must be a text, was {value!r}")
        return None

    def owner(self, body: Mapping[str, Any], at: DataPath) -> str | None:
        """The owner that a state names itself."""
        name = self.text(body, "owner", at)
        if name is not None and name not in OWNERS:
            what = f"owner must be one of {', '.join(OWNERS)}, was '{name}'"
            self.report((*at, "owner"), what, guessed=True)
        return name

    def flag(self, body: Mapping[str, Any], key: str, at: DataPath) -> bool:
        """Whether a key is there and true."""
        value = body.get(key, False)
        if not isinstance(value, bool):
            self.report((*at, key), f"{key} must be true or false, was {value!r}")
        return value is True

    def rows(self, body: Mapping[str, Any], at: DataPath) -> tuple[Row, ...]:
        """The rows of a state with their targets as written; of two rows for one event the first is kept."""
        found: dict[str, Row] = {}
        for key, kind in ROW_KINDS.items():
            if key not in body:
                continue
            for name, spec in self._row_items(body[key], (*at, key)):
                event = TIMER_PREFIX + name if kind == "timer" else name
                if event in found:
                    what = f"'{name}' is listed under outcomes too, on line {found[event].line}; keep one"
                    self.report((*at, key, name), what, guessed=True)
                    continue
                found[event] = self._row(event, spec, kind, (*at, key, name))
        return tuple(found.values())

    def _row_items(self, data: Any, at: DataPath) -> list[tuple[str, Any]]:
        if not isinstance(data, dict):
            self.report(at, f"{at[-1]} must be a mapping of names to states, was {data!r}")
            return []
        items = []
        for name, spec in data.items():
            if not NAME.fullmatch(name) or (name == "state" and at[-1] != "at"):
                rule = "a name is words of letters and digits joined by _, but not 'state'"
                self.report((*at, name), f"'{name}' cannot be the name of an event; {rule}")
            else:
                items.append((name, spec))
        return items

    def _row(self, event: str, spec: Any, kind: Kind, at: DataPath) -> Row:
        to, degraded = spec, None
        if isinstance(spec, dict):
            body = self.mapping(spec, at, "a row", ROW_KEYS)
            if "to" not in body:
                self.report(at, f"'{at[-1]}' must say where it leads: to is missing")
            to, degraded = body.get("to"), self.text(body, "degraded", at)
        if to is not None and not isinstance(to, str):
            self.report(at, f"'{at[-1]}' must lead to the name of a state or to null, was {to!r}")
            to = None
        return Row(event=event, to=to, degraded=degraded, kind=kind, line=self.line(at))
