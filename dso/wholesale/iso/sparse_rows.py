"""Rows of a sparse matrix, gathered a bundle at a time."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy import sparse

from dso.wholesale.grid import Floats, Ints


class RowBook:
    """Collects rows low ≤ Σ value·x ≤ high; each call adds many of one shape."""

    def __init__(self) -> None:
        self.count = 0
        self._row: list[Ints] = []
        self._column: list[Ints] = []
        self._value: list[Floats] = []
        self._low: list[Floats] = []
        self._high: list[Floats] = []

    def add(self, low: ArrayLike, high: ArrayLike, *terms: tuple[ArrayLike, ArrayLike]) -> None:
        """Add k rows.

        Parameters
        ----------
        low, high : (k,) or one for all.
        terms : columns (k,) or (k, j), negative for none, and their values, one, (k,) or (k, j).
        """
        size = max(np.shape(np.atleast_1d(column))[0] for column, _ in terms)
        if not size:
            return
        at = self.count + np.arange(size)
        for column, value in terms:
            columns = np.asarray(column, np.int64).reshape(size, -1)
            values = np.asarray(value, float)
            values = np.broadcast_to(values[:, None] if values.ndim == 1 else values, columns.shape)
            used = columns >= 0
            self._row.append(np.broadcast_to(at[:, None], columns.shape)[used])
            self._column.append(columns[used])
            self._value.append(values[used])
        self._low.append(np.broadcast_to(np.asarray(low, float), (size,)))
        self._high.append(np.broadcast_to(np.asarray(high, float), (size,)))
        self.count += size

    def add_matrix(self, matrix: sparse.csc_array, first: int, low: Floats, high: Floats) -> None:
        """Add a matrix' rows, its first column standing at `first`."""
        entries = sparse.coo_array(matrix)
        self._row.append(entries.coords[0].astype(np.int64) + self.count)
        self._column.append(entries.coords[1].astype(np.int64) + first)
        self._value.append(entries.data)
        self._low.append(low)
        self._high.append(high)
        self.count += low.size

    def matrix(self, columns: int) -> sparse.csc_array:
        """All rows."""
        none = [np.zeros(0, np.int64)]
        row, column = np.concatenate(none + self._row), np.concatenate(none + self._column)
        value = np.concatenate([np.zeros(0), *self._value])
        return sparse.csc_array((value, (row, column)), shape=(self.count, columns))

    @property
    def limits(self) -> tuple[Floats, Floats]:
        """Lower and upper limit of each row."""
        return np.concatenate([np.zeros(0), *self._low]), np.concatenate([np.zeros(0), *self._high])
