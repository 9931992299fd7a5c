"""A scenario's series as the engine knows them, and what is wrong between their lead times."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dso.engine.series import SeriesSpec, deadlines
from dso.scenario.model import Series
from dso.scenario.place import Location
from dso.scenario.quantities import duration_text
from dso.statechart import check_deadlines

Findings = Iterator[tuple[Location, str]]


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


def check_rounds(series: Series, at: Location) -> Findings:
    """Rounds that overlap, or take bids after they have closed."""
    if series.bid_window >= series.round_length:
        yield (
            (*at, "bid_window"),
            f"must be shorter than round_length, {duration_text(series.round_length)}, was "
            f"{duration_text(series.bid_window)}: bids would be taken after the round has closed",
        )
    several = series.rounds > 1 or series.protocol != "fixed"
    if several and series.round_interval is None:
        what = f"{series.rounds} rounds" if series.rounds > 1 else f"protocol {series.protocol}"
        yield (*at, "round_interval"), f"is missing; {what} needs it".replace("rounds needs", "rounds need")
    elif several and series.round_interval is not None and series.round_length > series.round_interval:
        yield (
            (*at, "round_length"),
            f"must be at most round_interval, {duration_text(series.round_interval)}, was "
            f"{duration_text(series.round_length)}: rounds would overlap",
        )


def check_lead_times(series: Series, at: Location, delivery_s: int) -> Findings:
    """Instants of a market in the wrong order."""
    if series.rounds > 1 and series.round_interval is None:
        return
    for problem in check_deadlines(deadlines(series_spec(series), delivery_s)):
        yield at, f"lead times overlap in the market that delivers first: {problem.what}"


def check_refines(series: Series, at: Location, all_series: Sequence[Series]) -> Findings:
    """A series that refines nothing, itself, or one that delivers."""
    name = series.refines
    if name is None:
        return
    by_name = {other.name: other for other in all_series}
    refined = by_name.get(name)
    if name == series.name:
        yield (*at, "refines"), "a series cannot refine itself"
    elif not series.physical:
        yield (*at, "refines"), "must be left out: only the series with physical: true can refine another"
    elif refined is None:
        others = ", ".join(other for other in by_name if other != series.name) or "no other"
        yield (*at, "refines"), f"there is no series '{name}'; there is {others}"
    elif refined.physical:
        yield (
            (*at, "refines"),
            f"series '{name}' must have physical: false, for its energy is delivered by this one",
        )
    elif refined.interval % series.interval:
        yield (
            (*at, "interval"),
            f"must divide the interval of the series that it refines, {duration_text(refined.interval)}, was "
            f"{duration_text(series.interval)}",
        )


def check_physical(all_series: Sequence[Series]) -> Findings:
    """Exactly one series delivers; the others are refined, or their positions would be of no use."""
    physical = [series.name for series in all_series if series.physical]
    if not physical:
        yield ("series",), "one series must have physical: true, or nothing is delivered"
    if len(physical) > 1:
        names = " and ".join(physical)
        yield (
            ("series",),
            f"only one series may have physical: true (the default), {names} have: each interval would be "
            "delivered twice",
        )
    refined = {series.refines for series in all_series}
    for k, series in enumerate(all_series):
        if not series.physical and series.name not in refined:
            yield (
                ("series", k, "physical"),
                f"must be true, or a series must say refines: {series.name}; its positions come to nothing",
            )
