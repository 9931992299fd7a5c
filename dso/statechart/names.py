"""Whether a chart uses only names that exist, and takes exactly what its handlers answer."""

from __future__ import annotations

from collections.abc import Iterator

from dso.errors import Problem
from dso.statechart.chart import Chart
from dso.statechart.checks import problem_at
from dso.statechart.form import suggest
from dso.statechart.model import ROOT, Row, State, Vocabulary


def check_names(chart: Chart, vocabulary: Vocabulary) -> list[Problem]:
    """What a chart names that nobody handles, sends or resolves, and answers that it does not take."""
    problems = list(_rows(chart, ROOT, chart.root_rows, vocabulary))
    for state in chart.states.values():
        problems += _handler(chart, state, vocabulary)
        problems += _rows(chart, state.path, state.rows, vocabulary)
    return problems


def _rows(chart: Chart, path: str, rows: tuple[Row, ...], vocabulary: Vocabulary) -> Iterator[Problem]:
    for row in rows:
        if row.kind == "external" and row.name not in vocabulary.events:
            hint = suggest(row.name, sorted(vocabulary.events))
            yield problem_at(
                chart, row.line, path, f"external names '{row.name}', which no party sends; {hint}"
            )
        elif row.kind == "timer" and row.name not in vocabulary.times:
            hint = suggest(row.name, sorted(vocabulary.times))
            yield problem_at(chart, row.line, path, f"at names '{row.name}', which is no known time; {hint}")


def _handler(chart: Chart, state: State, vocabulary: Vocabulary) -> Iterator[Problem]:
    if state.do is None:
        return
    if state.do not in vocabulary.handlers:
        hint = suggest(state.do, sorted(vocabulary.handlers))
        what = f"do names '{state.do}', which is no handler; {hint}"
        yield problem_at(chart, state.line, state.path, what)
        return
    answers = vocabulary.handlers[state.do]
    taken = {row.name: row for row in state.rows if row.kind == "outcome"}
    if taken or state.final:
        for name in sorted(answers - taken.keys()):
            rule = "a final state takes none" if state.final else "add it to outcomes"
            what = f"handler '{state.do}' can answer '{name}', which the state does not take; {rule}"
            yield problem_at(chart, state.line, state.path, what)
    for name in taken.keys() - answers:
        what = f"handler '{state.do}' never answers '{name}'; {suggest(name, sorted(answers))}"
        yield problem_at(chart, taken[name].line, state.path, what)
