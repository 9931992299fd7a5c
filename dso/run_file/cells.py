"""What stands in the cells of a run file: rows in the order of their columns, arrays as JSON."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from dso.engine.step import Step
from dso.run_file.tables import TABLES

COLUMNS = {table.name: tuple(c.name for c in table.columns) for table in TABLES}

# column -> where its array comes from, and how many of the column's units make one of the array's
_SCALED = {
    "customers_w": ("customers_kw", 1e3),
    "customers_milliwh": ("customers_kwh", 1e6),
    "devices_milliwh": ("devices_kwh", 1e6),
    "losses_uusd_per_kwh": ("losses_usd_per_kwh", 1e6),
    "congestion_uusd_per_kwh": ("congestion_usd_per_kwh", 1e6),
    "voltage_uusd_per_kwh": ("voltage_usd_per_kwh", 1e6),
    "points_uusd_per_kwh": ("points_usd_per_kwh", 1e6),
    "voltages_e5pu": ("voltage_pu", 1e5),
    "loadings_e4pu": ("loading_pu", 1e4),
}

_dump = json.JSONEncoder(ensure_ascii=False, allow_nan=False).encode
_dump_whole = json.JSONEncoder(separators=(",", ":")).encode


def to_json(value: Any) -> str:
    """A value as JSON that SQLite reads, too; what is not a finite number becomes null."""
    try:
        return _dump(value)
    except ValueError:
        return _dump(_finite(value))


def _finite(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _finite(v) for key, v in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(v) for v in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def whole(values: np.ndarray) -> str:
    """An array, rounded to whole numbers, as a JSON list; null where it is not finite."""
    if values.dtype.kind == "f":
        rounded = np.rint(values)
        finite = np.isfinite(rounded)
        if not finite.all():
            held = np.where(finite, rounded, 0.0).astype(np.int64).tolist()
            return _dump_whole([v if known else None for v, known in zip(held, finite.tolist(), strict=True)])
        values = rounded.astype(np.int64)
    return _dump_whole(values.tolist())


def journal_row(s: Step) -> tuple[Any, ...]:
    """A step as a row of the journal."""
    return (
        s.sequence, s.time_s, s.machine, s.event, s.kind, s.source, s.destination,
        " ".join(s.exited), " ".join(s.entered), s.handler, to_json(s.summary) if s.summary else None,
        s.degraded, s.rejected, s.error,
    )  # fmt: skip


def in_order(table: str, values: Mapping[str, Any], seq: int) -> tuple[Any, ...]:
    """A row's values in the order of its columns, written by a step."""
    return tuple(seq if column == "seq" else _cell(column, values) for column in COLUMNS[table])


def _cell(column: str, values: Mapping[str, Any]) -> Any:
    if column in _SCALED:
        source, scale = _SCALED[column]
        array = values.get(source)
        if array is None:
            return None
        if array.ndim == 1:
            return whole(array * scale)
        return "[" + ",".join(whole(row * scale) for row in array) + "]"
    value = values.get(column)
    if isinstance(value, np.ndarray):
        return to_json(value.tolist())
    return to_json(value) if isinstance(value, list | dict) else value
