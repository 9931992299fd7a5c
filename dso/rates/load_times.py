"""Times of meter data: what the clock at the meter showed, without a gap."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np

from dso.clock import HOUR_S
from dso.errors import InputError, Problem
from dso.rates.calendar import IntArray, local_clock_s

NAMED = 5
EPOCH = datetime(1970, 1, 1)


@dataclass(frozen=True, slots=True, eq=False)
class Times:
    """Starts of intervals by the clock at the meter (n,) [s since 1970 on that clock], and their length."""

    clock_s: IntArray
    interval_s: int
    note: str = ""


def clock_of_times(
    cells: Sequence[tuple[int, str]], zone: str | None, problems: list[Problem]
) -> Times | None:
    """The clock at the meter of a column of times; None, and problems, where it is wrong.

    Parameters
    ----------
    cells : line and text of each row; ISO 8601, with an offset or without.
    zone : time zone of the meter; without it what the file shows is the clock.
    """
    before = len(problems)
    moments = _parsed(cells, problems)
    if len(problems) > before or len(moments) < 2:
        if len(moments) < 2 and len(problems) == before:
            problems.append(Problem("time", "needs two rows and more to tell how long an interval is"))
        return None
    aware = {moment.tzinfo is not None for moment in moments}
    if len(aware) > 1:
        problems.append(Problem("time", "some have an offset from UTC and some have none; give all one"))
        return None
    lines = [line for line, _ in cells]
    if True in aware:
        return _aware(moments, lines, zone, problems)
    return _naive(moments, lines, zone, problems)


def check_zone(zone: str | None) -> None:
    """Raise InputError for a zone that does not exist."""
    try:
        if zone is not None:
            ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        what = f"there is no time zone {zone}; a name is like America/Chicago"
        raise InputError([Problem("--zone", what)]) from error


def _parsed(cells: Sequence[tuple[int, str]], problems: list[Problem]) -> list[datetime]:
    moments, bad = [], []
    for line, cell in cells:
        try:
            moments.append(datetime.fromisoformat(cell))
        except ValueError:
            bad.append((line, cell))
    for line, cell in bad[:NAMED]:
        what = f"time must be ISO 8601, such as 2018-01-01T00:00, was {cell or 'empty'}"
        problems.append(Problem(f"line {line}", what))
    if len(bad) > NAMED:
        problems.append(Problem("", f"and {len(bad) - NAMED} more lines whose time is none"))
    return moments


def _aware(
    moments: list[datetime], lines: list[int], zone: str | None, problems: list[Problem]
) -> Times | None:
    instants = np.array([int(moment.timestamp()) for moment in moments], dtype=np.int64)
    step = _even(instants, moments, lines, problems, "")
    if step is None:
        return None
    if zone is not None:
        return Times(local_clock_s(instants, zone), step)
    offsets = [moment.utcoffset() or timedelta() for moment in moments]
    note = ""
    if not any(offsets):
        note = "times are UTC, taken as the clock at the meter; name its zone with --zone"
    return Times(instants + np.array([int(o.total_seconds()) for o in offsets]), step, note)


def _naive(
    moments: list[datetime], lines: list[int], zone: str | None, problems: list[Problem]
) -> Times | None:
    clock = np.array([(m - EPOCH) // timedelta(seconds=1) for m in moments], dtype=np.int64)
    if zone is None:
        hint = "; where the clock changes in summer, name the zone with --zone"
        step = _even(clock, moments, lines, problems, hint)
        return None if step is None else Times(clock, step)
    instants = _instants(moments, clock, ZoneInfo(zone))
    step = _even(instants, moments, lines, problems, "")
    return None if step is None else Times(local_clock_s(instants, zone), step)


def _instants(moments: list[datetime], clock: IntArray, place: ZoneInfo) -> IntArray:
    """Instants of what a clock showed: an hour that is shown twice is the first, then the second time."""
    again = np.zeros(len(moments), dtype=bool)
    latest = clock[0]
    for k in range(1, len(clock)):
        turned_back = clock[k] <= latest and latest - clock[k] < HOUR_S + 1
        again[k] = turned_back
        latest = max(latest, clock[k])
    folded = (m.replace(tzinfo=place, fold=int(a)) for m, a in zip(moments, again, strict=True))
    return np.array([int(moment.timestamp()) for moment in folded], dtype=np.int64)


def _even(
    instants: IntArray, moments: list[datetime], lines: list[int], problems: list[Problem], hint: str
) -> int | None:
    """The one step between all times; None, and problems, where there is none."""
    steps = np.diff(instants)
    rising = steps[steps > 0]
    usual = int(np.median(rising)) if len(rising) else 0
    odd = np.flatnonzero(steps != usual)
    for k in odd[:NAMED]:
        what = f"time goes from {moments[k].isoformat()} to {moments[k + 1].isoformat()}"
        kind = (
            "backwards or stands still" if steps[k] <= 0 else f"in a step that is not {usual / 60:g} minutes"
        )
        problems.append(Problem(f"line {lines[k + 1]}", f"{what}: {kind}{hint}"))
    if len(odd) > NAMED:
        problems.append(Problem("", f"and {len(odd) - NAMED} more steps that are not {usual / 60:g} minutes"))
    if len(odd) == 0 and (usual > HOUR_S or HOUR_S % usual):
        what = f"intervals of {usual / 60:g} minutes do not divide an hour; hourly or finer is needed"
        problems.append(Problem("time", what))
        return None
    return usual if len(odd) == 0 else None
