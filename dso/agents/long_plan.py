"""Plans of all agents of a population over a window, as small arrays, and when to make them anew."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from dso.agents.kind import Kind, Window
from dso.agents.planning import Plan, Problem
from dso.agents.price_forecast import spread_of
from dso.messages import FloatArray

Solve = Callable[[Iterable[Problem]], Iterable[Plan]]
Small = NDArray[np.float32]

BLOCK = 4096  # agents whose problem is written down at once: bounds memory, and is what processes share
SAME_PRICE_FRAC = 0.005  # of Δf: a forecast that moves by less changes no plan worth having
SAME_WEATHER = 0.2  # [K]


@dataclass(frozen=True, slots=True, eq=False)
class Outlook:
    """What plans were made for."""

    price_usd_per_kwh: FloatArray  # (T,)
    weather: FloatArray | None  # (T,) [°C]; None: plans do not depend on it
    start: FloatArray  # (n,) planned state at the beginning

    def changed(self, before: LongPlan | None, window: Window, drift: FloatArray) -> NDArray[np.bool_]:
        """(n,) whose plan is worth making again."""
        if before is None or before.window != window:
            return np.ones(len(self.start), bool)
        old = before.outlook
        moved = np.abs(self.price_usd_per_kwh - old.price_usd_per_kwh).max()
        dearer = moved > SAME_PRICE_FRAC * spread_of(self.price_usd_per_kwh)
        warmer = (
            self.weather is not None
            and old.weather is not None
            and (np.abs(self.weather - old.weather).max() > SAME_WEATHER)
        )
        return np.asarray((np.abs(self.start - old.start) > drift) | bool(dearer or warmer))


@dataclass(frozen=True, slots=True, eq=False)
class LongPlan:
    """What n agents intend over a window of hours."""

    window: Window
    kw: Small  # (T, n) net power at the meter
    x: Small  # (T, n) planned state at the end of each hour
    outlook: Outlook

    def covers(self, t_s: int) -> bool:
        """Whether an instant lies in the window."""
        return self.window.start_s <= t_s < self.window.end_s

    def kw_at(self, t_s: int) -> FloatArray:
        """(n,) planned power of the hour of an instant."""
        return np.asarray(self.kw[self._row(t_s)], np.float64)

    def x_at(self, t_s: int) -> FloatArray:
        """(n,) planned state at an instant, linear within the hour."""
        row, past_s = divmod(t_s - self.window.start_s, self.window.interval_s)
        before = self.outlook.start if row <= 0 else self.x[min(row, len(self.x)) - 1].astype(np.float64)
        if not past_s or row >= len(self.x):
            return before
        after = self.x[row].astype(np.float64)
        return np.asarray(before + past_s / self.window.interval_s * (after - before))

    def _row(self, t_s: int) -> int:
        return min(max(0, (t_s - self.window.start_s) // self.window.interval_s), self.window.count - 1)

    def amended(self, part: LongPlan, who: NDArray[np.bool_]) -> LongPlan:
        """This plan with that of some agents, over its last hours, in the place of theirs."""
        kw, x, first = self.kw.copy(), self.x.copy(), self._row(part.window.start_s)
        kw[first:, who], x[first:, who] = part.kw[:, who], part.x[:, who]
        if first:
            x[first - 1, who] = part.outlook.start[who]
        return replace(self, kw=kw, x=x)


def planned(
    kind: Kind,
    solve: Solve,
    window: Window,
    state: FloatArray,
    outlook: Outlook,
    before: LongPlan | None,
    who: NDArray[np.bool_],
    known_at_s: int,
) -> LongPlan:
    """A plan of all agents over a window: new for some, as before for the others.

    Parameters
    ----------
    solve : from problems to plans, in order.
    state : (s, n) at the beginning of the window.
    outlook : prices and weather that the plan is made for.
    before : the plan of the others; None: they have none, and get zeros.
    who : (n,) for whom.
    known_at_s : when what is known was known.
    """
    count = state.shape[1]
    kw = np.zeros((window.count, count), np.float32) if before is None else before.kw.copy()
    x = np.zeros((window.count, count), np.float32) if before is None else before.x.copy()
    rows = np.flatnonzero(who)
    blocks = [rows[k : k + BLOCK] for k in range(0, len(rows), BLOCK)]
    price = outlook.price_usd_per_kwh[:, None]
    problems = (kind.problem(b, state[:, b], price, window, known_at_s) for b in blocks)
    for block, made in zip(blocks, solve(problems), strict=True):
        kw[:, block] = made.u if made.v is None else made.u - made.v
        x[:, block] = made.x
    start = outlook.start if before is None else np.where(who, outlook.start, before.outlook.start)
    return LongPlan(window, kw, x, replace(outlook, start=start))
