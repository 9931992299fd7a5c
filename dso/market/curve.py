"""A curve: how much net load is wanted at each price, monotone and piecewise linear."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dso.errors import CurveError

Floats = NDArray[np.float64]


def read_only(values: ArrayLike, order: Any = "K") -> Floats:
    """The values as a float64 array nobody can write to; the caller's own array stays writeable."""
    array = np.array(values, dtype=np.float64, order=order, copy=None).view()
    array.flags.writeable = False
    return array


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """Net load over price: load positive, injection negative, never rising with the price.

    Demand and supply are the same thing here: an offer of 10 kW from 0.1 USD/kWh on is a net load of −10 kW
    above that price. Two vertices at one price are a horizontal piece (any quantity between them), two of one
    quantity a vertical piece. Beyond both ends the curve goes on vertically.

    Parameters
    ----------
    price_usd_per_kwh : (m,) vertices' prices, never falling [USD/kWh].
    quantity_kw : (m,) net load at them, never rising [kW].

    Raises
    ------
    CurveError : no vertex, unequal lengths, a value that is not finite, or not monotone.
    """

    price_usd_per_kwh: Floats  # (m,)
    quantity_kw: Floats  # (m,)

    def __post_init__(self) -> None:
        price, quantity = read_only(self.price_usd_per_kwh), read_only(self.quantity_kw)
        object.__setattr__(self, "price_usd_per_kwh", price)
        object.__setattr__(self, "quantity_kw", quantity)
        if price.ndim != 1 or price.shape != quantity.shape or not price.size:
            raise CurveError(
                f"a curve needs as many prices as quantities, was given {price.shape}, {quantity.shape}"
            )
        if not (np.isfinite(price).all() and np.isfinite(quantity).all()):
            raise CurveError("a curve's prices and quantities must be finite")
        if (price[1:] < price[:-1]).any():
            raise CurveError("a curve's prices must not fall along it")
        if (quantity[1:] > quantity[:-1]).any():
            raise CurveError("a curve's quantity must not rise with the price (an offer is a negative load)")

    @classmethod
    def from_points(cls, points: ArrayLike, *, offer: bool = False) -> Curve:
        """The curve of [quantity, price] vertices, listed from either end.

        Parameters
        ----------
        points : (m, 2) vertices [kW, USD/kWh].
        offer : whether the quantities are supply, rising with the price; they become negative loads.

        Raises
        ------
        CurveError : as the class.
        """
        array = np.asarray(points, dtype=np.float64)
        if array.ndim != 2 or array.shape[1] != 2:
            raise CurveError(f"points must be [quantity, price] pairs, had shape {array.shape}")
        quantity, price = (-array[:, 0] if offer else array[:, 0]), array[:, 1]
        # One price throughout does not say which end is which: then the larger quantity goes first.
        if price.size and (price[0] > price[-1] or (price[0] == price[-1] and quantity[0] < quantity[-1])):
            quantity, price = quantity[::-1], price[::-1]
        return cls(price, quantity)

    @classmethod
    def from_blocks(
        cls, quantity_kw: ArrayLike, price_usd_per_kwh: ArrayLike, *, offer: bool = False
    ) -> Curve:
        """The stairs of blocks: each is wanted (or offered) whole up to (or from) its price.

        Parameters
        ----------
        quantity_kw : (m,) the blocks' sizes, none negative [kW].
        price_usd_per_kwh : (m,) their prices, in any order [USD/kWh].
        offer : whether the blocks are supply.

        Raises
        ------
        CurveError : a negative size, or as the class.
        """
        size, price = (
            np.atleast_1d(np.asarray(quantity_kw, float)),
            np.atleast_1d(np.asarray(price_usd_per_kwh, float)),
        )
        if (size < 0).any():
            raise CurveError("a block's quantity must not be negative (say offer=True for supply)")
        if not size.size:
            return cls.vertical(0.0)
        order = np.argsort(price)
        size, price = size[order], price[order]
        level = np.concatenate(([0.0], np.cumsum(size)))
        level = -level if offer else level[-1] - level
        if not offer:
            level[-1] = 0.0
        return cls(np.repeat(price, 2), np.repeat(level, 2)[1:-1])

    @classmethod
    def vertical(cls, quantity_kw: float) -> Curve:
        """The curve that wants the same at every price; its one vertex' price, 0, means nothing."""
        return cls(np.zeros(1), np.array([float(quantity_kw)]))

    @classmethod
    def total(cls, curves: Iterable[Curve]) -> Curve:
        """The aggregate of several curves, exact: at each price the sum of their quantities."""
        every = list(curves)
        parts = [c for c in every if c.price_usd_per_kwh.size > 1]
        fixed = sum(float(c.quantity_kw[0]) for c in every if c.price_usd_per_kwh.size == 1)
        if not parts:
            return cls(every[0].price_usd_per_kwh if every else np.zeros(1), np.array([fixed]))
        if len(parts) == 1:
            return cls(parts[0].price_usd_per_kwh, parts[0].quantity_kw + fixed) if fixed else parts[0]
        price = np.unique(np.concatenate([c.price_usd_per_kwh for c in parts]))
        upper = np.sum([c.quantity_below(price) for c in parts], axis=0)
        lower = np.sum([c.quantity_above(price) for c in parts], axis=0)
        return cls.from_limits(price, upper + fixed, lower + fixed)

    @classmethod
    def from_limits(cls, price: Floats, upper: Floats, lower: Floats) -> Curve:
        """The curve with these one-sided limits (q just below p, q just above p) at distinct rising
        prices.
        """
        stairs = np.empty(2 * price.size)
        stairs[0::2], stairs[1::2] = upper, lower
        # Sums of the same numbers in another order may rise in the last bit.
        np.minimum.accumulate(stairs, out=stairs)
        keep = np.ones(stairs.size, dtype=bool)
        keep[1::2] = stairs[1::2] < stairs[0::2]
        return cls(np.repeat(price, 2)[keep], stairs[keep])

    def quantity_above(self, price: ArrayLike) -> Any:
        """The least quantity at each price [kW]: the limit from higher prices."""
        return self._interpolate(price, "right")

    def quantity_below(self, price: ArrayLike) -> Any:
        """The largest quantity at each price [kW]: the limit from lower prices."""
        return self._interpolate(price, "left")

    def _interpolate(self, price: ArrayLike, side: Any) -> Any:
        p, q = self.price_usd_per_kwh, self.quantity_kw
        x = np.asarray(price, dtype=np.float64)
        after = np.searchsorted(p, x, side=side)
        right, left = np.minimum(after, p.size - 1), np.maximum(after - 1, 0)
        span = p[right] - p[left]
        share = np.where(span > 0, (x - p[left]) / np.where(span > 0, span, 1.0), 0.0)
        inner = q[left] + (q[right] - q[left]) * np.clip(share, 0.0, 1.0)
        nearest = np.where(after == 0, q[0], inner)
        exact = p[right if side == "left" else left] == x
        return np.where(exact, q[right if side == "left" else left], nearest)[()]

    def quantity_interval_kw(self, price: float) -> tuple[float, float]:
        """Least and largest quantity wanted at a price [USD/kWh] → [kW]."""
        p, q = self.price_usd_per_kwh, self.quantity_kw
        first, after = int(p.searchsorted(price, "left")), int(p.searchsorted(price, "right"))
        if first < after:
            return float(q[after - 1]), float(q[first])
        if first == 0 or first == p.size:
            end = float(q[0 if first == 0 else -1])
            return end, end
        p0, p1, q0, q1 = float(p[first - 1]), float(p[first]), float(q[first - 1]), float(q[first])
        inner = q0 + (q1 - q0) * ((price - p0) / (p1 - p0))
        return inner, inner

    def price_interval(self, quantity_kw: float, snap_kw: float = 0.0) -> tuple[float, float] | None:
        """Lowest and highest price at which this quantity is wanted; ±inf where it is open, None where it
        never is.

        Parameters
        ----------
        quantity_kw : the quantity sought [kW].
        snap_kw : a vertex as near as this counts as having the quantity exactly [kW].
        """
        p, q = self.price_usd_per_kwh, self.quantity_kw
        rising = -q
        first = int(np.searchsorted(rising, -quantity_kw - snap_kw, side="left"))
        last = int(np.searchsorted(rising, -quantity_kw + snap_kw, side="right")) - 1
        if first <= last:
            return (
                float(p[first]) if first else -np.inf,
                float(p[last]) if last < p.size - 1 else np.inf,
            )
        if first == p.size or last < 0:
            return None
        share = (q[last] - quantity_kw) / (q[last] - q[first])
        price = float(min(max(p[last] + share * (p[first] - p[last]), p[last]), p[first]))
        return price, price

    def to_wholesale(self, scaling: float, charge_usd_per_kwh: float) -> Curve:
        """The curve over wholesale prices w where its own are λ = scaling·w + charge (DSO+T's (p − d)/s)."""
        return Curve((self.price_usd_per_kwh - charge_usd_per_kwh) / _positive(scaling), self.quantity_kw)

    def to_retail(self, scaling: float, charge_usd_per_kwh: float) -> Curve:
        """The curve over retail prices λ = scaling·w + charge where its own are wholesale prices w."""
        return Curve(self.price_usd_per_kwh * _positive(scaling) + charge_usd_per_kwh, self.quantity_kw)

    def __add__(self, other: Curve) -> Curve:
        return Curve.total((self, other))

    def clipped(self, least_kw: float, most_kw: float) -> Curve:
        """The curve held within quantity limits; raises CurveError if they are the wrong way round."""
        if least_kw > most_kw:
            raise CurveError(f"the limits must not be the wrong way round, were {least_kw} and {most_kw} kW")
        limits = (least_kw, most_kw)
        cuts = [edge for limit in limits for edge in (self.price_interval(limit) or ())]
        price = np.unique(np.concatenate((self.price_usd_per_kwh, [c for c in cuts if np.isfinite(c)])))
        upper, lower = self.quantity_below(price), self.quantity_above(price)
        for limit in limits:
            # A vertex put where the curve meets a limit misses it by rounding.
            for side in (upper, lower):
                side[np.isclose(side, limit, rtol=1e-12, atol=0.0)] = limit
        return Curve.from_limits(price, np.clip(upper, *limits), np.clip(lower, *limits))

    @property
    def points(self) -> Sequence[tuple[float, float]]:
        """The vertices as (quantity [kW], price [USD/kWh]) pairs, price falling, as bids are written."""
        return list(zip(self.quantity_kw[::-1].tolist(), self.price_usd_per_kwh[::-1].tolist(), strict=True))


def _positive(scaling: float) -> float:
    if not scaling > 0:
        raise CurveError(f"the scaling between wholesale and retail must be above 0, was {scaling}")
    return scaling
