"""dso rates: a run's load under other rates, and a rate made neutral to what serving the load costs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from dso.rates import Rate
    from dso.report.rate_making import Comparison

PICTURES = (".png", ".svg")


@click.command("rates")
@click.argument("run", type=click.Path(path_type=Path))
@click.argument("rates", nargs=-1, metavar="[RATE.json|NAME]...")
@click.option("--compare", is_flag=True, help="bill the load under each RATE: who wins, who loses")
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), help="picture of winners and losers, .png .svg"
)
@click.option("--json", "as_json", is_flag=True, help="machine-readable, every customer's bills with it")
def rates_command(
    run: Path, rates: tuple[str, ...], compare: bool, output: Path | None, as_json: bool
) -> None:
    """Bill the load of RUN under URDB rates: files, or names of those that come along (docs/rates.md)."""
    from dso.cli.run_path import open_run
    from dso.report.rate_making import compare_rates

    if not compare:
        raise click.UsageError("say what to do: --compare")
    _compare_options(rates, output)
    chosen = rates_of(rates)
    with open_run(run) as reader:
        comparison = compare_rates(reader, chosen)
        _tell(comparison, as_json)
    if output is not None:
        _draw(comparison, output)


def _compare_options(rates: tuple[str, ...], output: Path | None) -> None:
    if not rates:
        raise click.UsageError("--compare needs rates: files of URDB JSON, or names of docs/rates.md")
    if output is not None and output.suffix not in PICTURES:
        raise click.UsageError(f"-o must end in {', '.join(PICTURES)}, was {output}")


def rates_of(given: tuple[str, ...]) -> dict[str, Rate]:
    """Rates by name; a file is called by its stem unless another has the same.

    Raises
    ------
    InputError : every problem of every rate.
    """
    from dso.errors import InputError, Problem

    found: dict[str, Rate] = {}
    problems: list[Problem] = []
    for text in dict.fromkeys(given):
        name = Path(text).stem
        try:
            found[text if name in found else name] = rate_of(text)
        except InputError as error:
            problems += error.problems
    if problems:
        raise InputError(problems)
    return found


def rate_of(text: str) -> Rate:
    """A rate from a file, or of the package by its name; raises InputError."""
    from dso.rates import library_rate, rate_files, read_rate_file

    path = Path(text)
    if path.suffix == ".json" or (path.exists() and text not in rate_files()):
        return read_rate_file(path)
    return library_rate(text)


def _tell(comparison: Comparison, as_json: bool) -> None:
    from dso.cli.output import print_json, terminal_width
    from dso.report.rate_making import rate_figures
    from dso.report.rate_text import rate_lines

    figures = rate_figures(comparison)
    if as_json:
        print_json(figures)
        return
    for line, heading in rate_lines(figures, terminal_width()):
        click.secho(line, bold=heading or None)


def _draw(comparison: Comparison, output: Path) -> None:
    from dso.cli.report import _write
    from dso.report.charts_rates import rates_picture

    _write(output, rates_picture(comparison, "png" if output.suffix == ".png" else "svg"), "-o")
    click.echo(output, err=True)
