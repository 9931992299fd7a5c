"""The one time base: whole seconds since 1970-01-01T00:00Z, intervals, and the queue of what is due."""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Generic, TypeVar

HOUR_S = 3600
DAY_S = 86400

MESSAGE, TIMER = 0, 1

T = TypeVar("T")


def to_epoch_s(moment: datetime) -> int:
    """Whole seconds since the epoch of an aware datetime; raises ValueError for a naive or fractional one."""
    if moment.tzinfo is None:
        raise ValueError(
            f"{moment.isoformat()} has no time zone; write it with one, e.g. {moment.isoformat()}Z"
        )
    seconds = moment.timestamp()
    if seconds != int(seconds):
        raise ValueError(f"{moment.isoformat()} must be a whole second")
    return int(seconds)


def from_epoch_s(t_s: int) -> datetime:
    """The aware UTC datetime of an instant."""
    return datetime.fromtimestamp(t_s, UTC)


def iso(t_s: int) -> str:
    """An instant as ISO 8601 in UTC: seconds only where there are any."""
    moment = from_epoch_s(t_s)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ" if moment.second else "%Y-%m-%dT%H:%MZ")


def parse_time(text: str) -> int:
    """An instant from ISO 8601 text with a time zone; raises ValueError otherwise."""
    return to_epoch_s(datetime.fromisoformat(text))


@dataclass(frozen=True, slots=True, order=True)
class Interval:
    """A half-open stretch of time [start, end)."""

    start_s: int
    duration_s: int

    def __post_init__(self) -> None:
        if self.duration_s <= 0:
            raise ValueError(f"an interval must last longer than 0 s, was {self.duration_s} s")

    @property
    def end_s(self) -> int:
        """The first instant after it."""
        return self.start_s + self.duration_s

    @property
    def hours(self) -> float:
        """Its length [h]: a quarter of an hour is 0.25, a day 24 (TENT floors to whole hours and wraps)."""
        return self.duration_s / HOUR_S

    def covers(self, other: Interval) -> bool:
        """Whether the other lies wholly inside this one."""
        return self.start_s <= other.start_s and other.end_s <= self.end_s

    def split(self, parts: int) -> tuple[Interval, ...]:
        """Equal consecutive parts; raises ValueError if the length is not divisible."""
        length, rest = divmod(self.duration_s, parts)
        if rest:
            raise ValueError(f"{self.duration_s} s cannot be split into {parts} equal parts")
        return tuple(Interval(self.start_s + k * length, length) for k in range(parts))


@dataclass(frozen=True, slots=True)
class Due(Generic[T]):
    """Something that waits: when it is due, whether it is a message or a timer, and who gets what."""

    due_s: int
    kind: int
    depth: int
    sequence: int
    item: T


@dataclass(slots=True)
class DueQueue(Generic[T]):
    """What waits, in the order (due time, messages before timers, innermost timer first, sequence)."""

    _heap: list[tuple[int, int, int, int, T]] = field(default_factory=list)
    _sequence: int = 0
    _dead: set[int] = field(default_factory=set)

    def put(self, due_s: int, kind: int, item: T, depth: int = 0) -> int:
        """Add an item; the number returned takes it out again through `cancel`.

        Parameters
        ----------
        due_s : when it is due [s since the epoch].
        kind : MESSAGE or TIMER.
        item : what to hand back.
        depth : how deep the state lies that armed a timer; of equal timers the deepest comes first.
        """
        self._sequence += 1
        heapq.heappush(self._heap, (due_s, kind, -depth, self._sequence, item))
        return self._sequence

    def cancel(self, number: int) -> None:
        """Forget an item that has not been popped."""
        self._dead.add(number)

    def _drop_dead(self) -> None:
        while self._heap and self._heap[0][3] in self._dead:
            self._dead.discard(heapq.heappop(self._heap)[3])

    def next_due_s(self) -> int | None:
        """When the first item is due, or None if nothing waits."""
        self._drop_dead()
        return self._heap[0][0] if self._heap else None

    def pop(self) -> Due[T]:
        """Take the first item out; raises IndexError if nothing waits."""
        self._drop_dead()
        due_s, kind, depth, sequence, item = heapq.heappop(self._heap)
        return Due(due_s, kind, -depth, sequence, item)

    def __len__(self) -> int:
        return len(self._heap) - len(self._dead)

    def __iter__(self) -> Iterator[Due[T]]:
        for due_s, kind, depth, sequence, item in sorted(self._heap, key=lambda row: row[:4]):
            if sequence not in self._dead:
                yield Due(due_s, kind, -depth, sequence, item)


@dataclass(frozen=True, slots=True)
class QueueChange(Generic[T]):
    """What a queue was: the last number given; what was taken out and what was cancelled since."""

    sequence: int
    taken: tuple[tuple[int, int, int, int, T], ...]
    cancelled: tuple[int, ...]
    dropped: tuple[int, ...]  # of those taken out, the ones that had been cancelled


class LoggedQueue(DueQueue[T]):
    """A queue that can be taken back to how it was at a mark; pickled, it is a plain queue."""

    def __init__(self, queue: DueQueue[T]) -> None:
        super().__init__(list(queue._heap), queue._sequence, set(queue._dead))
        self._change = self._sequence
        self._taken: list[tuple[int, int, int, int, T]] = []
        self._cancelled: list[int] = []
        self._dropped: list[int] = []  # taken out because they had been cancelled

    def __reduce__(self) -> tuple[Any, ...]:
        return DueQueue, (self._heap, self._sequence, self._dead)

    def cancel(self, number: int) -> None:
        """Forget an item that has not been popped."""
        self._cancelled.append(number)
        super().cancel(number)

    def _drop_dead(self) -> None:
        while self._heap and self._heap[0][3] in self._dead:
            row = heapq.heappop(self._heap)
            self._dead.discard(row[3])
            self._taken.append(row)
            self._dropped.append(row[3])

    def pop(self) -> Due[T]:
        """Take the first item out; raises IndexError if nothing waits."""
        self._drop_dead()
        self._taken.append(self._heap[0])
        return super().pop()

    def first(self) -> T | None:
        """What comes next, None if nothing waits; it stays where it is."""
        self._drop_dead()
        return self._heap[0][4] if self._heap else None

    def mark(self) -> QueueChange[T]:
        """The change since the last mark; the next one begins here."""
        change = self._since()
        self._begin(self._sequence)
        return change

    def _since(self) -> QueueChange[T]:
        old = tuple(row for row in self._taken if row[3] <= self._change)
        cancelled = tuple(n for n in self._cancelled if n <= self._change)
        return QueueChange(self._change, old, cancelled, tuple(n for n in self._dropped if n <= self._change))

    def _begin(self, sequence: int) -> None:
        self._change = sequence
        self._taken, self._cancelled, self._dropped = [], [], []

    def take_back(self, change: QueueChange[T]) -> None:
        """Undo the last change that was not undone, with what happened after it."""
        for each in (self._since(), change):
            self._heap = [row for row in self._heap if row[3] <= each.sequence] + list(each.taken)
            self._dead = {n for n in (*self._dead, *each.dropped) if n <= each.sequence} - set(each.cancelled)
        heapq.heapify(self._heap)
        self._sequence = change.sequence
        self._begin(change.sequence)
