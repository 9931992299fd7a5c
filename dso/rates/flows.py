"""Charges and credits for energy as it crosses the meter, by the rate's rule for exports."""

from __future__ import annotations

import numpy as np

from dso.clock import HOUR_S
from dso.errors import InputError, Problem
from dso.rates.calendar import BillingCalendar, FloatArray, IntArray
from dso.rates.energy import buy_price, chronological_usd, energy_periods, sell_price, tiered_usd
from dso.rates.exports import netted
from dso.rates.rate import Rate
from dso.rates.sums import blocks, runs_each_way, runs_of, sums_by, sums_of_runs
from dso.rates.terms import Terms, TierRule

EachWay = tuple[FloatArray, FloatArray, IntArray]  # (c, R) bought and sold over runs, (R,) their labels


def energy_and_credit_usd(
    rate: Rate,
    energy_kwh: FloatArray,
    calendar: BillingCalendar,
    generation_kwh: FloatArray | None,
    billing_kw: FloatArray,
    terms: Terms,
) -> tuple[FloatArray, FloatArray]:
    """(c, M) charges for energy and credits for exports [USD].

    Raises
    ------
    InputError : chronological blocks where the month nets exports; hours that the data end inside of.
    """
    if not rate.energy:
        return np.zeros_like(billing_kw), np.zeros_like(billing_kw)
    rule = tier_rule(rate, terms)
    if rate.exports == "Net Metering":
        if rule == "chronological":
            if (energy_kwh < 0).any():
                what = "chronological blocks and net metering do not go together where there are exports"
                raise InputError([Problem("tiers", what)])
            above, of_runs = runs_of(energy_kwh, _labels(rate, calendar)[0])
            return _in_order(rate, (above, np.zeros_like(above), of_runs), calendar, billing_kw)
        return _net_metered(rate, energy_kwh, calendar, billing_kw, terms, rule)
    if rate.exports == "Buy All Sell All" and generation_kwh is not None:
        labels, _ = _labels(rate, calendar)
        bought, of_runs = runs_of(energy_kwh + generation_kwh, labels)
        each_way = bought, runs_of(generation_kwh, labels)[0], of_runs
        return _by_rule(rate, each_way, calendar, billing_kw, rule)
    return _as_it_flows(rate, energy_kwh, calendar, billing_kw, rule)


def tier_rule(rate: Rate, terms: Terms) -> TierRule:
    """How blocks and periods go together for a rate; by share where no period has two blocks."""
    if max((len(tiers) for tiers in rate.energy or ()), default=1) == 1:
        return "by_share"
    if terms.tiers != "auto":
        return terms.tiers
    return "by_share" if rate.exports == "Net Metering" else "chronological"


def _as_it_flows(
    rate: Rate, energy_kwh: FloatArray, calendar: BillingCalendar, billing_kw: FloatArray, rule: TierRule
) -> tuple[FloatArray, FloatArray]:
    """Each interval, or hour, is bought or sold."""
    count = max(HOUR_S // calendar.interval_s, 1) if rate.exports == "Net Billing Hourly" else 1
    if not calendar.holds_blocks_of(count):
        what = f"begins or ends inside an hour, but dgrules is {rate.exports}"
        raise InputError([Problem("energy_kwh", what)])
    net, calendar = blocks(energy_kwh, count), calendar.every(count)
    each_way = runs_each_way(net, _labels(rate, calendar)[0])
    return _by_rule(rate, each_way, calendar, billing_kw, rule)


def _by_rule(
    rate: Rate, each_way: EachWay, calendar: BillingCalendar, billing_kw: FloatArray, rule: TierRule
) -> tuple[FloatArray, FloatArray]:
    if rule == "chronological":
        return _in_order(rate, each_way, calendar, billing_kw)
    shape = _labels(rate, calendar)[1]
    above, below, labels = each_way
    bought, sold = (
        sums_of_runs(runs, labels, shape[0] * shape[1]).reshape(-1, *shape) for runs in (above, below)
    )
    charge = tiered_usd(rate, calendar, bought, billing_kw, buy_price, rule)
    charge += bought.sum(axis=2) * _fuel_usd_per_kwh(rate, calendar)
    return charge, tiered_usd(rate, calendar, sold, billing_kw, sell_price, rule)


def _in_order(
    rate: Rate, each_way: EachWay, calendar: BillingCalendar, billing_kw: FloatArray
) -> tuple[FloatArray, FloatArray]:
    above, below, labels = each_way
    charge = chronological_usd(rate, calendar, above, labels, billing_kw, buy_price)
    months = labels // len(rate.energy or ((),))
    charge += sums_of_runs(above, months, len(calendar.months)) * _fuel_usd_per_kwh(rate, calendar)
    return charge, chronological_usd(rate, calendar, below, labels, billing_kw, sell_price)


def _net_metered(
    rate: Rate,
    energy_kwh: FloatArray,
    calendar: BillingCalendar,
    billing_kw: FloatArray,
    terms: Terms,
    rule: TierRule,
) -> tuple[FloatArray, FloatArray]:
    use, ended = netted(rate, calendar, _by_period(rate, energy_kwh, calendar), terms)
    charge = tiered_usd(rate, calendar, use, billing_kw, buy_price, rule)
    charge += use.sum(axis=2) * _fuel_usd_per_kwh(rate, calendar)
    return charge, ended * terms.true_up_usd_per_kwh


def _labels(rate: Rate, calendar: BillingCalendar) -> tuple[IntArray, tuple[int, int]]:
    """(n,) the month and period of each interval as one number, and how many there are of both."""
    periods = len(rate.energy or ((),))
    return calendar.month * periods + energy_periods(rate, calendar), (len(calendar.months), periods)


def _by_period(rate: Rate, energy_kwh: FloatArray, calendar: BillingCalendar) -> FloatArray:
    labels, shape = _labels(rate, calendar)
    return sums_by(energy_kwh, labels, shape[0] * shape[1]).reshape(-1, *shape)


def _fuel_usd_per_kwh(rate: Rate, calendar: BillingCalendar) -> FloatArray:
    return np.array(rate.fuel_usd_per_kwh or (0.0,) * 12)[calendar.month_of_year]
