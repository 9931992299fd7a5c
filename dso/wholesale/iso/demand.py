"""What a DSO bids for its bus in one interval: a fixed load, and pieces whose worth falls along them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from dso.errors import CurveError
from dso.market import Curve
from dso.wholesale.grid import Floats, Ints

KW_PER_MW = 1000.0


@dataclass(frozen=True, slots=True, eq=False)
class Demand:
    """Load of one interval: what is wanted at any price, and pieces of falling marginal worth beyond it.

    A MW that lies x MW into a piece is worth `first − (first − last)·x/size` USD/MWh. Blocks have first =
    last; a quadratic benefit is one piece, a piecewise-linear curve one for each of its straight parts.

    Parameters
    ----------
    fixed_mw : wanted at any price; negative where it injects [MW].
    size_mw : (k,) sizes of the pieces, above 0 [MW].
    first_usd_per_mwh, last_usd_per_mwh : (k,) worth of the first and of the last MW of each; never rising
        along a piece, nor from one piece to the next [USD/MWh].

    Raises
    ------
    CurveError : unequal lengths, a value that is not finite, a size that is not positive, a rising worth.
    """

    fixed_mw: float
    size_mw: Floats  # (k,)
    first_usd_per_mwh: Floats  # (k,)
    last_usd_per_mwh: Floats  # (k,)

    def __post_init__(self) -> None:
        pieces = (self.size_mw, self.first_usd_per_mwh, self.last_usd_per_mwh)
        if len({piece.shape for piece in pieces}) > 1 or self.size_mw.ndim != 1:
            raise CurveError("pieces need one size, one first and one last worth each")
        if not (np.isfinite(self.fixed_mw) and all(np.isfinite(piece).all() for piece in pieces)):
            raise CurveError("quantities and prices must be finite numbers")
        if (self.size_mw <= 0).any():
            raise CurveError(f"pieces must be larger than 0 MW, were {self.size_mw.tolist()}")
        worth = np.ravel((self.first_usd_per_mwh, self.last_usd_per_mwh), order="F")
        if (np.diff(worth) > 0).any():
            raise CurveError(f"the worth must not rise with the quantity, was {worth.tolist()} USD/MWh")

    @classmethod
    def fixed(cls, fixed_mw: float) -> Demand:
        """The same load at every price."""
        none = np.zeros(0)
        return cls(float(fixed_mw), none, none, none)

    @classmethod
    def blocks(cls, fixed_mw: float, size_mw: ArrayLike, price_usd_per_mwh: ArrayLike) -> Demand:
        """A fixed load and blocks, in any order, each wanted up to its price; empty blocks are left out."""
        size, price = (
            np.atleast_1d(np.asarray(size_mw, float)),
            np.atleast_1d(np.asarray(price_usd_per_mwh, float)),
        )
        if size.shape != price.shape:
            raise CurveError(f"blocks need as many prices as sizes, had {price.size} for {size.size}")
        order = np.argsort(-price, kind="stable")
        size, price = size[order][size[order] != 0], price[order][size[order] != 0]
        return cls(float(fixed_mw), size, price, price)

    @classmethod
    def quadratic(cls, fixed_mw: float, most_mw: float, c1: float, c2: float) -> Demand:
        """A fixed load and a responsive one, 0 to `most_mw`, of benefit c1·P − c2·P² [USD/h], c2 ≥ 0."""
        if most_mw == 0:
            return cls.fixed(fixed_mw)
        return cls(
            float(fixed_mw),
            np.array([float(most_mw)]),
            np.array([float(c1)]),
            np.array([c1 - 2.0 * c2 * most_mw]),
        )

    @classmethod
    def of_curve(cls, curve: Curve, scale: float = 1.0) -> Demand:
        """A curve of kW over USD/kWh, exactly.

        Parameters
        ----------
        curve : net load over the wholesale price.
        scale : real kW for each kW of the curve [1].
        """
        quantity = curve.quantity_kw[::-1] * scale / KW_PER_MW
        price = curve.price_usd_per_kwh[::-1] * KW_PER_MW
        size = np.diff(quantity)
        wide = size > 0
        return cls(float(quantity[0]), size[wide], price[:-1][wide], price[1:][wide])

    def to_curve(self) -> Curve:
        """The same as a curve of kW over USD/kWh; the worth of a piece of no slope is a horizontal part."""
        price = np.ravel((self.first_usd_per_mwh, self.last_usd_per_mwh), order="F")
        if not price.size:
            return Curve.vertical(self.fixed_mw * KW_PER_MW)
        after = self.fixed_mw + np.cumsum(self.size_mw)
        level = np.ravel((after - self.size_mw, after), order="F")
        level = np.maximum.accumulate(level)
        return Curve(price[::-1] / KW_PER_MW, level[::-1] * KW_PER_MW)

    @property
    def most_mw(self) -> float:
        """What is wanted at the lowest price [MW]."""
        return self.fixed_mw + float(self.size_mw.sum())

    def scaled(self, factor: float) -> Demand:
        """The same worth for so many times the load."""
        return Demand(
            self.fixed_mw * factor, self.size_mw * factor, self.first_usd_per_mwh, self.last_usd_per_mwh
        )


@dataclass(frozen=True, slots=True, eq=False)
class Pieces:
    """All demands of one interval: their fixed loads, and their pieces one after the other."""

    at: Ints  # (b,) position of the bus of each demand
    fixed_mw: Floats  # (b,)
    owner: Ints  # (k,) position of the demand of each piece
    size_mw: Floats  # (k,)
    worth_usd_per_mwh: Floats  # (k,) of the first MW
    square_usd_per_mw2h: Floats  # (k,) half of how the worth falls

    @classmethod
    def of(cls, buses: Sequence[int], demands: Sequence[Demand], cap_usd_per_mwh: float) -> Pieces:
        """The demands at these positions of buses; what is worth more than the cap is worth the cap."""
        capped = [_capped(demand, cap_usd_per_mwh) for demand in demands]
        owner = np.repeat(np.arange(len(capped)), np.array([d.size_mw.size for d in capped], np.int64))
        size, first, last = (
            np.concatenate([np.zeros(0), *(getattr(demand, name) for demand in capped)])
            for name in ("size_mw", "first_usd_per_mwh", "last_usd_per_mwh")
        )
        fixed = np.array([demand.fixed_mw for demand in capped])
        return cls(np.array(buses, np.int64), fixed, owner, size, first, (first - last) / (2 * size))

    @property
    def bus(self) -> Ints:
        """Position of the bus of each piece, (k,)."""
        return self.at[self.owner]

    def fixed_at(self, size: int) -> Floats:
        """The fixed loads by bus, (n,) [MW]."""
        return np.bincount(self.at, self.fixed_mw, size).astype(float)

    def wanted_mw(self, taken_mw: Floats) -> Floats:
        """What each demand wants where so much of each piece is taken, (b,) [MW]."""
        taken: Floats = self.fixed_mw + np.bincount(self.owner, taken_mw, self.fixed_mw.size)
        return taken


def _capped(demand: Demand, cap: float) -> Demand:
    """A piece that crosses the cap becomes two: a flat one at the cap, and the rest."""
    first, last, size = demand.first_usd_per_mwh, demand.last_usd_per_mwh, demand.size_mw
    if not (first > cap).any():
        return demand
    fall = np.where(first > last, first - last, 1.0)
    above = np.where(last >= cap, size, np.clip((first - cap) / fall, 0.0, 1.0) * size)
    sizes = np.ravel((above, size - above), order="F")
    firsts = np.ravel((np.minimum(first, cap), np.minimum(first, cap)), order="F")
    lasts = np.ravel((np.where(above > 0, np.minimum(first, cap), first), np.minimum(last, cap)), order="F")
    keep = sizes > 0
    return Demand(demand.fixed_mw, sizes[keep], firsts[keep], lasts[keep])
