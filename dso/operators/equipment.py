"""What happens to equipment: failures, maintenance, upgrades, and what that means for an interval."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import numpy as np

from dso.clock import Interval
from dso.messages import AS_BUILT, Equipment, FloatArray
from dso.ports import BoolArray

Cause = Literal["failure", "maintenance", "upgrade"]
Energised = Callable[[Equipment], BoolArray]


@dataclass(frozen=True, slots=True)
class Case:
    """One element that is not as built, for some time.

    Parameters
    ----------
    name : unique in a study.
    element : out of service, or with another rating.
    cause : a failure is known from its start on, the others beforehand.
    since_s, until_s : from when to when [s since the epoch], the end not included; None: not known yet.
    rating_frac : its rating over that in the model meanwhile; None: it is out.
    repair_s : how long a crew works on it [s].
    crew, arrives_s : who repairs it, and when they are there [s].
    """

    name: str
    element: str
    cause: Cause
    since_s: int
    until_s: int | None = None
    rating_frac: float | None = None
    repair_s: int = 0
    crew: str | None = None
    arrives_s: int | None = None

    @property
    def planned(self) -> bool:
        """Whether it is known beforehand."""
        return self.cause != "failure"

    @property
    def expected_s(self) -> int | None:
        """When it is over as far as one can tell; None while no crew has the job."""
        if self.until_s is not None or self.arrives_s is None:
            return self.until_s
        return self.arrives_s + self.repair_s

    def holds(self, at_s: int) -> bool:
        """Whether it holds at an instant."""
        return self.since_s <= at_s and (self.until_s is None or at_s < self.until_s)


@dataclass(frozen=True, slots=True)
class Crews:
    """Who repairs: how many crews, how long each travels, and works if nobody says otherwise [s]."""

    count: int = 1
    travel_s: int = 1800
    repair_s: int = 7200

    @property
    def names(self) -> tuple[str, ...]:
        """Their machines' names."""
        return tuple(f"crew-{k + 1}" for k in range(self.count))


def equipment_in(cases: Iterable[Case], interval: Interval, known_at_s: int | None = None) -> Equipment:
    """The state to plan an interval with: what is touched in part counts for all of it.

    Parameters
    ----------
    cases : all of them.
    interval : what is planned.
    known_at_s : failures that begin later are not known; None: all cases are.
    """
    known = [c for c in cases if c.planned or known_at_s is None or c.since_s <= known_at_s]
    touching = [c for c in known if c.since_s < interval.end_s and _after(c.expected_s, interval.start_s)]
    return _state(touching, interval)


def equipment_during(cases: Iterable[Case], interval: Interval) -> Equipment:
    """The state as it was in an interval: out is what was out throughout."""
    held = [c for c in cases if c.since_s < interval.end_s and _after(c.until_s, interval.start_s)]
    through = [c for c in held if c.rating_frac is not None or _throughout(c, held, interval)]
    return _state(through, interval)


def _throughout(case: Case, held: Sequence[Case], interval: Interval) -> bool:
    """Whether a case's element was out from an interval's start to its end, by this case and others."""
    at_s = interval.start_s
    for other in sorted((c for c in held if c.element == case.element), key=lambda c: c.since_s):
        if other.rating_frac is None and other.since_s <= at_s:
            at_s = interval.end_s if other.until_s is None else max(at_s, other.until_s)
    return at_s >= interval.end_s


def _state(cases: Sequence[Case], interval: Interval) -> Equipment:
    out = frozenset(c.element for c in cases if c.rating_frac is None)
    changed = sorted({c.element for c in cases if c.rating_frac is not None} - out)
    ratings = tuple((element, _least_rating(cases, element, interval)) for element in changed)
    rated = tuple((element, frac) for element, frac in ratings if frac != 1.0)
    return Equipment(out, rated) if out or rated else AS_BUILT


def _least_rating(cases: Sequence[Case], element: str, interval: Interval) -> float:
    """The lowest rating in any part of an interval: the newest case counts from its start on."""
    own = sorted((c for c in cases if c.element == element and c.rating_frac is not None), key=_since)
    before = [c.rating_frac or 0.0 for c in own if c.since_s <= interval.start_s]
    later = [c.rating_frac or 0.0 for c in own if c.since_s > interval.start_s]
    return min([before[-1] if before else 1.0, *later])


def supplied_frac(cases: Iterable[Case], interval: Interval, energised: Energised) -> FloatArray | None:
    """Part of an interval in which each service point has supply, (points,); None: all of it.

    Parameters
    ----------
    cases : all of them.
    interval : which is over, or is planned with what is known.
    energised : which points are supplied in a state of the equipment.
    """
    outs = [c for c in cases if c.rating_frac is None]
    total: FloatArray | None = None
    for begin_s, end_s in pairwise(edges(outs, interval.start_s, interval.end_s)):
        out = frozenset(c.element for c in outs if c.holds(begin_s))
        lit = energised(Equipment(out)) if out else None
        part = (end_s - begin_s) / interval.duration_s
        share = part if lit is None else part * lit
        total = np.asarray(share if total is None else total + share, np.float64)
    if total is None or not total.ndim:
        return None
    return None if np.all(total >= 1.0 - 1e-12) else total


def edges(cases: Iterable[Case], start_s: int, end_s: int) -> list[int]:
    """The instants at which some cases begin or end between two others, with these."""
    instants = {t for c in cases for t in (c.since_s, c.until_s) if t is not None and start_s < t < end_s}
    return sorted({start_s, end_s} | instants)


def _after(end_s: int | None, at_s: int) -> bool:
    return end_s is None or end_s > at_s


def _since(case: Case) -> int:
    return case.since_s


def next_job(cases: Iterable[Case], crew: str) -> Case | None:
    """The failure that a crew repairs next: the oldest that nobody else has; None if there is none."""
    waiting = [
        c for c in cases if c.cause == "failure" and c.until_s is None and (c.crew is None or c.crew == crew)
    ]
    return min(waiting, key=lambda c: (c.since_s, c.name), default=None)


def next_change_s(cases: Iterable[Case], after_s: int) -> int | None:
    """When the next of some cases begins or ends; None if none does."""
    instants = (t for c in cases for t in (c.since_s, c.until_s) if t is not None and t > after_s)
    return min(instants, default=None)
