"""dso charts and dso render: what runs, as a list and as pictures in text."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from dso.statechart import Chart


@click.command("charts")
@click.option("--json", "as_json", is_flag=True, help="machine-readable")
def charts_command(as_json: bool) -> None:
    """List the statecharts that the engine runs."""
    from dso.chart_catalogue import chart_named, shipped_charts
    from dso.cli.output import print_json, table

    charts = {name: chart_named(name) for name in shipped_charts()}
    rows = [
        {"chart": name, "states": len(chart.states), "doc": chart.doc, "file": str(chart.source)}
        for name, chart in charts.items()
    ]
    if as_json:
        print_json(rows)
        return
    table(
        None,
        ("chart", "states", "what it is"),
        [(r["chart"], r["states"], r["doc"]) for r in rows],
        right=(1,),
    )


@click.command("render")
@click.argument("chart")
@click.option("--format", "form", type=click.Choice(["mermaid", "md"]), default="mermaid", show_default=True)
@click.option("--state", help="light this state, as path: delivery_lead.publishing")
@click.option("--depth", type=click.IntRange(min=1), help="how many levels to open")
@click.option("-o", "--output", type=click.Path(path_type=Path), help="write to a file")
def render_command(chart: str, form: str, state: str | None, depth: int | None, output: Path | None) -> None:
    """Draw CHART: a name that `dso charts` lists, or a file."""
    from dso.statechart import to_markdown, to_mermaid

    found = _chart(chart)
    if state is not None and state not in found.states:
        from difflib import get_close_matches

        close = get_close_matches(state, list(found.states), n=1)
        raise click.UsageError(
            f"chart '{found.name}' has no state '{state}'{f'; did you mean {close[0]}?' if close else ''}"
        )
    text = to_markdown(found) if form == "md" else to_mermaid(found, active=state, depth=depth)
    if output is None:
        click.echo(text, nl=not text.endswith("\n"))
        return
    try:
        output.write_text(text, encoding="utf-8")
    except OSError as error:
        raise click.UsageError(
            f"cannot write {output}: {error.strerror}; choose another place with -o"
        ) from error


def _chart(name: str) -> Chart:
    from dso.chart_catalogue import chart_named
    from dso.statechart import load_chart

    path = Path(name)
    return load_chart(path) if path.suffix in (".yaml", ".yml") else chart_named(name)
