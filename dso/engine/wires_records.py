"""What the run file keeps of the wires: the feeder, prices at its points, what bound, how power flowed."""

from __future__ import annotations

import numpy as np

from dso.engine.market_work import MarketWork
from dso.engine.work import Work
from dso.errors import NetworkUnavailableError
from dso.messages import FloatArray, MeterReading


def write_feeder(work: Work) -> None:
    """Put on record what the feeder looks like, and who sits where."""
    do = work.world.distribution
    if not do.prices_points:
        return
    place = do.points_of(np.arange(work.world.customers))
    for number, point in enumerate(do.network.points):
        at_point = [int(c) for c in np.flatnonzero(place == number)]
        work.row("points", point=point, number=number, customers=at_point)
    plan = do.network.plan()
    if plan is None:
        return
    for number, node in enumerate(plan.nodes):
        work.row(
            "nodes",
            node=node,
            number=number,
            at_service=int(plan.at_service[number]),
            distance_km=_known(plan.distance_km[number]),
            x=_known(plan.x[number]),
            y=_known(plan.y[number]),
        )
    for number, element in enumerate(plan.elements):
        work.row(
            "elements",
            element=element,
            number=number,
            from_bus=plan.ends[number][0],
            to_bus=plan.ends[number][1],
            rating=_known(plan.rating[number]),
            unit=plan.unit[number],
        )


def write_point_prices(work: MarketWork, points_kw: FloatArray) -> None:
    """Put on record what the wires add to prices, and which of their limits bind.

    Parameters
    ----------
    points_kw : (t, points) what was awarded.
    """
    schedule = work.subject.schedule
    if schedule is None or schedule.at_points is None:
        return
    prices = schedule.at_points
    for t, interval in enumerate(work.intervals):
        work.row(
            "point_prices",
            market=work.market,
            interval_start=interval.start_s,
            losses_usd_per_kwh=prices.losses[t],
            congestion_usd_per_kwh=prices.congestion[t],
            voltage_usd_per_kwh=prices.voltage[t],
        )
    for row, shadow in prices.binding:
        work.row(
            "constraints",
            market=work.market,
            interval_start=work.intervals[row.interval].start_s,
            element=row.element,
            kind=row.kind,
            shadow_usd_per_h=shadow,
            rent_usd_per_h=shadow * float(row.weight @ points_kw[row.interval]),
        )


def write_flow(work: MarketWork, reading: MeterReading) -> None:
    """Put on record how the power that was metered has flowed."""
    do, detailed = work.world.distribution, work.world.settings.records != "summary"
    points_kw = do.all_at_points(reading.meter_kwh / work.hours)
    try:
        flow = do.network.flow(points_kw, do.equipment_during(reading.interval))
    except NetworkUnavailableError as error:
        work.degrade(f"no power flow of what was metered: {error}")
        return
    if flow is None:
        return
    work.row(
        "flows",
        market=work.market,
        interval_start=reading.interval.start_s,
        head_kw=flow.head_kw,
        head_kvar=flow.head_kvar,
        losses_kw=flow.losses_kw,
        lowest_pu=float(np.nanmin(flow.voltage_pu)),
        highest_pu=float(np.nanmax(flow.voltage_pu)),
        highest_loading_pu=float(np.nanmax(flow.loading_pu)),
        voltage_pu=flow.voltage_pu if detailed else None,
        loading_pu=flow.loading_pu if detailed else None,
    )


def _known(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
