"""Figures as people say them: a range of prices, a power, for the record of what parties told each other."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from dso.messages import FloatArray


def power(kw: FloatArray | Sequence[float] | float) -> str:
    """A power, or the range of several: `5.38 MW`, `71.3–84.0 kW`; an infinite one is no limit."""
    low, high = _bounds(kw)
    if np.isinf(low):
        return "no limit"
    if np.isinf(high):
        return f"{power(low)} or no limit"
    if max(abs(low), abs(high)) >= 1000:
        return _range(low / 1e3, high / 1e3, 3, "MW")
    return _range(low, high, 2, "kW")


def price(usd_per_kwh: FloatArray | Sequence[float] | float) -> str:
    """A price, or the range of several: `0.0731 USD/kWh`."""
    return _range(*_bounds(usd_per_kwh), 4, "USD/kWh")


def within(import_kw: FloatArray, export_kw: FloatArray) -> str:
    """What may pass the head of the feeder: `at most 5.38 MW in, no limit out`."""
    least = "" if np.isinf(np.min(import_kw)) else "at most "
    return f"{least}{power(import_kw)} in, {power(export_kw)} out"


def usd(amount: float) -> str:
    """An amount of money: `12.34 USD`."""
    return f"{amount:,.2f} USD"


def _bounds(values: FloatArray | Sequence[float] | float) -> tuple[float, float]:
    array = np.asarray(values, float)
    return float(array.min()), float(array.max())


def _range(low: float, high: float, digits: int, unit: str) -> str:
    first, last = f"{low:,.{digits}f}", f"{high:,.{digits}f}"
    return f"{first} {unit}" if first == last else f"{first}–{last} {unit}"
