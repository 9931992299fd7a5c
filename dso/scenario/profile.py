"""A series from lead times alone, in minutes, as TENT writes them."""

from __future__ import annotations

import difflib
import math
from typing import Any

from dso.engine.series import SeriesSpec, deadlines
from dso.errors import Problem, ScenarioError
from dso.scenario.sentences import was
from dso.statechart import check_deadlines

REQUIRED = (
    "activation_lead",
    "negotiation_lead",
    "market_lead",
    "delivery_lead",
    "intervals_to_clear",
    "interval_duration",
)
OPTIONAL = (
    "clearing_interval",
    "rounds",
    "round_interval",
    "round_length",
    "bid_window",
    "reconcile",
    "name",
    "physical",
)
MINUTE_S = 60
MOST = 366 * 24 * 60  # a year of minutes


def profile_spec(data: Any, name: str, where: str) -> SeriesSpec:
    """A physical series with one round, unless the profile says otherwise.

    Parameters
    ----------
    data : mapping of names to minutes (`intervals_to_clear` and `rounds` are counts).
    name : what to call the series if the profile does not.
    where : what to call the file in messages.

    Raises
    ------
    ScenarioError : with everything that is wrong.
    """
    problems = _problems(data, where)
    if problems:
        raise ScenarioError(problems)
    spec = _spec(data, name)
    late = [Problem(where, f"lead times overlap: {p.what}") for p in check_deadlines(deadlines(spec, 0))]
    if late:
        raise ScenarioError(late)
    return spec


def _problems(data: Any, where: str) -> list[Problem]:
    if not isinstance(data, dict):
        return [Problem(where, f"must be one JSON object of lead times in minutes, {was(data)}")]
    found = [Problem(f"{where} {key}", "is missing [minutes]") for key in REQUIRED if key not in data]
    for key, value in data.items():
        if key not in REQUIRED + OPTIONAL:
            close = difflib.get_close_matches(key, REQUIRED + OPTIONAL, n=1)
            hint = f"; did you mean {close[0]}?" if close else f"; there is {', '.join(REQUIRED + OPTIONAL)}"
            found.append(Problem(f"{where} {key}", f"is not a lead time{hint}"))
        elif key == "name":
            if not isinstance(value, str) or not value:
                found.append(Problem(f"{where} {key}", "must be text"))
        elif key == "physical":
            if not isinstance(value, bool):
                found.append(Problem(f"{where} {key}", "must be true or false"))
        else:
            found += _bad_number(f"{where} {key}", key, value)
    return found


def _bad_number(where: str, key: str, value: Any) -> list[Problem]:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        return [Problem(where, f"must be a number, {was(value)}")]
    least = 1 if key in ("intervals_to_clear", "rounds") else 0
    if not least <= value <= MOST:
        return [Problem(where, f"must be {least} to {MOST}, was {value:g}")]
    if key in ("interval_duration", "clearing_interval") and value == 0:
        return [Problem(where, "must be longer than 0")]
    if (value if least else value * MINUTE_S) % 1:
        return [Problem(where, f"must be a whole number of {'them' if least else 'seconds'}, was {value:g}")]
    return []


def _spec(data: dict[str, Any], name: str) -> SeriesSpec:
    def seconds(key: str, default_s: int) -> int:
        return round(data[key] * MINUTE_S) if key in data else default_s

    intervals, interval_s = int(data["intervals_to_clear"]), seconds("interval_duration", 0)
    rounds = int(data.get("rounds", 1))
    negotiation_s = seconds("negotiation_lead", 0)
    each_s = seconds("round_interval", negotiation_s // rounds)
    return SeriesSpec(
        name=str(data.get("name", name)),
        intervals=intervals,
        interval_s=interval_s,
        clearing_interval_s=seconds("clearing_interval", intervals * interval_s),
        activation_lead_s=seconds("activation_lead", 0),
        negotiation_lead_s=negotiation_s,
        market_lead_s=seconds("market_lead", 0),
        delivery_lead_s=seconds("delivery_lead", 0),
        bid_window_s=seconds("bid_window", each_s // 2),
        round_length_s=seconds("round_length", each_s),
        round_interval_s=each_s,
        rounds=rounds,
        reconcile_s=seconds("reconcile", interval_s),
        physical=bool(data.get("physical", True)),
    )
