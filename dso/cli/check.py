"""dso check: everything that is wrong with a scenario, and what a run of it will take."""

from __future__ import annotations

from pathlib import Path

import click


@click.command("check")
@click.argument("scenario", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="machine-readable")
def check_command(scenario: Path, as_json: bool) -> None:
    """Check SCENARIO and everything it names; run nothing."""
    from dso.cli.output import print_json, table
    from dso.registry import build_engine
    from dso.report.estimate import size_estimate
    from dso.scenario import load_scenario

    checked = load_scenario(scenario)
    build_engine(checked, scenario.parent)
    facts = size_estimate(checked)
    if as_json:
        print_json({"scenario": str(scenario), "ok": True, **facts})
        return
    table(f"{scenario} is fit to run", ("what", "how much"), facts.items())
