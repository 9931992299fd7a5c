"""The statecharts that come with the package, each with the behaviour that it is written for."""

from __future__ import annotations

from pathlib import Path

from dso.engine.handlers import BILLING, CREW, LIFE, MARKET, RETAIL
from dso.engine.work import Behaviour
from dso.errors import Problem, ScenarioError
from dso.statechart import Chart, load_chart

RETAIL_CHARTS = "retail"


def chart_folder() -> Path:
    """Where the statecharts are: beside the package in a checkout, inside it when installed."""
    inside = Path(__file__).parent / "charts"
    return inside if inside.is_dir() else Path(__file__).parent.parent / "statecharts"


def shipped_charts() -> dict[str, tuple[Path, Behaviour]]:
    """Every chart that comes with the package, by name, with the behaviour that it is written for."""
    folder = chart_folder()
    rows = {"market": MARKET, "dso": LIFE, "crew": CREW, "billing": BILLING}
    found = {name: (folder / f"{name}.yaml", behaviour) for name, behaviour in rows.items()}
    for path in sorted((folder / RETAIL_CHARTS).glob("*.yaml")):
        found[f"{RETAIL_CHARTS}/{path.stem}"] = (path, RETAIL)
    return found


def chart_named(name: str) -> Chart:
    """A shipped chart, checked against what it may use; raises ScenarioError for an unknown name."""
    charts = shipped_charts()
    if name not in charts:
        raise ScenarioError([Problem("", f"there is no chart '{name}'; there is {', '.join(charts)}")])
    path, behaviour = charts[name]
    return load_chart(path, behaviour.vocabulary())
