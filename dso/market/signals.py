"""TENT's transactive signals: curves as lists of vertices, their sums, losses, demand charges and costs.

Power here is TENT's, positive for supply and import, the opposite of the package's sign: `to_curve` turns it
round. Source: TNT Version 3 (volttron-pnnl-applications, branch tent) and Hammerstrom et al., PNNL-28400.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from dso.errors import CurveError
from dso.market.curve import Curve, Floats

# A vertex is (price [USD/kWh], power [kW], positive for supply); linear between, prices never falling.
Vertex = tuple[float, float]


@dataclass(frozen=True, slots=True)
class CostVertex:
    """A vertex with the cost of supplying its power [USD/kWh, kW, USD/h]."""

    price_usd_per_kwh: float
    power_kw: float
    cost_usd_per_h: float


def to_curve(vertices: Sequence[Vertex]) -> Curve:
    """The vertices as a curve of net load: TENT's supply is our injection.

    Raises
    ------
    CurveError : the vertices are not monotone or not finite, or there are none.
    """
    points = sorted((float(p), float(s)) for p, s in vertices)
    return Curve(np.array([p for p, _ in points]), np.array([-s for _, s in points]))


def sum_vertices(curves: Sequence[Sequence[Vertex]], *, without: int | None = None) -> list[Vertex]:
    """The vertices of the sum of curves; leave one out to get the residual curve that is sent to it.

    At most two vertices stand at one price; a curve of one vertex is inelastic.

    Parameters
    ----------
    curves : vertices of each asset and neighbour (USD/kWh, kW positive for supply).
    without : the number of the curve to leave out.

    Raises
    ------
    CurveError : a curve is not monotone, or none is left.
    """
    kept = [to_curve(c) for i, c in enumerate(curves) if i != without]
    if not kept:
        raise CurveError("there is no curve to sum")
    total = Curve.total(kept)
    return [
        (float(p), float(-q) + 0.0) for p, q in zip(total.price_usd_per_kwh, total.quantity_kw, strict=True)
    ]


def balance_price(curves: Sequence[Sequence[Vertex]]) -> float | None:
    """The price at which supply and demand balance, the middle where several do; None where none does."""
    found = Curve.total(to_curve(c) for c in curves).price_interval(0.0)
    if found is None or not np.isfinite(found).any():
        return None
    finite = [p for p in found if np.isfinite(p)]
    return sum(finite) / len(finite)


def include_losses(vertices: Sequence[Vertex], loss_frac: float, capacity_kw: float) -> list[Vertex]:
    """What arrives of an import with fraction f lost at capacity: P' = P(1 − f·P/Pmax), λ' = λ/(1 −
    2f·P/Pmax).

    Parameters
    ----------
    vertices : the sender's vertices; exports (negative power) stay as they are.
    loss_frac : the fraction lost at capacity, 0 to below ½.
    capacity_kw : the connection's capacity [kW].

    Raises
    ------
    CurveError : the fraction is out of range.
    """
    if not 0 <= loss_frac < 0.5:
        raise CurveError(f"the loss fraction must lie between 0 and below 0.5, was {loss_frac}")

    def arrived(price: float, power: float) -> Vertex:
        if power <= 0:
            return price, power
        load = loss_frac * power / capacity_kw
        return price / (1 - 2 * load), power * (1 - load)

    return [arrived(*vertex) for vertex in vertices]


def include_demand_charge(
    vertices: Sequence[Vertex], threshold_kw: float, rate_usd_per_kwh: float
) -> list[Vertex]:
    """Supply beyond the demand threshold costs the demand rate more: a step at the threshold.

    Parameters
    ----------
    vertices : the supply (USD/kWh, kW positive for supply).
    threshold_kw : the peak already paid for [kW].
    rate_usd_per_kwh : the charge, spread over the interval [USD/kWh].
    """
    if vertices[-1][1] <= threshold_kw:
        return list(vertices)
    if vertices[0][1] >= threshold_kw:
        return [(p + rate_usd_per_kwh, s) for p, s in vertices]
    below = [v for v in vertices if v[1] <= threshold_kw]
    above = [(p + rate_usd_per_kwh, s) for p, s in vertices if s > threshold_kw]
    price = _price_at(vertices, threshold_kw)
    at = [] if below[-1] == (price, threshold_kw) else [(price, threshold_kw)]
    return [*below, *at, (price + rate_usd_per_kwh, threshold_kw), *above]


def _price_at(vertices: Sequence[Vertex], power_kw: float) -> float:
    """The price of the last kW up to a power within the curve."""
    for (p0, s0), (p1, s1) in pairwise(vertices):
        if s0 <= power_kw <= s1 and s1 > s0:
            return p0 + (power_kw - s0) / (s1 - s0) * (p1 - p0)
    return vertices[-1][0]


def updated_threshold(
    threshold_kw: float, scheduled_kw: Sequence[float], *, new_month: bool = False, carry_frac: float = 0.8
) -> float:
    """The demand threshold: in a new month a fraction of the old one, else raised to the highest scheduled
    import.
    """
    if new_month:
        return carry_frac * threshold_kw
    return max([threshold_kw, *scheduled_kw])


def signal_for(vertices: Sequence[Vertex], least_kw: float, most_kw: float) -> list[Vertex]:
    """The signal to a neighbour: our curve, cut to what the neighbour can take and give.

    Parameters
    ----------
    vertices : what we offer at each price (USD/kWh, kW positive for supply).
    least_kw, most_kw : the neighbour's own limits (kW positive for its supply to us): ours are their mirror
        image.
    """
    cut = to_curve(vertices).clipped(least_kw, most_kw)
    rows = list(zip(cut.price_usd_per_kwh.tolist(), (-cut.quantity_kw).tolist(), strict=True))
    low, high = rows[0][1], rows[-1][1]
    # Beyond the last price at which a limit is reached the curve is vertical anyhow.
    first = max(i for i, (_, s) in enumerate(rows) if s == low)
    last = min(i for i, (_, s) in enumerate(rows) if s == high)
    return [(p, s + 0.0) for p, s in rows[min(first, last) : max(first, last) + 1]]


def must_send(
    sent: Sequence[Vertex],
    now: Sequence[Vertex],
    price_tolerance: float = 1e-3,
    power_tolerance_kw: float = 1e-3,
) -> bool:
    """Whether the signal has not converged: nothing was sent yet, or it has changed by more than the
    tolerances.
    """
    if len(sent) != len(now) or not sent:
        return True
    return any(
        abs(a[0] - b[0]) > price_tolerance or abs(a[1] - b[1]) > power_tolerance_kw
        for a, b in zip(sent, now, strict=True)
    )


def cost_at(vertices: Sequence[CostVertex], power_kw: Sequence[float]) -> Floats:
    """The cost of supplying some powers, (n,) [USD/h]: between vertices C0 + λ0·x + ½·(λ1 − λ0)/(P1 − P0)·x².

    Continuous wherever the vertices' own costs are: their production costs beyond the first are not used (TNT
    leaves out the ½ and then jumps at the vertex). Below the first vertex the cost is 0, above the last it
    stays.
    """
    powers = np.array([v.power_kw for v in vertices])
    prices = np.array([v.price_usd_per_kwh for v in vertices])
    steps = (prices[1:] + prices[:-1]) / 2 * np.diff(powers)
    costs = vertices[0].cost_usd_per_h + np.concatenate(([0.0], np.cumsum(steps)))
    wanted = np.asarray(power_kw, dtype=np.float64)
    inside = np.minimum(wanted, powers[-1])
    found = np.full(wanted.shape, costs[0])
    for i in range(len(powers) - 1):
        x = inside - powers[i]
        span = powers[i + 1] - powers[i]
        bent = (
            costs[i] + prices[i] * x + (prices[i + 1] - prices[i]) / span * x**2 / 2 if span else costs[i + 1]
        )
        found = np.where(x >= 0, bent, found)
    return np.where(wanted < powers[0], 0.0, found)


def reference_price(
    existing: float | None, refined: float | None, model: float | None, default: float
) -> float:
    """The price a market starts from: its own if it has one, else of the market that it refines, of a
    model, a default.
    """
    for price in (existing, refined, model):
        if price is not None:
            return price
    return default
