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

from dso.agents import CoolingLoad, Customers, EmbeddedPlant, SeededForecast
from dso.chart_catalogue import RETAIL_CHARTS, chart_named
from dso.clock import to_epoch_s
from dso.data.austin import Weather
from dso.engine.handlers import BILLING, LIFE, MARKET, RETAIL
from dso.engine.handlers.billing import BillingSubject
from dso.engine.loop import Births, Engine
from dso.engine.work import Behaviour
from dso.engine.world import BillingPeriod, Settings, World
from dso.errors import Problem, ScenarioError
from dso.ledger import Ledger
from dso.messages import IntArray
from dso.network import Derate, StaticNetwork
from dso.operators.distribution import DistributionOperator
from dso.operators.load_serving import LoadServingEntity
from dso.operators.market_operator import MarketOperator
from dso.ports import Tariff, Wholesale
from dso.scenario.checks import instant, series_spec, zone_of
from dso.scenario.model import Auction, Custom, Ercot, Flat, PriceSeries, Scenario, SupplyCurve
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
    customers = _customers(scenario, folder)
    network = _network(scenario)
    return World(
        customers=scenario.customers.count,
        series={s.name: series_spec(s) for s in scenario.series},
        distribution=DistributionOperator(network, network),
        retailers=retailers,
        operators=dict(_operators(scenario, tariffs, enrolled, customers)),
        wholesale=_wholesale(scenario, folder),
        forecast=SeededForecast(customers, error_frac=scenario.forecast.error_frac, seed=scenario.seed),
        plant=EmbeddedPlant(customers, network),
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


def _customers(scenario: Scenario, folder: Path) -> Customers:
    given = scenario.customers
    weather = Weather.from_tmy3(folder / scenario.weather.tmy3) if scenario.weather.tmy3 else Weather.austin_august()
    bus = scenario.wholesale.bus if isinstance(scenario.wholesale, Ercot) else 1
    return Customers(
        given.count,
        scenario.seed,
        bus=bus,
        weather=weather,
        size_spread=given.size_spread,
        noise_frac=given.noise_frac,
        cooling_share=given.cooling_share,
        reference_homes=given.reference_homes,
    )


def _operators(
    scenario: Scenario, tariffs: dict[str, Tariff], enrolled: dict[str, IntArray], customers: Customers
) -> Iterator[tuple[str, MarketOperator]]:
    given = {t.name: t for t in scenario.tariffs}
    for name, tariff in tariffs.items():
        strategy = tariff.market_operator()
        if strategy is None:
            continue
        own, part = enrolled[name], given[name]
        frac = part.participation_frac if isinstance(part, Auction) else 1.0
        slider = part.slider if isinstance(part, Auction) else None
        chosen = own[: round(frac * len(own))]
        population = CoolingLoad(customers, np.sort(chosen), seed=scenario.seed, slider=slider)
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
            _or_infinite(d.import_limit_kw),
            _or_infinite(d.export_limit_kw),
            d.planned,
        )
        for d in given.derates
    ]
    return StaticNetwork(
        import_limit_kw=_or_infinite(given.import_limit_kw),
        export_limit_kw=_or_infinite(given.export_limit_kw),
        loss_frac=given.loss_frac,
        derates=derates,
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
        return QuadraticSupply(*triple, most_kw=given.most_kw)
    from dso.wholesale.ercot import ErcotWholesale

    return ErcotWholesale(
        bus=given.bus,
        homes=scenario.customers.count,
        seed=scenario.seed,
        start_s=start_s,
        end_s=end_s,
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
