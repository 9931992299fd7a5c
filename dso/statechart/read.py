"""From the file's nested mappings to a chart whose targets are resolved, as far as that is possible."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from dso.errors import Problem
from dso.statechart.chart import Chart
from dso.statechart.form import CHART_KEYS, NAME, STATE_KEYS, Form, suggest
from dso.statechart.model import ROOT, Row, State, join, parent_of
from dso.statechart.yaml_source import DataPath, Lines


def read_chart(data: Any, lines: Lines, source: Path) -> tuple[Chart, list[Problem]]:
    """The chart as far as it can be read, and what is wrong with the form of its file.

    A row whose target is unknown is read as leading nowhere, a misspelt key as the one that was meant; so a
    chart that comes with problems must not be run.
    """
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
    return chart, form.problems


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
                rule = "it must be letters, digits and _"
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
        # Among the owner's siblings, then outward to the root; a dotted path starts at the root.
        name, scope, visible = row.to or ROOT, parent_of(owner), []
        if "." not in name:
            while True:
                if join(scope, name) in self._states:
                    return join(scope, name)
                visible += [s.name for s in self._states.values() if (s.parent or ROOT) == scope]
                if scope == ROOT:
                    break
                scope = parent_of(scope)
        elif name in self._states:
            return name
        deeper = [path for path in self._states if path.endswith("." + name)]
        hint = f"did you mean '{deeper[0]}'?" if deeper else suggest(name, [*visible, *self._states])
        where = f"{self._form.file}:{row.line} {owner}".rstrip()
        what = f"'{row.name}' leads to '{name}', which is no state seen from here; {hint}"
        self._form.problems.append(Problem(where, what))
        return None
