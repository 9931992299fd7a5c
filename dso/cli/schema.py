"""dso schema: the formats, for editors and for people."""

from __future__ import annotations

from importlib.resources import files

import click


@click.command("schema")
@click.argument("what", type=click.Choice(["scenario", "chart", "run"]), default="scenario")
def schema_command(what: str) -> None:
    """Print the JSON Schema of a scenario or a chart, or the tables of a run file."""
    if what == "chart":
        click.echo(
            files("dso.statechart").joinpath("chart.schema.json").read_text(encoding="utf-8"), nl=False
        )
    elif what == "scenario":
        from dso.cli.output import print_json
        from dso.scenario import Scenario

        print_json(Scenario.model_json_schema(by_alias=True))
    else:
        from dso.report.tables import run_file_page

        click.echo(run_file_page(), nl=False)
