"""What a drawing lights: one state, or the path that events take through the chart."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from dso.errors import ChartError, Problem
from dso.statechart.chart import Chart
from dso.statechart.form import suggest
from dso.statechart.model import ROOT, TIMER_PREFIX, Move, Row

RowKey = tuple[str, str]
"""The state that declares a row, and the row's event."""


@dataclass(frozen=True, slots=True)
class Light:
    """What is lit, what was passed on the way, and the number of each step by the row that it took."""

    lit: tuple[str, ...] = ()  # innermost first
    passed: frozenset[str] = frozenset()
    steps: Mapping[RowKey, tuple[int, ...]] = field(default_factory=dict)
    moves: tuple[Move, ...] = ()


def light(chart: Chart, active: str | None = None, events: Iterable[str] = ()) -> Light:
    """The active state with those around it; with events, the path that they take.

    Parameters
    ----------
    chart : the chart.
    active : the state to light; with events, where their path begins (None: the initial state).
    events : events one after the other, a timer with or without its `@`.

    Raises
    ------
    KeyError : if the chart has no such state.
    ChartError : if an event is unknown, or not taken where the path has come to.
    """
    asked = tuple(events)
    if not asked:
        return Light(lit=chart.lineage(chart.states[active].path) if active is not None else ())
    leaf = start = _leaf(chart, active)
    passed = set(chart.lineage(start))
    steps: dict[RowKey, tuple[int, ...]] = {}
    moves = []
    for number, name in enumerate(asked, start=1):
        move = _taken(chart, leaf, name)
        key = _row_key(chart, leaf, move.event)
        steps[key] = (*steps.get(key, ()), number)
        passed |= {*move.entered, *chart.lineage(move.destination)}
        moves.append(move)
        leaf = move.destination
    return Light(chart.lineage(leaf), frozenset(passed - {ROOT}), steps, tuple(moves))


def _leaf(chart: Chart, path: str | None) -> str:
    if path is None:
        return chart.initial_leaf
    inner = chart.states[path].initial
    return path if inner is None else _leaf(chart, inner)


def _taken(chart: Chart, leaf: str, name: str) -> Move:
    for event in (name, TIMER_PREFIX + name):
        move = chart.move(leaf, event)
        if move is not None:
            return move
    known = sorted({row.name for row in _all_rows(chart)})
    if name.removeprefix(TIMER_PREFIX) not in known:
        what = f"chart '{chart.name}' has no event '{name}'; {suggest(name, known)}"
    else:
        takes = sorted({row.name for row in chart.rows_in(leaf).values()})
        what = f"state '{leaf}' does not take '{name}'; it takes: {', '.join(takes) or 'nothing'}"
    raise ChartError([Problem("", what)])


def _all_rows(chart: Chart) -> Iterable[Row]:
    yield from chart.root_rows
    for state in chart.states.values():
        yield from state.rows


def _row_key(chart: Chart, leaf: str, event: str) -> RowKey:
    declares = (
        path for path in chart.lineage(leaf) if any(r.event == event for r in chart.states[path].rows)
    )
    return next(declares, ROOT), event
