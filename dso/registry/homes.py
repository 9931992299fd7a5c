"""Homes from a scenario: who owns which device, its plant, and its agents; one entry a kind."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from dso.agents.forecast_error import ForecastError
from dso.clock import Interval
from dso.homes.customer_load import CustomerLoad
from dso.messages import FloatArray, IntArray
from dso.plant.fleet import Fleet, Group
from dso.ports import Population
from dso.registry.findings import Findings
from dso.registry.kinds import KINDS, around_of
from dso.registry.outside import Answer, Registered, registered_of
from dso.scenario.devices import Devices, Owned
from dso.scenario.model import Scenario

TAKES_PART = 160  # stream of random numbers


@dataclass(frozen=True, slots=True, eq=False)
class Homes:
    """All devices of a study, ready to be plugged in."""

    fleet: Fleet
    owners: IntArray  # (devices,) customer of each that may bid
    populations: dict[str, tuple[Population, ...]]  # by tariff with a market
    outside: dict[str, tuple[Registered, ...]]  # by tariff, whose messages come from outside
    fixed_frac: FloatArray  # (customers,) part of each fixed load that is none of these devices


def homes_of(
    scenario: Scenario,
    given: Devices,
    folder: Path,
    load: CustomerLoad,
    bidding: Mapping[str, IntArray],
    slider: FloatArray,
    fixed_kw: Callable[[Interval], FloatArray],
    error: ForecastError,
    step_s: int,
    findings: Findings,
    enrolled: Mapping[str, IntArray],
    answers: Mapping[str, Answer],
) -> Homes:
    """Every device that customers own, and the agents of those that take part.

    Parameters
    ----------
    bidding : customers who may take part, by tariff.
    slider : (customers,) preference of each, from comfort, 0, to cost, 1.
    fixed_kw : fixed load of each customer in an interval, (customers,).
    error : of what customers are expected to draw.
    step_s : longest time that devices are run at once [s].
    findings : where impossible devices are told.
    enrolled : customers by tariff.
    answers : functions that bid for participants outside, by the sender's name.
    """
    around = around_of(scenario, given, load, slider, fixed_kw, error)
    groups: list[Group] = []
    owners: list[IntArray] = []
    populations: dict[str, list[Population]] = {name: [] for name in bidding}
    first, fixed_frac = 0, np.ones(scenario.customers.count)
    for name, part in _owned(given):
        with findings.at("devices", name):
            equipment = KINDS[name].equipment(part, around, folder)
            fixed_frac[equipment.customers] -= KINDS[name].of_fixed_load(part)
            takes_part = _takes_part(name, part, equipment.customers, bidding, scenario)
            rows = np.flatnonzero(takes_part)
            number = np.full(len(takes_part), -1, np.int64)
            number[rows] = first + np.arange(len(rows))
            groups.append(Group(KINDS[name].plant(equipment, part, around), number))
            owners.append(equipment.customers[rows])
            first += len(rows)
            for tariff, own in bidding.items():
                mine = np.flatnonzero(takes_part & np.isin(equipment.customers, own))
                if len(mine):
                    populations[tariff] += KINDS[name].agents(
                        equipment.take(mine), number[mine], part, around
                    )
    registered: dict[str, list[Registered]] = {}
    for place, sender in enumerate(given.outside):
        with findings.at("devices", "outside", place):
            one = registered_of(sender, first, enrolled, list(bidding))
            groups.append(Group(one.plant(), one.devices))
            owners.append(one.customers)
            first += len(one.devices)
            if sender.name in answers:
                populations[sender.tariff].append(one.population(answers[sender.name]))
            else:
                registered.setdefault(sender.tariff, []).append(one)
    fleet = Fleet(tuple(groups), scenario.customers.count, first, step_s)
    found = {tariff: tuple(held) for tariff, held in populations.items()}
    outside = {tariff: tuple(held) for tariff, held in registered.items()}
    return Homes(fleet, np.concatenate([*owners, np.zeros(0, np.int64)]), found, outside, fixed_frac)


def _owned(given: Devices) -> Iterator[tuple[str, Owned]]:
    for name in KINDS:
        part = getattr(given, name)
        if part is not None:
            yield name, part


def _takes_part(
    name: str, part: Owned, customers: IntArray, bidding: Mapping[str, IntArray], scenario: Scenario
) -> np.ndarray:
    """(n,) whose device takes part: the customer may, and this device is not kept out of it."""
    may = np.isin(customers, np.concatenate([*bidding.values(), np.zeros(0, np.int64)]))
    stream = TAKES_PART + list(KINDS).index(name)
    drawn = np.random.default_rng([scenario.seed, stream]).random(scenario.customers.count)
    return np.asarray(may & (drawn[customers] < part.participation_frac))
