"""dso-feeder: a feeder as a federate of its own."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from dso.clock import parse_time
from dso.federate.dialects import kinds_of
from dso.federate.native_plant import NativePlant
from dso.federate.programs import common_options, link_of, profile_of, teller, told
from dso.federate.roster import roster


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    options = _parser().parse_args(arguments)
    return told("dso-feeder", lambda: _run(options))


def run() -> None:
    """The program."""
    sys.exit(main())


def _run(options: argparse.Namespace) -> None:
    import dso

    profile = profile_of(options)
    engine = dso.load(options.scenario)
    world, first_s = engine.world, engine.next_time()
    assert world.plant is not None  # a scenario has one
    zero_s = parse_time(profile.zero) if profile.zero else (engine.now_s if first_s is None else first_s)
    name = options.name or profile.names.feeder
    link = link_of(options, profile, name, [profile.names.dso])
    tell = teller(options)
    names = roster(profile.names, world)
    plant = NativePlant(profile, link, world.plant, names, kinds_of(world), zero_s, tell)
    plant.run()
    tell(f"{name}: {plant.delivered} intervals delivered")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="dso-feeder", description="A feeder that answers a DSO's set-points with meter readings."
    )
    parser.add_argument("scenario", type=Path, help="the physics that is embedded for this scenario")
    common_options(parser)
    return parser


if __name__ == "__main__":
    run()
