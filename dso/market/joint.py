"""Several tariffs behind one import limit: one congestion price for all, and an award shared out again."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from dso.errors import CurveError
from dso.market.clearing import Clearing, Outcome, clear
from dso.market.curve import Curve, Floats, read_only


@dataclass(frozen=True, slots=True, eq=False)
class JointClearing:
    """The result of clearing several curves under joint limits.

    Parameters
    ----------
    congestion_usd_per_kwh : μ, the shadow price of the limit, 0 where none binds [USD/kWh].
    prices_usd_per_kwh : (n,) λ_i = w̃_i + μ [USD/kWh].
    quantities_kw : (n,) what each curve gets at its price [kW].
    curtailed_kw : (n,) what each wanted at the price and did not get [kW].
    import_kw : the sum of the quantities [kW].
    rent_usd_per_h : μ · import [USD/h].
    outcome : 'cleared' or 'scarcity'.
    adder_usd_per_kwh : the part of μ that is the adder's at this import; the rest is the limit's.
    """

    congestion_usd_per_kwh: float
    prices_usd_per_kwh: Floats  # (n,)
    quantities_kw: Floats  # (n,)
    curtailed_kw: Floats  # (n,)
    import_kw: float
    rent_usd_per_h: float
    outcome: Outcome
    adder_usd_per_kwh: float = 0.0


def clear_jointly(
    curves: Sequence[Curve],
    delivered_prices_usd_per_kwh: Sequence[float],
    *,
    import_limit_kw: float = np.inf,
    export_limit_kw: float = np.inf,
    price_cap_usd_per_kwh: float = np.inf,
    theta: float = 0.5,
    adder: Curve | None = None,
) -> JointClearing:
    """Clear tariffs that each buy at their own delivered price under one import and export limit.

    With λ_i = w̃_i + μ the joint demand is a function of μ, Σ D_i(w̃_i + μ), cleared against a flat 0, or
    against an adder that rises with the import, such as a transformer's ageing. At scarcity no tariff pays
    more than the cap: μ = cap − max w̃_i, or 0. An adder is a part of the import's price: as that does, it may
    lie above the cap.

    Parameters
    ----------
    curves : n net loads over retail price [kW over USD/kWh].
    delivered_prices_usd_per_kwh : (n,) w̃_i = s_i·w + d_i [USD/kWh].
    import_limit_kw, export_limit_kw : the joint limits [kW].
    price_cap_usd_per_kwh : the highest retail price at scarcity [USD/kWh].
    theta : where in the dual interval μ lies.
    adder : what the import costs beside w̃, as a supply: negative loads over USD/kWh; it lets no more pass
        than at its ends.

    Raises
    ------
    CurveError : as many prices as curves are needed, or a limit or theta is out of range.
    """
    if len(curves) != len(delivered_prices_usd_per_kwh):
        raise CurveError(f"{len(curves)} curves need as many prices, had {len(delivered_prices_usd_per_kwh)}")
    base = np.asarray(delivered_prices_usd_per_kwh, dtype=np.float64)
    shifted = [
        Curve(c.price_usd_per_kwh - w, c.quantity_kw) for c, w in zip(curves, base.tolist(), strict=True)
    ]
    found, import_kw, beside = _meet(
        Curve.total(shifted),
        adder,
        (import_limit_kw, export_limit_kw),
        max(price_cap_usd_per_kwh - float(base.max(initial=0.0)), 0.0),
        theta,
    )
    mu = found.price_usd_per_kwh
    wanted = share_award(shifted, [mu] * len(shifted), import_kw + found.curtailed_kw)
    cut = _ration(wanted, found.curtailed_kw)
    return JointClearing(
        mu, read_only(base + mu), read_only(wanted - cut), read_only(cut), import_kw, mu * import_kw,
        "scarcity" if found.outcome == "scarcity" else "cleared", beside,
    )  # fmt: skip


def _meet(
    demand: Curve, adder: Curve | None, limits_kw: tuple[float, float], cap: float, theta: float
) -> tuple[Clearing, float, float]:
    """Demand over μ met by the import: the clearing, the import [kW], the adder's part of μ."""
    most, least = limits_kw
    if adder is None:
        found = clear(
            demand,
            import_price=0.0,
            import_limit_kw=most,
            export_limit_kw=least,
            price_cap_usd_per_kwh=cap,
            theta=theta,
        )
        return found, found.import_kw, 0.0
    if not (most >= 0 and least >= 0):
        raise CurveError(f"limits must not be negative, were {most} and {least} kW")
    supply = adder.clipped(-most, least)
    top = float(np.abs(supply.price_usd_per_kwh[[0, -1]]).max())
    found = clear(demand, supply, price_cap_usd_per_kwh=max(cap, top), theta=theta)
    beside = np.interp(found.quantity_kw, -adder.quantity_kw, adder.price_usd_per_kwh)
    return found, found.quantity_kw, float(beside)


def less_adder(demand: Curve, adder: Curve, scaling: float = 1.0) -> Curve:
    """Demand over the price that stands before an adder to the import: P(Q) − adder(Q)/s, exact.

    Parameters
    ----------
    demand : over w, where λ = s·w + adder [kW over USD/kWh].
    adder : as in `clear_jointly`, without vertical pieces.
    scaling : s.
    """
    passes, costs = -adder.quantity_kw, adder.price_usd_per_kwh
    fits = demand.clipped(float(passes[0]), float(passes[-1]))
    p, q = fits.price_usd_per_kwh, fits.quantity_kw
    # The adder bends where the demand does not: its bends become vertices of the demand.
    bends = passes[(passes > q[-1]) & (passes < q[0]) & ~np.isin(passes, q)]
    at = np.searchsorted(-q, -bends)
    share = (q[at - 1] - bends) / (q[at - 1] - q[at])
    price = np.concatenate((p, p[at - 1] + share * (p[at] - p[at - 1])))
    quantity = np.concatenate((q, bends))
    order = np.lexsort((price, -quantity))
    price, quantity = price[order], quantity[order]
    moved = price - np.interp(quantity, passes, costs) / scaling
    return Curve(np.maximum.accumulate(moved), quantity)


def _ration(wanted: Floats, curtailed_kw: float) -> Floats:
    """Take what is missing from the loads (what is too much, from the injections), pro rata."""
    side = np.maximum(wanted, 0.0) if curtailed_kw > 0 else np.minimum(wanted, 0.0)
    total = side.sum()
    return side * (curtailed_kw / total) if total else np.zeros_like(wanted)


def share_award(curves: Sequence[Curve], prices_usd_per_kwh: Sequence[float], total_kw: float) -> Floats:
    """Return an award to each curve along its own curve, (n,) [kW]; the sum (math.fsum) is the award.

    At its price each curve takes its quantity, horizontal pieces pro rata; a residual goes pro rata to
    |quantity|, equally where all are zero.

    Parameters
    ----------
    curves : n curves.
    prices_usd_per_kwh : (n,) the price that each sees [USD/kWh].
    total_kw : the award [kW].

    Raises
    ------
    CurveError : as many prices as curves are needed, and one curve at least unless the award is 0.
    """
    if len(curves) != len(prices_usd_per_kwh):
        raise CurveError(f"{len(curves)} curves need as many prices, had {len(prices_usd_per_kwh)}")
    if not curves:
        if total_kw:
            raise CurveError(f"an award of {total_kw} kW needs a curve to return to")
        return np.zeros(0)
    limits = np.array([c.quantity_interval_kw(p) for c, p in zip(curves, prices_usd_per_kwh, strict=True)])
    least, most = limits[:, 0], limits[:, 1]
    margin = math.fsum(most) - math.fsum(least)
    share = min(max((total_kw - math.fsum(least)) / margin, 0.0), 1.0) if margin > 0 else 0.0
    shared: Floats = least + share * (most - least)
    weight = np.abs(shared)
    weight = weight / weight.sum() if weight.sum() > 0 else np.full(len(curves), 1 / len(curves))
    shared = shared + weight * (total_kw - math.fsum(shared))
    largest = int(np.argmax(np.abs(shared)))
    for _ in range(3):
        shared[largest] += total_kw - math.fsum(shared)
    return shared
