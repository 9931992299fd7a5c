"""A stack whose top is in memory and whose bottom is in a temporary file."""

from __future__ import annotations

import pickle
import tempfile
import weakref
from collections.abc import Iterator
from itertools import islice
from typing import Generic, TypeVar

T = TypeVar("T")

CHUNK = 32  # entries that are written, and read again, at once
HELD = 8 * CHUNK  # entries in memory from which on the oldest are written


class Spill(Generic[T]):
    """Entries that come and go at one end; what they share within a chunk is written once."""

    def __init__(self) -> None:
        self._top: list[T] = []
        self._chunks: list[tuple[int, int]] = []  # where it begins in the file, and how many entries it holds
        self._file = tempfile.TemporaryFile()  # noqa: SIM115  lives as long as the stack
        self._closed = weakref.finalize(self, self._file.close)

    def __len__(self) -> int:
        return len(self._top) + sum(count for _, count in self._chunks)

    @property
    def file_bytes(self) -> int:
        """How much of it is in the file."""
        return self._file.tell()

    def push(self, entry: T) -> None:
        """Put an entry on the stack."""
        self._top.append(entry)
        if len(self._top) >= HELD + CHUNK:
            self._chunks.append((self._file.tell(), CHUNK))
            pickle.dump(self._top[:CHUNK], self._file, protocol=5)
            del self._top[:CHUNK]

    def pop(self) -> T | None:
        """Take the last entry off, None if there is none."""
        if not self._top and self._chunks:
            self._fetch()
        return self._top.pop() if self._top else None

    def _fetch(self) -> None:
        at, _ = self._chunks.pop()
        self._file.seek(at)
        self._top = pickle.load(self._file)  # written by `push`, into our own file
        self._file.seek(at)
        self._file.truncate()

    def latest(self, count: int | None = None) -> Iterator[T]:
        """The last entries, newest first; those in the file are read as they are asked for."""
        return islice(self._downwards(), count)

    def _downwards(self) -> Iterator[T]:
        yield from reversed(self._top)
        for at, _ in reversed(self._chunks):
            end = self._file.seek(0, 2)
            self._file.seek(at)
            held: list[T] = pickle.load(self._file)  # written by `push`, into our own file
            self._file.seek(end)
            yield from reversed(held)

    def close(self) -> None:
        """Delete the file."""
        self._closed()
