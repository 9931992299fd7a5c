"""Tariffs that bill by a rate sheet, from what a scenario says of them."""

from __future__ import annotations

from typing import Any

from dso.errors import InputError, Problem
from dso.ports import Tariff
from dso.rates.rate import ExportRule
from dso.scenario.model import Scenario
from dso.scenario.rates import HoursOfUse, RateShare, Tiered, TimeOfUse
from dso.scenario.times import instant
from dso.tariffs.rate import Charges, RateTariff
from dso.tariffs.tiered import Block, TieredTariff
from dso.tariffs.time_of_use import Hours, Period, TimeOfUseTariff

EXPORTS: dict[str, ExportRule] = {
    "net_metering": "Net Metering",
    "net_billing": "Net Billing Instantaneous",
    "net_billing_hourly": "Net Billing Hourly",
    "buy_all_sell_all": "Buy All Sell All",
}


def rate_tariff_of(given: RateShare, scenario: Scenario) -> Tariff:
    """The tariff that a scenario describes.

    Raises
    ------
    InputError : it does not go with the scenario's times.
    """
    made = _made(given, scenario)
    _check_times(made, scenario)
    return made


def _made(given: RateShare, scenario: Scenario) -> RateTariff:
    common: dict[str, Any] = {
        "name": given.name,
        "charges": _charges(given),
        "timezone": scenario.timezone,
        "interval_s": next(s.interval for s in scenario.series if s.physical),
    }
    if isinstance(given, Tiered):
        blocks = tuple(Block(b.usd_per_kwh, b.up_to_kwh) for b in given.blocks)
        return TieredTariff(**common, blocks=blocks, by_day=given.by_day)
    if isinstance(given, TimeOfUse):
        periods = tuple(Period(_hours(p), p.usd_per_kwh) for p in given.periods)
        return TimeOfUseTariff(**common, periods=periods, else_usd_per_kwh=given.else_usd_per_kwh)
    raise TypeError(f"no tariff of {type(given).__name__}")


def _charges(given: RateShare) -> Charges:
    return Charges(
        fixed_usd_month=given.fixed_usd_per_month,
        minimum_usd_month=given.minimum_usd_per_month,
        adders_frac=given.adders_frac,
        distribution_usd_per_kwh=given.distribution_usd_per_kwh,
        exports=EXPORTS[given.exports],
        sell_usd_per_kwh=given.sell_usd_per_kwh,
        carry_credits=given.carry_credits,
    )


def _hours(given: HoursOfUse) -> Hours:
    return Hours(given.from_hour % 24, given.to_hour, given.months, given.days)


def _check_times(made: RateTariff, scenario: Scenario) -> None:
    slot_s, interval_s = made.resolution_s, made.interval_s
    problems = []
    if slot_s and slot_s % interval_s:
        what = (
            f"is billed in steps of {slot_s / 60:g} min, and intervals of {interval_s / 60:g} min do not fit"
        )
        problems.append(Problem("", what))
    elif slot_s and instant(scenario.start, scenario) % slot_s:
        what = f"is billed in steps of {slot_s / 60:g} min, and the study does not begin with one"
        problems.append(Problem("", what))
    if problems:
        raise InputError(problems)
