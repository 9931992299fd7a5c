"""A chart as a Mermaid state diagram: nested states, owners in colour, one state lit."""

from __future__ import annotations

import re
from collections.abc import Iterator

from dso.statechart.chart import Chart
from dso.statechart.model import OWNERS, ROOT, Kind, Row, State, parent_of

_COLOURS = {
    "DO": "fill:#dbe9f6,stroke:#2b6ca3,color:#10344f",
    "MO": "fill:#e0f1dd,stroke:#3d8b37,color:#1c451a",
    "LSE": "fill:#fdebd0,stroke:#c77d0a,color:#5c3a05",
    "DSO": "fill:#ececec,stroke:#6b6b6b,color:#2e2e2e",
}
_LIT = "stroke:#c0182b,stroke-width:4px,font-weight:bold"
_MARKS: dict[Kind, str] = {"outcome": "", "external": "✉ ", "timer": "⏱ "}
# Words of the diagram's own language, which cannot be the id of a state.
_RESERVED = {
    "as",
    "class",
    "classDef",
    "click",
    "default",
    "direction",
    "end",
    "hide",
    "note",
    "scale",
    "state",
    "style",
}


def to_mermaid(chart: Chart, active: str | None = None, depth: int | None = None) -> str:
    """The text of a `stateDiagram-v2`; the same chart always gives the same text.

    Messages bear ✉, timers ⏱ and degraded rows ⚠ with their reason. Rows that change nothing are not drawn.
    A row of a state with states inside starts at its border, or at a box "anywhere" where it stays inside.

    Parameters
    ----------
    chart : the chart.
    active : path of a state to light, with the states around it.
    depth : how many levels to draw; the rows of what is deeper start and end at what is drawn. None: all.

    Raises
    ------
    KeyError : if the chart has no such state as `active`.
    """
    return "\n".join(_Drawing(chart, depth).lines(active)) + "\n"


def mermaid_id(path: str) -> str:
    """The id of a state in the diagram; names have no double underscore, so no two paths share one."""
    name = path.replace(".", "__")
    return f"{name}_" if name in _RESERVED else name


class _Drawing:
    def __init__(self, chart: Chart, depth: int | None) -> None:
        self.chart = chart
        self.depth = depth
        self.drawn = [s for s in chart.states.values() if depth is None or s.depth <= depth]
        self.anywhere: set[str] = set()
        # The block that holds an edge -> (source id, target id) -> labels, in the order of the file.
        self.edges: dict[str, dict[tuple[str, str], list[str]]] = {}
        for row in chart.root_rows:
            self._add(ROOT, row)
        for state in chart.states.values():
            for row in state.rows:
                self._add(state.path, row)

    def lines(self, active: str | None) -> Iterator[str]:
        yield "stateDiagram-v2"
        yield "    direction TB"
        owners = [name for name in OWNERS if any(state.owner == name for state in self.drawn)]
        yield from (f"    classDef {name} {_COLOURS[name]}" for name in owners)
        if active is not None:
            yield f"    classDef lit {_LIT}"
        yield from self._block(ROOT, self.chart.initial, "    ")
        for name in owners:
            ids = [mermaid_id(s.path) for s in self.drawn if s.owner == name and not self._is_open(s)]
            if ids:
                yield f"    class {','.join(ids)} {name}"
        if active is not None:
            lit = dict.fromkeys(
                self._visible(path) for path in self.chart.lineage(self.chart.states[active].path)
            )
            yield f"    class {','.join(mermaid_id(path) for path in lit)} lit"

    def _block(self, path: str, initial: str, indent: str) -> Iterator[str]:
        yield f"{indent}[*] --> {mermaid_id(initial)}"
        inside = [state for state in self.drawn if (state.parent or ROOT) == path]
        for state in inside:
            if self._is_open(state):
                yield f'{indent}state "{state.name}" as {mermaid_id(state.path)} {{'
                yield f"{indent}    direction TB"
                yield from self._block(state.path, state.initial or ROOT, indent + "    ")
                yield f"{indent}}}"
            else:
                yield f'{indent}state "{_label(state)}" as {mermaid_id(state.path)}'
        if path in self.anywhere:
            where = f"anywhere in {path.rpartition('.')[2]}" if path else "anywhere"
            yield f'{indent}state "{where}" as {_anywhere_id(path)}'
        for (source, target), labels in self.edges.get(path, {}).items():
            yield f"{indent}{source} --> {target} : {'<br/>'.join(labels)}"
        yield from (f"{indent}{mermaid_id(state.path)} --> [*]" for state in inside if state.final)

    def _add(self, owner: str, row: Row) -> None:
        if row.to is None:
            return
        target = self._inward(row.to, owner)
        source, goal = self._visible(owner), self._visible(target)
        inner = _encloses(owner, target)
        if source == goal and not owner == target == source:
            return  # it stays below what is drawn
        scope = owner if inner else _common(source, goal)
        start = _anywhere_id(owner) if inner else mermaid_id(source)
        if inner:
            self.anywhere.add(owner)
        labels = self.edges.setdefault(scope, {}).setdefault((start, mermaid_id(goal)), [])
        if _text(row) not in labels:
            labels.append(_text(row))

    def _inward(self, target: str, owner: str) -> str:
        # The layout cannot draw an arrow from a state to one around it: draw it to where that leads.
        while target == owner or _encloses(target, owner):
            inner = self.chart.states[target].initial
            if inner is None:
                break
            target = inner
        return target

    def _visible(self, path: str) -> str:
        return path if self.depth is None else ".".join(path.split(".")[: self.depth])

    def _is_open(self, state: State) -> bool:
        return bool(state.children) and (self.depth is None or state.depth < self.depth)


def _anywhere_id(path: str) -> str:
    return f"{mermaid_id(path)}__anywhere_" if path else "anywhere_"


def _encloses(outer: str, inner: str) -> bool:
    return outer == ROOT or inner.startswith(outer + ".")


def _common(one: str, other: str) -> str:
    scope = parent_of(one)
    while not _encloses(scope, other):
        scope = parent_of(scope)
    return scope


def _label(state: State) -> str:
    return f"{state.name}<br/>do / {state.do}" if state.do else state.name


def _text(row: Row) -> str:
    reason = f" ⚠ {row.degraded}" if row.degraded else ""
    # A colon or semicolon would end the label, a quote or bracket could be read as markup.
    text = f"{_MARKS[row.kind]}{row.name}{reason}"
    return " ".join(re.sub(r'[:;"<>{}#]', " ", text).split())
