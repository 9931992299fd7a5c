"""A chart as a Mermaid state diagram: nested states, owners in colour, one state lit."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from dso.statechart.chart import Chart
from dso.statechart.draw_colours import LIT, OWNER_COLOURS, PASSED
from dso.statechart.draw_plan import Edge, Plan, numbered, row_text
from dso.statechart.draw_walk import light
from dso.statechart.model import ROOT, State

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


def to_mermaid(
    chart: Chart,
    active: str | None = None,
    depth: int | None = None,
    *,
    events: Iterable[str] = (),
    inside: str | None = None,
) -> str:
    """The text of a `stateDiagram-v2`; the same chart always gives the same text.

    Messages bear ✉, timers ⏱ and degraded rows ⚠ with their reason. Rows that change nothing are not drawn.
    A row of a state with states inside starts at its border, or at a box "anywhere" where it stays inside.

    Parameters
    ----------
    chart : the chart.
    active : path of a state to light, with the states around it; with events, where they begin.
    depth : how many levels to draw; the rows of what is deeper start and end at what is drawn. None: all.
    events : the path that these events take is numbered, and what it passes is marked.
    inside : draw this state alone, with closed boxes for what it leads to and comes from.

    Raises
    ------
    KeyError : if the chart has no such state.
    ChartError : if an event is unknown, or not taken where the path has come to.
    """
    plan = Plan(chart, light(chart, active, events), depth, inside)
    return "\n".join(_lines(plan)) + "\n"


def mermaid_id(path: str) -> str:
    """The id of a state in the diagram; names have no double underscore, so no two paths share one."""
    name = path.replace(".", "__")
    return f"{name}_" if name in _RESERVED else name


def _lines(plan: Plan) -> Iterator[str]:
    yield "stateDiagram-v2"
    yield "    direction TB"
    for name in plan.owners:
        colours = OWNER_COLOURS[name]
        yield f"    classDef {name} fill:{colours.fill},stroke:{colours.stroke},color:{colours.text}"
    if plan.passed:
        yield f"    classDef passed stroke:{PASSED},stroke-width:3px"
    if plan.lit:
        yield f"    classDef lit stroke:{LIT},stroke-width:4px,font-weight:bold"
    yield from _block(plan, ROOT, "    ")
    for name in plan.owners:
        yield from _class([s.path for s in plan.drawn if s.owner == name and not plan.is_open(s)], name)
    yield from _class(plan.passed, "passed")
    yield from _class(plan.lit, "lit")


def _class(paths: list[str], name: str) -> Iterator[str]:
    if paths:
        yield f"    class {','.join(mermaid_id(path) for path in paths)} {name}"


def _block(plan: Plan, path: str, indent: str) -> Iterator[str]:
    inside = plan.level(path)
    entry = plan.entry(path)
    if entry is not None:
        yield f"{indent}[*] --> {mermaid_id(entry)}"
    for state in inside:
        if plan.is_open(state):
            yield f'{indent}state "{plan.title(state)}" as {mermaid_id(state.path)} {{'
            yield f"{indent}    direction TB"
            yield from _block(plan, state.path, indent + "    ")
            yield f"{indent}}}"
        else:
            yield f'{indent}state "{_label(plan, state)}" as {mermaid_id(state.path)}'
    if path in plan.anywhere:
        where = f"anywhere in {path.rpartition('.')[2]}" if path else "anywhere"
        yield f'{indent}state "{where}" as {_anywhere_id(path)}'
    for edge in plan.edges.values():
        if plan.scope(edge) == path:
            yield f"{indent}{_arrow(edge)}"
    yield from (f"{indent}{mermaid_id(state.path)} --> [*]" for state in inside if state.final)


def _arrow(edge: Edge) -> str:
    source = _anywhere_id(edge.source) if edge.anywhere else mermaid_id(edge.source)
    texts = [_plain(numbered(row_text(row), edge.steps[row_text(row)])) for row in edge.rows]
    return f"{source} --> {mermaid_id(edge.target)} : {'<br/>'.join(texts)}"


def _anywhere_id(path: str) -> str:
    return f"{mermaid_id(path)}__anywhere_" if path else "anywhere_"


def _label(plan: Plan, state: State) -> str:
    title = plan.title(state)
    return f"{title}<br/>do / {state.do}" if state.do else title


def _plain(text: str) -> str:
    # A colon or semicolon would end the label, a quote or bracket could be read as markup.
    return " ".join(re.sub(r'[:;"<>{}#]', " ", text).split())
