"""From a checked scenario to an engine that can run: names become classes, shares become customers."""

from __future__ import annotations

import importlib.util
import inspect
from collections.abc import Iterator
from datetime import datetime
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import numpy as np

from dso.agents.customer_load import CustomerLoad
from dso.agents.customers import Customers, sliders
from dso.agents.forecast import SeededForecast
from dso.agents.load_shape import ercot_shape
from dso.agents.plant import EmbeddedPlant
from dso.agents.responsive import ResponsiveLoad
from dso.chart_catalogue import RETAIL_CHARTS, chart_named
from dso.clock import to_epoch_s
from dso.data.austin import austin_august
from dso.data.tmy3 import read_tmy3
from dso.engine.handlers import BILLING, LIFE, MARKET, RETAIL
from dso.engine.handlers.billing import BillingSubject
from dso.engine.loop import Births, Engine
from dso.engine.work import Behaviour
from dso.engine.world import BillingPeriod, Settings, World
from dso.errors import Problem, ScenarioError
from dso.ledger import Ledger
from dso.messages import IntArray
from dso.network.static import Derate, StaticNetwork
from dso.operators.distribution import DistributionOperator
from dso.operators.load_serving import LoadServingEntity
from dso.operators.market_operator import MarketOperator
from dso.ports import Tariff, Wholesale
from dso.scenario.checks import instant, series_spec, zone_of
from dso.scenario.model import Auction, Custom, Ercot, ErcotOutage, Flat, PriceSeries, Scenario, SupplyCurve
from dso.statechart import Chart
from dso.tariffs.auction import AuctionTariff
from dso.tariffs.flat import FlatTariff

TARIFF_METHODS = ("market_operator", "load_serving")


def build_engine(scenario: Scenario, folder: Path) -> Engine:
    """Everything that a scenario names, put together and ready to start.

    Parameters
    ----------
    scenario : a checked scenario.
    folder : what its paths are relative to.

    Raises
    ------
    ScenarioError : if a plug-in or a data file turns out not to fit.
    """
    world = _world(scenario, folder)
    market, life, billing = chart_named("market"), chart_named("dso"), chart_named("billing")
    retail = {name: (chart_named(f"{RETAIL_CHARTS}/{r.mechanism}"), RETAIL) for name, r in world.retailers.items()}
    standing: list[tuple[str, Chart, Behaviour, Any]] = [("dso", life, LIFE, None)]
    for period in world.periods:
        for tariff in world.retailers:
            name = world.billing_machine(tariff, period)
            standing.append((name, billing, BILLING, BillingSubject(tariff, period)))
    engine = Engine(world, world.series, Births((market, MARKET), retail, standing))
    engine.start()
    return engine


def _world(scenario: Scenario, folder: Path) -> World:
    start_s, end_s = instant(scenario.start, scenario), instant(scenario.end, scenario)
    periods = billing_periods(scenario, start_s, end_s)
    enrolled = enrolments(scenario)
    tariffs = {t.name: _tariff(t, folder) for t in sorted(scenario.tariffs, key=lambda t: t.name)}
    retailers = {
        name: LoadServingEntity(name, tariff.mechanism, tariff.load_serving(), enrolled[name])
        for name, tariff in tariffs.items()
    }
    load, network = _load(scenario, folder), _network(scenario)
    bidders = _bidders(scenario, enrolled)
    everyone = np.unique(np.concatenate([*bidders.values(), np.zeros(0, np.int64)]))
    forecast = SeededForecast(
        load,
        everyone,
        scenario.seed,
        std_1h_frac=scenario.forecast.common_error_1h_frac,
        customer_std_1h_frac=scenario.forecast.customer_error_1h_frac,
    )
    return World(
        customers=scenario.customers.count,
        series={s.name: series_spec(s) for s in scenario.series},
        distribution=DistributionOperator(network, network),
        retailers=retailers,
        operators=dict(_operators(scenario, tariffs, bidders, load, forecast)),
        wholesale=_wholesale(scenario, folder),
        forecast=forecast,
        plant=EmbeddedPlant(load, everyone, network),
        ledger=Ledger(scenario.customers.count, tuple(p.start_s for p in periods)),
        periods=periods,
        settings=_settings(scenario),
        start_s=start_s,
        end_s=end_s,
    )


def _settings(scenario: Scenario) -> Settings:
    given = scenario.settings
    return Settings(
        price_cap_usd_per_kwh=given.price_cap_usd_per_kwh,
        theta=given.theta,
        default_wholesale_usd_per_kwh=given.default_wholesale_usd_per_kwh,
        unaccounted_tolerance_frac=given.unaccounted_tolerance_frac,
        correction_window_s=given.correction_window,
        records=given.records,
    )


def _load(scenario: Scenario, folder: Path) -> CustomerLoad:
    """The truth about what customers draw."""
    given, bus = scenario.customers, scenario.wholesale.bus if isinstance(scenario.wholesale, Ercot) else 1
    weather = read_tmy3(folder / scenario.weather.tmy3) if scenario.weather.tmy3 else austin_august()
    shape = ercot_shape(bus, weather, cooling_frac=given.cooling_share)
    customers = Customers(given.count, scenario.seed, given.size_spread)
    return CustomerLoad(customers, shape, noise_std_frac=given.noise_frac)


def _bidders(scenario: Scenario, enrolled: dict[str, IntArray]) -> dict[str, IntArray]:
    """Customers whose cooling bids, by tariff; the first of those enrolled, who are drawn already."""
    bidders = {}
    for tariff in scenario.tariffs:
        if isinstance(tariff, Auction):
            own = enrolled[tariff.name]
            drawn = np.random.default_rng([scenario.seed, 18]).permutation(len(own))
            bidders[tariff.name] = np.sort(own[drawn[: round(tariff.participation_frac * len(own))]])
    return bidders


def _operators(
    scenario: Scenario,
    tariffs: dict[str, Tariff],
    bidders: dict[str, IntArray],
    load: CustomerLoad,
    forecast: SeededForecast,
) -> Iterator[tuple[str, MarketOperator]]:
    preferences = sliders(scenario.customers.count, scenario.seed)
    given = {t.name: t for t in scenario.tariffs}
    for name, tariff in tariffs.items():
        strategy = tariff.market_operator()
        if strategy is None:
            continue
        own, part = bidders.get(name, np.zeros(0, np.int64)), given[name]
        fixed = part.slider if isinstance(part, Auction) else None
        slider = preferences[own] if fixed is None else np.full(len(own), fixed)
        population = ResponsiveLoad("cooling", own, load.rating_kw[own], forecast, slider)
        yield name, MarketOperator(name, strategy, (population,), scenario.customers.count)


def enrolments(scenario: Scenario) -> dict[str, IntArray]:
    """Which customers are on which tariff: a seeded draw over the tariffs in name order, so that the order in
    the file does not matter.
    """
    count = scenario.customers.count
    drawn = np.random.default_rng([scenario.seed, 17]).permutation(count)
    tariffs = sorted(scenario.tariffs, key=lambda t: t.name)
    edges = np.rint(np.cumsum([0.0, *(t.share for t in tariffs)]) * count).astype(int)
    return {
        t.name: np.sort(drawn[edges[k] : edges[k + 1]]).astype(np.int64) for k, t in enumerate(tariffs)
    }


def _network(scenario: Scenario) -> StaticNetwork:
    given = scenario.network
    derates = [
        Derate(
            instant(d.from_, scenario),
            instant(d.to, scenario),
            d.import_limit_kw,
            d.export_limit_kw,
            d.planned,
        )
        for d in given.derates
    ]
    return StaticNetwork(
        import_limit_kw=_or_infinite(given.import_limit_kw),
        export_limit_kw=_or_infinite(given.export_limit_kw),
        loss_frac=given.loss_frac,
        derates=tuple(derates),
    )


def _or_infinite(value: float | None) -> float:
    return float("inf") if value is None else value


def _wholesale(scenario: Scenario, folder: Path) -> Wholesale:
    given = scenario.wholesale
    start_s, end_s = instant(scenario.start, scenario), instant(scenario.end, scenario)
    if isinstance(given, PriceSeries):
        from dso.wholesale.price_series import PriceSeries as Prices

        if given.file is not None:
            return Prices.from_csv(folder / given.file)
        return Prices([start_s], [given.usd_per_kwh or 0.0], step_s=end_s - start_s)
    if isinstance(given, SupplyCurve):
        from dso.wholesale.supply_curve import QuadraticSupply

        triple = (given.a_usd_per_kwh_kw2, given.b_usd_per_kwh_kw, given.c_usd_per_kwh)
        return QuadraticSupply(*triple, most_kw=given.most_kw, typical_kw=given.typical_kw)
    return _ercot(given, scenario)


def _ercot(given: Ercot, scenario: Scenario) -> Wholesale:
    from dso.wholesale import ErcotWholesale, ForecastError, Outage

    if isinstance(given.outage, ErcotOutage):
        trip = given.outage
        outages: tuple[Outage, ...] | None = (
            Outage(trip.unit, instant(trip.from_, scenario), instant(trip.to, scenario)),
        )
    else:
        outages = None if given.outage == "random" else ()
    return ErcotWholesale(
        given.bus,
        scenario.customers.count,
        seed=scenario.seed,
        error=None if given.errors else ForecastError(0.0, 0.0, 0.0),
        outages=outages,
    )


def _tariff(given: Flat | Auction | Custom, folder: Path) -> Tariff:
    if isinstance(given, Flat):
        return FlatTariff(
            given.name, given.rate_usd_per_kwh, given.fixed_usd_per_month, given.distribution_usd_per_kwh
        )
    if isinstance(given, Auction):
        return AuctionTariff(
            given.name, given.scaling, given.distribution_usd_per_kwh, given.fixed_usd_per_month
        )
    return _plugin(given, folder)


def _plugin(given: Custom, folder: Path) -> Tariff:
    """A tariff from outside the package: an entry point, or a class in a file."""
    where = f"tariff {given.name}: plugin {given.plugin}"
    try:
        made = _plugin_class(given.plugin, folder)(name=given.name, **given.options)
    except Exception as error:  # noqa: BLE001  a stranger's code may raise anything; the user gets one line
        raise ScenarioError([Problem(where, f"cannot be made: {type(error).__name__}: {error}")]) from error
    missing = [m for m in TARIFF_METHODS if not callable(getattr(made, m, None))]
    missing += [a for a in ("name", "mechanism") if not isinstance(getattr(made, a, None), str)]
    if missing:
        raise ScenarioError([Problem(where, f"lacks {', '.join(missing)}; see dso.ports.Tariff")])
    tariff: Tariff = made
    return tariff


def _plugin_class(name: str, folder: Path) -> Any:
    path, _, attribute = name.rpartition(":")
    if path.endswith(".py"):
        spec = importlib.util.spec_from_file_location(Path(path).stem, folder / path)
        if spec is None or spec.loader is None:
            raise FileNotFoundError(path)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return getattr(module, attribute)
    found = {point.name: point for point in entry_points(group="dso.tariffs")}
    if name not in found:
        raise LookupError(f"no entry point of that name; there is {', '.join(sorted(found))}")
    loaded = found[name].load()
    return loaded if inspect.isclass(loaded) or callable(loaded) else type(loaded)


def billing_periods(scenario: Scenario, start_s: int, end_s: int) -> tuple[BillingPeriod, ...]:
    """The calendar months, in the scenario's time zone, that a study covers, whole or in part."""
    zone = zone_of(scenario)
    first = datetime.fromtimestamp(start_s, zone)
    periods, year, month = [], first.year, first.month
    while True:
        begin = to_epoch_s(datetime(year, month, 1, tzinfo=zone))
        following = (year + month // 12, month % 12 + 1)
        end = to_epoch_s(datetime(*following, 1, tzinfo=zone))
        if begin >= end_s:
            return tuple(periods)
        a, b = max(begin, start_s), min(end, end_s)
        periods.append(BillingPeriod(f"{year}-{month:02d}", a, b, (b - a) / (end - begin)))
        year, month = following
