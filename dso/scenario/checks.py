"""What no field can tell alone: references, times and shares that must fit each other."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from dso.clock import iso, to_epoch_s
from dso.engine.series import SeriesSpec, deadlines
from dso.scenario.model import Ercot, PriceSeries, Scenario, Series
from dso.statechart import check_deadlines

Finding = tuple[tuple[str | int, ...], str]
Check = Callable[[Scenario, Path], Iterator[Finding]]

LOAD_YEAR = 2016


def cross_check(scenario: Scenario, folder: Path) -> list[Finding]:
    """Everything that is wrong between the fields: where, and what would be right."""
    if (zone := _zone_problem(scenario)) is not None:
        return [(("timezone",), zone)]
    return [finding for check in CHECKS for finding in check(scenario, folder)]


def zone_of(scenario: Scenario) -> ZoneInfo:
    """The scenario's time zone; raises ZoneInfoNotFoundError for one that does not exist."""
    return ZoneInfo(scenario.timezone)


def instant(moment: datetime, scenario: Scenario) -> int:
    """An instant of the scenario [s]; without a zone it is local to the scenario's."""
    return to_epoch_s(moment if moment.tzinfo is not None else moment.replace(tzinfo=zone_of(scenario)))


def series_spec(series: Series) -> SeriesSpec:
    """A series as the engine knows it."""
    given = series.round_interval
    return SeriesSpec(
        name=series.name,
        intervals=series.intervals,
        interval_s=series.interval,
        clearing_interval_s=series.intervals * series.interval,
        activation_lead_s=series.activation_lead,
        negotiation_lead_s=series.negotiation_lead,
        market_lead_s=series.market_lead,
        delivery_lead_s=series.delivery_lead,
        bid_window_s=series.bid_window,
        round_length_s=series.round_length,
        round_interval_s=series.round_length if given is None else given,
        wholesale_result_lead_s=series.wholesale_result_lead,
        wholesale_deadline_lead_s=series.wholesale_deadline_lead,
        meter_wait_s=series.meter_wait,
        reconcile_s=series.reconcile,
        rounds=series.rounds,
        protocol=series.protocol,
        retries=series.retries,
        refines=series.refines,
        physical=series.physical,
    )


def _zone_problem(scenario: Scenario) -> str | None:
    try:
        zone_of(scenario)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return f"must be an IANA time zone such as America/Chicago, was '{scenario.timezone}'"
    return None


def _times(scenario: Scenario, folder: Path) -> Iterator[Finding]:
    for name in ("start", "end"):
        moment = getattr(scenario, name)
        if moment.microsecond:
            yield (name,), f"must be a whole second, was {moment.isoformat()}"
            return
    start_s, end_s = instant(scenario.start, scenario), instant(scenario.end, scenario)
    if end_s <= start_s:
        yield ("end",), f"must be after start ({iso(start_s)}), was {iso(end_s)}"
        return
    for k, series in enumerate(scenario.series):
        length = series.intervals * series.interval
        if length and (end_s - start_s) % length:
            yield (
                ("end",),
                f"must lie a whole number of markets of series '{series.name}' ({length / 3600:g} h each) after "
                f"start, was {(end_s - start_s) / 3600:g} h after it (series[{k}])",
            )
    for name, t_s in (("start", start_s), ("end", end_s)):
        if datetime.fromtimestamp(t_s - (name == "end"), zone_of(scenario)).year != LOAD_YEAR:
            yield (name,), f"must lie in {LOAD_YEAR}: the ERCOT load shape covers that year, was {iso(t_s)}"


def _tariffs(scenario: Scenario, folder: Path) -> Iterator[Finding]:
    seen: set[str] = set()
    for k, tariff in enumerate(scenario.tariffs):
        if tariff.name in seen:
            yield ("tariffs", k, "name"), f"'{tariff.name}' is taken by another tariff"
        seen.add(tariff.name)
    total = sum(t.share for t in scenario.tariffs)
    if abs(total - 1.0) > 1e-9:
        yield ("tariffs",), f"shares must add up to 1, added up to {total:g}"


def _series(scenario: Scenario, folder: Path) -> Iterator[Finding]:
    by_name = {s.name: s for s in scenario.series}
    physical = [s.name for s in scenario.series if s.physical]
    for k, series in enumerate(scenario.series):
        if [s.name for s in scenario.series].index(series.name) != k:
            yield ("series", k, "name"), f"'{series.name}' is taken by another series"
        if series.interval == 0:
            yield ("series", k, "interval"), "must be longer than 0 s"
            continue
        yield from _deadlines(k, series, instant(scenario.start, scenario))
        yield from _refines(k, series, by_name)
    if len(physical) != 1:
        which = ", ".join(physical) or "none"
        yield (
            ("series",),
            f"exactly one series must be physical (deliver and meter), was {which}: two would deliver every "
            "interval twice",
        )


def _deadlines(k: int, series: Series, start_s: int) -> Iterator[Finding]:
    spec = series_spec(series)
    if series.round_interval is None and series.rounds > 1:
        yield ("series", k, "round_interval"), f"is needed for {series.rounds} rounds"
        return
    if series.bid_window >= series.round_length:
        yield (
            ("series", k, "bid_window"),
            f"must be shorter than round_length ({series.round_length} s), was {series.bid_window} s: bids would be "
            "taken after the round has closed",
        )
    if series.rounds > 1 and spec.round_length_s > spec.round_interval_s:
        yield (
            ("series", k, "round_length"),
            f"must not be longer than round_interval ({spec.round_interval_s} s), was {spec.round_length_s} s: "
            "rounds would overlap",
        )
    for problem in check_deadlines(deadlines(spec, start_s)):
        yield ("series", k), f"lead times overlap: {problem.what}"


def _refines(k: int, series: Series, by_name: dict[str, Series]) -> Iterator[Finding]:
    if series.refines is None:
        return
    refined = by_name.get(series.refines)
    if refined is None:
        yield ("series", k, "refines"), f"there is no series '{series.refines}'; there is {', '.join(by_name)}"
    elif refined.name == series.name:
        yield ("series", k, "refines"), "a series cannot refine itself"
    elif refined.physical:
        yield ("series", k, "refines"), f"'{refined.name}' must have physical: false, its energy is delivered here"
    elif refined.interval and refined.interval % series.interval:
        yield (
            ("series", k, "interval"),
            f"must divide the interval of '{refined.name}' ({refined.interval} s), was {series.interval} s",
        )


def _network(scenario: Scenario, folder: Path) -> Iterator[Finding]:
    for k, derate in enumerate(scenario.network.derates):
        if instant(derate.to, scenario) <= instant(derate.from_, scenario):
            yield ("network", "derates", k, "to"), "must be after from"
        if derate.import_limit_kw is None and derate.export_limit_kw is None:
            yield ("network", "derates", k), "needs import_limit_kw or export_limit_kw"


def _wholesale(scenario: Scenario, folder: Path) -> Iterator[Finding]:
    wholesale = scenario.wholesale
    if isinstance(wholesale, PriceSeries):
        if (wholesale.usd_per_kwh is None) == (wholesale.file is None):
            yield ("wholesale",), "needs either usd_per_kwh or file"
        elif wholesale.file is not None and not (folder / wholesale.file).exists():
            yield ("wholesale", "file"), f"there is no file {wholesale.file} beside the scenario"
    if isinstance(wholesale, Ercot) and not isinstance(wholesale.outage, str):
        outage = wholesale.outage
        if instant(outage.to, scenario) <= instant(outage.from_, scenario):
            yield ("wholesale", "outage", "to"), "must be after from"


def _weather(scenario: Scenario, folder: Path) -> Iterator[Finding]:
    if scenario.weather.tmy3 is not None and not (folder / scenario.weather.tmy3).exists():
        yield ("weather", "tmy3"), f"there is no file {scenario.weather.tmy3} beside the scenario"


CHECKS: tuple[Check, ...] = (_times, _tariffs, _series, _network, _wholesale, _weather)
