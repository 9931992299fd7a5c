"""TESP's bid, as it travels: a JSON object with scalars in real time and lists of 24 a day ahead.

    {"unresp_mw", "resp_max_mw", "resp_c2", "resp_c1", "resp_c0", "resp_deg"}

DSO+T (`dsot`): benefit B(P) = c0 + c1·P − c2·P² with c2 ≥ 0. te30: B(P) = c0 + c1·P + c2·P² with c2 ≤ 0,
names as its topics have them. Degree 2 uses both, degree 1 only c1: a block at one price; degree 0 means
that nothing is responsive. c0 says nothing about price or quantity and must only be a number.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Literal

import numpy as np

from dso.errors import CurveError, InputError, Problem
from dso.wholesale.iso.demand import Demand

Dialect = Literal["dsot", "te30"]

KEYS = {
    "dsot": ("unresp_mw", "resp_max_mw", "resp_c2", "resp_c1", "resp_c0", "resp_deg"),
    "te30": ("unresponsive_mw", "responsive_max_mw", "responsive_c2", "responsive_c1", "", "responsive_deg"),
}
SIGN = {"dsot": 1.0, "te30": -1.0}
DEGREES = (0.0, 1.0, 2.0)


def read_tesp(
    message: str | bytes | Mapping[str, object], intervals: int, dialect: Dialect = "dsot"
) -> tuple[Demand, ...]:
    """TESP's bid as demands, one an interval.

    Parameters
    ----------
    message : JSON text, or the object already read.
    intervals : 24 for lists, 1 for scalars; a list of one is taken as well.
    dialect : "dsot" or "te30"; both take the names of either.

    Raises
    ------
    InputError : not such an object; everything wrong with it at once.
    """
    found = _object(message)
    columns, problems = [], []
    for name, other in zip(KEYS["dsot"], KEYS["te30"], strict=True):
        values = found.get(name, found.get(other, 0.0 if name == "resp_c0" else None))
        column = _numbers(name, values, intervals)
        columns.append(column if isinstance(column, list) else [0.0] * intervals)
        if isinstance(column, str):
            problems.append(Problem(name, column))
    if problems:
        raise InputError(problems)
    return _demands(list(zip(*columns, strict=True)), SIGN[dialect])


def _object(message: str | bytes | Mapping[str, object]) -> Mapping[str, object]:
    if isinstance(message, Mapping):
        return message
    try:
        found = json.loads(message)
    except (ValueError, RecursionError) as error:  # bytes that are no UTF-8 are a ValueError, too
        raise InputError([Problem("", f"a bid must be JSON: {error}")]) from None
    if not isinstance(found, dict):
        raise InputError([Problem("", f"a bid must be a JSON object, was a {type(found).__name__}")])
    return found


def _numbers(name: str, values: object, intervals: int) -> list[float] | str:
    """The numbers of a field, or what is wrong with it."""
    if values is None:
        return "is missing"
    many = list(values) if isinstance(values, list | tuple | np.ndarray) else [values]
    if len(many) != intervals:
        return f"must have {intervals} values, had {len(many)}"
    numbers: list[float] = []
    for value in many:
        number = _number(value)
        if number is None:
            return f"must be finite numbers, had {value!r}"
        numbers.append(number)
    if name == "resp_deg" and not set(numbers) <= set(DEGREES):
        return f"must be 0, 1 or 2, was {values!r}"
    if name == "resp_max_mw" and min(numbers) < 0:
        return f"must not be negative, was {min(numbers)!r}"
    return numbers


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float | np.integer | np.floating):
        return None
    try:
        number = float(value)
    except OverflowError:  # a whole number that no float can hold
        return None
    return number if math.isfinite(number) else None


def _demands(rows: list[tuple[float, ...]], sign: float) -> tuple[Demand, ...]:
    demands, problems = [], []
    for t, (fixed, most, c2, c1, _, degree) in enumerate(rows):
        try:
            square = sign * c2 if degree == 2 else 0.0
            demands.append(Demand.quadratic(fixed, most if degree else 0.0, c1, square))
        except CurveError as error:
            problems.append(Problem(f"interval {t}", f"resp_c2 {c2}: {error}"))
    if problems:
        raise InputError(problems)
    return tuple(demands)
