"""The ERCOT market without any DSO: prices by bus and hour, as a table or as JSON."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from datetime import datetime

from rich.console import Console
from rich.table import Table

from dso.clock import HOUR_S, from_epoch_s, iso, to_epoch_s
from dso.errors import DsoError, InputError, Problem
from dso.wholesale.ercot import CENTRAL, ErcotMarket, MarketRun

INPUT_WRONG, RUN_FAILED = 2, 1


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    options = _parser().parse_args(arguments)
    try:
        run = ErcotMarket(seed=options.seed).run(
            _start_s(options.start), options.hours, day_ahead=not options.real_time, step_s=options.step
        )
    except DsoError as error:
        sys.stderr.write(f"{error}\n")
        return INPUT_WRONG if isinstance(error, InputError) else RUN_FAILED
    if options.json:
        sys.stdout.write(json.dumps(as_rows(run), indent=1) + "\n")
    else:
        Console().print(as_table(run))
    return 0


def as_rows(run: MarketRun) -> list[dict[str, object]]:
    """One dictionary an interval: its start, prices [USD/MWh] and load [MW] by bus, full lines."""
    buses = [str(number) for number in run.bus_numbers]
    return [
        {
            "start": iso(interval.start_s),
            "price_usd_per_mwh": dict(zip(buses, run.price_usd_per_mwh[k].round(6).tolist(), strict=True)),
            "load_mw": dict(zip(buses, run.load_mw[k].round(3).tolist(), strict=True)),
            "full_lines": run.full_lines(k),
            "shed_mw": round(float(run.dispatches[k].shed_mw.sum()), 3),
        }
        for k, interval in enumerate(run.intervals)
    ]


def as_table(run: MarketRun) -> Table:
    """The same for the eye, in Central time."""
    year = from_epoch_s(run.intervals[0].start_s).year
    title = f"ERCOT {year}: price at each bus [USD/MWh], Central time"
    table = Table(title=title, title_justify="left", box=None, padding=(0, 1, 0, 0))
    for name in ("time", "GW", *map(str, run.bus_numbers), "full"):
        table.add_column(name, justify="left" if name in {"time", "full"} else "right", no_wrap=True)
    for k, interval in enumerate(run.intervals):
        when = from_epoch_s(interval.start_s).astimezone(CENTRAL).strftime("%m-%d %H:%M")
        prices = [f"{price:.2f}" for price in run.price_usd_per_mwh[k]]
        table.add_row(when, f"{run.load_mw[k].sum() / 1000:.1f}", *prices, " ".join(run.full_lines(k)))
    return table


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m dso.wholesale", description=__doc__)
    parser.add_argument(
        "--from", dest="start", default="2016-08-11", help="Central date, or a time with its zone"
    )
    parser.add_argument("--hours", type=int, default=24)
    parser.add_argument("--real-time", action="store_true", help="with forecast errors and outages")
    parser.add_argument("--step", type=int, default=HOUR_S, help="length of an interval [s]")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", action="store_true")
    return parser


def _start_s(text: str) -> int:
    try:
        moment = datetime.fromisoformat(text)
        return to_epoch_s(moment if moment.tzinfo else moment.replace(tzinfo=CENTRAL))
    except ValueError as error:
        raise InputError([Problem("--from", f"must be a date or a time, was {text!r} ({error})")]) from None


if __name__ == "__main__":
    sys.exit(main())
