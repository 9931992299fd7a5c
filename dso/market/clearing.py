"""Two-sided clearing with import and export limits: the price, its dual interval, who gets what."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from dso.errors import CurveError
from dso.market.book import Book
from dso.market.columns import just_below, quantities_above
from dso.market.curve import Curve, Floats
from dso.market.imports import Imports
from dso.market.polynomial import PolynomialCurve
from dso.market.reduction import SNAP_FRAC, at_price, near_crossing

Outcome = Literal["cleared", "no_crossing", "scarcity"]


@dataclass(frozen=True, slots=True)
class Clearing:
    """The result of one clearing.

    Parameters
    ----------
    price_usd_per_kwh : lo + θ(hi − lo); the finite bound where one is open [USD/kWh].
    price_lo_usd_per_kwh, price_hi_usd_per_kwh : the dual interval, −inf or inf where it is open [USD/kWh].
    quantity_kw : what the demand side gets, net of its own injection [kW].
    supply_kw : what the local supply side gives [kW].
    import_kw : what flows in through the substation, negative for export [kW].
    congestion_usd_per_kwh : μ, the price less what the last imported kWh costs [USD/kWh].
    rent_usd_per_h : μ · import, never negative but for rounding [USD/h].
    outcome : 'cleared'; 'no_crossing' if nothing is traded and no import price stands behind the market;
        'scarcity' if a limit leaves load unserved (curtailed_kw > 0) or injection untaken (< 0).
    curtailed_kw : what was wanted at the price and not had [kW].
    demand_margin_frac, supply_margin_frac : the share of the quantities at the margin (horizontal at the
        price) that are accepted, the same for all; 0 and 1 where there are none.
    load_served_frac, injection_taken_frac : what curtailment leaves of every load and of every injection.
    """

    price_usd_per_kwh: float
    price_lo_usd_per_kwh: float
    price_hi_usd_per_kwh: float
    quantity_kw: float
    supply_kw: float
    import_kw: float
    congestion_usd_per_kwh: float
    rent_usd_per_h: float
    outcome: Outcome
    curtailed_kw: float
    demand_margin_frac: float
    supply_margin_frac: float
    load_served_frac: float = 1.0
    injection_taken_frac: float = 1.0


def clear(
    demand: Book | Curve,
    supply: Book | Curve | None = None,
    *,
    import_price: float | PolynomialCurve | None = None,
    import_limit_kw: float = np.inf,
    export_limit_kw: float = np.inf,
    price_cap_usd_per_kwh: float = np.inf,
    theta: float = 0.5,
) -> Clearing:
    """Clear demand against local supply and the import, exactly.

    Inside the margin orders are filled, at the margin pro rata. Demand and supply at the price itself are
    accepted as far as the limits allow, and the import takes up the rest. What cannot be served even at the
    cap is curtailed; the cap bounds that price only from the import price up. Too much injection is the
    mirror image, at −cap.

    Parameters
    ----------
    demand : bids, or their aggregate [kW over USD/kWh].
    supply : offers as negative loads, or their aggregate.
    import_price : the delivered wholesale price w̃ = s·w + d, flat or a curve; None for a market without
        import.
    import_limit_kw, export_limit_kw : the most that flows in and out [kW].
    price_cap_usd_per_kwh : the price when supply is short [USD/kWh].
    theta : where in the dual interval the price lies, 0 to 1.

    Raises
    ------
    CurveError : theta or a limit out of range, or a price cap that is not a number.
    """
    if not 0 <= theta <= 1:
        raise CurveError(f"theta must lie between 0 and 1, was {theta}")
    if np.isnan(price_cap_usd_per_kwh):
        raise CurveError("the price cap must be a number")
    if import_price is None:
        imports = Imports(0.0, 0.0, 0.0)
    else:
        imports = Imports(import_price, import_limit_kw, export_limit_kw)
    offers = Curve.vertical(0.0) if supply is None else supply
    wanted, offered = near_crossing(demand, offers, imports)
    snap_kw = SNAP_FRAC * max(_size(wanted), _size(offered))
    net = wanted + offered if supply is not None else wanted
    cap = (
        max(price_cap_usd_per_kwh, imports.least_price) if import_price is not None else price_cap_usd_per_kwh
    )
    low, high, short = _dual_interval(net, imports, snap_kw, cap)
    price = _within(low, high, theta, cap, imports.least_price)
    if short:
        wanted, offered = at_price(demand, offers, price)
    settled = _settled(wanted, offered, imports, price, short, snap_kw, import_price is not None)
    found = replace(settled, price_lo_usd_per_kwh=low, price_hi_usd_per_kwh=high)
    return _rationed(found, demand, supply, short) if short else found


def _size(curve: Curve) -> float:
    return float(np.abs(curve.quantity_kw[[0, -1]]).max())


def _dual_interval(net: Curve, imports: Imports, snap_kw: float, cap: float) -> tuple[float, float, int]:
    """The prices that clear, and what is short there: nothing (0), supply (1) or takers of injection (−1)."""
    found = imports.meets(net, snap_kw)
    if found is not None and found[0] <= cap:
        return *found, 0
    if found is None and net.quantity_kw[0] < -imports.export_limit_kw:
        floor = min(-cap, imports.least_price) if np.isfinite(cap) else float(net.price_usd_per_kwh[0])
        return floor if np.isfinite(cap) else -np.inf, floor, -1
    if np.isfinite(cap):
        return cap, cap, 1
    return float(max(net.price_usd_per_kwh[-1], imports.top_price)), np.inf, 1


def _within(low: float, high: float, theta: float, cap: float, otherwise: float) -> float:
    """lo + θ(hi − lo), or the finite bound, or a stated price where neither is finite."""
    if np.isinf(low) and np.isinf(high):
        return min(otherwise, cap)
    if np.isinf(low) or np.isinf(high):
        return min(high if np.isinf(low) else low, cap)
    return min(max(low + theta * (high - low), low), high, cap)


def _settled(
    wanted: Curve,
    offered: Curve,
    imports: Imports,
    price: float,
    short: int,
    snap_kw: float,
    has_import: bool,
) -> Clearing:
    d_lo, d_hi = wanted.quantity_interval_kw(price)
    s_lo, s_hi = offered.quantity_interval_kw(price)
    i_lo, i_hi = imports.below(price), imports.above(price)
    demand, supply = d_lo, s_lo
    curtailed = 0.0
    if short > 0:
        curtailed = d_lo + s_lo - i_hi
    elif short < 0:
        demand, supply, curtailed = d_hi, s_hi, d_hi + s_hi - i_lo
    else:
        # Both sides are accepted at the margin as far as the import's limits allow.
        demand = min(d_hi, max(d_lo, i_hi - s_lo))
        supply = max(s_lo, min(s_hi, i_lo - demand))
    flow = demand + supply - curtailed
    flow = flow if abs(flow) > snap_kw else 0.0
    congestion = price - imports.price_at(flow) if has_import else 0.0
    traded = max(abs(demand), abs(supply), abs(flow)) > snap_kw
    return Clearing(
        price_usd_per_kwh=price,
        price_lo_usd_per_kwh=price,
        price_hi_usd_per_kwh=price,
        quantity_kw=demand,
        supply_kw=-supply,
        import_kw=flow,
        congestion_usd_per_kwh=congestion,
        rent_usd_per_h=congestion * flow + 0.0,
        outcome="scarcity" if short else "cleared" if traded or has_import else "no_crossing",
        curtailed_kw=curtailed,
        demand_margin_frac=(demand - d_lo) / (d_hi - d_lo) if d_hi - d_lo > snap_kw else 0.0,
        supply_margin_frac=(s_hi - supply) / (s_hi - s_lo) if s_hi - s_lo > snap_kw else 1.0,
    )


def _rationed(found: Clearing, demand: Book | Curve, supply: Book | Curve | None, short: int) -> Clearing:
    """Spread the curtailment over all loads (or all injections) in proportion to what they would have had."""
    price = found.price_usd_per_kwh if short > 0 else just_below(found.price_usd_per_kwh)
    load, injection = _parts(demand, price)
    offered = _parts(supply, price)[1] if supply is not None else 0.0
    if short > 0:
        served = 1.0 - found.curtailed_kw / load
        return replace(found, quantity_kw=load * served + injection, load_served_frac=served)
    taken = 1.0 - found.curtailed_kw / (injection + offered)
    return replace(
        found, quantity_kw=load + injection * taken, supply_kw=-offered * taken, injection_taken_frac=taken
    )


def _parts(side: Book | Curve, price: float) -> tuple[float, float]:
    """Load and injection at a price [kW]."""
    if isinstance(side, Book):
        wanted = quantities_above(side, price)
        return float(wanted[wanted > 0].sum()), float(wanted[wanted < 0].sum())
    quantity = float(side.quantity_above(price))
    return max(quantity, 0.0), min(quantity, 0.0)


def awards(book: Book, clearing: Clearing, *, offers: bool = False) -> Floats:
    """What each bid gets, (n,) [kW]: loads positive, injections negative; they add up to the cleared
    quantity.

    Parameters
    ----------
    book : the demand book that was cleared, or the supply book.
    clearing : the result of clearing it.
    offers : whether it is the supply book.
    """
    price = clearing.price_usd_per_kwh
    above = quantities_above(book, price)
    share = 1.0 - clearing.supply_margin_frac if offers else clearing.demand_margin_frac
    if share > 0:
        above += share * (quantities_above(book, just_below(price)) - above)
    if clearing.outcome == "scarcity":
        above *= np.where(above > 0, clearing.load_served_frac, clearing.injection_taken_frac)
    return above
