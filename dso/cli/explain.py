"""dso explain: why a market came out as it did, and which markets are worth asking about."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from dso.run_file import RunReader


@click.command("explain")
@click.argument("run", type=click.Path(path_type=Path))
@click.option("--market", help="name of the market")
@click.option("--list", "listed", is_flag=True, help="name the markets, with what happened in each")
@click.option("--series", help="with --list: only the markets of this series")
@click.option(
    "--flag",
    type=click.Choice(["limit", "degraded", "rejected", "assumed", "error"]),
    help="with --list: only markets with this mark",
)
@click.option("--json", "as_json", is_flag=True, help="machine-readable")
def explain_command(
    run: Path, market: str | None, listed: bool, series: str | None, flag: str | None, as_json: bool
) -> None:
    """Say in ten lines who set the price of a market of RUN, what bound, who was refused, what it came to."""
    from dso.cli.run_path import open_run

    if (market is None) != listed:
        raise click.UsageError("give --market ID for one market, or --list to see which there are")
    if market is not None and (series or flag):
        raise click.UsageError("--series and --flag belong to --list")
    with open_run(run) as reader:
        if market is None:
            _list(reader, series, flag, as_json)
        else:
            _explain(reader, market, as_json)


def _explain(reader: RunReader, market: str, as_json: bool) -> None:
    from functools import partial

    from dso.cli.output import print_json, terminal_width
    from dso.debugger.explain import market_facts
    from dso.debugger.explain_words import ten_lines
    from dso.report.layout import labelled
    from dso.report.local_time import local_time, zone_name

    facts = market_facts(reader, market)
    if as_json:
        print_json(facts)
        return
    for label, text in ten_lines(facts, partial(local_time, zone=zone_name(reader))):
        for line in labelled(label, text, terminal_width()):
            click.echo(line)


def _list(reader: RunReader, series: str | None, flag: str | None, as_json: bool) -> None:
    from dso.cli.output import print_json, table
    from dso.debugger.explain_list import having, market_rows
    from dso.report.local_time import local_time, zone_name

    every = market_rows(reader)
    known = list(dict.fromkeys(row["series"] for row in every))
    if series is not None and series not in known:
        raise click.UsageError(f"--series: the run has no series '{series}'; it has {', '.join(known)}")
    rows = having(every, series, flag)
    if as_json:
        print_json(rows)
        return
    zone = zone_name(reader)
    cells = [
        (
            r["market"],
            local_time(r["delivery_start"], zone) if r["delivery_start"] is not None else "",
            r["state"],
            _price(r["lowest_usd_per_kwh"]),
            _price(r["highest_usd_per_kwh"]),
            ", ".join(r["flags"]),
        )
        for r in rows
    ]
    heads = ("market", "delivers from", "state", "lowest", "highest", "marks")
    table(f"Markets, retail prices [USD/kWh] · {_counts(rows)}", heads, cells, right=(3, 4))


def _counts(rows: list[dict[str, Any]]) -> str:
    marked = {flag: sum(flag in r["flags"] for r in rows) for r in rows for flag in r["flags"]}
    return ", ".join([f"{len(rows)} markets", *(f"{n} {flag}" for flag, n in marked.items())])


def _price(value: float | None) -> str:
    return f"{value:.4f}" if value is not None else ""
