"""Sums and peaks of meter data by labels, in an order that does not depend on the machine."""

from __future__ import annotations

from typing import Any

import numpy as np

from dso.rates.calendar import FloatArray, IntArray

ROWS = 8


def sums_by(values: FloatArray, labels: IntArray, count: int) -> FloatArray:
    """The sum of each row's values by label.

    Parameters
    ----------
    values : (c, n) meter data, one row a customer.
    labels : (n,) from 0 to count − 1.

    Returns
    -------
    (c, count), 0 for a label that no value has.
    """
    return _by(np.add, values, labels, count)


def runs_of(values: FloatArray, labels: IntArray) -> tuple[FloatArray, IntArray]:
    """(c, R) sums over runs of one label, as time goes by, and (R,) their labels."""
    starts = _starts(labels)
    return np.add.reduceat(values, starts, axis=1), labels[starts]


def runs_each_way(values: FloatArray, labels: IntArray) -> tuple[FloatArray, FloatArray, IntArray]:
    """(c, R) sums over runs of one label of what is above 0, and of what is below it, positive."""
    starts = _starts(labels)
    above, net = (np.empty((len(values), len(starts))) for _ in range(2))
    part = np.empty((min(ROWS, len(values)), values.shape[1]))
    for first in range(0, len(values), ROWS):  # a few rows at a time stay in the cache
        rows = values[first : first + ROWS]
        kept = np.maximum(rows, 0.0, out=part[: len(rows)])
        np.add.reduceat(kept, starts, axis=1, out=above[first : first + ROWS])
        np.add.reduceat(rows, starts, axis=1, out=net[first : first + ROWS])
    return above, np.maximum(above - net, 0.0), labels[starts]


def sums_of_runs(runs: FloatArray, labels: IntArray, count: int) -> FloatArray:
    """(c, count) sums of runs by label."""
    return _grouped(np.add, runs, labels, count)


def peaks_by(values: FloatArray, labels: IntArray, count: int) -> FloatArray:
    """The largest of each row's values by label, at least 0: (c, count)."""
    return np.maximum(_by(np.maximum, values, labels, count), 0.0)


def blocks(values: FloatArray, count: int) -> FloatArray:
    """Sums of so many values side by side: (c, n/count)."""
    if count == 1:
        return values
    total = values[:, ::count].copy()
    for k in range(1, count):
        total += values[:, k::count]
    return total


def _by(reduce: Any, values: FloatArray, labels: IntArray, count: int) -> FloatArray:
    """Reduce runs of one label first: they are long, for schedules change by the hour."""
    starts = _starts(labels)
    return _grouped(reduce, reduce.reduceat(values, starts, axis=1), labels[starts], count)


def _starts(labels: IntArray) -> IntArray:
    """Where runs of one label begin."""
    return np.concatenate([[0], np.flatnonzero(np.diff(labels)) + 1])


def _grouped(reduce: Any, runs: FloatArray, labels: IntArray, count: int) -> FloatArray:
    found = np.zeros((len(runs), count))
    for label in np.unique(labels):
        ones = np.ascontiguousarray(runs[:, labels == label])  # rows add up alike in any chunk
        found[:, label] = reduce.reduce(ones, axis=1)
    return found
