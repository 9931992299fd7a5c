"""Kinds of devices by name: how each is drawn, simulated, and represented; a new kind is one more entry."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from dso.agents.device_agents import DeviceAgents
from dso.agents.hvac import HvacAgents
from dso.agents.kind import Kind, Window
from dso.agents.parallel import Planner
from dso.agents.ramp import RampThermostats
from dso.clock import HOUR_S
from dso.homes.climate import Climate
from dso.homes.customer_load import CustomerLoad
from dso.homes.house_draws import draw_houses
from dso.homes.houses import Houses
from dso.homes.local_time import LocalTime
from dso.homes.weather_forecast import WeatherForecast
from dso.messages import FloatArray, IntArray
from dso.plant.device import Devices as Physics
from dso.plant.houses import HousePlant
from dso.ports import Population
from dso.scenario.devices import Devices, Hvac
from dso.scenario.model import Scenario


RAMP, CURTAILABLE = 170, 171  # streams of random numbers


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
    weather, own = load.shape.weather, given.forecast
    climate = Climate(weather, weather.latitude_deg, weather.longitude_deg)
    forecast = WeatherForecast(
        climate,
        scenario.seed,
        outdoor_std_1h_k=own.temperature_error_1h_k,
        sun_std_1h_frac=own.sun_error_1h_frac,
        perfect=own.perfect,
    )
    solve = Planner(given.parallel.processes, given.parallel.backend)
    return Around(
        load.customers.size, scenario.seed, slider, climate, forecast, LocalTime(scenario.timezone), solve
    )


@dataclass(frozen=True, slots=True)
class KindParts:
    """What a kind of device is made of."""

    equipment: Callable[[Any, Around, Path], Any]  # of all customers who own one
    plant: Callable[[Any, Any, Around], Physics]
    agents: Callable[[Any, IntArray, Any, Around], list[Population]]  # of those that take part


def _planners(kind: Kind, equipment: Any, around: Around, *, weather: bool = False) -> list[Population]:
    outlook = around.outlook if weather else None
    return [DeviceAgents(kind, equipment.slider, around.solve, outlook=outlook)]


# --- houses -----------------------------------------------------------------------------------------------


def _houses(given: Hvac, around: Around, folder: Path) -> Houses:
    drawn = draw_houses(
        around.size, around.seed, given.share, electric_heating_share=given.electric_heating_share
    )
    changes: dict[str, Any] = {}
    if given.cooling_set_point_c is not None:
        changes["cooling_c"] = np.full_like(drawn.cooling_c, given.cooling_set_point_c)
    if given.heating_set_point_c is not None:
        changes["heating_c"] = np.full_like(drawn.heating_c, given.heating_set_point_c)
    if given.range_k is not None:
        changes |= {name: np.full(len(drawn), given.range_k) for name in ("range_low_k", "range_high_k")}
    houses: Houses = around.with_sliders(replace(drawn, **changes))
    return houses


def _house_agents(houses: Houses, number: IntArray, given: Hvac, around: Around) -> list[Population]:
    older = around.drawn(RAMP, houses.customers) < given.ramp_share
    found: list[Population] = []
    if not older.all():
        own = houses.take(np.flatnonzero(~older))
        kind = HvacAgents(own, number[~older], around.forecast, around.local_time)
        found += _planners(kind, own, around, weather=True)
    if older.any():
        own, weather = houses.take(np.flatnonzero(older)), around.forecast
        found.append(RampThermostats(own, number[older], weather, around.local_time, cycling=given.cycling))
    return found


KINDS: Mapping[str, KindParts] = {
    "hvac": KindParts(
        _houses,
        lambda houses, given, around: HousePlant(
            houses, around.climate, around.local_time, cycling=given.cycling
        ),
        _house_agents,
    ),
}
