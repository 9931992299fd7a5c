"""Net metering: exports are netted over the month, and what is left over is credited to later months."""

from __future__ import annotations

import numpy as np

from dso.rates.calendar import BillingCalendar, FloatArray, IntArray
from dso.rates.rate import Rate, Schedule
from dso.rates.terms import Terms

HOURS_TO_TRY = (0, 5, 11, 17, *range(24))  # those that SAM looks at come first, see docs/rates.md


def netted(
    rate: Rate, calendar: BillingCalendar, net_kwh: FloatArray, terms: Terms
) -> tuple[FloatArray, FloatArray]:
    """Net metering: each period nets over the month, what is left over is credited to later months.

    Parameters
    ----------
    net_kwh : (c, M, P) by month and period, exports negative.

    Returns
    -------
    (c, M, P) energy that is charged [kWh], (c, M) credits that end at the true-up of that month [kWh].
    """
    use = np.maximum(net_kwh, 0.0)
    ended = np.zeros(net_kwh.shape[:2])
    if not (net_kwh < 0).any():
        return use, ended
    months = calendar.month_of_year
    moves = successors(rate, calendar) if net_kwh.shape[2] > 1 else np.zeros((len(months), 1), dtype=np.int64)
    credit = np.zeros((net_kwh.shape[0], net_kwh.shape[2]))
    for m in range(len(months)):
        left = net_kwh[:, m] - credit
        use[:, m] = np.maximum(left, 0.0)
        surplus = np.maximum(-left, 0.0)
        credit = np.zeros_like(surplus)
        if months[m] + 1 == terms.true_up_month:
            ended[:, m] = surplus.sum(axis=1)
        else:
            for p in range(surplus.shape[1]):
                credit[:, moves[m, p]] += surplus[:, p]
    return use, ended


def successors(rate: Rate, calendar: BillingCalendar) -> IntArray:
    """Which period takes over the credits of each period in the next month: (M, P).

    The same one if the next month has it, else the one that holds at the same hour.
    """
    months = calendar.month_of_year
    count = len(rate.energy or ((),))
    moves = np.tile(np.arange(count), (len(months), 1))
    if rate.energy_weekday is None or rate.energy_weekend is None:
        return moves
    for m, month in enumerate(months[:-1].tolist()):
        here = (rate.energy_weekday[month], rate.energy_weekend[month])
        after = int(months[m + 1])
        then = (rate.energy_weekday[after], rate.energy_weekend[after])
        for p in set(here[0]) | set(here[1]):
            if p not in then[0] and p not in then[1]:
                moves[m, p] = _at_the_same_hour(p, here, then)
    return moves


def _at_the_same_hour(p: int, here: Schedule, then: Schedule) -> int:
    for day_here, day_then in zip(here, then, strict=True):
        for hour in HOURS_TO_TRY:
            if day_here[hour] == p:
                return int(day_then[hour])
    return p
