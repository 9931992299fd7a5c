"""dso timeline: when each market of each series is spawned and enters each state, if all goes well."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from dso.cli.failing import WrongInput


@click.command("timeline")
@click.argument("scenario", type=click.Path(path_type=Path), required=False)
@click.option("--from", "from_", help="only from this instant on (ISO 8601; local time if it has no zone)")
@click.option("--to", help="only until this instant")
@click.option(
    "--series", "spec_path", type=click.Path(path_type=Path), help="lead times alone, as JSON [minutes]"
)
@click.option("--json", "as_json", is_flag=True, help="machine-readable")
def timeline_command(
    scenario: Path | None, from_: str | None, to: str | None, spec_path: Path | None, as_json: bool
) -> None:
    """Walk the market chart along the lead times of SCENARIO; nothing is run.

    With --series the lead times are TENT's, in minutes: activation_lead, negotiation_lead, market_lead,
    delivery_lead, intervals_to_clear, interval_duration, clearing_interval; `at` is minutes from clearing.
    """
    from dso.cli.output import print_json, table

    if (scenario is None) == (spec_path is None):
        raise WrongInput("give either a SCENARIO or --series SPEC.json")
    if spec_path is not None:
        if from_ is not None or to is not None:
            raise WrongInput("--from and --to belong to a scenario; --series has minutes from clearing")
        rows = _of_spec(spec_path)
    else:
        assert scenario is not None
        rows = _of_scenario(scenario, from_, to)
    if as_json:
        print_json(rows)
        return
    table(
        None,
        ("at", "series", "market", "state"),
        [(r["at"], r["series"], r["market"], r["state"]) for r in rows],
    )


def _of_scenario(scenario: Path, from_: str | None, to: str | None) -> list[dict[str, Any]]:
    from dso.chart_catalogue import chart_named
    from dso.cli.instants import given_instant
    from dso.clock import iso
    from dso.engine.timeline import study_timeline
    from dso.scenario import load_scenario
    from dso.scenario.series import series_spec
    from dso.scenario.times import instant

    checked = load_scenario(scenario)
    from_s, to_s = given_instant("--from", from_, checked), given_instant("--to", to, checked)
    if from_s is not None and to_s is not None and from_s > to_s:
        raise WrongInput(f"--from, {iso(from_s)}, must not be after --to, {iso(to_s)}")
    series = {s.name: series_spec(s) for s in checked.series}
    start_s, end_s = instant(checked.start, checked), instant(checked.end, checked)
    found = study_timeline(chart_named("market"), series, start_s, end_s, from_s, to_s)
    return [{"series": r.series, "market": r.market, "state": r.state, "at": iso(r.at_s)} for r in found]


def _of_spec(path: Path) -> list[dict[str, Any]]:
    from dso.chart_catalogue import chart_named
    from dso.engine.series import MarketTimes
    from dso.engine.timeline import market_timeline
    from dso.scenario.profile import profile_spec

    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise WrongInput(f"{path} cannot be read: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise WrongInput(f"{path} is not JSON: {error}") from error
    spec = profile_spec(data, path.stem, path.name)
    times = MarketTimes(spec, spec.delivery_lead_s)  # clearing at 0
    chart = chart_named("market")
    return [
        {"series": r.series, "market": r.series, "state": r.state, "at": _minutes(r.at_s)}
        for r in market_timeline(chart, times)
    ]


def _minutes(seconds: int) -> int | float:
    return seconds // 60 if seconds % 60 == 0 else seconds / 60
