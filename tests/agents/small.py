"""Customers whose load one can work out by hand: 2 kW, and 0.1 kW of it cools for each kelvin above 20 °C."""

from __future__ import annotations

import numpy as np

from dso.clock import Interval, parse_time
from dso.data.typical_year import HOURS, Weather
from dso.homes.customer_load import CustomerLoad
from dso.homes.customers import Customers
from dso.homes.load_shape import LoadShape

NEW_YEAR_S = parse_time("2016-01-01T00:00Z")
NOON = Interval(parse_time("2016-06-01T12:00Z"), 300)


def weather(temperature_c: float = 28.0) -> Weather:
    nothing = np.zeros(HOURS)
    return Weather("nowhere", 0, np.full(HOURS, temperature_c), nothing, nothing, nothing, nothing)


def shape(temperature_c: float = 28.0) -> LoadShape:
    """Slope (0.5 · 2 kW) / (30 − 20) K = 0.1 kW/K, so 0.8 kW at 28 °C, 1.2 kW fixed."""
    start_s = NEW_YEAR_S + 3600 * np.arange(8760)
    return LoadShape(
        start_s, np.full(8760, 2.0), weather(temperature_c), cooling_frac=0.5, design_c=30.0, balance_c=20.0
    )


def load(count: int, *, spread: float = 0.0, noise: float = 0.0, temperature_c: float = 28.0, seed: int = 1):
    return CustomerLoad(Customers(count, seed, spread), shape(temperature_c), noise_std_frac=noise)
