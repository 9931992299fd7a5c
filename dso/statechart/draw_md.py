"""A chart as Markdown tables, one for each state that has states inside."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from dso.statechart.chart import Chart
from dso.statechart.draw_plan import MARKS
from dso.statechart.draw_walk import Light, light
from dso.statechart.model import ROOT, Move, Row, State, parent_of

_HEADER = ("state", "owner", "what happens", "leaves by", "degraded")
_STEPS = ("step", "event", "from", "to", "degraded")


def to_markdown(
    chart: Chart,
    active: str | None = None,
    depth: int | None = None,
    *,
    events: Iterable[str] = (),
    inside: str | None = None,
) -> str:
    """The chart's states and rows as text; messages bear ✉ and timers ⏱, others are outcomes.

    Parameters
    ----------
    chart : the chart.
    active : path of a state to mark, with the states around it; with events, where they begin.
    depth : how many levels of tables to write. None: all.
    events : the path that these events take is a table of its own.
    inside : the tables of this state and of those in it alone.

    Raises
    ------
    KeyError : if the chart has no such state.
    ChartError : if an event is unknown, or not taken where the path has come to.
    """
    lit = light(chart, active, events)
    lines = _head(chart, lit) if inside is None else list(_section(chart, chart.states[inside], lit, "#"))
    for state in chart.states.values():
        if state.children and _is_asked(state, depth, inside):
            lines += ["", *_section(chart, state, lit, "##")]
    lines += _path(chart, lit.moves)
    return "\n".join(lines) + "\n"


def _head(chart: Chart, lit: Light) -> list[str]:
    doc = [chart.doc, ""] if chart.doc else []
    return [f"# {chart.name}", "", *doc, *_table(chart, ROOT, chart.root_rows, lit)]


def _is_asked(state: State, depth: int | None, inside: str | None) -> bool:
    if inside is not None and not state.path.startswith(inside + "."):
        return False
    return depth is None or state.depth < depth


def _section(chart: Chart, state: State, lit: Light, level: str) -> Iterator[str]:
    yield from (f"{level} {state.path}", "")
    if state.doc:
        yield from (state.doc, "")
    yield from _table(chart, state.path, state.rows, lit)


def _path(chart: Chart, moves: tuple[Move, ...]) -> Iterator[str]:
    if moves:
        yield from ("", "## The path of these events", "", _line(_STEPS), _line("---" for _ in _STEPS))
    for number, move in enumerate(moves, start=1):
        row = chart.rows_in(move.source)[move.event]
        to = "stays" if move.internal else f"`{move.destination}`"
        event = f"{MARKS[row.kind]}{row.name}"
        yield _line((str(number), event, f"`{move.source}`", to, _cell(move.degraded or "")))


def _table(chart: Chart, path: str, rows: tuple[Row, ...], lit: Light) -> Iterator[str]:
    inside = [state for state in chart.states.values() if parent_of(state.path) == path]
    initial = chart.states[path].initial if path else chart.initial
    yield _line(_HEADER)
    yield _line("---" for _ in _HEADER)
    if rows:
        yield _line(("*anywhere here*", "", "", _leaves(rows), _degraded(rows)))
    for state in inside:
        yield _line(_cells(state, _signs(state, lit, first=state.path == initial)))


def _signs(state: State, lit: Light, *, first: bool) -> str:
    signs = {
        "first": first,
        "final": state.final,
        "active": state.path in lit.lit,
        "passed": state.path in lit.passed and state.path not in lit.lit,
    }
    return "".join(f" ({sign})" for sign, holds in signs.items() if holds)


def _cells(state: State, signs: str) -> tuple[str, ...]:
    does = [state.doc] if state.doc else []
    if state.do:
        does.append(f"does `{state.do}`")
    if state.children:
        # Its own rows stand at the top of its own table.
        return (f"**{state.name}**{signs}", state.owner or "", _cell("; ".join(does)), "*below*", "")
    return (
        f"`{state.name}`{signs}",
        state.owner or "",
        _cell(" ".join(does)),
        _leaves(state.rows),
        _degraded(state.rows),
    )


def _leaves(rows: Iterable[Row]) -> str:
    return "<br>".join(
        f"{MARKS[row.kind]}{row.name} → `{row.to}`" if row.to else f"{MARKS[row.kind]}{row.name}: taken"
        for row in rows
    )


def _degraded(rows: Iterable[Row]) -> str:
    return "<br>".join(f"{row.name}: {_cell(row.degraded)}" for row in rows if row.degraded)


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "\\|").split())


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"
