"""How reliable supply was: interruptions and customer-minutes of each outage, and the indices of a study.

Every interruption counts, however short: SAIDI and SAIFI of IEEE Std 1366 leave out those of up to five
minutes, which is for the reader of the table `outages` to do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from dso.messages import Equipment, IntArray
from dso.operators.equipment import Case, edges
from dso.ports import BoolArray


@dataclass(frozen=True, slots=True)
class Interruption:
    """What one outage did to customers."""

    customers: int = 0  # who lost supply by it
    customer_minutes: float = 0.0


@dataclass(frozen=True, slots=True)
class Indices:
    """The indices of some outages."""

    saidi_min: float  # minutes without supply of the average customer
    saifi: float  # interruptions of the average customer
    caidi_min: float | None  # minutes of the average interruption; None: there was none

    @classmethod
    def of(cls, outages: Iterable[Interruption], customers: int) -> Indices:
        """SAIDI = Σ customer-minutes / customers, SAIFI = Σ interruptions / customers, CAIDI their ratio."""
        rows = list(outages)
        minutes = sum(r.customer_minutes for r in rows)
        count = sum(r.customers for r in rows)
        return cls(minutes / customers, count / customers, minutes / count if count else None)


def interruptions(
    cases: Iterable[Case],
    energised: Callable[[Equipment], BoolArray],
    homes: IntArray,
    start_s: int,
    end_s: int,
) -> dict[str, Interruption]:
    """What each outage did to customers between two instants, by its name.

    Where several leave a customer without supply, the oldest counts as the cause as long as it lasts. Who
    stays dark when it ends was interrupted once.

    Parameters
    ----------
    cases : all of them; those that only change a rating interrupt nobody.
    energised : which service points are supplied in a state of the equipment, (points,).
    homes : (points,) how many customers sit at each.
    start_s, end_s : from when to when [s].
    """
    outs = sorted((c for c in cases if c.rating_frac is None), key=lambda c: (c.since_s, c.name))
    lost = {c.name: 0 for c in outs}
    minutes = {c.name: 0.0 for c in outs}
    dark_before = np.zeros(len(homes), bool)
    for begin_s, stop_s in pairwise(edges(outs, start_s, end_s)):
        causes = _causes([c for c in outs if c.holds(begin_s)], energised, len(homes))
        dark = np.zeros(len(homes), bool)
        for name, points in causes:
            lost[name] += int(homes[points & ~dark_before].sum())
            minutes[name] += float(homes[points].sum()) * (stop_s - begin_s) / 60
            dark |= points
        dark_before = dark
    return {name: Interruption(lost[name], minutes[name]) for name in lost}


def _causes(
    held: Sequence[Case], energised: Callable[[Equipment], BoolArray], count: int
) -> list[tuple[str, BoolArray]]:
    """Which points each of some outages, the oldest first, is the first to leave without supply."""
    dark, out, found = np.zeros(count, bool), frozenset[str](), []
    for case in held:
        out = out | {case.element}
        now = ~energised(Equipment(out))
        found.append((case.name, now & ~dark))
        dark = now
    return found


def homes_at(place: IntArray, points: int) -> IntArray:
    """How many customers sit at each service point, (points,)."""
    return np.bincount(place, minlength=points).astype(np.int64)
