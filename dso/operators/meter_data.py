"""The DO's meter data: what others may ask of it, and how its gaps are filled."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from dso.messages import FloatArray, IntArray, MeterReading


def metered_kw(readings: Sequence[MeterReading | None], devices: IntArray) -> FloatArray:
    """What the meters of some devices say, (t, n) [kW]; NaN where nothing was read."""
    rows = [
        np.full(len(devices), np.nan) if r is None else r.device_kwh[devices] / r.interval.hours
        for r in readings
    ]
    return np.array(rows, np.float64).reshape(len(readings), len(devices))


@dataclass(frozen=True, slots=True, eq=False)
class Gap:
    """What is known where meters of one interval were not read; all (customers,) [kW]."""

    read_kw: FloatArray  # NaN where nothing was
    schedule_kw: FloatArray  # awarded, or else forecast
    before_kw: FloatArray  # in the last interval that was read; NaN where none was
    group: IntArray  # number of each customer's tariff


Rule = Callable[[Gap], FloatArray]


def as_scheduled(gap: Gap) -> FloatArray:
    """What the customer was awarded, or else forecast."""
    return gap.schedule_kw


def as_before(gap: Gap) -> FloatArray:
    """What it drew in the last interval that was read; where none was, its schedule."""
    return np.where(np.isfinite(gap.before_kw), gap.before_kw, gap.schedule_kw)


def as_similar(gap: Gap) -> FloatArray:
    """Its schedule times what those of its tariff that were read drew per kW scheduled."""
    ratio = np.ones(int(gap.group.max(initial=0)) + 1)
    read = np.isfinite(gap.read_kw)
    for number in range(len(ratio)):
        own = read & (gap.group == number)
        scheduled = float(gap.schedule_kw[own].sum())
        if abs(scheduled) > 1e-9:
            ratio[number] = float(gap.read_kw[own].sum()) / scheduled
    return gap.schedule_kw * ratio[gap.group]


RULES: dict[str, Rule] = {"schedule": as_scheduled, "before": as_before, "similar": as_similar}


def filled_kw(gap: Gap, rule: str, supplied_frac: FloatArray | None) -> FloatArray:
    """Every customer's reading, (customers,) [kW], with the gaps estimated.

    Parameters
    ----------
    gap : what is known.
    rule : name of the rule, one of RULES.
    supplied_frac : (customers,) part of the interval with supply; None: all of it.
    """
    estimate = RULES[rule](gap)
    if supplied_frac is not None:
        estimate = estimate * supplied_frac
    return np.where(np.isfinite(gap.read_kw), gap.read_kw, estimate)
