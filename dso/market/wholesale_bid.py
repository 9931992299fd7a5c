"""One bid for the bus: an aggregate curve as blocks, or as TESP's quadratic benefit, and back."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dso.errors import CurveError
from dso.market.curve import Curve, Floats, read_only


@dataclass(frozen=True, slots=True, eq=False)
class BlockBid:
    """A bid in blocks: a quantity wanted at any price, and blocks wanted up to their prices.

    Parameters
    ----------
    fixed_kw : what is wanted at any price [kW].
    quantity_kw : (n,) the blocks' sizes [kW].
    price_usd_per_kwh : (n,) the blocks' prices, never rising [USD/kWh].
    """

    fixed_kw: float
    quantity_kw: Floats  # (n,)
    price_usd_per_kwh: Floats  # (n,)

    def to_curve(self) -> Curve:
        """The bid as a curve of stairs."""
        stairs = Curve.from_blocks(self.quantity_kw, self.price_usd_per_kwh)
        return Curve(stairs.price_usd_per_kwh, stairs.quantity_kw + self.fixed_kw)


@dataclass(frozen=True, slots=True)
class QuadraticBid:
    """TESP's bid (DSO+T `dsot`): a fixed load, and a responsive one of benefit B(P) = c0 + c1·P − c2·P²
    [USD/h].

    Parameters
    ----------
    unresponsive_kw : wanted at any price [kW].
    responsive_max_kw : the most of the responsive load [kW]; 0 if the bid is a fixed quantity.
    c0, c1, c2 : USD/h, USD/kWh, USD/kWh per kW.
    """

    unresponsive_kw: float
    responsive_max_kw: float
    c0: float
    c1: float
    c2: float


def _benefit(curve: Curve) -> tuple[Floats, Floats]:
    """Quantities, rising, and the money that the load up to each is worth: the integral of the price over
    it.
    """
    q, p = curve.quantity_kw[::-1], curve.price_usd_per_kwh[::-1]
    worth = np.concatenate(([0.0], np.cumsum((p[1:] + p[:-1]) / 2 * np.diff(q))))
    return q, worth


def _worth_at(curve: Curve, quantity_kw: Floats) -> Floats:
    q, worth = _benefit(curve)
    p = curve.price_usd_per_kwh[::-1]
    right = np.clip(np.searchsorted(q, quantity_kw, side="left"), 1, q.size - 1)
    left = right - 1
    span = q[right] - q[left]
    share = np.divide(quantity_kw - q[left], span, out=np.zeros(right.shape), where=span > 0)
    price = p[left] + share * (p[right] - p[left])
    found: Floats = worth[left] + (p[left] + price) / 2 * (quantity_kw - q[left])
    return found


def as_blocks(curve: Curve, blocks: int) -> BlockBid:
    """A curve as blocks: its own steps where it is stairs of that many, else equal blocks worth what it is
    worth.

    Parameters
    ----------
    curve : the aggregate net load [kW over USD/kWh].
    blocks : how many, one at least.

    Raises
    ------
    CurveError : fewer than one block.
    """
    if blocks < 1:
        raise CurveError(f"a block bid needs one block at least, was asked for {blocks}")
    q, p = curve.quantity_kw[::-1], curve.price_usd_per_kwh[::-1]
    size, fall = np.diff(q), np.diff(p)
    if not size.any():
        return BlockBid(float(q[0]), read_only(np.zeros(0)), read_only(np.zeros(0)))
    if not (fall[size > 0]).any() and np.count_nonzero(size) <= blocks:
        return BlockBid(float(q[0]), read_only(size[size > 0]), read_only(p[1:][size > 0]))
    edges = np.linspace(q[0], q[-1], blocks + 1)
    prices = np.diff(_worth_at(curve, edges)) / np.diff(edges)
    return BlockBid(float(q[0]), read_only(np.diff(edges)), read_only(np.minimum.accumulate(prices)))


def as_quadratic(curve: Curve, *, expected_price_usd_per_kwh: float | None = None) -> QuadraticBid:
    """A curve as TESP's quadratic bid: the line P = e + z·(Q − Q_5%) of least squares over its 5–95 %
    quantities.

    Then c1 = e, c2 = −z/2, unresponsive = Q_5%, responsive at most Q_max − Q_5%. Accepted when c2 > 0, c1 > 0
    and c1 − 2·c2·(Q_max − Q_5%) ≥ 0; else the bid is a fixed quantity.

    Parameters
    ----------
    curve : the aggregate net load [kW over USD/kWh].
    expected_price_usd_per_kwh : where a fixed quantity is read off the curve; None takes the middle of its
        range.
    """
    most, least = float(curve.quantity_kw[0]), float(curve.quantity_kw[-1])
    start, length = least + 0.05 * (most - least), 0.9 * (most - least)
    if length > 0:
        slope, mean = _fitted_line(curve, start, length)
        c1, c2 = mean - slope * length / 2, -slope / 2
        if c2 > 0 and c1 > 0 and c1 - 2 * c2 * (most - start) >= 0:
            return QuadraticBid(start, most - start, 0.0, c1, c2)
    if expected_price_usd_per_kwh is None:
        return QuadraticBid((most + least) / 2, 0.0, 0.0, 0.0, 0.0)
    low, high = curve.quantity_interval_kw(expected_price_usd_per_kwh)
    return QuadraticBid((low + high) / 2, 0.0, 0.0, 0.0, 0.0)


def _fitted_line(curve: Curve, start: float, length: float) -> tuple[float, float]:
    """Slope and mean of the least-squares line of price over quantity, by exact integrals of the curve's
    pieces.
    """
    q, p = curve.quantity_kw[::-1], curve.price_usd_per_kwh[::-1]
    inside = (q[:-1] < start + length) & (q[1:] > start) & (q[1:] > q[:-1])
    q0, q1, p0, p1 = q[:-1][inside], q[1:][inside], p[:-1][inside], p[1:][inside]
    rate = (p1 - p0) / (q1 - q0)
    a, b = np.maximum(q0, start), np.minimum(q1, start + length)
    pa, pb = p0 + rate * (a - q0), p0 + rate * (b - q0)
    middle = start + length / 2
    first = (pa + pb) / 2 * (b - a)
    # ∫ (q − middle)·P dq of a straight piece, by Simpson's rule, which is exact for a quadratic.
    moment = (b - a) / 6 * ((a - middle) * pa + 2 * (a + b - 2 * middle) * (pa + pb) / 2 + (b - middle) * pb)
    return float(12 * moment.sum() / length**3), float(first.sum() / length)


def from_quadratic(bid: QuadraticBid) -> Curve:
    """The curve of a quadratic bid: price c1 − 2·c2·P over the responsive load P.

    Raises
    ------
    CurveError : c2 is negative, the responsive load is, or a value is not finite.
    """
    if bid.c2 < 0 or bid.responsive_max_kw < 0:
        raise CurveError(
            f"a quadratic bid needs c2 ≥ 0 and a responsive load ≥ 0, had {bid.c2}, {bid.responsive_max_kw}"
        )
    if not bid.responsive_max_kw:
        return Curve.vertical(bid.unresponsive_kw)
    end = bid.c1 - 2 * bid.c2 * bid.responsive_max_kw
    most = bid.unresponsive_kw + bid.responsive_max_kw
    return Curve(np.array([end, bid.c1]), np.array([most, bid.unresponsive_kw]))
