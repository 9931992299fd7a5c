"""The clearing of one interval in which wires limit the load at their service points."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from dso.errors import CurveError
from dso.market.book import Book
from dso.market.curve import Floats, read_only
from dso.market.network_dual import lowest_shadows
from dso.market.network_pieces import Pieces, pieces_of
from dso.market.network_rows import MET_FRAC, rows_of

# Added to a piece's price span, as in `columns`: a horizontal piece then divides to 0 or beyond [0, 1].
_TINY = 1e-300
# Without a price cap, load is curtailed at this [USD/kWh], or at so many times the highest price.
_UNCAPPED, _ABOVE_ALL = 1e3, 10.0


@dataclass(frozen=True, slots=True, eq=False)
class NetworkClearing:
    """The result of one clearing within the limits of the wires.

    Parameters
    ----------
    shadow_usd_per_h : (m,) what one more unit of each bound is worth, 0 where it does not bind [USD/h].
    adder_usd_per_kwh : (points,) shadow @ weight, on top of each bid's base price [USD/kWh].
    quantity_kw : (n,) what each bid gets [kW].
    curtailed_kw : (n,) what it wanted at the price cap and did not get; negative for injections [kW].
    outcome : 'scarcity' if something is curtailed or a row cannot be met, else 'cleared'.
    violation : (m,) by how much weight · load exceeds each bound, 0 where it is met.
    """

    shadow_usd_per_h: Floats
    adder_usd_per_kwh: Floats
    quantity_kw: Floats
    curtailed_kw: Floats
    outcome: Literal["cleared", "scarcity"]
    violation: Floats


def demand_at(book: Book, price_usd_per_kwh: Floats) -> tuple[Floats, Floats]:
    """What each bid wants just above and just below its own price, two of (n,) [kW].

    Parameters
    ----------
    book : n bids, free of `faults`.
    price_usd_per_kwh : (n,) the price that each sees.
    """
    q, p = book.quantity_kw.T, book.price_usd_per_kwh.T
    above, margin = q[0].copy(), np.zeros(len(book))
    with np.errstate(over="ignore"):
        for j in range(len(q) - 1):
            size = q[j + 1] - q[j]
            above += size * ((p[j] - price_usd_per_kwh) / (p[j] - p[j + 1] + _TINY)).clip(0.0, 1.0)
            margin += size * ((p[j] == price_usd_per_kwh) & (p[j + 1] == price_usd_per_kwh))
    return above, above + margin


def clear_network(
    book: Book,
    base_usd_per_kwh: Floats,
    point: NDArray[np.int64],
    weight: Floats,
    bound: Floats,
    *,
    price_cap_usd_per_kwh: float = np.inf,
    start: Floats | None = None,
) -> NetworkClearing:
    """Clear price takers at λ_i = base_i + adder of their point, with the least adders that meet every row.

    The shadows are the duals of max Σ (worth_i(q_i) − base_i · q_i) subject to weight · load ≤ bound, so the
    adders are locational prices (Bohn, Caramanis and Schweppe 1984, RAND Journal of Economics 15:360).
    Inside the margin bids are filled, at the margin pro rata; where no row acts, wholly. Of rows that say the
    same the tightest has the shadow, the first among equals.

    Load gets nothing where λ_i would exceed the cap, injection nothing below −cap, unless the base price
    itself is beyond; without a cap that is at 1,000 USD/kWh, or at ten times the highest price if that is
    more. A row that not even this meets keeps what violation is left, at low shadows that leave no more.

    Parameters
    ----------
    book : n bids, free of `faults`; inflexible load is a bid of one point.
    base_usd_per_kwh : (n,) the price that each would see if no row bound [USD/kWh].
    point : (n,) the service point of each, from 0.
    weight, bound : (m, points) and (m,) the rows [p.u. per kW, p.u.]; a bound may be infinite.
    price_cap_usd_per_kwh : above it nobody is served [USD/kWh].
    start : (m,) shadows to begin from, such as an earlier result's [USD/h].

    Raises
    ------
    CurveError : shapes that do not fit, a point that no row knows, a value that is not a number, or a
        negative cap.
    """
    _check(book, base_usd_per_kwh, point, weight, bound, price_cap_usd_per_kwh, start)
    wanted = demand_at(book, base_usd_per_kwh)[1]
    case = _Case(book, base_usd_per_kwh, point, weight, bound, price_cap_usd_per_kwh)
    if (case.excess(wanted) <= case.rounding).all():
        return case.result(np.zeros(len(bound)), wanted, np.zeros(len(book)))
    return case.solved(np.zeros(len(bound)) if start is None else start, wanted)


@dataclass(frozen=True, slots=True, eq=False)
class _Case:
    book: Book
    base: Floats
    point: NDArray[np.int64]
    weight: Floats
    bound: Floats
    cap: float

    def load(self, quantity: Floats) -> Floats:
        return np.bincount(self.point, quantity, self.weight.shape[1]).astype(np.float64)

    def excess(self, quantity: Floats) -> Floats:
        over: Floats = np.add.reduce(self.weight * self.load(quantity), axis=1) - self.bound
        return over

    @property
    def rounding(self) -> Floats:
        """How much may flow beyond each bound without being counted, (m,)."""
        reach = np.maximum(np.abs(self.book.quantity_kw[:, 0]), np.abs(self.book.quantity_kw[:, -1]))
        least: Floats = MET_FRAC * np.add.reduce(np.abs(self.weight) * self.load(reach), axis=1)
        return least

    def solved(self, start: Floats, wanted: Floats) -> NetworkClearing:
        shadow, quantity, curtailed = np.zeros(len(self.bound)), wanted.copy(), np.zeros(len(wanted))
        # What lies behind no row gets what it wants.
        behind = np.flatnonzero((self.weight != 0).any(axis=0)[self.point])
        pieces = pieces_of(self.book.taking(behind), self.base[behind], self._last_price())
        rows, kept, scale = rows_of(pieces, self.point[behind], self.weight, self.bound)
        if kept.size:
            found, share = lowest_shadows(rows, start[kept] * scale)
            over = rows.excess_kw(share)
            if (over > MET_FRAC * rows.flow_kw).any():
                found, share = lowest_shadows(rows.relaxed(over), np.zeros(kept.size))
            shadow[kept] = found / scale
            taken = np.bincount(pieces.bid, pieces.size_kw * share, behind.size)
            quantity[behind] = pieces.fixed_kw + taken
            curtailed[behind] = _curtailed(pieces, share)
        return self.result(shadow, quantity, curtailed)

    def _last_price(self) -> float:
        if np.isfinite(self.cap):
            return self.cap
        highest = max(np.abs(a).max(initial=0.0) for a in (self.book.price_usd_per_kwh, self.base))
        return max(_UNCAPPED, _ABOVE_ALL * float(highest))

    def result(self, shadow: Floats, quantity: Floats, curtailed: Floats) -> NetworkClearing:
        over = self.excess(quantity)
        violation = np.where(over <= self.rounding, 0.0, over)
        scarce = bool(violation.any() or curtailed.any())
        adder = np.add.reduce(self.weight * shadow[:, None], axis=0)
        return NetworkClearing(
            shadow_usd_per_h=read_only(shadow),
            adder_usd_per_kwh=read_only(adder),
            quantity_kw=read_only(quantity),
            curtailed_kw=read_only(curtailed),
            outcome="scarcity" if scarce else "cleared",
            violation=read_only(violation),
        )


def _curtailed(pieces: Pieces, share: Floats) -> Floats:
    """What only the cap ended, per bid; rounding aside."""
    at = np.flatnonzero(pieces.forced)
    # A piece of injection is taken whole where none of it flows.
    missing = np.where(pieces.forced[at] > 0, 1.0 - share[at], -share[at])
    missing = np.where(np.abs(missing) > MET_FRAC, missing, 0.0) * pieces.size_kw[at]
    found: Floats = np.bincount(pieces.bid[at], missing, pieces.fixed_kw.size).astype(np.float64)
    return found


def _check(
    book: Book,
    base: Floats,
    point: NDArray[np.int64],
    weight: Floats,
    bound: Floats,
    cap: float,
    start: Floats | None,
) -> None:
    if base.shape != (len(book),) or point.shape != (len(book),):
        raise CurveError(f"{len(book)} bids need as many base prices and points")
    if (
        weight.ndim != 2
        or bound.shape != weight.shape[:1]
        or (start is not None and start.shape != bound.shape)
    ):
        raise CurveError(f"rows need (m, points) weights and (m,) bounds, had {weight.shape}, {bound.shape}")
    if point.size and not 0 <= int(point.min()) <= int(point.max()) < weight.shape[1]:
        raise CurveError(f"service points must be 0 to {weight.shape[1] - 1}")
    finite = [base, weight, *([] if start is None else [start])]
    if not all(np.isfinite(a).all() for a in finite) or np.isnan(bound).any() or (bound == -np.inf).any():
        raise CurveError("base prices, weights, bounds and shadows must be numbers")
    if not cap >= 0:
        raise CurveError(f"the price cap must not be negative, was {cap}")
