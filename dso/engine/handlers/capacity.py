"""A transformer's MO sells its capacity, before it offers the LSE what fits through."""

from __future__ import annotations

from typing import Literal, cast

import numpy as np

from dso.engine.handlers.retail import books_and_rest
from dso.engine.market_work import RetailWork
from dso.engine.words import power, price
from dso.ports import CapacityStrategy


def sell_capacity(work: RetailWork) -> Literal["capacity_left", "sold_out", "over_capacity"]:
    """One price an interval at which what is wanted fits; told at the expected price of energy."""
    strategy = cast(CapacityStrategy, work.operator.strategy)
    _, books, rest_kw = books_and_rest(work)
    cap = work.world.settings.price_cap_usd_per_kwh
    sales = tuple(strategy.sell(b, float(r), cap) for b, r in zip(books, rest_kw, strict=True))
    work.set_mo(work.tariff, sales=sales)
    expected = work.facts.expected_usd_per_kwh
    assert expected is not None  # sent with open_round
    energy = work.retailer.strategy.retail_usd_per_kwh(expected, np.zeros_like(expected))
    kappa = np.array([s.price(float(e)) for s, e in zip(sales, energy, strict=True)])
    unserved_kw = np.array([s.unserved_kw for s in sales])
    work.note(
        capacity_kw=strategy.capacity_kw,
        capacity_usd_per_kwh=[round(float(k), 6) for k in kappa],
        unserved_kw=[round(float(q), 3) for q in unserved_kw],
    )
    told = f"{strategy.capacity_kw:g} kW of {strategy.element}, {price(kappa)} beside energy"
    short = f", {power(np.abs(unserved_kw))} do not fit" if unserved_kw.any() else ""
    work.say("MO", "agents", "capacity price", told + short, work.tariff)
    if unserved_kw.any():
        return "over_capacity"
    return "sold_out" if kappa.any() else "capacity_left"
