"""Plans of all agents of a population over a window, as small arrays, and when to make them anew."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from dso.agents.kind import Kind, Window
from dso.agents.planning import Plan, Problem
from dso.agents.price_forecast import spread_of
from dso.clock import Interval
from dso.messages import FloatArray

Solve = Callable[[Iterable[Problem]], Iterable[Plan]]
Small = NDArray[np.float32]

BLOCK = 4096  # agents whose problem is written down at once: bounds memory, and is what processes share
SAME_PRICE_FRAC = 0.005  # of Δf: a forecast that moves by less changes no plan worth having
SAME_WEATHER = 0.2  # [K]
MOST_SPREADS = 10.0  # a spread so many times the one reckoned with moves preferences no further


@dataclass(frozen=True, slots=True, eq=False)
class Outlook:
    """What plans were made for."""

    price_usd_per_kwh: FloatArray  # (T,)
    weather: FloatArray | None  # (T,) [°C]; None: plans do not depend on it
    start: FloatArray  # (n,) planned state at the beginning
    spread_usd_per_kwh: float  # Δf that bids and preferences reckon with

    def beside(self, old: Outlook, drift: FloatArray) -> tuple[Outlook, NDArray[np.bool_]]:
        """This outlook, with the old one's prices and weather where they are the same to a plan.

        Parameters
        ----------
        old : of the plan before, over the same window.
        drift : (n,) how far the beginning may be off.

        Returns
        -------
        the outlook, and whose plan is worth making again, (n,).
        """
        most = SAME_PRICE_FRAC * spread_of(self.price_usd_per_kwh)
        dearer = bool(np.abs(self.price_usd_per_kwh - old.price_usd_per_kwh).max() > most)
        warmer = False
        if self.weather is not None and old.weather is not None:
            warmer = bool(np.abs(self.weather - old.weather).max() > SAME_WEATHER)
        who = (np.abs(self.start - old.start) > drift) | dearer | warmer
        price = self.price_usd_per_kwh if dearer else old.price_usd_per_kwh
        weather = self.weather if warmer else old.weather
        return replace(self, price_usd_per_kwh=price, weather=weather), who


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
        row, past_s = divmod(max(0, t_s - self.window.start_s), self.window.interval_s)
        before = self.outlook.start if row == 0 else self.x[min(row, len(self.x)) - 1].astype(np.float64)
        if not past_s or row >= len(self.x):
            return before
        after = self.x[row].astype(np.float64)
        return np.asarray(before + past_s / self.window.interval_s * (after - before))

    def prices_at(self, intervals: Sequence[Interval]) -> FloatArray:
        """(t,) the prices that intervals were planned for."""
        return self.outlook.price_usd_per_kwh[[self._row(i.start_s) for i in intervals]]

    def _row(self, t_s: int) -> int:
        return min(max(0, (t_s - self.window.start_s) // self.window.interval_s), self.window.count - 1)

    def amended(self, part: LongPlan, who: NDArray[np.bool_]) -> LongPlan:
        """This plan with that of some agents, over its last hours, in the place of theirs."""
        kw, x, first = self.kw.copy(), self.x.copy(), self._row(part.window.start_s)
        kw[first:, who], x[first:, who] = part.kw[:, who], part.x[:, who]
        if first:
            x[first - 1, who] = part.outlook.start[who]
            return replace(self, kw=kw, x=x)
        start = np.where(who, part.outlook.start, self.outlook.start)
        return replace(self, kw=kw, x=x, outlook=replace(self.outlook, start=start))


@dataclass(frozen=True, slots=True, eq=False)
class Near:
    """What agents would have been awarded at the price of the round before, and how far apart powers may
    be."""

    kw: FloatArray  # (T, n)
    give_kw: FloatArray  # (n,) given up for each USD/kWh more by its bid
    spread_usd_per_kwh: float  # of the prices that it plans for


def in_spreads(problem: Problem, relative: bool, outlook: Outlook) -> Problem:
    """A problem whose prices count by the Δf reckoned with, where its kind has divided them by their own.

    Else one dear hour would change what all other hours are worth, from round to round.
    """
    if not relative:
        return problem
    ratio = min(MOST_SPREADS, float(np.ptp(outlook.price_usd_per_kwh)) / outlook.spread_usd_per_kwh)
    firm = None if problem.soft_price is None else problem.soft_price * max(1.0, ratio)
    return replace(problem, p_u=problem.p_u * ratio, soft_price=firm)


def held_near(problem: Problem, near: Near | None, who: NDArray[np.int64]) -> Problem:
    """A problem with ½·c·(power − near)² in its cost, c being the slope of the agent's bid in the cost's
    unit.

    Agents who answer the last round's price and stay near what it awarded them, and a market that clears what
    they bid around that, come to their common optimum: sharing ADMM, S. Boyd et al., Foundations and Trends
    in Machine Learning 3 (2011), §7.3. Agents who leap to their own optimum at each price leap for ever.
    """
    if near is None:
        return problem
    slope = np.ptp(np.broadcast_to(problem.p_u, problem.shape), axis=0) / near.spread_usd_per_kwh
    c = slope / near.give_kw[who]
    pull = c * near.kw[:, who]
    held = replace(problem, p_u=problem.p_u - pull, r_u=problem.r_u + c)
    if problem.b_v is None:
        return held
    cross = 0.0 if problem.cross is None else problem.cross
    return replace(held, p_v=problem.p_v + pull, r_v=problem.r_v + c, cross=cross - c)


def planned(
    kind: Kind,
    solve: Solve,
    window: Window,
    state: FloatArray,
    outlook: Outlook,
    before: LongPlan | None,
    who: NDArray[np.bool_],
    known_at_s: int,
    near: Near | None = None,
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
    near : what plans are held near to; None: nothing.
    """
    count = state.shape[1]
    kw = np.zeros((window.count, count), np.float32) if before is None else before.kw.copy()
    x = np.zeros((window.count, count), np.float32) if before is None else before.x.copy()
    rows = np.flatnonzero(who)
    blocks = [rows[k : k + BLOCK] for k in range(0, len(rows), BLOCK)]
    price = outlook.price_usd_per_kwh[:, None]

    def posed(block: NDArray[np.int64]) -> Problem:
        alone = kind.problem(block, state[:, block], price, window, known_at_s)
        return held_near(in_spreads(alone, kind.relative, outlook), near, block)

    for block, made in zip(blocks, solve(map(posed, blocks)), strict=True):
        kw[:, block] = made.u if made.v is None else made.u - made.v
        x[:, block] = made.x
    start = outlook.start if before is None else np.where(who, outlook.start, before.outlook.start)
    return LongPlan(window, kw, x, replace(outlook, start=start))
