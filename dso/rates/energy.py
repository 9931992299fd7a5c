"""Charges for energy, and credits for exports: by month, period and block."""

from __future__ import annotations

from collections.abc import Callable

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
    energy_kwh: FloatArray,
    demand_kw: FloatArray,
    price: Price,
) -> FloatArray:
    """What energy costs or earns by the month, where it fills the blocks in the order of its use.

    Parameters
    ----------
    energy_kwh : (c, n) energy by interval, none negative.
    demand_kw : (c, M) billing demand [kW].

    Returns
    -------
    (c, M) [USD].
    """
    period = energy_periods(rate, calendar)
    usd = np.zeros((len(energy_kwh), len(calendar.months)))
    for m in range(len(calendar.months)):
        inside = calendar.month == m
        used = np.cumsum(energy_kwh[:, inside], axis=1)
        for p in np.unique(period[inside]):
            at = period[inside] == p
            after = used[:, at]
            before = after - energy_kwh[:, inside][:, at]
            ends, prices = _ends(rate, calendar, demand_kw, m, int(p)), _prices(rate, int(p), price)
            for j, block_price in enumerate(prices):
                start = ends[:, j - 1 : j] if j else np.zeros((1, 1))
                filled = np.clip(after, start, ends[:, j : j + 1]) - np.clip(
                    before, start, ends[:, j : j + 1]
                )
                usd[:, m] += filled.sum(axis=1) * block_price
    return usd


def _ends(rate: Rate, calendar: BillingCalendar, demand_kw: FloatArray, m: int, p: int) -> FloatArray:
    tiers = (rate.energy or ())[p]
    return energy_ends(tiers, demand_kw[:, m], float(calendar.days[m]), float(calendar.part[m]))


def _prices(rate: Rate, p: int, price: Price) -> FloatArray:
    return np.array([price(tier) for tier in (rate.energy or ())[p]])
