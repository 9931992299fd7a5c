"""Statecharts as data: load, check, run and draw them."""

from dso.statechart.chart import Chart
from dso.statechart.checks import check_chart, check_deadlines
from dso.statechart.draw_dot import to_dot
from dso.statechart.draw_md import to_markdown
from dso.statechart.draw_mermaid import to_mermaid
from dso.statechart.draw_picture import Picture, to_picture
from dso.statechart.load import load_chart
from dso.statechart.model import ROOT, Move, Row, State, Timer, Vocabulary
from dso.statechart.nominal import Entry, NominalClock, nominal
from dso.statechart.yaml_source import load_yaml_with_lines

__all__ = [
    "ROOT",
    "Chart",
    "Entry",
    "Move",
    "NominalClock",
    "Picture",
    "Row",
    "State",
    "Timer",
    "Vocabulary",
    "check_chart",
    "check_deadlines",
    "load_chart",
    "load_yaml_with_lines",
    "nominal",
    "to_dot",
    "to_markdown",
    "to_mermaid",
    "to_picture",
]
