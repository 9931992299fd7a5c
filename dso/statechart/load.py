"""Load a chart file: read it, check it, and refuse it with every problem at once."""

from __future__ import annotations

from pathlib import Path

from dso.errors import ChartError, InputError, Problem
from dso.statechart.chart import Chart
from dso.statechart.checks import check_chart
from dso.statechart.model import Vocabulary
from dso.statechart.names import check_names
from dso.statechart.read import read_chart
from dso.statechart.yaml_source import load_yaml_with_lines


def load_chart(path: Path | str, vocabulary: Vocabulary | None = None) -> Chart:
    """A chart that is safe to run.

    Parameters
    ----------
    path : the YAML file.
    vocabulary : the handlers, messages and named instants that exist; None leaves names unchecked.

    Raises
    ------
    ChartError : with every problem found, each with file, line, state and what would be right.
    """
    source = Path(path)
    try:
        data, lines = load_yaml_with_lines(source)
    except InputError as error:
        raise ChartError(error.problems) from error
    reading = read_chart(data, lines, source)
    problems = list(reading.problems)
    if vocabulary is not None:
        problems += check_names(reading.chart, vocabulary)
    if reading.complete:
        problems += check_chart(reading.chart)
    if problems:
        raise ChartError(sorted(problems, key=_line_of))
    return reading.chart


def _line_of(problem: Problem) -> int:
    line = problem.where.partition(":")[2].partition(" ")[0]
    return int(line) if line.isdigit() else 0
