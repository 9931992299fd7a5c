"""Meters: what comes in is read, checked and kept; agents look at their devices."""

from __future__ import annotations

import operator
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from dso.engine.market_work import MarketWork
from dso.messages import Deliver, Measured, MeterReading, Rejection
from dso.ports import BoolArray, Sensing


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
    _look_at_devices(work, reading)
    if all(is_complete(r) for r in work.do.readings) and work.takes("all_readings"):
        work.post(work.market, "all_readings")
    return None


def _look_at_devices(work: MarketWork, reading: MeterReading) -> None:
    """Let agents see what their devices' sensors say."""
    populations = [p for mo in work.world.operators.values() for p in mo.populations]
    for population in (p for p in populations if isinstance(p, Sensing)):
        for measured in (m for m in reading.measured if m.kind == population.kind):
            population.sense(measured)


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
        tuple(_as_measured(work, one, index) for one in payload.get("measured", ())),
    )


def _as_measured(work: MarketWork, payload: Mapping[str, Any], index: int) -> Measured:
    devices, slots = np.asarray(payload["devices"], np.int64), _slots(work)
    rising = devices.ndim == 1 and (np.diff(devices) > 0).all()
    if not rising or (devices < 0).any() or (devices >= slots).any():
        raise ValueError(f"measured devices must be rising numbers below {slots}")
    values = {str(name): np.asarray(value, float) for name, value in payload["values"].items()}
    fits = {name: v.shape == devices.shape and bool(np.isfinite(v).all()) for name, v in values.items()}
    if not all(fits.values()):
        wrong = ", ".join(name for name, good in fits.items() if not good)
        raise ValueError(f"measured {wrong} must hold {len(devices)} finite numbers")
    return Measured(str(payload["kind"]), work.intervals[index].end_s, devices, values)


def _slots(work: MarketWork) -> int:
    return len(work.world.device_array())


def _refusal(work: MarketWork, reading: MeterReading) -> str | None:
    if reading.interval not in work.intervals or not work.spec.physical:
        return "readings of an interval that this market does not deliver"
    meters, devices = work.world.customers, _slots(work)
    if reading.meter_kwh.shape != (meters,) or reading.device_kwh.shape != (devices,):
        held = f"{reading.meter_kwh.shape} and {reading.device_kwh.shape}"
        return f"readings must hold {meters} meters and {devices} devices, held {held}"
    if not np.isfinite(reading.head_kwh):
        return "the head meter's reading must be a number"
    return None


def is_complete(reading: MeterReading | None) -> bool:
    """Whether every meter of an interval has reported."""
    return reading is not None and bool(np.isfinite(reading.meter_kwh).all())
