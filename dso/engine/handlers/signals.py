"""The MO checks what was awarded against the DO's meters."""

from __future__ import annotations

import numpy as np

from dso.engine.device_records import write_use
from dso.engine.market_work import MarketWork
from dso.messages import FloatArray
from dso.ports import Population


def check_tariff(work: MarketWork, tariff: str) -> tuple[int, int]:
    """How many of a tariff's awards were looked at, and how many are off; who is suspect goes on record.

    Who had no supply in some part of an interval is left out of it: nobody could deliver what was awarded.
    """
    operator, do = work.world.operators[tariff], work.world.distribution
    awarded = work.mo(tariff).device_kw
    if awarded is None:
        return 0, 0
    dark = _dark(work)
    checked = off = 0
    for population in operator.populations:
        own, devices = population.customers, population.devices
        rating = np.maximum(np.abs(population.highest_kw), np.abs(population.lowest_kw))
        metered, told = do.device_kw(work.market, devices), awarded[:, devices]
        write_use(work, tariff, population, told, metered)
        if not getattr(population, "steady", True):  # its owners' doing is no fault of theirs
            continue
        both = np.isfinite(metered) & np.isfinite(told) & ~dark[:, own]
        wrong = both & (np.abs(metered - told) > work.world.settings.suspect_kw_frac * rating)
        checked, off = checked + int(both.sum()), off + int(wrong.sum())
        _write_suspects(work, tariff, population, told, metered, wrong)
    return checked, off


def _dark(work: MarketWork) -> np.ndarray:
    """Who was without supply in some part of each interval, (t, customers)."""
    do, count = work.world.distribution, work.world.customers
    rows = [do.supplied_frac(interval, count) for interval in work.intervals]
    return np.array([np.zeros(count, bool) if frac is None else frac < 1.0 for frac in rows])


def _write_suspects(
    work: MarketWork,
    tariff: str,
    population: Population,
    awarded_kw: FloatArray,
    metered_kw: FloatArray,
    wrong: np.ndarray,
) -> None:
    for t, n in np.argwhere(wrong).tolist():
        work.row(
            "suspects",
            market=work.market,
            tariff=tariff,
            interval_start=work.intervals[t].start_s,
            customer=int(population.customers[n]),
            population=population.name,
            awarded_kw=float(awarded_kw[t, n]),
            metered_kw=float(metered_kw[t, n]),
        )
