"""From the file's nested mappings to a chart whose targets are resolved, as far as that is possible."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from dso.errors import Problem
from dso.statechart.chart import Chart
from dso.statechart.form import CHART_KEYS, NAME, STATE_KEYS, Form, suggest
from dso.statechart.model import ROOT, Row, State, join, parent_of
from dso.statechart.yaml_source import DataPath, Lines


@dataclass(frozen=True, slots=True)
class Reading:
    """A chart as far as it could be read, and what is wrong with the form of its file.

    A misspelt key or target is read as the one that was meant; where nobody can tell, `complete` is false and
    rows may be missing. A chart that comes with problems must not be run.
    """

    chart: Chart
    problems: tuple[Problem, ...]
    complete: bool


def read_chart(data: Any, lines: Lines, source: Path) -> Reading:
    """Read a chart from the content of its file and the lines of its keys."""
    form = Form(source.name, lines)
    body = form.mapping(data, (), "a chart", CHART_KEYS)
    for key in ("chart", "initial", "states"):
        if key not in body:
            form.report((), f"{key} is missing")
    reader = _StateReader(form)
    owner = form.owner(body, ())
    children = reader.children(body, (), ROOT, owner)
    chart = Chart(
        name=_chart_name(form, body) or source.stem,
        doc=form.text(body, "doc", ()) or "",
        owner=owner,
        initial=reader.initial(body, (), ROOT, children) or ROOT,
        states=reader.resolved(),
        root_rows=reader.resolve(form.rows(body, ()), ROOT),
        source=source,
    )
    return Reading(chart, tuple(form.problems), form.complete)


def _chart_name(form: Form, body: Mapping[str, Any]) -> str | None:
    name = form.text(body, "chart", ())
    if name is not None and not all(NAME.fullmatch(part) for part in name.split(".")):
        form.report(("chart",), f"chart must be a name such as market or retail.auction, was '{name}'")
    return name


class _StateReader:
    def __init__(self, form: Form) -> None:
        self._form = form
        self._states: dict[str, State] = {}

    def children(
        self, body: Mapping[str, Any], at: DataPath, path: str, owner: str | None
    ) -> tuple[str, ...]:
        if "states" not in body:
            return ()
        here, states = (*at, "states"), body["states"]
        if not isinstance(states, dict) or not states:
            self._form.report(here, f"states must map at least one name to a state, was {states!r}")
            return ()
        found = []
        for name, child in states.items():
            if NAME.fullmatch(name):
                found.append(join(path, name))
                self._read(child, (*here, name), found[-1], owner)
            else:
                rule = "a name is words of letters and digits joined by _"
                self._form.report((*here, name), f"'{name}' cannot be the name of a state; {rule}")
        return tuple(found)

    def _read(self, data: Any, at: DataPath, path: str, owner: str | None) -> None:
        form = self._form
        body = form.mapping({} if data is None else data, at, "a state", STATE_KEYS)
        state = State(
            path=path,
            parent=parent_of(path) or None,
            owner=form.owner(body, at) or owner,
            doc=form.text(body, "doc", at) or "",
            do=form.text(body, "do", at),
            initial=None,
            final=form.flag(body, "final", at),
            rows=form.rows(body, at),
            children=(),
            line=form.line(at),
        )
        self._states[path] = state  # ahead of its children, to keep the order of the file
        children = self.children(body, at, path, state.owner)
        initial = self.initial(body, at, path, children)
        self._states[path] = replace(state, children=children, initial=initial)

    def initial(
        self, body: Mapping[str, Any], at: DataPath, path: str, children: tuple[str, ...]
    ) -> str | None:
        name = self._form.text(body, "initial", at)
        names = [child.rpartition(".")[2] for child in children]
        if name is not None and "states" not in body and at:
            self._form.report((*at, "initial"), "initial without states inside; remove it or add the states")
        elif children and at and "initial" not in body:
            self._form.report(at, f"initial is missing; name the state to enter: {', '.join(names)}")
        elif children and name is not None and name not in names:
            hint = suggest(name, names)
            self._form.report((*at, "initial"), f"initial names '{name}', which is no state inside; {hint}")
        elif children and name is not None:
            return join(path, name)
        return children[0] if children else None

    def resolved(self) -> dict[str, State]:
        return {path: replace(s, rows=self.resolve(s.rows, path)) for path, s in self._states.items()}

    def resolve(self, rows: tuple[Row, ...], owner: str) -> tuple[Row, ...]:
        return tuple(row if row.to is None else replace(row, to=self._target(row, owner)) for row in rows)

    def _target(self, row: Row, owner: str) -> str | None:
        name = row.to or ROOT
        visible = self._visible(owner)
        target = name if "." in name else visible.get(name)
        if target in self._states:
            return target
        deeper = [path for path in self._states if path.endswith("." + name)]
        near = deeper[:1] or difflib.get_close_matches(name, [*visible, *self._states], n=1)
        hint = f"did you mean '{near[0]}'?" if near else suggest(name, visible)
        where = f"{self._form.file}:{row.line} {owner}".rstrip()
        what = f"'{row.name}' leads to '{name}', which is no state seen from here; {hint}"
        self._form.problems.append(Problem(where, what))
        self._form.complete &= bool(near)
        return visible.get(near[0], near[0]) if near else None

    def _visible(self, owner: str) -> dict[str, str]:
        # Names that the rows of a state may use: its siblings, then outward to the root, the nearest first.
        found: dict[str, str] = {}
        scope = owner
        while scope != ROOT or not found:
            scope = parent_of(scope)
            for state in self._states.values():
                if (state.parent or ROOT) == scope:
                    found.setdefault(state.name, state.path)
            if scope == ROOT:
                break
        return found
