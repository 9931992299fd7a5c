"""How power flowed in an interval that was delivered, and which interval to look at."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import numpy as np

from dso.messages import FloatArray
from dso.run_file import RunReader

_FLOWS = "flows f JOIN readings r ON r.market = f.market AND r.interval_start = f.interval_start"


@dataclass(frozen=True, slots=True, eq=False)
class FlowAt:
    """The power flow of one interval; arrays are None where the run does not keep them (records: summary)."""

    market: str
    start_s: int
    length_s: int
    head_kw: float
    head_kvar: float
    losses_kw: float
    lowest_pu: float
    highest_pu: float
    highest_loading_pu: float
    voltage_pu: FloatArray | None  # (nodes,) NaN where dead
    loading_pu: FloatArray | None  # (elements,)

    @property
    def end_s(self) -> int:
        """The first instant after it."""
        return self.start_s + self.length_s


def flow_of_highest_load(reader: RunReader) -> FlowAt | None:
    """Of the interval in which most went through the head; None if nothing has flowed yet."""
    return _first(reader, "ORDER BY f.head_kw DESC, f.interval_start")


def flow_of_lowest_voltage(reader: RunReader) -> FlowAt | None:
    """Of the interval with the lowest voltage; None if nothing has flowed yet."""
    return _first(reader, "ORDER BY f.lowest_pu, f.interval_start")


def flow_of_highest_loading(reader: RunReader) -> FlowAt | None:
    """Of the interval in which an element was loaded most; None if nothing has flowed yet."""
    return _first(reader, "ORDER BY f.highest_loading_pu DESC, f.interval_start")


def flow_covering(reader: RunReader, at_s: int) -> FlowAt | None:
    """Of the interval that an instant lies in; None if there is none.

    Parameters
    ----------
    at_s : the instant [s since 1970-01-01T00:00Z].
    """
    where = "WHERE f.interval_start <= ? AND ? < f.interval_start + r.interval_s ORDER BY f.interval_start"
    return _first(reader, where, at_s, at_s)


def flows_span(reader: RunReader) -> tuple[int, int] | None:
    """Start of the first and end of the last interval with a power flow [s]; None if there is none."""
    query = f"SELECT MIN(f.interval_start) a, MAX(f.interval_start + r.interval_s) b FROM {_FLOWS}"
    found = reader.row(query)
    return None if found["a"] is None else (found["a"], found["b"])


def flow_series(reader: RunReader) -> list[dict[str, Any]]:
    """Start, length, lowest and highest voltage and highest loading of each interval, in order of time."""
    return reader.rows(
        "SELECT f.interval_start, r.interval_s, f.lowest_pu, f.highest_pu, f.highest_loading_pu, f.losses_kw "
        f"FROM {_FLOWS} ORDER BY f.interval_start"
    )


def _first(reader: RunReader, rest: str, *values: Any) -> FlowAt | None:
    row = reader.row(f"SELECT f.*, r.interval_s FROM {_FLOWS} {rest} LIMIT 1", *values)
    if not row:
        return None
    return FlowAt(
        market=row["market"],
        start_s=row["interval_start"],
        length_s=row["interval_s"],
        head_kw=row["head_kw"],
        head_kvar=row["head_kvar"],
        losses_kw=row["losses_kw"],
        lowest_pu=row["lowest_pu"],
        highest_pu=row["highest_pu"],
        highest_loading_pu=row["highest_loading_pu"],
        voltage_pu=array(row["voltages_e5pu"], 1e5),
        loading_pu=array(row["loadings_e4pu"], 1e4),
    )


def array(text: str | None, scale: float) -> FloatArray | None:
    """A list of whole numbers in a run file as an array in its own unit; NaN for what is not known."""
    if text is None:
        return None
    return np.array([np.nan if v is None else v for v in json.loads(text)], np.float64) / scale
