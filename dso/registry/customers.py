"""What stands on the customers' side: agents, plant and the forecast of both, with devices or without."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from dso.agents.forecast import SeededForecast
from dso.agents.forecast_error import ForecastError
from dso.agents.homes_forecast import HomesForecast
from dso.clock import HOUR_S, Interval
from dso.homes.customer_load import CustomerLoad
from dso.messages import FloatArray, IntArray
from dso.plant.baseline import Baseline
from dso.plant.embedded import EmbeddedPlant
from dso.plant.homes import HomesPlant
from dso.ports import Forecast, Plant, Population
from dso.registry.enrolment import cooling
from dso.registry.findings import Findings
from dso.registry.outside import Answer, Registered
from dso.registry.wires import Wires
from dso.scenario.devices import Devices
from dso.scenario.model import Scenario
from dso.scenario.times import instant

LONGEST_STEP_S = 300  # devices are run for so long at once


@dataclass(frozen=True, slots=True, eq=False)
class Inside:
    """The customers' side of a study."""

    populations: Mapping[str, tuple[Population, ...]]  # by tariff with a market
    owners: IntArray | None  # (devices,) customer of each that may bid; None: one each
    forecast: Forecast
    plant: Plant
    outside: Mapping[str, tuple[Registered, ...]] = field(default_factory=dict)  # by tariff


def customers_of(
    scenario: Scenario,
    folder: Path,
    load: CustomerLoad,
    bidding: Mapping[str, IntArray],
    slider: FloatArray,
    wires: Wires,
    findings: Findings,
    enrolled: Mapping[str, IntArray],
    answers: Mapping[str, Answer],
) -> Inside:
    """The customers' side: with devices, or with cooling as one elastic load.

    Parameters
    ----------
    bidding : customers who take part, by tariff.
    slider : (customers,) preference of each, from comfort, 0, to cost, 1.
    wires : with the network whose losses the head meter includes.
    findings : where impossible devices are told.
    enrolled : customers by tariff.
    answers : functions that bid for participants outside, by the sender's name.
    """
    if scenario.devices is not None:
        with_names = (enrolled, answers)
        return _with_devices(
            scenario, scenario.devices, folder, load, bidding, slider, wires, findings, *with_names
        )
    everyone = np.unique(np.concatenate([*bidding.values(), np.zeros(0, np.int64)]))
    given = scenario.forecast
    forecast = SeededForecast(
        load,
        everyone,
        scenario.seed,
        std_1h_frac=given.common_error_1h_frac,
        customer_std_1h_frac=given.customer_error_1h_frac,
    )
    plant = EmbeddedPlant(load, everyone, wires.network, wires.point_of)
    return Inside(cooling(bidding, load, forecast, slider), None, forecast, plant)


def _with_devices(
    scenario: Scenario,
    given: Devices,
    folder: Path,
    load: CustomerLoad,
    bidding: Mapping[str, IntArray],
    slider: FloatArray,
    wires: Wires,
    findings: Findings,
    enrolled: Mapping[str, IntArray],
    answers: Mapping[str, Answer],
) -> Inside:
    from dso.registry.homes import homes_of

    start_s, count = instant(scenario.start, scenario), scenario.customers.count
    error = ForecastError(
        load.customers,
        scenario.seed,
        std_1h_frac=scenario.forecast.common_error_1h_frac,
        customer_std_1h_frac=scenario.forecast.customer_error_1h_frac,
    )

    def fixed_kw(interval: Interval) -> FloatArray:
        return np.asarray(given.fixed_load_frac * load.kw(interval)[0])

    homes = homes_of(
        scenario, given, folder, load, bidding, slider, fixed_kw, error, _step_s(scenario), findings,
        enrolled, answers,
    )  # fmt: skip

    def rest_kw(interval: Interval) -> FloatArray:
        return np.asarray(homes.fixed_frac * fixed_kw(interval))

    place = np.zeros(count, np.int64) if wires.point_of is None else wires.point_of
    plant = HomesPlant(rest_kw, homes.fleet, wires.network, place, start_s)
    forecast = HomesForecast(rest_kw, Baseline(homes.fleet, start_s), homes.owners, error)
    return Inside(homes.populations, homes.owners, forecast, plant, homes.outside)


def _step_s(scenario: Scenario) -> int:
    """How long devices are run at once: a whole part of an hour and of what is delivered."""
    delivered = next(s.interval for s in scenario.series if s.physical)
    return int(np.gcd.reduce([delivered, HOUR_S, LONGEST_STEP_S]))
