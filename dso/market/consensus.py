"""Neighbours exchange prices until they agree: gradient tracking, and TESP's rule beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from dso.errors import CurveError
from dso.market.book import Book
from dso.market.curve import Floats
from dso.market.exchange import Exchange, Tesp, Tracking
from dso.market.neighbours import Edges
from dso.market.nodes import Nodes
from dso.market.reduction import SNAP_FRAC

Agreed = Literal["agreed", "disagreed", "no_slope", "no_crossing", "price_cap"]
RULES: dict[str, type[Tracking] | type[Tesp]] = {"tracking": Tracking, "tesp": Tesp}
STEP_USD_PER_KWH = 1e-6


@dataclass(frozen=True, slots=True, eq=False)
class Consensus:
    """What the nodes of one interval have come to.

    Parameters
    ----------
    price_usd_per_kwh : the mean of the nodes' prices [USD/kWh].
    node_usd_per_kwh : (n,) the price that each has come to [USD/kWh].
    quantity_kw : (n,) its net load there [kW].
    rounds : how often each heard its neighbours.
    residual_kw : how far they were from balance by what they know themselves: n·max|y|, or max|ΔP| [kW].
    outcome : 'agreed'; 'disagreed' if rounds ran out; 'no_slope' if nobody answers to a price; 'price_cap'
        if load or injection is left even there; 'no_crossing' if it is left at any price and there is no cap.
    """

    price_usd_per_kwh: float
    node_usd_per_kwh: Floats
    quantity_kw: Floats
    rounds: int
    residual_kw: float
    outcome: Agreed

    @property
    def converged(self) -> bool:
        """Whether it is an agreement."""
        return self.outcome == "agreed"


def agree(
    book: Book,
    edges: Edges,
    *,
    start_usd_per_kwh: ArrayLike = 0.0,
    price_cap_usd_per_kwh: float = np.inf,
    rule: Tracking | Tesp | None = None,
) -> Consensus:
    """Let the nodes of one interval agree on a price; as `agree_all`.

    Parameters
    ----------
    book : n nodes' net loads, supply as negative loads [kW, USD/kWh].
    start_usd_per_kwh : with which price each begins, scalar or (n,) [USD/kWh].
    """
    start = np.broadcast_to(np.asarray(start_usd_per_kwh, float)[..., None], (len(book), 1))
    return agree_all([book], edges, start, price_cap_usd_per_kwh=price_cap_usd_per_kwh, rule=rule)[0]


def agree_all(
    books: Sequence[Book],
    edges: Edges,
    start_usd_per_kwh: ArrayLike,
    *,
    price_cap_usd_per_kwh: ArrayLike = np.inf,
    rule: Tracking | Tesp | None = None,
) -> tuple[Consensus, ...]:
    """Let the nodes of several intervals agree, each interval by itself.

    Parameters
    ----------
    books : t books of n nodes each; node i is the same in all.
    edges : who talks to whom.
    start_usd_per_kwh : with which price each begins, anything that broadcasts to (n, t) [USD/kWh].
    price_cap_usd_per_kwh : no node's price goes beyond plus or minus it, scalar or (t,) [USD/kWh].
    rule : how they go about it; gradient tracking if not given.

    Raises
    ------
    CurveError : the graph is not connected, a price is not a number, or the books differ in size.

    References
    ----------
    Nedić, Olshevsky, Shi: Achieving geometric convergence for distributed optimization over time-varying
    graphs (2017), doi:10.1137/16M1084316, for gradient tracking.
    """
    if not books:
        return ()
    nodes = Nodes.of_books(books, STEP_USD_PER_KWH)
    start = np.broadcast_to(np.asarray(start_usd_per_kwh, float), nodes.least_kw.shape)
    cap = np.broadcast_to(np.asarray(price_cap_usd_per_kwh, float), (len(books),))
    if not np.isfinite(start).all() or not (cap >= 0).all():
        raise CurveError("a start must be a finite price, and a price cap a number not below 0")
    ends = _ends(nodes, start, cap)
    open_ = np.array([end is None for end in ends])
    if not open_.any():
        return tuple(end for end in ends if end is not None)
    low, high = _bounds(nodes, cap)
    exchange = (rule or Tracking()).run(nodes.taking(open_), edges, start[:, open_], low[open_], high[open_])
    found = iter(_agreements(exchange))
    return tuple(next(found) if end is None else end for end in ends)


def _bounds(nodes: Nodes, cap: Floats) -> tuple[Floats, Floats]:
    """Between which prices a crossing can lie, each (t,)."""
    low, high = nodes.bounds_usd_per_kwh()
    return np.clip(low, -cap, cap), np.clip(high, -cap, cap)


def _ends(nodes: Nodes, start: Floats, cap: Floats) -> list[Consensus | None]:
    """Where there is nothing to agree on: no node answers, or no price up to the cap balances."""
    everywhere = np.zeros_like(nodes.least_kw)
    low, high = _bounds(nodes, cap)
    at_low, at_high = nodes.wanted_kw(everywhere + low), nodes.wanted_kw(everywhere + high)
    snap = SNAP_FRAC * nodes.size_kw
    found: list[Consensus | None] = []
    for t in range(len(low)):
        if not nodes.slope[:, :, t].any():
            found.append(_nothing(float(start[:, t].mean()), nodes.least_kw[:, t], "no_slope"))
        elif at_high[:, t].sum() > snap[t]:
            found.append(_stuck(float(high[t]), at_high[:, t], float(cap[t])))
        elif at_low[:, t].sum() < -snap[t]:
            found.append(_stuck(float(low[t]), at_low[:, t], -float(cap[t])))
        else:
            found.append(None)
    return found


def _stuck(price: float, wanted_kw: Floats, cap: float) -> Consensus:
    """Too much load (or injection) at every price: the cap is the price, or the last one that changes
    anything.
    """
    if np.isfinite(cap):
        return _nothing(cap, wanted_kw, "price_cap")
    return _nothing(price, wanted_kw, "no_crossing")


def _nothing(price: float, wanted_kw: Floats, outcome: Agreed) -> Consensus:
    left = abs(float(wanted_kw.sum()))
    return Consensus(price, np.full(len(wanted_kw), price), wanted_kw, 0, left, outcome)


def _agreements(found: Exchange) -> list[Consensus]:
    return [
        Consensus(
            float(found.price_usd_per_kwh[:, t].mean()),
            found.price_usd_per_kwh[:, t],
            found.quantity_kw[:, t],
            int(found.rounds[t]),
            float(found.residual_kw[t]),
            "agreed" if found.agreed[t] else "disagreed",
        )
        for t in range(len(found.rounds))
    ]
