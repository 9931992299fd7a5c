"""Which stretches of time were delivered: each exactly once."""

from __future__ import annotations

from dso.clock import Interval, iso
from dso.errors import EngineError

Stretches = tuple[tuple[int, int], ...]


def delivered_with(before: Stretches, interval: Interval) -> Stretches:
    """Stretches of time [s since the epoch], merged where they touch, with one more.

    Raises
    ------
    EngineError : the interval, or a part of it, was delivered before.
    """
    kept: list[tuple[int, int]] = []
    start_s, end_s = interval.start_s, interval.end_s
    for first_s, last_s in before:
        if first_s < interval.end_s and interval.start_s < last_s:
            raise EngineError(f"{iso(interval.start_s)} to {iso(interval.end_s)} was delivered before")
        if last_s == start_s:
            start_s = first_s
        elif first_s == end_s:
            end_s = last_s
        else:
            kept.append((first_s, last_s))
    return tuple(sorted([*kept, (start_s, end_s)]))
