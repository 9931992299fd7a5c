"""Tariffs by name: those of the package, and a stranger's from an entry point or a file."""

from __future__ import annotations

import importlib.util
import inspect
import sys
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

from dso.chart_catalogue import RETAIL_CHARTS, shipped_charts
from dso.errors import InputError, Problem
from dso.market.exchange import Tesp, Tracking
from dso.ports import LoadServingStrategy, MarketOperatorStrategy, Tariff
from dso.registry.rates import check_times, clock_of, rate_tariff_of
from dso.scenario.capacity import Capacity
from dso.scenario.consensus import Consensus
from dso.scenario.model import Auction, Custom, Flat, Scenario
from dso.scenario.rates import SheetShare
from dso.scenario.voltage import Voltage
from dso.tariffs.auction import AuctionTariff
from dso.tariffs.capacity import CapacityTariff
from dso.tariffs.consensus import ConsensusTariff, NeighbourMarket
from dso.tariffs.flat import FlatTariff
from dso.tariffs.rate import RateTariff
from dso.tariffs.voltage import VoltageTariff

GROUP = "dso.tariffs"
LSE_METHODS = tuple(n for n in vars(LoadServingStrategy) if not n.startswith("_") and n != "takes_positions")
# What a mechanism asks of its MO beside.
BESIDE = {"capacity": ("sell",), "consensus": ("agree", "offer"), "voltage": ("buy",)}
MO_METHODS = tuple(n for n in vars(MarketOperatorStrategy) if not n.startswith("_"))


def tariff_of(
    given: Flat | Auction | Consensus | Capacity | Voltage | Custom | SheetShare,
    folder: Path,
    scenario: Scenario | None = None,
) -> Tariff:
    """The tariff that a scenario describes.

    Parameters
    ----------
    given : its fields.
    folder : what paths are relative to.
    scenario : whose clock and intervals a bill by the month goes by.

    Raises
    ------
    InputError : a stranger's tariff cannot be found or made, or lacks something.
    """
    if isinstance(given, Flat):
        return FlatTariff(
            given.name, given.rate_usd_per_kwh, given.fixed_usd_per_month, given.distribution_usd_per_kwh
        )
    if isinstance(given, Auction):
        return AuctionTariff(
            given.name, given.scaling, given.distribution_usd_per_kwh, given.fixed_usd_per_month
        )
    if isinstance(given, Capacity):
        charges = (given.scaling, given.distribution_usd_per_kwh, given.fixed_usd_per_month)
        return CapacityTariff(given.name, *charges, element=given.element, capacity_kw=given.capacity_kw)
    if isinstance(given, Consensus):
        return _consensus(given)
    if isinstance(given, Voltage):
        return VoltageTariff(
            given.name, given.scaling, given.distribution_usd_per_kwh, given.fixed_usd_per_month
        )
    if isinstance(given, SheetShare):
        assert scenario is not None  # only a scenario has such tariffs
        return rate_tariff_of(given, folder, scenario)
    return _plugin(given, folder, scenario)


def _consensus(given: Consensus) -> Tariff:
    rule = Tesp() if given.rule == "tesp" else Tracking(most_rounds=given.most_rounds)
    charges = (given.scaling, given.distribution_usd_per_kwh, given.fixed_usd_per_month)
    return ConsensusTariff(
        given.name, *charges, market=NeighbourMarket(given.graph, rule, given.band_usd_per_kwh)
    )


def _plugin(given: Custom, folder: Path, scenario: Scenario | None) -> Tariff:
    made = _made(given, _class_of(given.plugin, folder), scenario)
    lacks = [f"a text {a}" for a in ("name", "mechanism") if not isinstance(getattr(made, a, None), str)]
    lacks += _lacking(made, ("market_operator", "load_serving"))
    if lacks:
        raise _wrong(f"{given.plugin} lacks {', '.join(lacks)}; see dso.ports.Tariff")
    if made.name != given.name:
        raise _wrong(f"{given.plugin} calls itself '{made.name}', it must take the name '{given.name}'")
    known = [n.partition("/")[2] for n in shipped_charts() if n.startswith(f"{RETAIL_CHARTS}/")]
    if made.mechanism not in known:
        raise _wrong(f"{given.plugin} has mechanism '{made.mechanism}'; there is {', '.join(known)}")
    _check_strategies(given.plugin, made)
    if scenario is not None and isinstance(made, RateTariff):
        check_times(made, scenario)
    tariff: Tariff = made
    return tariff


def _made(given: Custom, factory: Any, scenario: Scenario | None) -> Any:
    by_sheet = scenario is not None and inspect.isclass(factory) and issubclass(factory, RateTariff)
    clock = clock_of(scenario) if scenario is not None and by_sheet else {}
    try:
        return factory(name=given.name, **(clock | given.options))
    except Exception as error:
        raise _wrong(f"{given.plugin} cannot be made: {_told(error)}") from error


def _check_strategies(plugin: str, made: Any) -> None:
    try:
        serving, operator = made.load_serving(), made.market_operator()
    except Exception as error:
        raise _wrong(f"{plugin} cannot say who serves or clears: {_told(error)}") from error
    lacks = _lacking(serving, LSE_METHODS)
    if not isinstance(getattr(serving, "takes_positions", None), bool):
        lacks.append("takes_positions (true or false)")
    if lacks:
        raise _wrong(
            f"load_serving() of {plugin} lacks {', '.join(lacks)}; see dso.ports.LoadServingStrategy"
        )
    beside = BESIDE.get(made.mechanism, ())
    lacks = _lacking(operator, (*MO_METHODS, *beside)) if operator is not None or beside else []
    if lacks:
        raise _wrong(
            f"market_operator() of {plugin} lacks {', '.join(lacks)}; see dso.ports.MarketOperatorStrategy"
        )


def _lacking(thing: Any, methods: tuple[str, ...]) -> list[str]:
    return [f"{name}()" for name in methods if not callable(getattr(thing, name, None))]


def _class_of(name: str, folder: Path) -> Any:
    path, _, attribute = name.rpartition(":")
    if path.endswith(".py"):
        return _in_file(folder / path, path, attribute)
    found = {point.name: point for point in entry_points(group=GROUP)}
    if name not in found:
        known = ", ".join(sorted(found)) or "none"
        raise _wrong(
            f"there is no tariff '{name}' installed; there is {known}, or name a file: path.py:ClassName"
        )
    try:
        loaded = found[name].load()
    except Exception as error:
        raise _wrong(f"{name} cannot be imported: {_told(error)}") from error
    return loaded


def _in_file(file: Path, shown: str, attribute: str) -> Any:
    spec = importlib.util.spec_from_file_location(f"dso_tariff_{file.stem}", file)
    if spec is None or spec.loader is None:
        raise _wrong(f"{shown} is no Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up there
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        raise _wrong(f"{shown} cannot be imported: {_told(error)}") from error
    if not hasattr(module, attribute):
        own = [n for n, v in vars(module).items() if inspect.isclass(v) and v.__module__ == module.__name__]
        raise _wrong(f"{shown} has no class '{attribute}'; there is {', '.join(own) or 'none'}")
    return getattr(module, attribute)


def _told(error: Exception) -> str:
    return " ".join(f"{type(error).__name__}: {error}".split())


def _wrong(what: str) -> InputError:
    return InputError([Problem("", what)])
