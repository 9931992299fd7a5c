"""Devices from a table: one row a device, a column for each nameplate that is given; the rest is drawn."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np

from dso.errors import InputError, Problem
from dso.statechart.form import suggest

MOST_TOLD = 10


def from_table(name: str, folder: Path, everybody: Any) -> Any:
    """The devices of a CSV file, which has a column `customer`.

    Parameters
    ----------
    name : of the file, relative to `folder`.
    everybody : the devices that all customers would have if they were drawn, one each, in customers' order.

    Raises
    ------
    InputError : with every cell and column that cannot be used.
    ValueError : a device is impossible.
    """
    path = folder / name
    if not path.is_file():
        raise InputError([Problem("", f"there is no file {name} beside the scenario")])
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file, restval="")
        columns, rows = list(reader.fieldnames or ()), list(reader)
    known = ["customer", *(f.name for f in fields(everybody) if _given(everybody, f.name))]
    problems = [f"{name}: there is no column '{c}'; {suggest(c, known)}" for c in columns if c not in known]
    if "customer" not in columns:
        problems.append(f"{name} needs a column customer, has {', '.join(columns) or 'none'}")
    if problems:
        raise InputError([Problem("", what) for what in problems])
    numbers = {c: _numbers(name, c, [row[c] for row in rows], problems) for c in columns}
    customers = numbers.pop("customer")
    _check_customers(name, customers, len(everybody.customers), problems)
    if problems:
        told = problems[:MOST_TOLD]
        more = len(problems) - len(told)
        raise InputError([Problem("", what) for what in (*told, *([f"and {more} more"] if more else []))])
    order = np.argsort(customers, kind="stable")
    own = everybody.take(customers[order].astype(np.int64))
    return replace(own, **{c: _like(getattr(own, c), values[order]) for c, values in numbers.items()})


def _given(everybody: Any, name: str) -> bool:
    """Whether a field is one number or choice for each device, and so can be a column."""
    value = getattr(everybody, name)
    return name != "customers" and isinstance(value, np.ndarray) and value.ndim == 1


def _like(drawn: np.ndarray, values: np.ndarray) -> np.ndarray:
    return values.astype(drawn.dtype)


def _numbers(name: str, column: str, cells: Sequence[str], problems: list[str]) -> np.ndarray:
    found = np.zeros(len(cells))
    for k, cell in enumerate(cells):
        try:
            found[k] = float(cell)
        except ValueError:
            problems.append(f"{name}:{k + 2}: {column} must be a number, was '{cell}'")
    return found


def _check_customers(name: str, customers: np.ndarray, count: int, problems: list[str]) -> None:
    seen: set[int] = set()
    for k, value in enumerate(customers.tolist()):
        if value != int(value) or not 0 <= value < count:
            problems.append(f"{name}:{k + 2}: customer must be 0 to {count - 1}, was {value:g}")
        elif int(value) in seen:
            problems.append(f"{name}:{k + 2}: customer {int(value)} stands there twice")
        seen.add(int(value))
