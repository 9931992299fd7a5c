"""Statecharts as data: load, check, run and draw them."""

from dso.statechart.chart import Chart
from dso.statechart.checks import check_chart, check_deadlines
from dso.statechart.load import load_chart
from dso.statechart.model import ROOT, Move, Row, State, Timer, Vocabulary
from dso.statechart.yaml_source import load_yaml_with_lines

__all__ = [
    "ROOT",
    "Chart",
    "Move",
    "Row",
    "State",
    "Timer",
    "Vocabulary",
    "check_chart",
    "check_deadlines",
    "load_chart",
    "load_yaml_with_lines",
]
