"""Round after round of prices between neighbours, by one rule or the other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, Self

import numpy as np
from numpy.typing import NDArray

from dso.market.curve import Floats
from dso.market.neighbours import Edges, Weights, half_own, metropolis, near
from dso.market.nodes import Nodes

FORGETS = (
    30.0  # rounds per node after which a slope that a node has left still counts 1/e; 10 failed on stars
)

Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Exchange:
    """Where n nodes stand in t intervals when they stop.

    Parameters
    ----------
    price_usd_per_kwh, quantity_kw : (n, t) of each node.
    rounds, residual_kw, agreed : (t,) how long it took, what was left, whether that is little enough.
    """

    price_usd_per_kwh: Floats
    quantity_kw: Floats
    rounds: NDArray[np.int64]
    residual_kw: Floats
    agreed: Mask


class _Talk(Protocol):
    """Where the nodes of some intervals stand in the midst of it."""

    price: Floats  # (n, t)
    wanted: Floats  # (n, t)

    def hear(self) -> None:
        """One round: each hears its neighbours once."""

    def standing(self) -> tuple[Floats, Mask]:
        """What is left [kW], and whether that is little enough, each (t,)."""

    def taking(self, intervals: Mask) -> Self:
        """Only some of the intervals go on."""


@dataclass(frozen=True, slots=True)
class Tracking:
    """Gradient tracking: λ⁺ = Wλ + εy, y⁺ = Wy + q(λ⁺) − q(λ), y₀ = q(λ₀), load positive.

    ε = gain/Σ|slope|, where each node counts with the steepest piece that its price has lately crossed. What
    these add up to they learn as they learn y: z⁺ = Wz + s⁺ − s and ε = gain/(n·z), where z₀ is the mean of
    their steepest pieces. It stops on n·max|y|.

    Parameters
    ----------
    gain : ε·Σ|slope| [1].
    tolerance_usd_per_kwh : how near to the price, and to one another, they must come [USD/kWh].
    tolerance_frac : how near to balance, of all that the nodes could want or give.
    most_rounds : when they give up.
    """

    gain: float = 0.2
    tolerance_usd_per_kwh: float = 1e-7
    tolerance_frac: float = 1e-7
    most_rounds: int = 100_000

    def run(self, nodes: Nodes, edges: Edges, start: Floats, low: Floats, high: Floats) -> Exchange:
        """Exchange prices until they are near enough.

        Parameters
        ----------
        nodes : n curves in t intervals.
        edges : who talks to whom.
        start : (n, t) first prices [USD/kWh].
        low, high : (t,) between which all prices are kept [USD/kWh].
        """
        weights, price = metropolis(len(start), edges), np.clip(start, low, high)
        wanted, slope, steep = nodes.wanted_kw(price), nodes.steepest_between(price, price), nodes.steepest
        all_slopes = steep.sum(axis=0)
        z = np.broadcast_to(all_slopes / len(start), start.shape)
        talk = _TrackingTalk(
            self, weights, nodes, low, high, 1e-9 * all_slopes, price, wanted, slope, wanted, z, steep
        )
        return _until_done(talk, self.most_rounds)


@dataclass(slots=True, eq=False)
class _TrackingTalk:
    rule: Tracking
    weights: Weights
    nodes: Nodes
    low: Floats
    high: Floats
    least: Floats
    price: Floats
    wanted: Floats
    slope: Floats
    y: Floats
    z: Floats
    steep: Floats

    def hear(self) -> None:
        count = len(self.price)
        # All together are at least as steep as the node itself, whatever it has heard so far.
        step = self.rule.gain / np.maximum(np.maximum(count * self.z, self.steep), self.least)
        before, wanted, steep = self.price, self.wanted, self.steep
        self.price = np.clip(self.weights @ before + step * self.y, self.low, self.high)
        self.wanted = self.nodes.wanted_kw(self.price)
        self.y = self.weights @ self.y + (self.wanted - wanted)
        self.slope = self.nodes.steepest_between(before, self.price)
        self.steep = np.maximum(self.slope, (1.0 - 1.0 / (FORGETS * count)) * steep)
        self.z = self.weights @ self.z + (self.steep - steep)

    def standing(self) -> tuple[Floats, Mask]:
        rule = self.rule
        left = len(self.y) * np.abs(self.y).max(axis=0)
        size = self.nodes.size_kw
        little = left <= rule.tolerance_frac * size
        if little.any():
            # On a vertical piece of all together no price is nearer than another.
            enough = np.maximum(rule.tolerance_usd_per_kwh * self.slope.sum(axis=0), 1e-9 * size)
            little &= (left <= enough) & (np.ptp(self.price, axis=0) <= rule.tolerance_usd_per_kwh)
        return left, little

    def taking(self, intervals: Mask) -> _TrackingTalk:
        some = (self.price, self.wanted, self.slope, self.y, self.z, self.steep)
        return _TrackingTalk(
            self.rule,
            self.weights,
            self.nodes.taking(intervals),
            self.low[intervals],
            self.high[intervals],
            self.least[intervals],
            *(part[:, intervals] for part in some),
        )


@dataclass(frozen=True, slots=True)
class Tesp:
    """TESP's rule: λ_i(k+1) = Σ_j D_ij λ_j(k) + γ/(0.9(k+1))·ΔP_i, ΔP_i = −Σ_j q_j over i and its neighbours.

    Demand is negative there; here ΔP_i is their net load. D is row-stochastic, the own weight ½.
    It stops when all |ΔP| ≤ 0.05 kW and k ≥ 2, starts again with γ/√j at 1600 iterations, ten times at most.
    Only on a complete graph does that balance the whole.

    References
    ----------
    PNNL, TESP 1.3.8, consensus/consensus_microgrid.py.
    """

    gamma: float = 0.0025
    tolerance_kw: float = 0.05
    rounds_a_start: int = 1600
    starts: int = 11

    def run(self, nodes: Nodes, edges: Edges, start: Floats, low: Floats, high: Floats) -> Exchange:
        """As `Tracking.run`; prices go where they like, and each node reads its own curve between bounds."""
        count, links = len(start), list(edges)
        weights, around = half_own(count, links), near(count, links)
        talk = _TespTalk(self, weights, around, nodes, low, high, start, start, np.zeros_like(start))
        talk.read()
        return _until_done(talk, self.rounds_a_start * self.starts)


@dataclass(slots=True, eq=False)
class _TespTalk:
    rule: Tesp
    weights: Weights
    around: Weights
    nodes: Nodes
    low: Floats
    high: Floats
    start: Floats
    price: Floats
    wanted: Floats
    k: int = 0
    again: int = 0

    def read(self) -> None:
        """What each wants at its price, kept within bounds."""
        self.wanted = self.nodes.wanted_kw(np.clip(self.price, self.low, self.high))

    def hear(self) -> None:
        if self.k == self.rule.rounds_a_start:
            self.k, self.again, self.price = 0, self.again + 1, self.start
            self.read()
        step = self.rule.gamma / np.sqrt(max(1, self.again)) / (0.9 * (self.k + 1))
        self.price = self.weights @ self.price + step * (self.around @ self.wanted)
        self.read()
        self.k += 1

    def standing(self) -> tuple[Floats, Mask]:
        left = np.abs(self.around @ self.wanted).max(axis=0)
        return left, (left <= self.rule.tolerance_kw) & (self.k >= 2)

    def taking(self, intervals: Mask) -> _TespTalk:
        return _TespTalk(
            self.rule,
            self.weights,
            self.around,
            self.nodes.taking(intervals),
            self.low[intervals],
            self.high[intervals],
            self.start[:, intervals],
            self.price[:, intervals],
            self.wanted[:, intervals],
            self.k,
            self.again,
        )


def _until_done(talk: _Talk, most_rounds: int) -> Exchange:
    """Let them talk; an interval that is done goes no further."""
    shape = talk.price.shape
    price, wanted, left = np.empty(shape), np.empty(shape), np.empty(shape[1])
    rounds, agreed = np.empty(shape[1], np.int64), np.empty(shape[1], bool)
    at = np.arange(shape[1])
    for number in range(1, most_rounds + 1):
        talk.hear()
        residual, done = talk.standing()
        over = done if number < most_rounds else np.ones_like(done)
        if not over.any():
            continue
        here = at[over]
        price[:, here], wanted[:, here] = talk.price[:, over], talk.wanted[:, over]
        left[here], rounds[here], agreed[here] = residual[over], number, done[over]
        if over.all():
            break
        at, talk = at[~over], talk.taking(~over)
    return Exchange(price, wanted, rounds, left, agreed)
