"""Fixed charges, minimum charges and dollars carried over."""

from __future__ import annotations

import numpy as np

from dso.rates.calendar import BillingCalendar, FloatArray
from dso.rates.rate import Rate
from dso.rates.terms import Terms


def fixed_usd(rate: Rate, calendar: BillingCalendar, meters: int) -> FloatArray:
    """(M,) fixed charge of each month, by days where the month is not covered in full."""
    more = (rate.fixed_additional or 0.0) * (meters - 1)
    given = _per_month((rate.fixed or 0.0) + more, rate.fixed_unit, calendar)
    return given + (rate.fixed_usd_month or 0.0) * calendar.part


def topped_up(rate: Rate, charges_usd: FloatArray, calendar: BillingCalendar) -> FloatArray:
    """What minimum charges add to the charges of each month: (c, M).

    Parameters
    ----------
    charges_usd : (c, M) all charges less all credits.
    """
    least = (rate.minimum_usd_month or 0.0) * calendar.part
    if rate.minimum and rate.minimum_unit != "$/year":
        least = least + _per_month(rate.minimum, rate.minimum_unit, calendar)
    added = np.zeros_like(charges_usd)
    if least.any():
        added = np.maximum(least - charges_usd, 0.0)
    yearly = (rate.minimum_usd_year or 0.0) + (rate.minimum or 0.0) * (rate.minimum_unit == "$/year")
    if yearly:
        _top_up_years(yearly, charges_usd, added, calendar)
    return added


def carried_usd(
    charges_usd: FloatArray, credit_usd: FloatArray, calendar: BillingCalendar, terms: Terms
) -> FloatArray:
    """Credits as they are used: no more than the charges for energy and demand, the rest later: (c, M).

    They pay no fixed charge; what is left after the bill of the true-up month is lost.
    """
    used = np.zeros_like(credit_usd)
    waiting = np.zeros(len(credit_usd))
    for m, month in enumerate(calendar.month_of_year):
        waiting = waiting + credit_usd[:, m]
        used[:, m] = np.minimum(waiting, np.maximum(charges_usd[:, m], 0.0))
        waiting = waiting - used[:, m]
        if month + 1 == terms.true_up_month:
            waiting = np.zeros_like(waiting)
    return used


def _per_month(amount: float, unit: str | None, calendar: BillingCalendar) -> FloatArray:
    if unit == "$/day":
        return np.asarray(amount * calendar.days, dtype=np.float64)
    return amount / (12 if unit == "$/year" else 1) * calendar.part


def _top_up_years(
    least_usd: float, charges_usd: FloatArray, added: FloatArray, calendar: BillingCalendar
) -> None:
    """Add what each calendar year lacks to its last month."""
    years = np.array([name[:4] for name in calendar.months])
    for year in np.unique(years):
        inside = np.flatnonzero(years == year)
        paid = (charges_usd[:, inside] + added[:, inside]).sum(axis=1)
        share = calendar.part[inside].sum() / 12
        added[:, inside[-1]] += np.maximum(least_usd * share - paid, 0.0)
