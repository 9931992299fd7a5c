"""dso assets: the asset register, what bound most often, and what its rent would pay for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click


@click.command("assets")
@click.argument("run", type=click.Path(path_type=Path))
@click.option(
    "--years", type=click.FloatRange(1, 100), default=40.0, show_default=True, help="life of an asset"
)
@click.option(
    "--rate", type=click.FloatRange(0, 1), default=0.07, show_default=True, help="interest, as part of 1"
)
@click.option("--json", "as_json", is_flag=True, help="machine-readable")
def assets_command(run: Path, years: float, rate: float, as_json: bool) -> None:
    """What of the wires of RUN bound most often, and whether its rent would pay for a new one."""
    from dso.cli.output import print_json
    from dso.cli.run_path import open_run
    from dso.report.assets import assets_of

    with open_run(run) as reader:
        found = assets_of(reader, years=years, rate_frac=rate)
    if as_json:
        print_json(found)
        return
    _print(found)


def _print(found: dict[str, Any]) -> None:
    from dso.cli.output import table

    if not found["assets"]:
        click.echo("Nothing bound, and no asset is registered (network.assets in the scenario)")
        return
    heads = ("element", "rating", "age", "bound [h]", "rent", "cost", "annuity", "paid back")
    title = (
        f"Assets, over {found['study_h']:,.1f} h; rent and annuity in USD/year, "
        f"{found['years']:g} years at {found['rate_frac']:.1%}"
    )
    table(title, heads, [_row(asset) for asset in found["assets"]], right=range(1, 8))


def _row(asset: dict[str, Any]) -> tuple[str, ...]:
    rating = "" if asset["rating"] is None else f"{asset['rating']:,.6g} {asset['unit']}"
    cost = ("cost_usd", "annuity_usd_per_year")
    usd = ["" if asset[k] is None else f"{asset[k]:,.0f}" for k in ("rent_usd_per_year", *cost)]
    age = "" if asset["age_years"] is None else f"{asset['age_years']} years"
    back = asset["payback_years"]
    paid = "" if asset["cost_usd"] is None else "never" if back is None else f"{back:,.1f} years"
    return asset["element"], rating, age, f"{asset['hours']:,.2f}", *usd, paid
