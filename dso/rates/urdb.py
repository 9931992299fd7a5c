"""URDB JSON in and out, exact by field."""

from __future__ import annotations

import difflib
import json
from collections.abc import Mapping
from dataclasses import fields as dataclass_fields
from dataclasses import is_dataclass
from pathlib import Path
from typing import Any

from dso.errors import InputError, Problem
from dso.rates.checks import faults
from dso.rates.fields import ALIASES, BILLED, CARRIED
from dso.rates.rate import Rate
from dso.rates.reading import shown


def read_rate(given: Any) -> Rate:
    """A rate from its JSON object, or from an API answer with one rate in it.

    Parameters
    ----------
    given : the parsed JSON; numbers stay whole or fractional as they are.

    Raises
    ------
    InputError : every problem of the rate, each with its path in the JSON.
    """
    record, where = _record(given)
    problems: list[Problem] = []
    values: dict[str, Any] = {"carried": {}, "order": tuple(record)}
    for key, value in record.items():
        field = ALIASES.get(key, key)
        if key in CARRIED:
            values["carried"][key] = value
        elif field not in BILLED:
            problems.append(Problem(key, _unknown(key)))
        elif field != key and field in record:
            problems.append(Problem(key, f"says what {field} says, too; keep one of them"))
        elif value is not None:
            attribute, read = BILLED[field]
            values[attribute] = read(value, key, problems)
    rate = Rate(**values)
    problems += faults(rate, frozenset(key for key, value in record.items() if value is not None))
    if problems:
        raise InputError([Problem(f"{where}{p.where}", p.what) for p in problems])
    return rate


def read_rate_file(path: Path) -> Rate:
    """A rate from a file of URDB JSON; raises InputError with the file's name in every problem."""
    try:
        given = json.loads(path.read_text(encoding="utf-8"), object_pairs_hook=_no_twice)
    except OSError as error:
        raise InputError([Problem(str(path), f"cannot be read: {error.strerror}")]) from error
    except UnicodeDecodeError as error:
        raise InputError([Problem(str(path), "is not a text in UTF-8")]) from error
    except InputError as error:
        raise _in_file(path, error) from error
    except (ValueError, RecursionError) as error:
        raise InputError([Problem(str(path), f"is not JSON: {error}")]) from error
    try:
        return read_rate(given)
    except InputError as error:
        raise _in_file(path, error) from error


def write_rate(rate: Rate) -> dict[str, Any]:
    """The rate as a JSON object: its fields in the order they were read, then what was added since."""
    values = dict(rate.carried)
    for key, (attribute, _) in BILLED.items():
        value = getattr(rate, attribute)
        if value is not None:
            values[key] = _plain(value)
    written = {key: values.pop(ALIASES.get(key, key), None) for key in rate.order}
    return written | values


def _record(given: Any) -> tuple[Mapping[str, Any], str]:
    if isinstance(given, dict) and isinstance(given.get("items"), list):
        rates = given["items"]
        if len(rates) != 1 or not isinstance(rates[0], dict):
            raise InputError([Problem("items", f"must hold one rate, has {len(rates)}")])
        return rates[0], "items[0]."
    if not isinstance(given, dict):
        raise InputError(
            [Problem("", f"must be an object with the fields of a URDB rate, was {shown(given)}")]
        )
    return given, ""


def _unknown(key: str) -> str:
    close = difflib.get_close_matches(key, [*BILLED, *CARRIED], n=1, cutoff=0.75)
    hint = f"; did you mean {close[0]}?" if close else ": it is no field of URDB versions 3 to 8"
    return f"is not known{hint}"


def _no_twice(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    keys = [key for key, _ in pairs]
    if len(set(keys)) < len(keys):
        twice = sorted({key for key in keys if keys.count(key) > 1})
        raise InputError([Problem(key, "stands twice in one object") for key in twice])
    return dict(pairs)


def _in_file(path: Path, error: InputError) -> InputError:
    return InputError([Problem(f"{path}: {p.where}".removesuffix(": "), p.what) for p in error.problems])


def _plain(value: Any) -> Any:
    """JSON of a value: tiers as objects with what was said of them."""
    if is_dataclass(value):
        pairs = ((f.name, getattr(value, f.name)) for f in dataclass_fields(value))
        return {name: v for name, v in pairs if v is not None}
    if isinstance(value, tuple):
        return [_plain(v) for v in value]
    return value
