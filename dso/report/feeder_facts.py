"""What went on along the feeder in one interval, as plain data."""

from __future__ import annotations

from typing import Any

import numpy as np

from dso.clock import iso
from dso.messages import FloatArray
from dso.report.feeder import FeederPlan
from dso.report.feeder_flow import FlowAt
from dso.report.feeder_prices import WIRES, PricesAlong, bound_in, prices_along
from dso.run_file import RunReader

MOST_ELEMENTS, MOST_POINTS = 10, 5

Facts = dict[str, Any]


def feeder_facts(reader: RunReader, plan: FeederPlan, flow: FlowAt) -> Facts:
    """The interval of a power flow: power, voltages, loadings, what bound, prices; units in the names.

    Parameters
    ----------
    plan : of the same run.
    flow : of the interval.
    """
    prices = prices_along(reader, flow.market, flow.start_s)
    return {
        "market": flow.market,
        "start": iso(flow.start_s),
        "end": iso(flow.end_s),
        "head_kw": flow.head_kw,
        "head_kvar": flow.head_kvar,
        "losses_kw": flow.losses_kw,
        "voltage": {"lowest": _lowest(plan, flow), "highest": _highest(plan, flow)},
        "highest_loading_pu": flow.highest_loading_pu,
        "elements": _elements(plan, flow.loading_pu),
        "bound": bound_in(reader, flow.market, flow.start_s),
        "prices": None if prices is None else _prices(plan, prices),
    }


def _lowest(plan: FeederPlan, flow: FlowAt) -> Facts:
    return _node(
        plan, flow.lowest_pu, None if flow.voltage_pu is None else int(np.nanargmin(flow.voltage_pu))
    )


def _highest(plan: FeederPlan, flow: FlowAt) -> Facts:
    return _node(
        plan, flow.highest_pu, None if flow.voltage_pu is None else int(np.nanargmax(flow.voltage_pu))
    )


def _node(plan: FeederPlan, pu: float, number: int | None) -> Facts:
    if number is None:
        return {"pu": pu, "node": None, "at_service": None, "distance_km": None}
    return {
        "pu": pu,
        "node": plan.nodes[number],
        "at_service": bool(plan.at_service[number]),
        "distance_km": known(plan.distance_km[number]),
    }


def _elements(plan: FeederPlan, loading_pu: FloatArray | None) -> list[Facts]:
    """The elements that are loaded most; none where loadings are not kept."""
    if loading_pu is None:
        return []
    order = np.argsort(-np.nan_to_num(loading_pu), kind="stable")[:MOST_ELEMENTS]
    return [
        {
            "element": plan.elements[k],
            "loading_pu": float(loading_pu[k]),
            "rating": known(plan.rating[k]),
            "unit": plan.unit[k],
        }
        for k in order
        if np.isfinite(loading_pu[k])
    ]


def _prices(plan: FeederPlan, prices: PricesAlong) -> Facts:
    total = prices.total()
    dearest = np.argsort(-total, kind="stable")
    return {
        "tariff": prices.tariff,
        "wholesale_usd_per_kwh": prices.wholesale_usd_per_kwh,
        "energy_usd_per_kwh": prices.energy_usd_per_kwh,
        "points": len(total),
        "cheapest": _point(plan, prices, int(dearest[-1])),
        "dearest": [_point(plan, prices, int(k)) for k in dearest[:MOST_POINTS]],
    }


def _point(plan: FeederPlan, prices: PricesAlong, number: int) -> Facts:
    return {
        "point": plan.points[number],
        "distance_km": known(plan.point_km[number]),
        "usd_per_kwh": float(prices.total()[number]),
        "energy_usd_per_kwh": prices.energy_usd_per_kwh,
        **{f"{part}_usd_per_kwh": float(getattr(prices, part)[number]) for part in WIRES},
    }


def known(value: float) -> float | None:
    """A number, None where there is none."""
    return float(value) if np.isfinite(value) else None
