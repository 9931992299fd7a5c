"""Devices from a table: one row a device, a column for each nameplate that is given; the rest is drawn."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

import numpy as np

from dso.errors import InputError, Problem
from dso.statechart.form import suggest

MOST_TOLD = 10
ROW = re.compile(r" \(row \d+[^)]*\)$")  # where equipment says that a value stands; the file has lines


@dataclass(frozen=True, slots=True)
class Table:
    """A CSV file as it was read."""

    name: str
    columns: list[str]
    rows: list[list[str]]
    lines: list[int]  # (rows,) of the file

    def problem(self, row: int, what: str) -> str:
        """What is wrong in a row, with the line."""
        return f"{self.name}:{self.lines[row]}: {what}"


def from_table(name: str, folder: Path, everybody: Any) -> Any:
    """The devices of a CSV file, which has a column `customer`.

    Parameters
    ----------
    name : of the file, relative to `folder`.
    everybody : the devices that all customers would have if they were drawn, one each, in customers' order.

    Raises
    ------
    InputError : with every cell and column that cannot be used, and every device that is impossible.
    """
    table = _read(name, folder)
    _tell(list(_wrong_columns(table, everybody)))
    problems = list(_wrong_widths(table))
    _tell(problems)
    kinds = {c: getattr(everybody, c).dtype for c in table.columns if c != "customer"}
    numbers = {c: _numbers(table, c, kinds.get(c), problems) for c in table.columns}
    customers = numbers.pop("customer")
    problems += _wrong_customers(table, customers, len(everybody.customers))
    _tell(problems)
    own = everybody.take(customers.astype(np.int64))
    order = np.argsort(customers, kind="stable")
    return _made(table, own, {c: v.astype(kinds[c]) for c, v in numbers.items()}).take(order)


def _read(name: str, folder: Path) -> Table:
    path = folder / name
    if not path.is_file():
        raise InputError([Problem("", f"there is no file {name} beside the scenario")])
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.reader(file)
        columns = [c.strip() for c in next(reader, [])]
        found = [(reader.line_num, row) for row in reader if any(cell.strip() for cell in row)]
    return Table(name, columns, [row for _, row in found], [line for line, _ in found])


def _tell(problems: list[str]) -> None:
    if problems:
        told = problems[:MOST_TOLD]
        more = [f"and {len(problems) - len(told)} more"] if len(problems) > len(told) else []
        raise InputError([Problem("", what) for what in (*told, *more)])


def _wrong_columns(table: Table, everybody: Any) -> Iterator[str]:
    known = ["customer", *(f.name for f in fields(everybody) if _given(everybody, f.name))]
    for column in table.columns:
        if column not in known:
            yield f"{table.name}: there is no column '{column}'; {suggest(column, known)}"
    for column in dict.fromkeys(c for c in table.columns if table.columns.count(c) > 1):
        yield f"{table.name}: column '{column}' stands there twice"
    if "customer" not in table.columns:
        yield f"{table.name} needs a column customer, has {', '.join(table.columns) or 'none'}"
    elif not table.rows:
        yield f"{table.name} holds no device; leave the kind out if nobody owns one"


def _given(everybody: Any, name: str) -> bool:
    """Whether a field is one number or choice for each device, and so can be a column."""
    value = getattr(everybody, name)
    return name != "customers" and isinstance(value, np.ndarray) and value.ndim == 1


def _wrong_widths(table: Table) -> Iterator[str]:
    for k, row in enumerate(table.rows):
        if len(row) != len(table.columns):
            yield table.problem(k, f"must have {len(table.columns)} cells, as the header has, had {len(row)}")


def _numbers(table: Table, column: str, kind: np.dtype[Any] | None, problems: list[str]) -> np.ndarray:
    """(rows,) of a column; of one that is a choice or counts, only what it can hold."""
    place, found = table.columns.index(column), np.zeros(len(table.rows))
    for k, row in enumerate(table.rows):
        cell = row[place].strip()
        try:
            found[k] = float(cell)
        except ValueError:
            found[k] = np.nan
        if not np.isfinite(found[k]):
            problems.append(table.problem(k, f"{column} must be a number, was '{cell}'"))
        elif kind is not None and kind.kind in "bi" and not _holds(kind, found[k]):
            what = "0 or 1" if kind.kind == "b" else "a whole number"
            problems.append(table.problem(k, f"{column} must be {what}, was {cell}"))
    return found


def _holds(kind: np.dtype[Any], value: float) -> bool:
    if kind.kind == "b":
        return value in (0.0, 1.0)
    return bool(value == int(value) and abs(value) <= np.iinfo(kind).max)


def _wrong_customers(table: Table, customers: np.ndarray, count: int) -> Iterator[str]:
    seen: set[float] = set()
    for k, value in enumerate(customers.tolist()):
        if not np.isfinite(value):  # told already
            continue
        if value != int(value) or not 0 <= value < count:
            yield table.problem(k, f"customer must be 0 to {count - 1}, was {value:g}")
        elif value in seen:
            yield table.problem(k, f"customer {value:g} stands there twice")
        seen.add(value)


def _made(table: Table, own: Any, changes: Mapping[str, np.ndarray]) -> Any:
    """Devices with the nameplates of a table; those that are impossible are told by their lines."""
    try:
        return replace(own, **changes)
    except ValueError:
        _tell(list(_impossible(table, own, changes)))
        raise


def _impossible(table: Table, own: Any, changes: Mapping[str, np.ndarray]) -> Iterator[str]:
    for k in range(len(table.rows)):
        row = np.array([k])
        try:
            replace(own.take(row), **{c: values[row] for c, values in changes.items()})
        except ValueError as error:
            yield table.problem(k, ROW.sub("", str(error)))
