"""A chart as Graphviz text: composites as clusters, handlers and timers in the states, a legend below."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from dso.statechart.chart import Chart
from dso.statechart.draw_colours import (
    DEGRADED,
    GROUND,
    LINE,
    LIT,
    NOBODY,
    OWNER_COLOURS,
    PASSED,
    Colours,
)
from dso.statechart.draw_labels import cluster_label, edge_label, legend, state_label
from dso.statechart.draw_plan import Edge, Plan
from dso.statechart.draw_walk import light
from dso.statechart.model import ROOT, State

# Generic families, so that a picture looks alike where these fonts are not installed.
FONT = "Helvetica,Arial,sans-serif"
_ALONG = 12  # weight of the arrow that is taken if all goes well: it stays straight


def to_dot(
    chart: Chart,
    active: str | None = None,
    depth: int | None = None,
    *,
    events: Iterable[str] = (),
    inside: str | None = None,
) -> str:
    """The text of a `digraph`; the same chart always gives the same text.

    Arrows of a state with states inside start at its border, or at a box "anywhere" where they stay inside.
    Each state has the id `<chart>:<path>` and the classes `state` and its owner, for styles and scripts.

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


def quoted(text: str) -> str:
    """A text as a quoted string of the language."""
    plain = " ".join(text.split()).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{plain}"'


def _lines(plan: Plan) -> Iterator[str]:
    yield f"digraph {quoted(plan.chart.name)} {{"
    yield f'  graph [rankdir=TB compound=true newrank=true nodesep=0.2 ranksep=0.2 bgcolor="{GROUND}"'
    yield f'    fontname="{FONT}" fontsize=11 labelloc=b pad=0.15 tooltip={quoted(plan.chart.doc)}'
    yield f"    label=<{legend(plan)}>]"
    yield f'  node [shape=box style="rounded,filled" fontname="{FONT}" fontsize=11'
    yield '    margin="0.09,0.05" height=0.3]'
    yield f'  edge [fontname="{FONT}" fontsize=9 color="{LINE}" fontcolor="{LINE}" arrowsize=0.7]'
    yield from _block(plan, ROOT, "  ")
    yield "}"


def _block(plan: Plan, path: str, indent: str) -> Iterator[str]:
    entry = plan.entry(path)
    if entry is not None:
        yield from (f"{indent}{line}" for line in _begin(plan, path, entry))
    for state in plan.level(path):
        if plan.is_open(state):
            yield f"{indent}subgraph {quoted(_cluster(state.path))} {{"
            yield f"{indent}  {_cluster_look(plan, state)}"
            yield from _block(plan, state.path, indent + "  ")
            yield f"{indent}}}"
        else:
            yield f"{indent}{quoted(state.path)} [{_look(plan, state)}]"
    if path in plan.anywhere:
        where = f"anywhere in {path.rpartition('.')[2]}" if path else "anywhere"
        look = f'label={quoted(where)} style="rounded,dotted" color="{LINE}" fontcolor="{LINE}" fontsize=10'
        yield f"{indent}{quoted(_anywhere(path))} [{look}]"
    # In its own block, so that the cluster makes room for its words.
    yield from (f"{indent}{_edge(plan, edge)}" for edge in plan.edges.values() if plan.scope(edge) == path)


def _begin(plan: Plan, path: str, entry: str) -> Iterator[str]:
    # The dot lies beside the state where its block begins; above it where that is a cluster.
    start = quoted(_start(path))
    head = _end(plan, entry, first=True)
    yield f'{start} [shape=point width=0.1 label="" tooltip="start"]'
    if head == entry:
        yield f"{{rank=same {start} -> {quoted(head)}}}"
    else:
        yield f"{start} -> {quoted(head)} [{_at(plan, 'lhead', entry).strip()}]"


def _look(plan: Plan, state: State) -> str:
    colours = _colours(state)
    shape = ["rounded", "filled"]
    if plan.is_outside(state.path):
        shape.append("dashed")
    more = " peripheries=2" if state.final else ""
    return (
        f'label=<{state_label(plan, state)}> style="{",".join(shape)}" fillcolor="{colours.fill}" '
        f'fontcolor="{colours.text}" {_border(plan, state.path, colours)}{more} {_names(plan, state)}'
    )


def _cluster_look(plan: Plan, state: State) -> str:
    colours = _colours(state)
    return (
        f'graph [label=<{cluster_label(plan, state)}> labelloc=t labeljust=l style="rounded,filled" '
        f'fillcolor="{GROUND}" fontcolor="{colours.text}" margin=11 '
        f"{_border(plan, state.path, colours)} {_names(plan, state)}]"
    )


def _border(plan: Plan, path: str, colours: Colours) -> str:
    if path in plan.lit:
        return f'color="{LIT}" penwidth=3.2'
    if path in plan.passed:
        return f'color="{PASSED}" penwidth=2.2'
    return f'color="{colours.stroke}" penwidth=1.1'


def _names(plan: Plan, state: State) -> str:
    classes = f"state {state.owner}" if state.owner else "state"
    tip = state.doc or state.name
    return f"id={quoted(f'{plan.chart.name}:{state.path}')} class={quoted(classes)} tooltip={quoted(tip)}"


def _edge(plan: Plan, edge: Edge) -> str:
    tail = _anywhere(edge.source) if edge.anywhere else _end(plan, edge.source, first=False)
    head = _end(plan, edge.target, first=True)
    ends = ("" if edge.anywhere else _at(plan, "ltail", edge.source)) + _at(plan, "lhead", edge.target)
    return f"{quoted(tail)} -> {quoted(head)} [label=<{edge_label(edge)}>{ends} {_edge_look(plan, edge)}]"


def _edge_look(plan: Plan, edge: Edge) -> str:
    looks = []
    if edge.degraded:
        looks += ["style=dashed", f'color="{DEGRADED}"', f'fontcolor="{DEGRADED}"']
    elif _is_along(plan, edge):
        looks.append(f"weight={_ALONG}")
    if any(edge.steps.values()):
        looks += [f'color="{PASSED}"', f'fontcolor="{PASSED}"', "penwidth=2.4"]
    return " ".join([*looks, f"tooltip={quoted(', '.join(row.name for row in edge.rows))}"])


def _is_along(plan: Plan, edge: Edge) -> bool:
    # The first way on that is not degraded and leads further down the file.
    order = list(plan.chart.states)
    if edge.anywhere or order.index(edge.target) <= order.index(edge.source):
        return False
    leaving = [
        e for e in plan.edges.values() if e.source == edge.source and not e.degraded and not e.anywhere
    ]
    return leaving[0] is edge


def _end(plan: Plan, path: str, *, first: bool) -> str:
    # An arrow to or from a cluster is tied to a state in it: the one where it starts, or the last one.
    state = plan.chart.states[path]
    if not plan.is_open(state):
        return path
    entry = plan.entry(path) if first else None
    return _end(plan, entry or plan.level(path)[-1].path, first=first)


def _at(plan: Plan, which: str, path: str) -> str:
    return f" {which}={quoted(_cluster(path))}" if plan.is_open(plan.chart.states[path]) else ""


def _colours(state: State) -> Colours:
    return OWNER_COLOURS.get(state.owner or "", NOBODY)


def _cluster(path: str) -> str:
    return f"cluster_{path}"


def _start(path: str) -> str:
    return f"{path}:start"


def _anywhere(path: str) -> str:
    return f"{path}:anywhere"
