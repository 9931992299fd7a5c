"""Meter values turned from intervals to customers; on disk where they are many."""

from __future__ import annotations

from tempfile import SpooledTemporaryFile
from weakref import finalize

import numpy as np

from dso.messages import FloatArray, IntArray

MOST_BYTES = 2**26  # beyond, a temporary file holds them
WORD = 8  # bytes of a value


class MeterStore:
    """What meters read, added block by block of intervals, read back by customers.

    Parameters
    ----------
    customers : how many values each interval has.
    """

    def __init__(self, customers: int) -> None:
        self._customers = customers
        self._widths: list[int] = []  # intervals of each block
        self._file = SpooledTemporaryFile(max_size=MOST_BYTES)  # noqa: SIM115  # it lives as long as this
        finalize(self, self._file.close)

    def add(self, kwh: FloatArray) -> None:
        """Keep the next intervals, (t, customers) [kWh]."""
        self._file.seek(0, 2)
        self._file.write(np.ascontiguousarray(kwh.T, np.float64).tobytes())
        self._widths.append(len(kwh))

    def rows(self, customers: IntArray) -> FloatArray:
        """(c, n) all that some customers' meters read, these in rising order [kWh]."""
        found = np.empty((len(customers), sum(self._widths)))
        low, high = int(customers[0]), int(customers[-1]) + 1
        block = done = 0
        for width in self._widths:
            self._file.seek((block + low * width) * WORD)
            read = np.frombuffer(self._file.read((high - low) * width * WORD)).reshape(-1, width)
            found[:, done : done + width] = read[customers - low]
            block += self._customers * width
            done += width
        return found
