"""dso check: everything that is wrong with a scenario, and what a run of it will take."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click


@click.command("check")
@click.argument("scenario", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="machine-readable")
def check_command(scenario: Path, as_json: bool) -> None:
    """Check SCENARIO and everything it names; run nothing."""
    from dso.cli.output import print_json, terminal_width
    from dso.registry import build_engine
    from dso.report.layout import labelled
    from dso.scenario import load_scenario
    from dso.scenario.estimate import size_estimate

    checked = load_scenario(scenario)
    build_engine(checked, scenario.parent)
    facts = size_estimate(checked)
    if as_json:
        print_json({"scenario": str(scenario), "ok": True, **facts})
        return
    click.secho(f"{scenario} is fit to run", bold=True)
    for label, text in _lines(facts):
        click.echo("\n".join(labelled(label, text, terminal_width())))
    click.echo(f"Next: dso run {scenario}")


def _lines(facts: dict[str, Any]) -> Iterator[tuple[str, str]]:
    tariffs = ", ".join(f"{name} ({kind})" for name, kind in facts["tariffs"].items())
    yield "Study", f"{facts['name']}, {facts['start']} to {facts['end']}"
    yield "Customers", f"{facts['customers']:,} on {tariffs}"
    yield "Wholesale", facts["wholesale"]
    yield "Run", f"{facts['markets']:,} markets in about {facts['steps_about']:,} steps"
    yield "Run file", f"about {facts['run_file_about_mb']:,} MB, records: {facts['records']}"
