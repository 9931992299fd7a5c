"""What all kinds of devices have around them: weather, clock, preferences, and who plans."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from dso.agents.forecast_error import ForecastError
from dso.agents.kind import Window
from dso.agents.parallel import Planner
from dso.clock import HOUR_S, Interval
from dso.homes.climate import Climate
from dso.homes.customer_load import CustomerLoad
from dso.homes.local_time import LocalTime
from dso.homes.weather_forecast import WeatherForecast
from dso.messages import FloatArray, IntArray
from dso.scenario.devices import Devices
from dso.scenario.model import Scenario


@dataclass(frozen=True, slots=True, eq=False)
class Around:
    """What all kinds of devices have around them."""

    size: FloatArray  # (customers,) load of each over the mean one's
    seed: int
    slider: FloatArray  # (customers,)
    climate: Climate
    forecast: WeatherForecast
    local_time: LocalTime
    solve: Planner
    load: CustomerLoad
    fixed_load_frac: float  # of the series' load beside cooling
    error: ForecastError  # of what customers are expected to draw

    def fixed_kw(self, interval: Interval) -> FloatArray:
        """Fixed load of each customer in an interval, (customers,) [kW]."""
        return np.asarray(self.fixed_load_frac * self.load.kw(interval)[0])

    def drawn(self, stream: int, customers: IntArray) -> FloatArray:
        """Uniform numbers of some customers, (n,), the same whoever else is asked for."""
        numbers = np.random.default_rng([self.seed, stream]).random(len(self.size))
        return np.asarray(numbers[customers])

    def with_sliders(self, equipment: Any) -> Any:
        """Devices with the preference of the customers who own them."""
        return replace(equipment, slider=self.slider[equipment.customers])

    def outlook(self, window: Window, known_at_s: int) -> FloatArray:
        """Forecast of the temperature in the middle of each hour, (T,) [°C]."""
        middles = np.asarray(window.start_s + HOUR_S * (np.arange(window.count) + 0.5), np.float64)
        return self.forecast.outdoor_c(middles, known_at_s)


def around_of(scenario: Scenario, given: Devices, load: CustomerLoad, slider: FloatArray) -> Around:
    """Weather, its forecast, the clock on the wall, and who plans."""
    weather, own, seed = load.shape.weather, given.forecast, scenario.seed
    climate = Climate(weather, weather.latitude_deg, weather.longitude_deg)
    forecast = WeatherForecast(
        climate,
        seed,
        outdoor_std_1h_k=own.temperature_error_1h_k,
        sun_std_1h_frac=own.sun_error_1h_frac,
        perfect=own.perfect,
    )
    error = ForecastError(
        load.customers,
        seed,
        std_1h_frac=scenario.forecast.common_error_1h_frac,
        customer_std_1h_frac=scenario.forecast.customer_error_1h_frac,
    )
    clock, solve = LocalTime(scenario.timezone), Planner(given.parallel.processes, given.parallel.backend)
    size, fixed_frac = load.customers.size, given.fixed_load_frac
    return Around(size, seed, slider, climate, forecast, clock, solve, load, fixed_frac, error)
