"""dso doctor: whether the sides of a federation fit, before it is started."""

from __future__ import annotations

import click


@click.command("doctor")
@click.argument("configs", nargs=-1, required=True, metavar="CONFIG...")
@click.option("--customers", default=1, help="how many, where a profile has a topic for each")
@click.option("--devices", default=1, help="how many, where a profile has a topic for each")
def doctor_command(configs: tuple[str, ...], customers: int, devices: int) -> int:
    """Compare topics, types, units, periods and names of CONFIGs: HELICS JSON files, and profiles."""
    from dso.cli.failing import WRONG_INPUT
    from dso.federate.doctor import examine

    problems = examine(configs, customers=customers, devices=devices)
    for problem in problems:
        click.echo(f"dso: {problem}", err=True)
    if problems:
        return WRONG_INPUT
    click.echo(f"{len(configs)} sides fit: names, topics, types, units and periods")
    return 0
