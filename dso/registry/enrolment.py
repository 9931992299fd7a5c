"""Which customers are on which tariff, and whose cooling bids."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from dso.agents.forecast import SeededForecast
from dso.agents.inverters import Inverters
from dso.agents.responsive import ResponsiveLoad
from dso.homes.customer_load import CustomerLoad
from dso.homes.customers import sliders
from dso.messages import FloatArray, IntArray
from dso.operators.market_operator import MarketOperator
from dso.ports import MarketOperatorStrategy, Population
from dso.registry.outside import Registered
from dso.scenario.bidding import Bidding
from dso.scenario.model import Scenario
from dso.scenario.voltage import Voltage

ENROLMENT, PARTICIPATION, INVERTERS = 17, 18, 19  # streams of random numbers


def enrolments(scenario: Scenario) -> dict[str, IntArray]:
    """Which customers are on which tariff: a seeded draw over the tariffs in name order, so that the order in
    the file does not matter.
    """
    count = scenario.customers.count
    drawn = np.random.default_rng([scenario.seed, ENROLMENT]).permutation(count)
    tariffs = sorted(scenario.tariffs, key=lambda t: t.name)
    edges = np.rint(np.cumsum([0.0, *(t.share for t in tariffs)]) * count).astype(int)
    return {t.name: np.sort(drawn[edges[k] : edges[k + 1]]).astype(np.int64) for k, t in enumerate(tariffs)}


def bidders(
    scenario: Scenario, enrolled: Mapping[str, IntArray], with_market: set[str]
) -> dict[str, IntArray]:
    """Customers whose cooling bids, by tariff; drawn among those enrolled.

    Parameters
    ----------
    scenario : with the share of those who take part.
    enrolled : customers by tariff.
    with_market : tariffs that have a market operator.
    """
    found = {}
    for tariff in scenario.tariffs if scenario.market == "tariffs" else ():
        if isinstance(tariff, Bidding) and tariff.name in with_market:
            own = enrolled[tariff.name]
            drawn = np.random.default_rng([scenario.seed, PARTICIPATION]).permutation(len(own))
            found[tariff.name] = np.sort(own[drawn[: round(tariff.participation_frac * len(own))]])
    return found


def operators(
    scenario: Scenario,
    strategies: Mapping[str, MarketOperatorStrategy],
    bidding: Mapping[str, IntArray],
    populations: Mapping[str, tuple[Population, ...]],
    outside: Mapping[str, tuple[Registered, ...]],
) -> Iterator[tuple[str, MarketOperator]]:
    """The MO of each tariff that has one, with the populations that bid in its markets."""
    count = scenario.customers.count
    given = {t.name: t for t in scenario.tariffs}
    for name, strategy in strategies.items():
        own, part = bidding.get(name, np.zeros(0, np.int64)), given[name]
        offering = _inverters(scenario, part, own) if isinstance(part, Voltage) else ()
        senders = outside.get(name, ())
        yield (
            name,
            MarketOperator(
                name,
                strategy,
                populations.get(name, ()),
                count,
                outside={s.name: s.customers for s in senders},
                outside_limits_kw={s.name: (s.lowest_kw, s.highest_kw) for s in senders},
                outside_devices={s.name: s.devices for s in senders},
                offering=offering,
            ),
        )


def preferences(scenario: Scenario, enrolled: Mapping[str, IntArray]) -> FloatArray:
    """Slider of each customer, (customers,): its tariff's, or its own."""
    found = sliders(scenario.customers.count, scenario.seed)
    for tariff in scenario.tariffs:
        if isinstance(tariff, Bidding) and tariff.slider is not None:
            found[enrolled[tariff.name]] = tariff.slider
    return found


def cooling(
    bidding: Mapping[str, IntArray], load: CustomerLoad, forecast: SeededForecast, slider: FloatArray
) -> dict[str, tuple[Population, ...]]:
    """Customers' cooling as the one elastic device of each who takes part, by tariff."""
    return {
        name: (ResponsiveLoad("cooling", own, load.rating_kw[own], forecast, slider[own]),)
        for name, own in bidding.items()
        if len(own)
    }


def _inverters(scenario: Scenario, given: Voltage, bidders: IntArray) -> tuple[Inverters, ...]:
    """Who of a voltage market's customers has an inverter, and what each asks for a kvarh."""
    rng = np.random.default_rng([scenario.seed, INVERTERS])
    drawn = rng.permutation(len(bidders))[: round(given.inverter_frac * len(bidders))]
    own = np.sort(bidders[drawn])
    price = given.usd_per_kvarh * rng.uniform(0.5, 1.5, len(own))
    return (Inverters("inverters", own, np.full(len(own), given.inverter_kvar), price),)
