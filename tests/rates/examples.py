"""Rates and loads small enough to bill by hand."""

from __future__ import annotations

from typing import Any

import numpy as np

from dso.rates import BillingCalendar, calendar_of_year

Json = dict[str, Any]
YEAR = calendar_of_year(2018, 3600)  # begins on a Monday, as PySAM's year does


def always(period: int = 0) -> list[list[int]]:
    return [[period] * 24 for _ in range(12)]


def evenings(first: int = 16, last: int = 20) -> list[list[int]]:
    """Period 1 from one hour to another, both inclusive, period 0 else."""
    return [[int(first <= hour <= last) for hour in range(24)] for _ in range(12)]


def flat(price: float = 0.12, **more: Any) -> Json:
    return {
        "label": "test",
        "energyratestructure": [[{"rate": price, "unit": "kWh"}]],
        "energyweekdayschedule": always(),
        "energyweekendschedule": always(),
        **more,
    }


def time_of_use(off: float = 0.1, on: float = 0.3, **more: Any) -> Json:
    """Dear from 16 to 21 on weekdays."""
    return (
        flat(
            energyratestructure=[[{"rate": off, "unit": "kWh"}], [{"rate": on, "unit": "kWh"}]],
            energyweekdayschedule=evenings(),
        )
        | more
    )


def hours(month: int, calendar: BillingCalendar = YEAR) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """The intervals of a month, 1 for January."""
    return np.asarray(calendar.month == month - 1)


def constant(kwh: float = 1.0, calendar: BillingCalendar = YEAR) -> np.ndarray[Any, np.dtype[np.float64]]:
    return np.full((1, len(calendar.hour)), kwh)
