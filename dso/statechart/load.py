"""Load a chart file: read it, check it, and refuse it with every problem at once."""

from __future__ import annotations

from pathlib import Path

from dso.errors import ChartError, InputError
from dso.statechart.chart import Chart
from dso.statechart.model import Vocabulary
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
    chart, problems = read_chart(data, lines, source)
    if problems:
        raise ChartError(problems)
    return chart
