"""dso bill: who owes what, from the run file's invoices."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click


@click.command("bill")
@click.argument("run", type=click.Path(path_type=Path))
@click.option("--customer", type=click.IntRange(min=0), help="one customer's bills, line by line")
@click.option("--month", help="one billing period, such as 2016-08")
@click.option("--json", "as_json", is_flag=True, help="machine-readable")
def bill_command(run: Path, customer: int | None, month: str | None, as_json: bool) -> None:
    """Bills of RUN: a table by tariff, or one customer's in full."""
    from dso.cli.failing import WrongInput
    from dso.cli.output import print_json
    from dso.cli.run_path import open_run
    from dso.report.local_time import zone_name

    with open_run(run) as reader:
        invoices, zone = list(reader.invoices(customer, month)), zone_name(reader)
    if not invoices:
        which = "".join(
            [f" for customer {customer}" if customer is not None else "", f" in {month}" if month else ""]
        )
        raise WrongInput(f"{run} holds no bill{which}; without options `dso bill {run}` shows what there is")
    if as_json:
        print_json(invoices)
    elif customer is not None:
        for invoice in invoices:
            _print_bill(invoice, zone)
    else:
        _print_tariffs(invoices)


def _print_bill(invoice: dict[str, Any], zone: str) -> None:
    from dso.cli.output import table
    from dso.report.local_time import local_time

    kind = "Correction" if invoice["correction"] else "Bill"
    title = (
        f"{kind} {invoice['invoice']} · customer {invoice['customer']} · tariff {invoice['tariff']}\n"
        f"{local_time(invoice['period_start'], zone)} to {local_time(invoice['period_end'], zone)}"
    )
    rows = [(line["kind"], _kwh(line["energy_kwh"]), _usd(line["amount_uusd"])) for line in invoice["lines"]]
    table(title, ("for", "kWh", "USD"), [*rows, ("total", "", _usd(invoice["total_uusd"]))], right=(1, 2))


def _print_tariffs(invoices: list[dict[str, Any]]) -> None:
    from dso.cli.output import table

    groups: dict[tuple[str, str], list[int]] = {}
    for invoice in invoices:
        groups.setdefault((invoice["period"], invoice["tariff"]), []).append(invoice["total_uusd"])
    rows = []
    for (period, tariff), totals in sorted(groups.items()):
        ordered = sorted(totals)
        middle = ordered[len(ordered) // 2]
        rows.append(
            (period, tariff, len(ordered), *map(_usd, (ordered[0], middle, ordered[-1], sum(ordered))))
        )
    heads = ("period", "tariff", "bills", "lowest", "median", "highest", "sum [USD]")
    table("Bills by tariff [USD]", heads, rows, right=(2, 3, 4, 5, 6))


def _kwh(value: float) -> str:
    return f"{value:,.3f}" if value else ""


def _usd(uusd: int) -> str:
    return f"{uusd / 1e6:,.2f}" if abs(uusd) >= 5_000 else "0.00"
