"""A market for voltage: the cheapest set of adjustments that brings the watched nodes into their band.

An adjustment is reactive or active power, always 0 or more: reactive power injected, load not drawn. What it
does to the nodes is linear, as the DO's sensitivities say.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike

from dso.errors import CurveError
from dso.market.curve import Floats, read_only

VoltageOutcome = Literal["in_band", "bought", "short"]
MET_PU = 1e-8  # nothing that a meter could tell
BOUGHT_FRAC = 1e-6  # an offer of which less is bought, or left, counts as not bought, or as sold out
PER_PU = 1e4  # the solver sees 1e-4 p.u., so that its tolerance of 1e-7 is fine enough


@dataclass(frozen=True, slots=True, eq=False)
class VoltageClearing:
    """What was bought, and what it is worth.

    Parameters
    ----------
    quantity : (m,) of each offer [kW or kvar].
    price_usd_per_h_pu : (n,) what a higher voltage is worth at each node, negative where a lower one is
        [USD/h per p.u.].
    price_usd_per_kwh : (m,) what each offer is paid: the worth of what it does at all nodes [USD/kWh or
        USD/kvarh].
    unmet_pu : (n,) what no offer could mend, negative where the voltage stays too high [p.u.].
    cost_usd_per_h : what is paid in all [USD/h].
    outcome : 'in_band' if nothing was needed, 'bought', or 'short' if some node stays out of its band.
    """

    quantity: Floats  # (m,)
    price_usd_per_h_pu: Floats  # (n,)
    price_usd_per_kwh: Floats  # (m,)
    unmet_pu: Floats  # (n,)
    cost_usd_per_h: float
    outcome: VoltageOutcome


def clear_voltage(
    offers_usd_per_kwh: ArrayLike,
    most: ArrayLike,
    sensitivity: ArrayLike,
    shortfall_pu: ArrayLike,
    room_pu: ArrayLike,
) -> VoltageClearing:
    """Buy the cheapest adjustments x with shortfall ≤ S·x ≤ room, 0 ≤ x ≤ most: an LP, its duals the prices.

    Where no set mends every node, first as much is mended as can be, then as cheaply as that can be. An offer
    is paid Σ_n S_nj·y_n: its own price if it is bought in part, at least that if in full, and what is left
    would have been paid less than it asks. Of all prices that clear so, those are taken that cost least.
    Payments add up to Σ_n y_n·(what node n was moved).

    Parameters
    ----------
    offers_usd_per_kwh : (m,) what each offer asks, 0 or more [USD/kWh, USD/kvarh].
    most : (m,) how much each offers [kW, kvar].
    sensitivity : (n, m) S, what one unit of an offer does to each node [p.u./kW, p.u./kvar].
    shortfall_pu : (n,) by how much each voltage must rise at least; negative: how far it may fall [p.u.].
    room_pu : (n,) by how much it may rise at most; negative: how far it must fall [p.u.].

    Raises
    ------
    CurveError : shapes do not fit, a value is no number, an offer is negative, or a band is upside down.
    """
    price, size = np.asarray(offers_usd_per_kwh, float), np.asarray(most, float)
    least, high = np.asarray(shortfall_pu, float), np.asarray(room_pu, float)
    effect = np.asarray(sensitivity, float)
    _check(price, size, effect, least, high)
    missed = np.maximum(least, 0.0) + np.minimum(high, 0.0)
    if (np.abs(missed) <= MET_PU).all():
        return _cleared(np.zeros(len(price)), np.zeros(len(least)), effect, np.zeros(len(least)), "in_band")
    if not len(price):
        return _cleared(np.zeros(0), np.zeros(len(least)), effect, missed, "short")
    unmet = _least_unmet(size, effect, least, high)
    give = np.where(unmet, MET_PU / 10, 0.0)  # a node that just cannot be mended must not seem infeasible
    lower, upper = least - np.maximum(unmet, 0) - give, high - np.minimum(unmet, 0) + give
    quantity = _solved(price, effect * PER_PU, (lower * PER_PU, upper * PER_PU), size).x
    worth = _least_worth(price, size, effect, np.asarray(quantity), lower, upper)
    return _cleared(quantity, worth, effect, unmet, "short" if unmet.any() else "bought")


def _check(price: Floats, size: Floats, effect: Floats, least: Floats, high: Floats) -> None:
    if price.ndim != 1 or size.shape != price.shape or high.shape != least.shape:
        raise CurveError(f"offers and nodes need one value each, had {price.shape}, {size.shape}")
    if effect.shape != (len(least), len(price)):
        raise CurveError(f"the sensitivity must be {(len(least), len(price))}, was {effect.shape}")
    if not all(np.isfinite(values).all() for values in (price, size, effect, least, high)):
        raise CurveError("offers, sensitivities and bands must be finite")
    if (price < 0).any() or (size < 0).any():
        raise CurveError("an offer's price and quantity must be 0 or more")
    if (least > high).any():
        raise CurveError("a node's band must not be upside down")


def _least_unmet(size: Floats, effect: Floats, least: Floats, high: Floats) -> Floats:
    """By how much each node misses its band if as much is mended as can be, (n,)."""
    n, m = effect.shape
    up, down = np.eye(n), -np.eye(n)
    found = _solved(
        np.concatenate((np.zeros(m), np.ones(2 * n))),
        np.hstack([effect * PER_PU, up, down]),
        (least * PER_PU, high * PER_PU),
        np.concatenate((size, np.full(2 * n, np.inf))),
    )
    unmet = (found.x[m : m + n] - found.x[m + n :]) / PER_PU
    return np.where(np.abs(unmet) > MET_PU, unmet, 0.0)


def _least_worth(
    price: Floats, size: Floats, effect: Floats, x: Floats, lower: Floats, upper: Floats
) -> Floats:
    """The worth of each node's voltage, (n,): of all duals of what was bought those that cost least.

    Only nodes at an end of their band can have any. Where some node cannot be mended duals are not unique,
    and those that a solver happens to return may be of any height.
    """
    moved = effect @ x
    at_low, at_high = np.flatnonzero(moved <= lower + MET_PU), np.flatnonzero(moved >= upper - MET_PU)
    worth = np.zeros(len(lower))
    if not len(at_low) + len(at_high):
        return worth
    own = np.concatenate((effect[at_low], -effect[at_high])).T * PER_PU  # (m, ends) of a worth of 1
    most = size * (1 - BOUGHT_FRAC)
    some, all_of_it = x > size * BOUGHT_FRAC, x >= most
    paid_for = effect @ np.where(some, x, 0.0)
    found = _solved(
        np.concatenate((paid_for[at_low], -paid_for[at_high])) * PER_PU,
        own,
        (np.where(some, price, -np.inf), np.where(all_of_it, np.inf, price)),
        np.full(own.shape[1], np.inf),
    )
    np.add.at(worth, at_low, found.x[: len(at_low)] * PER_PU)
    np.subtract.at(worth, at_high, found.x[len(at_low) :] * PER_PU)
    return worth


def _solved(cost: Floats, rows: Floats, band: tuple[Floats, Floats], most: Floats) -> Any:
    from scipy.optimize import linprog

    least, high = band
    low, top = np.isfinite(least), np.isfinite(high)
    found = linprog(
        cost,
        A_ub=np.concatenate((-rows[low], rows[top])),
        b_ub=np.concatenate((-least[low], high[top])),
        bounds=[(0.0, limit) for limit in most.tolist()],
        method="highs",
    )
    if found.status != 0:
        raise CurveError(f"the voltage market has no solution: {found.message}")
    return found


def _cleared(
    quantity: Floats, worth: Floats, effect: Floats, unmet: Floats, outcome: VoltageOutcome
) -> VoltageClearing:
    paid = worth @ effect
    cost = float(paid @ quantity)
    return VoltageClearing(
        read_only(quantity), read_only(worth), read_only(paid), read_only(unmet), cost, outcome
    )
