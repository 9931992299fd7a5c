"""dso-iso: the wholesale market as a federate of its own."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from dso.errors import InputError, Problem
from dso.federate.native_iso import NativeIso
from dso.federate.programs import common_options, link_of, profile_of, teller, told
from dso.ports import Wholesale

ALWAYS_S = 2**33  # a price that holds from 1970 on, for as long as anybody studies
MUCH_KW = 1e12


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    options = _parser().parse_args(arguments)
    return told("dso-iso", lambda: _run(options))


def run() -> None:
    """The program."""
    sys.exit(main())


def _run(options: argparse.Namespace) -> None:
    profile = profile_of(options)
    dsos = options.dso or [profile.names.dso]
    markets = {dso: _market(options) for dso in dsos}
    name = options.name or profile.names.wholesale
    tell = teller(options)
    iso = NativeIso(profile, link_of(options, profile, name, dsos), markets, tell)
    iso.run()
    refused = f", {len(iso.refused)} refused" if iso.refused else ""
    tell(f"{name}: {iso.cleared} bids cleared{refused}")


def _market(options: argparse.Namespace) -> Wholesale:
    from dso.wholesale import PriceSeries, QuadraticSupply

    if options.scenario is not None:
        import dso

        return dso.load(options.scenario).world.wholesale
    if options.prices is not None:
        if not options.prices.is_file():
            raise InputError([Problem("--prices", f"there is no such file, {options.prices}")])
        return PriceSeries.from_csv(options.prices)
    if options.curve is not None:
        a, b, c = options.curve
        return QuadraticSupply.from_mw(a, b, c, most_kw=MUCH_KW)
    if options.price is not None:
        return PriceSeries([0], [options.price / 1000.0], step_s=ALWAYS_S)
    what = "a stub needs --price, --prices, --curve or --scenario"
    raise InputError([Problem("", what)])


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="dso-iso", description="A wholesale market that answers the bids of DSOs in a federation."
    )
    parser.add_argument("--stub", action="store_true", required=True, help="prices from a series or a curve")
    parser.add_argument("--price", type=float, help="one price for all times [USD/MWh]")
    parser.add_argument("--prices", type=Path, help="CSV with time and usd_per_mwh or usd_per_kwh")
    parser.add_argument(
        "--curve", type=float, nargs=3, metavar=("A", "B", "C"), help="P = A·Q² + B·Q + C [USD/MWh, MW]"
    )
    parser.add_argument("--scenario", type=Path, help="the wholesale market of a scenario")
    parser.add_argument("--dso", action="append", help="a DSO that bids; again for each")
    common_options(parser)
    return parser


if __name__ == "__main__":
    run()
