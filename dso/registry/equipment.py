"""What a scenario scripts to happen to the wires, and what the seed draws."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

import numpy as np

from dso.clock import DAY_S
from dso.engine.outages import case_name, unknown_element
from dso.errors import Problem, ScenarioError
from dso.operators.equipment import Case, Cause, Crews
from dso.scenario.equipment import named_elements
from dso.scenario.model import Scenario
from dso.scenario.times import instant

FAILURES = 23  # stream of random numbers
YEAR_S = 365.25 * DAY_S


def crews_of(scenario: Scenario) -> Crews:
    """Who repairs."""
    given = scenario.network.crews
    return Crews(given.count, given.travel, given.repair)


def script_of(scenario: Scenario, elements: Sequence[str]) -> tuple[Case, ...]:
    """Failures, maintenance and upgrades of a study, the earliest first.

    Parameters
    ----------
    scenario : a checked scenario.
    elements : those that there are.

    Raises
    ------
    ScenarioError : it names elements that there are not; with all of them.
    """
    known = {e.lower(): e for e in elements}
    unknown = [
        Problem(scenario.at("network", *at), unknown_element(name, elements))
        for at, name in named_elements(scenario.network)
        if name.lower() not in known
    ]
    if unknown:
        raise ScenarioError(unknown)
    cases = [*_scripted(scenario, known), *_drawn(scenario, elements, known)]
    return tuple(sorted(cases, key=lambda c: (c.since_s, c.name)))


def _scripted(scenario: Scenario, known: dict[str, str]) -> Iterator[Case]:
    wires, usual_s = scenario.network, scenario.network.crews.repair
    for f in wires.outages:
        repair_s = usual_s if f.repair is None else f.repair
        yield _case(scenario, "failure", known[f.element.lower()], f.at, repair_s=repair_s)
    for m in wires.maintenance:
        yield _case(scenario, "maintenance", known[m.element.lower()], m.from_, until=m.to)
    for u in wires.upgrades:
        yield _case(scenario, "upgrade", known[u.element.lower()], u.at, rating_frac=u.rating_frac)


def _case(
    scenario: Scenario,
    cause: Cause,
    element: str,
    since: datetime,
    *,
    until: datetime | None = None,
    repair_s: int = 0,
    rating_frac: float | None = None,
) -> Case:
    since_s = instant(since, scenario)
    until_s = None if until is None else instant(until, scenario)
    name = case_name(cause, element, since_s)
    return Case(name, element, cause, since_s, until_s, rating_frac=rating_frac, repair_s=repair_s)


def _drawn(scenario: Scenario, elements: Sequence[str], known: dict[str, str]) -> Iterator[Case]:
    """Failures of each element as a Poisson process of its own: one more element changes no other's."""
    given = scenario.network.failures
    if given is None or not given.rate_per_year:
        return
    start_s, end_s = instant(scenario.start, scenario), instant(scenario.end, scenario)
    chosen = {known[name.lower()] for name in given.elements} or set(elements)
    for element in sorted(chosen):
        rng = np.random.default_rng([scenario.seed, FAILURES, *element.encode()])
        at_s = start_s + rng.exponential(YEAR_S / given.rate_per_year)
        while at_s < end_s:
            since_s = int(at_s)
            name = case_name("failure", element, since_s)
            yield Case(name, element, "failure", since_s, repair_s=scenario.network.crews.repair)
            at_s += rng.exponential(YEAR_S / given.rate_per_year)
