"""dso network: voltages, loadings, limits and prices along the feeder at one instant of a run."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from dso.report.feeder import FeederPlan
    from dso.report.feeder_flow import FlowAt
    from dso.run_file import RunReader


@click.command("network")
@click.argument("run", type=click.Path(path_type=Path))
@click.option("--at", metavar="TIME", help="the interval that covers it; default: that of the highest load")
@click.option("--json", "as_json", is_flag=True, help="machine-readable")
def network_command(run: Path, at: str | None, as_json: bool) -> None:
    """Show what the feeder of RUN carried in one interval, what bound there, and prices at its points.

    A TIME without a zone is local to the study.
    """
    from dso.cli.output import print_json, terminal_width
    from dso.cli.run_path import open_run
    from dso.report.feeder_facts import feeder_facts
    from dso.report.feeder_words import feeder_lines
    from dso.report.local_time import zone_name

    with open_run(run) as reader:
        plan, zone = _plan(reader), zone_name(reader)
        flow = _flow(reader, at, zone)
        facts = feeder_facts(reader, plan, flow)
    if as_json:
        print_json(facts)
        return
    for line, heading in feeder_lines(facts, zone, terminal_width()):
        click.secho(line, bold=heading)
    _print_profile(plan, flow)


def _print_profile(plan: FeederPlan, flow: FlowAt) -> None:
    from dso.report.feeder_sketch import profile_lines

    lines = [] if flow.voltage_pu is None else list(profile_lines(plan, flow.voltage_pu))
    if lines:
        click.echo()
        click.secho("Voltage [p.u.] along the feeder", bold=True)
        for line in lines:
            click.echo(line)


def _plan(reader: RunReader) -> FeederPlan:
    from dso.cli.failing import WrongInput
    from dso.report.feeder import feeder_plan

    plan = feeder_plan(reader)
    if plan is None:
        kind = json.loads(reader.facts.get("resolved", "{}")).get("network", {}).get("kind", "static")
        raise WrongInput(
            f"{reader.path} has no feeder, its network is {kind}: give the scenario one, such as "
            "network: {kind: opendss, feeder: ieee123}, and run it again"
        )
    return plan


def _flow(reader: RunReader, at: str | None, zone: str) -> FlowAt:
    from dso.cli.failing import WrongInput
    from dso.report.feeder_flow import flow_covering, flow_of_highest_load, flows_span
    from dso.report.local_time import local_time

    span = flows_span(reader)
    if span is None:
        raise WrongInput(f"{reader.path} has no power flow yet: nothing was delivered")
    at_s = None if at is None else _instant(at, zone)
    flow = flow_of_highest_load(reader) if at_s is None else flow_covering(reader, at_s)
    if flow is None:
        start, end = (local_time(t_s, zone) for t_s in span)
        raise WrongInput(f"--at: no interval with a power flow covers {at}; the run covers {start} to {end}")
    return flow


def _instant(text: str, zone: str) -> int:
    """An instant [s]; without a zone of its own it is local to the study."""
    from zoneinfo import ZoneInfo

    from dso.cli.failing import WrongInput
    from dso.clock import to_epoch_s
    from dso.scenario.quantities import moment

    try:
        given = moment(text)
    except ValueError as error:
        raise WrongInput(f"--at: {error}") from error
    return to_epoch_s(given if given.tzinfo is not None else given.replace(tzinfo=ZoneInfo(zone)))
