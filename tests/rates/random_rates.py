"""Rates and loads at random, within what both readers take: one seed gives one rate and one load."""

from __future__ import annotations

from typing import Any

import numpy as np

from dso.rates.calendar import FloatArray

Json = dict[str, Any]
Random = np.random.Generator
HOURS = np.arange(8760)


def load_kwh(r: Random, per_hour: int = 1) -> FloatArray:
    """A year: days with an evening, seasons, noise, and now and then a peak."""
    shape = 1 + r.uniform(0, 1) * np.exp(-((HOURS % 24 - 19) ** 2) / 12)
    season = 1 + r.uniform(-0.5, 0.5) * np.cos(2 * np.pi * HOURS / 8760)
    hourly = r.uniform(0.2, 20) * shape * season * r.gamma(3, 1 / 3, 8760)
    fine = np.repeat(hourly / per_hour, per_hour)
    return fine if per_hour == 1 else fine * r.uniform(0.5, 1.5, len(fine))


def sun_kwh(r: Random, load: FloatArray, per_hour: int = 1) -> FloatArray:
    """A year of a roof that gives 20 to 180 % of the load."""
    day = np.clip(np.sin(np.pi * (HOURS % 24 - 6) / 12), 0, None)
    year = 1 - 0.4 * np.cos(2 * np.pi * HOURS / 8760)
    sun = np.repeat(day * year * r.uniform(0.3, 1, 8760), per_hour)
    return np.asarray(sun * (r.uniform(0.2, 1.8) * load.sum() / sun.sum()))


def price(r: Random, low: float, high: float) -> float:
    return round(float(r.uniform(low, high)), 5)


def ends(r: Random, count: int, typical: float) -> list[float]:
    """Where all tiers but the last end."""
    steps = r.uniform(0.2, 0.9, count - 1) * typical
    return [round(float(x), 3) for x in np.cumsum(steps)]


def energy_tiers(r: Random, bounds: list[float], unit: str = "kWh") -> list[Json]:
    return [
        {
            "rate": price(r, 0.03, 0.5),
            "adj": price(r, -0.01, 0.02),
            "sell": price(r, 0.0, 0.1),
            "unit": unit,
            **({"max": bounds[k]} if k < len(bounds) else {}),
        }
        for k in range(len(bounds) + 1)
    ]


def demand_tiers(r: Random, bounds: list[float]) -> list[Json]:
    return [
        {"rate": price(r, 1, 20), "adj": price(r, 0, 1), **({"max": bounds[k]} if k < len(bounds) else {})}
        for k in range(len(bounds) + 1)
    ]


def season_schedules(r: Random) -> tuple[int, list[list[int]], list[list[int]]]:
    """Two seasons of two periods each: 0 and 1, 2 and 3; the dear ones from noon or so to the evening."""
    first, last = int(r.integers(4, 7)), int(r.integers(8, 11))
    start, end = int(r.integers(12, 18)), int(r.integers(18, 23))
    weekday, weekend = [], []
    for month in range(12):
        base = 2 * int(first <= month <= last)
        weekday.append([base + int(start <= hour <= end) for hour in range(24)])
        weekend.append([base] * 24)
    return 4, weekday, weekend


def rate(r: Random, *, periods: bool, tiers: int, typical_kwh: float, unit: str = "kWh", **more: Any) -> Json:
    """A rate with so many tiers of about a load's size, in one period or in two seasons of two."""
    always = [[0] * 24 for _ in range(12)]
    count, weekday, weekend = season_schedules(r) if periods else (1, always, always)
    bounds = ends(r, tiers, typical_kwh)
    return {
        "label": "random",
        "energyratestructure": [energy_tiers(r, bounds, unit) for _ in range(count)],
        "energyweekdayschedule": weekday,
        "energyweekendschedule": weekend,
        "fixedchargefirstmeter": price(r, 0, 30),
        "fixedchargeunits": "$/month",
        **more,
    }


def flat_demand(r: Random, typical_kw: float) -> Json:
    bounds = [ends(r, int(r.integers(1, 4)), typical_kw) for _ in range(2)]
    return {
        "flatdemandstructure": [demand_tiers(r, b) for b in bounds],
        "flatdemandmonths": [int(p) for p in r.integers(0, 2, 12)],
        "flatdemandunit": "kW",
    }


def demand_by_period(r: Random, typical_kw: float) -> Json:
    count, weekday, weekend = season_schedules(r)
    bounds = ends(r, int(r.integers(1, 3)), typical_kw)
    return {
        "demandratestructure": [demand_tiers(r, bounds) for _ in range(count)],
        "demandweekdayschedule": weekday,
        "demandweekendschedule": weekend,
        "demandrateunit": "kW",
    }
