"""Sums and peaks of meter data by labels, in an order that does not depend on the machine."""

from __future__ import annotations

from typing import Any

import numpy as np

from dso.rates.calendar import FloatArray, IntArray


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
    starts = np.concatenate([[0], np.flatnonzero(np.diff(labels)) + 1])
    runs = reduce.reduceat(values, starts, axis=1) if len(starts) > 1 else reduce.reduce(values, 1)[:, None]
    labels_of_runs = labels[starts]
    found = np.zeros((len(values), count))
    for label in np.unique(labels_of_runs):
        ones = np.ascontiguousarray(runs[:, labels_of_runs == label])  # rows add up alike in any chunk
        found[:, label] = reduce.reduce(ones, axis=1)
    return found
