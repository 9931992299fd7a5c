"""dso charts: what runs."""

from __future__ import annotations

import click


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
