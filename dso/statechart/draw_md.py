"""A chart as Markdown tables, one for each state that has states inside."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from dso.statechart.chart import Chart
from dso.statechart.model import ROOT, Kind, Row, State

_MARKS: dict[Kind, str] = {"outcome": "", "external": "✉ ", "timer": "⏱ "}
_HEADER = ("state", "owner", "what happens", "leaves by", "degraded")


def to_markdown(chart: Chart) -> str:
    """The chart's states and rows as text; messages bear ✉ and timers ⏱, others are outcomes."""
    lines = [f"# {chart.name}", ""]
    if chart.doc:
        lines += [chart.doc, ""]
    lines += _table(chart, ROOT, chart.root_rows)
    for state in chart.states.values():
        if state.children:
            lines += ["", f"## {state.path}", ""]
            if state.doc:
                lines += [state.doc, ""]
            lines += _table(chart, state.path, state.rows)
    return "\n".join(lines) + "\n"


def _table(chart: Chart, path: str, rows: tuple[Row, ...]) -> Iterator[str]:
    inside = [state for state in chart.states.values() if (state.parent or ROOT) == path]
    initial = chart.states[path].initial if path else chart.initial
    yield _line(_HEADER)
    yield _line("---" for _ in _HEADER)
    if rows:
        yield _line(("*anywhere here*", "", "", _leaves(rows), _degraded(rows)))
    for state in inside:
        yield _line(_cells(state, first=state.path == initial))


def _cells(state: State, *, first: bool) -> tuple[str, ...]:
    signs = (" (first)" if first else "") + (" (final)" if state.final else "")
    does = [state.doc] if state.doc else []
    if state.do:
        does.append(f"does `{state.do}`")
    if state.children:
        # Its own rows stand at the top of its own table.
        return (f"**{state.name}**{signs}", state.owner or "", _cell("; ".join(does)), "*below*", "")
    what = " ".join(does)
    return (
        f"`{state.name}`{signs}",
        state.owner or "",
        _cell(what),
        _leaves(state.rows),
        _degraded(state.rows),
    )


def _leaves(rows: Iterable[Row]) -> str:
    return "<br>".join(
        f"{_MARKS[row.kind]}{row.name} → `{row.to}`" if row.to else f"{_MARKS[row.kind]}{row.name}: taken"
        for row in rows
    )


def _degraded(rows: Iterable[Row]) -> str:
    return "<br>".join(f"{row.name}: {_cell(row.degraded)}" for row in rows if row.degraded)


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "\\|").split())


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"
