"""Rows of what devices that may bid are, what was asked of them, and what it meant to people."""

from __future__ import annotations

import numpy as np

from dso.engine.market_work import MarketWork
from dso.engine.work import Work
from dso.messages import FloatArray
from dso.ports import Caring, Population


def write_devices(work: Work) -> None:
    """Introduce every population: which devices, whose, and within which ratings."""
    for tariff, operator in work.world.operators.items():
        for population in operator.populations:
            work.row(
                "devices",
                tariff=tariff,
                population=population.name,
                devices=population.devices.tolist(),
                customers=population.customers.tolist(),
                lowest_kw=population.lowest_kw.tolist(),
                highest_kw=population.highest_kw.tolist(),
                slider=population.slider.tolist() if isinstance(population, Caring) else None,
            )


def write_use(
    work: MarketWork, tariff: str, population: Population, awarded_kw: FloatArray, metered_kw: FloatArray
) -> None:
    """What was awarded to a population in each interval, (t, n), and what its meters say."""
    for t, interval in enumerate(work.intervals):
        known = np.isfinite(awarded_kw[t]) & np.isfinite(metered_kw[t])
        work.row(
            "device_use",
            market=work.market,
            tariff=tariff,
            population=population.name,
            interval_start=interval.start_s,
            devices=int(known.sum()),
            awarded_kwh=float(awarded_kw[t, known].sum()) * interval.hours,
            metered_kwh=float(metered_kw[t, known].sum()) * interval.hours,
            discomfort=float(population.discomfort.sum()) if isinstance(population, Caring) else None,
        )


def write_comfort(work: Work) -> None:
    """How far each customer's wishes were missed, and at which preference."""
    for tariff, operator in work.world.operators.items():
        for population in operator.populations:
            if isinstance(population, Caring):
                work.row(
                    "comfort",
                    tariff=tariff,
                    population=population.name,
                    unit=population.discomfort_unit,
                    customers=population.customers.tolist(),
                    slider=population.slider.tolist(),
                    discomfort=population.discomfort.tolist(),
                )
