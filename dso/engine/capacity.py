"""What capacity behind a transformer costs beside energy: in the price, in the books, on record."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import cast

import numpy as np

from dso.engine.deal import Deal
from dso.engine.market_work import MarketWork
from dso.ledger import rent_account
from dso.messages import FloatArray
from dso.operators.load_serving import LseRecord
from dso.ports import CapacityStrategy


def capacity_usd_per_kwh(work: MarketWork, tariff: str, energy: FloatArray) -> FloatArray | None:
    """κ of a tariff at what energy costs it, (t,); None where no capacity was sold to it."""
    if tariff not in work.world.operators or work.lse(tariff).substituted:
        return None
    sales = work.mo(tariff).sales
    if not sales:
        return None
    return np.array([s.price(float(e)) for s, e in zip(sales, energy, strict=True)])


def capacity_charges(
    work: MarketWork, t: int, deals: Sequence[Deal]
) -> Iterator[tuple[str, str, list[tuple[Deal, float, float]]]]:
    """Kind, payee and share of what each tariff owes for capacity: κ times the load beyond its position."""
    for deal in deals:
        kappa = work.lse(deal.tariff).capacity_usd_per_kwh
        if kappa is not None and kappa[t]:
            payee = rent_account(_strategy(work, deal.tariff).element)
            yield "capacity rent", payee, [(deal, float(kappa[t]) * deal.rent_kwh, deal.rent_kwh)]


def capacity_of(work: MarketWork, tariff: str) -> tuple[str, float]:
    """Name and capacity [kW] of the transformer that a tariff's customers sit behind."""
    strategy = _strategy(work, tariff)
    return strategy.element, strategy.capacity_kw


def write_capacity_sales(work: MarketWork, tariff: str, record: LseRecord) -> None:
    """Put on record what of a transformer was sold, and at which price."""
    if record.capacity_usd_per_kwh is None or record.load_kw is None:
        return
    element, capacity_kw = capacity_of(work, tariff)
    for t, interval in enumerate(work.intervals):
        work.row(
            "capacity_sales",
            market=work.market,
            tariff=tariff,
            interval_start=interval.start_s,
            element=element,
            capacity_kw=capacity_kw,
            sold_kw=float(record.load_kw[t]),
            price_usd_per_kwh=float(record.capacity_usd_per_kwh[t]),
            unserved_kw=work.mo(tariff).sales[t].unserved_kw,
        )


def _strategy(work: MarketWork, tariff: str) -> CapacityStrategy:
    return cast(CapacityStrategy, work.world.operators[tariff].strategy)
