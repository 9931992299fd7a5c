"""From a YAML file to a checked scenario."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from dso.errors import InputError, Problem, ScenarioError
from dso.scenario.checks import cross_check
from dso.scenario.model import Scenario
from dso.statechart import load_yaml_with_lines

Lines = Mapping[tuple[str | int, ...], int]


def load_scenario(path: Path | str) -> Scenario:
    """Read a scenario and check all of it.

    Parameters
    ----------
    path : the YAML file.

    Raises
    ------
    ScenarioError : with every problem found, each with file, line, field and what would be right.
    """
    source = Path(path)
    try:
        data, lines = load_yaml_with_lines(source)
    except InputError as error:
        raise ScenarioError(error.problems) from error
    return parse_scenario(data, source.name, lines, source.parent)


def parse_scenario(data: Any, name: str = "scenario", lines: Lines | None = None, folder: Path | None = None) -> Scenario:
    """Check a scenario that is given as plain data; see `load_scenario`."""
    if not isinstance(data, dict):
        raise ScenarioError([Problem(name, f"must be a mapping of fields, was {_named(data)}")])
    try:
        scenario = Scenario.model_validate(data)
    except ValidationError as error:
        problems = [_problem(dict(e), data, name, lines) for e in error.errors()]
        raise ScenarioError(_ordered(problems)) from None
    problems = [
        Problem(_where(name, location, lines), what) for location, what in cross_check(scenario, folder or Path())
    ]
    if problems:
        raise ScenarioError(_ordered(problems))
    return scenario


def _ordered(problems: list[Problem]) -> list[Problem]:
    return list(dict.fromkeys(problems))


def _problem(error: dict[str, Any], data: Any, name: str, lines: Lines | None) -> Problem:
    location = tuple(part for part in error["loc"] if not _is_tag(part, error["loc"], data))
    return Problem(_where(name, location, lines), _sentence(error, location))


def _is_tag(part: str | int, whole: tuple[str | int, ...], data: Any) -> bool:
    """Whether a part of a location is pydantic's name of a choice, and nothing that stands in the file."""
    at = data
    for step in whole:
        if isinstance(at, dict) and step in at:
            at = at[step]
        elif isinstance(at, list) and isinstance(step, int) and step < len(at):
            at = at[step]
        elif step == part:
            return part in _TAGS
    return False


_TAGS = {
    "flat", "auction", "custom", "price_series", "supply_curve", "ercot", "ErcotOutage",
    "literal['random','none']",
}  # fmt: skip


def _where(name: str, location: tuple[str | int, ...], lines: Lines | None) -> str:
    path = "".join(f"[{p}]" if isinstance(p, int) else f".{p}" for p in location).lstrip(".")
    line = _line(location, lines)
    return f"{name}{f':{line}' if line else ''} {path}".rstrip()


def _line(location: tuple[str | int, ...], lines: Lines | None) -> int | None:
    """Line of the field, or of what it is missing from."""
    if lines is None:
        return None
    for length in range(len(location), -1, -1):
        if tuple(location[:length]) in lines:
            return lines[tuple(location[:length])]
    return None


def _sentence(error: dict[str, Any], location: tuple[str | int, ...]) -> str:
    kind, context = str(error["type"]), error.get("ctx") or {}
    given = f", was {_shown(error['input'])}"
    field = str(location[-1]) if location else ""
    if kind == "missing":
        return "is missing"
    if kind == "extra_forbidden":
        return _unknown(field, location)
    if kind == "value_error":
        return str(context["error"])
    if kind in ("union_tag_invalid", "union_tag_not_found"):
        choices = str(context.get("expected_tags", "")) or "given"
        if kind == "union_tag_not_found":
            return "needs a field `kind` that says what it is"
        return f"kind must be one of {choices}, was '{context['tag']}'"
    if kind in ("literal_error", "enum"):
        return f"must be {context['expected']}{given}"
    return _RANGES.get(kind, _plain)(field, context, given, error)


def _plain(field: str, context: Mapping[str, Any], given: str, error: Mapping[str, Any]) -> str:
    return f"{str(error['msg'])[0].lower()}{str(error['msg'])[1:]}{given}"


def _number(field: str, context: Mapping[str, Any], given: str, error: Mapping[str, Any]) -> str:
    unit = _unit(field)
    return f"must be a number{f' in {unit}' if unit else ''}, without a unit or quotes{given}"


_RANGES = {
    "float_type": _number,
    "float_parsing": _number,
    "int_type": lambda f, c, g, e: f"must be a whole number{g}",
    "int_parsing": lambda f, c, g, e: f"must be a whole number{g}",
    "int_from_float": lambda f, c, g, e: f"must be a whole number{g}",
    "bool_type": lambda f, c, g, e: f"must be true or false{g}",
    "string_type": lambda f, c, g, e: f"must be text{g}",
    "tuple_type": lambda f, c, g, e: f"must be a list{g}",
    "list_type": lambda f, c, g, e: f"must be a list{g}",
    "dict_type": lambda f, c, g, e: f"must be a mapping of fields{g}",
    "model_type": lambda f, c, g, e: f"must be a mapping of fields{g}",
    "model_attributes_type": lambda f, c, g, e: f"must be a mapping of fields{g}",
    "too_short": lambda f, c, g, e: "must not be empty",
    "greater_than": lambda f, c, g, e: f"must be greater than {c['gt']:g}{g}",
    "greater_than_equal": lambda f, c, g, e: f"must be at least {c['ge']:g}{g}",
    "less_than": lambda f, c, g, e: f"must be less than {c['lt']:g}{g}",
    "less_than_equal": lambda f, c, g, e: f"must be at most {c['le']:g}{g}",
    "finite_number": lambda f, c, g, e: f"must be a finite number{g}",
    "string_too_long": lambda f, c, g, e: f"must have at most {c['max_length']} characters{g}",
    "string_pattern_mismatch": lambda f, c, g, e: (
        f"must begin with a letter and hold only letters, digits, - and _{g}"
    ),
}

_UNITS = {
    "_usd_per_kwh": "USD/kWh", "_usd_per_month": "USD/month", "_kw": "kW", "_kwh": "kWh", "_frac": "parts of 1",
    "share": "parts of 1",
}  # fmt: skip


def _unit(field: str) -> str | None:
    return next((unit for ending, unit in _UNITS.items() if field.endswith(ending)), None)


def _unknown(field: str, location: tuple[str | int, ...]) -> str:
    close = difflib.get_close_matches(field, _FIELDS, n=1)
    return f"is not a field of this part{f'; did you mean {close[0]}?' if close else '; take it out'}"


def _fields(model: type[BaseModel], found: set[str]) -> set[str]:
    for part in model.__subclasses__():
        found |= {field.alias or name for name, field in part.model_fields.items()}
        _fields(part, found)
    return found


def _shown(value: Any) -> str:
    text = f"'{value}'" if isinstance(value, str) else str(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _named(value: Any) -> str:
    return "nothing" if value is None else f"a {type(value).__name__}"


_FIELDS = sorted(_fields(BaseModel, set()))
