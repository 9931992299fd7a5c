"""A snapshot in many small rows: neither Python nor SQLite ever holds it in one piece."""

from __future__ import annotations

import io
import sqlite3
from collections.abc import Callable
from typing import Any

PART_BYTES = 1 << 20


class PartWriter:
    """A file for `pickle` that hands on what is written in parts of at most 1 MiB.

    Parameters
    ----------
    put : takes the number of a part, from 1, and its bytes.
    """

    def __init__(self, put: Callable[[int, memoryview], Any]) -> None:
        self._put, self._held, self._parts = put, bytearray(), 0

    def write(self, data: Any) -> int:
        """Take bytes, or anything that holds bytes."""
        view = memoryview(data).cast("B")
        if len(self._held) + len(view) > PART_BYTES:
            self.flush()
        if len(view) <= PART_BYTES:
            self._held += view
        else:
            for first in range(0, len(view), PART_BYTES):
                self._hand_on(view[first : first + PART_BYTES])
        return len(view)

    def flush(self) -> None:
        """Hand on what is held back."""
        if self._held:
            self._hand_on(memoryview(self._held))
            self._held = bytearray()

    def _hand_on(self, part: memoryview) -> None:
        self._parts += 1
        self._put(self._parts, part)


class PartReader(io.RawIOBase):
    """The parts in their order as one file to read.

    Parameters
    ----------
    rows : a cursor over the parts, one a row.
    """

    def __init__(self, rows: sqlite3.Cursor) -> None:
        self._rows, self._left = rows, memoryview(b"")

    def readable(self) -> bool:
        """It is there to be read."""
        return True

    def readinto(self, buffer: Any, /) -> int:
        """Fill a buffer as far as the part at hand goes; 0 at the end."""
        if not self._left:
            row = self._rows.fetchone()
            self._left = memoryview(row[0] if row is not None else b"")
        count = min(len(self._left), len(buffer))
        buffer[:count] = self._left[:count]
        self._left = self._left[count:]
        return count
