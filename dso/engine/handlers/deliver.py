"""Delivery: set-points out, meters in, interval by interval."""

from __future__ import annotations

import operator
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal

import numpy as np

from dso.engine.handlers.negotiate import dismiss_retail
from dso.engine.handlers.prepare import last_known
from dso.engine.market_work import MarketWork
from dso.engine.words import power
from dso.messages import Award, Deliver, FloatArray, MeterReading, Rejection
from dso.operators.load_serving import LoadServingEntity, Position
from dso.ports import BoolArray


def dispatch(work: MarketWork) -> Literal["dispatched", "position_only"]:
    """Order the next interval; a market that another one refines only holds its position."""
    if not work.spec.physical:
        return "position_only"
    index = work.do.interval_index + 1
    work.set_do(interval_index=index, ordered=(*work.do.ordered, index))
    _inherit_position(work, index)
    points = _set_points(work, index)
    _order(work, index, points)
    told = np.isfinite(points)
    work.say("DO", "feeder", "set-points", f"{int(told.sum())} devices, {power(points[told].sum())}")
    work.note(interval=index)
    return "dispatched"


def _order(work: MarketWork, index: int, set_points_kw: FloatArray) -> None:
    """Tell the feeder; an embedded one answers when the interval is over, another posts by itself."""
    interval = work.intervals[index]
    if work.world.plant is not None:
        (state,) = work.world.distribution.equipment((interval,))
        order = Deliver(work.market, interval, set_points_kw, state)
        work.post(work.market, "readings", order, at_s=interval.end_s)


def _set_points(work: MarketWork, index: int) -> FloatArray:
    """What each customer's bidding device runs at, (customers,); NaN where none was awarded anything."""
    points = work.world.device_array()
    for tariff, mo in work.world.operators.items():
        record = work.mo(tariff)
        if record.device_kw is None or record.price_usd_per_kwh is None:
            continue
        for population in mo.populations:
            own = population.customers
            award = Award(
                work.market, tariff, work.intervals, own, record.device_kw[:, own], record.price_usd_per_kwh
            )
            points[own] = population.set_points_kw(award, index)
    return points


def _inherit_position(work: MarketWork, index: int) -> None:
    """Each LSE's position of the interval, from the market that this one refines; none is zero."""
    found = work.world.covering(work.spec.refines, work.intervals[index])
    for tariff, retailer, record in work.retailers():
        position = _position(retailer, found)
        work.set_lse(tariff, position=(*record.position, position))


def _position(retailer: LoadServingEntity, found: tuple[str, int] | None) -> Position:
    record = retailer.records.get(found[0]) if found is not None else None
    if found is None or record is None or record.customers_kw is None or record.head_kw is None:
        return Position.none(len(retailer.customers))
    market, t = found
    return Position(market, record.customers_kw[t], float(record.head_kw[t]))


def default_service(work: MarketWork) -> Literal["served"]:
    """Nobody is told anything: devices run as they would, every interval that was not ordered yet.

    A refined market's position stands if it was priced, for the wholesale market has sold it; else it is 0.
    """
    dismiss_retail(work)
    work.put(work.world.open_markets, work.market, work.subject.times.delivery)
    if not work.spec.physical:
        return "served"
    if not work.do.readings:
        work.set_do(readings=(None,) * len(work.intervals))
    left = [index for index in range(len(work.intervals)) if index not in work.do.ordered]
    for index in left:
        _inherit_position(work, index)
        _order(work, index, work.world.device_array())
    work.set_do(ordered=(*work.do.ordered, *left), interval_index=len(work.intervals) - 1)
    _withdraw_awards(work, left)
    _assume_prices(work)
    return "served"


def _withdraw_awards(work: MarketWork, left: Sequence[int]) -> None:
    """What nobody was told to run at is nothing that a meter could be at odds with."""
    for tariff in work.world.operators:
        awarded = work.mo(tariff).device_kw
        if awarded is not None and left:
            kept = awarded.copy()
            kept[list(left)] = np.nan
            work.set_mo(tariff, device_kw=kept)


def _assume_prices(work: MarketWork) -> None:
    """Where no price was found before the failure, the expected one is billed, or the last known."""
    expected = work.subject.expected_usd_per_kwh
    if expected is None:
        expected = last_known(work)
    nothing = np.zeros(len(work.intervals))
    for tariff, retailer, record in work.retailers():
        if record.retail_usd_per_kwh is None:
            work.set_lse(
                tariff,
                wholesale_usd_per_kwh=expected,
                congestion_usd_per_kwh=nothing,
                retail_usd_per_kwh=retailer.strategy.retail_usd_per_kwh(expected, nothing),
            )


def receive_readings(
    work: MarketWork, payload: Deliver | MeterReading | Mapping[str, Any]
) -> Rejection | None:
    """All meters of one interval report; the embedded feeder is run here, for the interval that is over."""
    plant = work.world.plant
    if isinstance(payload, Deliver):
        assert plant is not None  # only an embedded feeder is sent orders this way
        reading = plant.deliver(_as_it_was(work, payload))
    else:
        reading = _as_reading(work, payload)
    why = _refusal(work, reading)
    if why is None and _is_read(work, work.intervals.index(reading.interval)):
        why = "duplicate readings of an interval"
    if why is not None:
        return Rejection(work.market, "feeder", None, why)
    _keep(work, reading)
    if all(is_complete(r) for r in work.do.readings) and work.takes("all_readings"):
        work.post(work.market, "all_readings")
    return None


def _as_it_was(work: MarketWork, order: Deliver) -> Deliver:
    """An order with what has happened to the wires since it was given: its interval is over."""
    do, interval = work.world.distribution, order.interval
    supplied = do.supplied_frac(interval, work.world.customers)
    return replace(order, equipment=do.equipment_during(interval), supplied_frac=supplied)


def _is_read(work: MarketWork, index: int) -> bool:
    """Whether every meter of an interval has reported; what the DO filled in has not."""
    filled = work.do.filled[index] if work.do.filled else None
    return is_complete(work.do.readings[index]) and filled is None


def receive_corrected(work: MarketWork, payload: MeterReading | Mapping[str, Any] | None) -> Rejection | None:
    """A dispute is over; what was read wrong may come with the message, in the place of the first reading."""
    if not payload:
        return None
    reading = _as_reading(work, payload)
    why = _refusal(work, reading)
    if why is None and not is_complete(reading):
        why = "a corrected reading must be complete"
    if why is not None:
        return Rejection(work.market, "feeder", None, why)
    _keep(work, reading)
    return None


def _keep(work: MarketWork, reading: MeterReading) -> None:
    index = work.intervals.index(reading.interval)
    readings, filled = list(work.do.readings), list(work.do.filled)
    if filled and filled[index] is not None:
        reading, filled[index] = _in_place_of(reading, readings[index], filled[index])
    readings[index] = reading
    left = sum(int(mask.sum()) for mask in filled if mask is not None)
    work.set_do(readings=tuple(readings), filled=tuple(filled), estimated=left)
    work.note(interval=index, head_kwh=round(reading.head_kwh, 6))
    metered = float(np.nansum(reading.meter_kwh))
    what = f"{len(reading.meter_kwh)} meters, {metered:,.3f} kWh, {reading.head_kwh:,.3f} kWh at the head"
    work.say("feeder", "DO", "readings", what)


def _in_place_of(
    reading: MeterReading, old: MeterReading | None, filled: BoolArray | None
) -> tuple[MeterReading, BoolArray | None]:
    """A reading that has come in the place of estimates; of what it lacks the estimate stays."""
    assert old is not None  # filled in
    assert filled is not None
    left = filled & ~np.isfinite(reading.meter_kwh)
    meter_kwh = np.where(np.isfinite(reading.meter_kwh), reading.meter_kwh, old.meter_kwh)
    return replace(reading, meter_kwh=meter_kwh), left if left.any() else None


def _as_reading(work: MarketWork, payload: MeterReading | Mapping[str, Any]) -> MeterReading:
    if isinstance(payload, MeterReading):
        return payload
    index = operator.index(payload["interval"])
    if not 0 <= index < len(work.intervals):
        raise IndexError(f"interval {index} of {len(work.intervals)}")
    return MeterReading(
        work.intervals[index],
        np.asarray(payload["meter_kwh"], float),
        np.asarray(payload["device_kwh"], float),
        float(payload["head_kwh"]),
    )


def _refusal(work: MarketWork, reading: MeterReading) -> str | None:
    if reading.interval not in work.intervals or not work.spec.physical:
        return "readings of an interval that this market does not deliver"
    shape = (work.world.customers,)
    if reading.meter_kwh.shape != shape or reading.device_kwh.shape != shape:
        held = f"{reading.meter_kwh.shape} and {reading.device_kwh.shape}"
        return f"readings must hold {shape[0]} meters and as many devices, held {held}"
    if not np.isfinite(reading.head_kwh):
        return "the head meter's reading must be a number"
    return None


def is_complete(reading: MeterReading | None) -> bool:
    """Whether every meter of an interval has reported."""
    return reading is not None and bool(np.isfinite(reading.meter_kwh).all())
