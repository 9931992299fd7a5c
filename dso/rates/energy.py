"""Charges for energy, and credits for exports: by month, period and block."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np

from dso.rates.calendar import BillingCalendar, FloatArray, IntArray
from dso.rates.rate import EnergyTier, Rate
from dso.rates.terms import TierRule
from dso.rates.tiers import blocks_usd, energy_ends

Price = Callable[[EnergyTier], float]


def energy_periods(rate: Rate, calendar: BillingCalendar) -> IntArray:
    """(n,) the period of energy of each interval."""
    if rate.energy_weekday is None or rate.energy_weekend is None:
        return np.zeros(len(calendar.hour), dtype=np.int64)
    return calendar.periods(rate.energy_weekday, rate.energy_weekend)


def buy_price(tier: EnergyTier) -> float:
    """What a kWh of a block costs [USD/kWh]."""
    return tier.buy_usd_per_kwh


def sell_price(tier: EnergyTier) -> float:
    """What an exported kWh of a block earns [USD/kWh]."""
    return tier.sell_usd_per_kwh


def tiered_usd(
    rate: Rate,
    calendar: BillingCalendar,
    energy_kwh: FloatArray,
    demand_kw: FloatArray,
    price: Price,
    rule: TierRule,
) -> FloatArray:
    """What energy costs or earns by the month.

    charge = Σ_p Σ_j E_p·(E_j/E)·price_pj, with E of all periods (`by_share`) or of each (`per_period`).

    Parameters
    ----------
    energy_kwh : (c, M, P) energy by month and period, none negative.
    demand_kw : (c, M) billing demand, for blocks that grow with it [kW].

    Returns
    -------
    (c, M) [USD].
    """
    customers, months, periods = energy_kwh.shape
    usd = np.zeros((customers, months))
    for m in range(months):
        everything = energy_kwh[:, m].sum(axis=1)
        for p in range(periods):
            energy = energy_kwh[:, m, p]
            if energy.any():
                total = everything if rule == "by_share" else energy
                ends = _ends(rate, calendar, demand_kw, m, p)
                prices = _prices(rate, p, price)
                if len(prices) == 1:
                    usd[:, m] += energy * prices[0]
                else:
                    share = np.divide(energy, total, out=np.zeros(customers), where=total > 0)
                    usd[:, m] += share * blocks_usd(total, ends, prices)
    return usd


def chronological_usd(
    rate: Rate,
    calendar: BillingCalendar,
    runs_kwh: FloatArray,
    labels: IntArray,
    demand_kw: FloatArray,
    price: Price,
) -> FloatArray:
    """What energy costs or earns by the month, where it fills the blocks in the order of its use.

    Within a run of one period the blocks fill as if its energy came at once, so runs are all it takes.

    Parameters
    ----------
    runs_kwh : (c, R) energy of runs of one period in one month, as time goes by, none negative.
    labels : (R,) month · periods + period of each run.
    demand_kw : (c, M) billing demand [kW].

    Returns
    -------
    (c, M) [USD].
    """
    months, periods = np.divmod(labels, len(rate.energy or ((),)))
    usd = np.zeros((len(runs_kwh), len(calendar.months)))
    bounds = np.searchsorted(months, np.arange(len(calendar.months) + 1))
    for m, (first, after) in enumerate(pairwise(bounds.tolist())):
        runs, period = runs_kwh[:, first:after], periods[first:after]
        used = np.cumsum(runs, axis=1)
        for alike in _of_equal_blocks(rate, period):
            ends = _ends(rate, calendar, demand_kw, m, alike[0])
            prices = _prices_of_runs(rate, period, alike, price)
            usd[:, m] += (runs * prices[0]).sum(axis=1)
            for end, dearer in zip(ends.T[:-1], np.diff(prices, axis=0), strict=True):
                beyond = np.maximum(used - end[:, None], 0.0)  # at the end of each run
                beyond *= dearer - np.append(dearer[1:], 0.0)  # Σ (beyond_r − beyond_r−1)·dearer_r, regrouped
                usd[:, m] += beyond.sum(axis=1)
    return usd


def _of_equal_blocks(rate: Rate, period: IntArray) -> list[list[int]]:
    """The periods that occur, those together whose blocks end alike."""
    found: dict[tuple[object, ...], list[int]] = {}
    for p in np.unique(period).tolist():
        tiers = (rate.energy or ())[p]
        found.setdefault(tuple((tier.max, tier.unit) for tier in tiers), []).append(p)
    return list(found.values())


def _prices_of_runs(rate: Rate, period: IntArray, alike: list[int], price: Price) -> FloatArray:
    """(T, R) the price of each block for each run, 0 for runs of other periods."""
    prices = np.zeros((len((rate.energy or ())[alike[0]]), len(period)))
    for p in alike:
        prices[:, period == p] = _prices(rate, p, price)[:, None]
    return prices


def _ends(rate: Rate, calendar: BillingCalendar, demand_kw: FloatArray, m: int, p: int) -> FloatArray:
    tiers = (rate.energy or ())[p]
    return energy_ends(tiers, demand_kw[:, m], float(calendar.days[m]), float(calendar.part[m]))


def _prices(rate: Rate, p: int, price: Price) -> FloatArray:
    return np.array([price(tier) for tier in (rate.energy or ())[p]])
