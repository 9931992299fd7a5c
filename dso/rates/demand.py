"""Charges for demand: flat, by period, on the system's peak; with tiers, windows and a ratchet."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from dso.errors import InputError, Problem
from dso.rates.calendar import BillingCalendar, FloatArray, IntArray
from dso.rates.rate import DemandStructure, DemandTier, Rate
from dso.rates.sums import blocks, peaks_by
from dso.rates.terms import Terms
from dso.rates.tiers import blocks_usd, demand_ends


def windows(
    rate: Rate, energy_kwh: FloatArray, calendar: BillingCalendar
) -> tuple[FloatArray, BillingCalendar]:
    """Energy by demand window, and the calendar of the windows; an interval that is longer is the window.

    Raises
    ------
    InputError : the window is no multiple of the interval, or the data begin or end inside one.
    """
    window_s = int((rate.demand_window_min or 0) * 60)
    if window_s <= calendar.interval_s or not bills_demand(rate):
        return energy_kwh, calendar
    count, rest = divmod(window_s, calendar.interval_s)
    if rest:
        what = f"{window_s // 60} minutes do not hold whole intervals of {calendar.interval_s / 60:g} minutes"
        raise InputError([Problem("demandwindow", what)])
    if not calendar.holds_blocks_of(count):
        what = f"the data begin or end inside a window of {window_s // 60} minutes"
        raise InputError([Problem("demandwindow", what)])
    return blocks(energy_kwh, count), calendar.every(count)


def blocks_grow(rate: Rate) -> bool:
    """Whether a rate has blocks of energy that grow with demand."""
    return any(tier.per_kw for tiers in rate.energy or () for tier in tiers)


def bills_demand(rate: Rate) -> bool:
    """Whether anything of a bill depends on demand."""
    return bool(rate.flat_demand or rate.demand or rate.coincident) or blocks_grow(rate)


def monthly_peaks_kw(energy_kwh: FloatArray, calendar: BillingCalendar) -> FloatArray:
    """(c, M) the largest average power of a window in each month [kW]."""
    return peaks_by(energy_kwh, calendar.month, len(calendar.months)) / calendar.interval_h


def ratcheted(
    peaks_kw: FloatArray,
    month_of_year: IntArray,
    frac: Sequence[float] | None,
    lookback_months: int,
    earlier_kw: FloatArray | None = None,
) -> FloatArray:
    """Billing demand: the month's own peak, or the part of an earlier one that counts if that is more.

    Parameters
    ----------
    peaks_kw : (c, M) peaks, month after month [kW].
    month_of_year : (M,) 0 for January.
    frac : the part of a peak that counts later, by the month of the year of the peak.
    lookback_months : how many months before the billed one count.
    earlier_kw : (c, k) peaks of the k months before the first [kW].

    Returns
    -------
    (c, M) [kW].
    """
    if frac is None or lookback_months == 0:
        return peaks_kw
    before = 0 if earlier_kw is None else earlier_kw.shape[1]
    every = peaks_kw if earlier_kw is None else np.concatenate([earlier_kw, peaks_kw], axis=1)
    months = (month_of_year[0] - before + np.arange(every.shape[1])) % 12
    counted = every * np.asarray(frac)[months]
    billed = peaks_kw.copy()
    for m in range(peaks_kw.shape[1]):
        past = counted[:, max(before + m - lookback_months, 0) : before + m]
        if past.shape[1]:
            billed[:, m] = np.maximum(billed[:, m], past.max(axis=1))
    return billed


def billing_demand_kw(
    rate: Rate,
    energy_kwh: FloatArray,
    calendar: BillingCalendar,
    terms: Terms,
    earlier_kw: FloatArray | None = None,
) -> FloatArray:
    """(c, M) the demand that flat charges and blocks per kW go by [kW]; 0 where the rate has neither."""
    if not rate.flat_demand and not blocks_grow(rate):
        return np.zeros((len(energy_kwh), len(calendar.months)))
    months = int(rate.lookback_months or terms.lookback_months)
    peaks_kw = monthly_peaks_kw(energy_kwh, calendar)
    return ratcheted(peaks_kw, calendar.month_of_year, rate.ratchet_by_month, months, earlier_kw)


def flat_usd(
    rate: Rate, billing_kw: FloatArray, energy_kwh: FloatArray, calendar: BillingCalendar
) -> FloatArray:
    """(c, M) charge for the demand of the month, or of each day where the unit is kW daily."""
    usd = np.zeros_like(billing_kw)
    if rate.flat_demand is None or rate.flat_demand_months is None:
        return usd
    daily = rate.flat_demand_unit == "kW daily"
    by_day = _daily_peaks_kw(energy_kwh, calendar, np.zeros_like(calendar.day), 1)[:, :, 0] if daily else None
    month_of_day = _month_of_day(calendar)
    for m, month in enumerate(calendar.month_of_year):
        tiers = rate.flat_demand[rate.flat_demand_months[month]]
        if by_day is None:
            usd[:, m] = _usd(billing_kw[:, m], tiers)
        else:
            for d in np.flatnonzero(month_of_day == m):
                usd[:, m] += _usd(by_day[:, d], tiers)
    return usd


def by_period_usd(
    structure: DemandStructure | None,
    period: IntArray | None,
    energy_kwh: FloatArray,
    calendar: BillingCalendar,
    *,
    daily: bool = False,
    frac: Sequence[float] | None = None,
    lookback_months: int = 0,
) -> FloatArray:
    """(c, M) charge for the demand in each period, of the month or of each day.

    Parameters
    ----------
    period : (n,) period of each window.
    frac, lookback_months : a ratchet, on each period by itself.
    """
    months = len(calendar.months)
    usd = np.zeros((len(energy_kwh), months))
    if structure is None or period is None:
        return usd
    count = len(structure)
    if daily:
        peaks, month_of = _daily_peaks_kw(energy_kwh, calendar, period, count), _month_of_day(calendar)
    else:
        flat = peaks_by(energy_kwh, calendar.month * count + period, months * count) / calendar.interval_h
        peaks, month_of = flat.reshape(-1, months, count), np.arange(months)
    for p, tiers in enumerate(structure):
        kw = ratcheted(peaks[:, :, p], calendar.month_of_year, None if daily else frac, lookback_months)
        present = np.unique(calendar.month[period == p])
        for k, m in enumerate(month_of):
            if m in present:
                usd[:, m] += _usd(kw[:, k], tiers)
    return usd


def coincident_usd(
    rate: Rate, energy_kwh: FloatArray, calendar: BillingCalendar, system_kwh: FloatArray | None
) -> FloatArray:
    """(c, M) charge for demand at the system's peak of the month, or in the hours of the schedule.

    Parameters
    ----------
    system_kwh : (n,) the system's load by window; None: the customer's own peak in each period.
    """
    if rate.coincident is None or rate.coincident_schedule is None:
        return np.zeros((len(energy_kwh), len(calendar.months)))
    period = calendar.periods(rate.coincident_schedule, rate.coincident_schedule)
    if system_kwh is None:
        return by_period_usd(rate.coincident, period, energy_kwh, calendar)
    usd = np.zeros((len(energy_kwh), len(calendar.months)))
    for m in range(len(calendar.months)):
        inside = np.flatnonzero(calendar.month == m)
        peak = inside[np.argmax(system_kwh[inside])]
        kw = np.maximum(energy_kwh[:, peak], 0.0) / calendar.interval_h
        usd[:, m] = _usd(kw, rate.coincident[period[peak]])
    return usd


def _usd(kw: FloatArray, tiers: Sequence[DemandTier]) -> FloatArray:
    return blocks_usd(kw, demand_ends(tiers), np.array([tier.usd_per_kw for tier in tiers]))


def _daily_peaks_kw(
    energy_kwh: FloatArray, calendar: BillingCalendar, period: IntArray, count: int
) -> FloatArray:
    """(c, D, P) peaks of each day and period [kW]."""
    days = int(calendar.day[-1]) + 1
    peaks = peaks_by(energy_kwh, calendar.day * count + period, days * count)
    return peaks.reshape(-1, days, count) / calendar.interval_h


def _month_of_day(calendar: BillingCalendar) -> IntArray:
    _, first = np.unique(calendar.day, return_index=True)
    return calendar.month[first]
