"""What a voltage market has bought: paid to its participants, and put on record."""

from __future__ import annotations

import numpy as np

from dso.engine.market_work import MarketWork
from dso.ledger import VOLTAGE_RENT, array_to_uusd, lse_account
from dso.messages import CustomerPostings, Posting, ValueExchange

ADJUSTMENTS = "reactive power"


def pay_adjustments(work: MarketWork, t: int) -> None:
    """Pay what each participant injected in an interval as cleared, from the DO's account of voltage."""
    for tariff in work.world.operators:
        record = work.mo(tariff)
        if not record.bought or record.offerers is None:
            continue
        cleared = record.bought[t]
        amounts = array_to_uusd(-cleared.price_usd_per_kwh * cleared.quantity * work.hours)
        if not amounts.any():
            continue
        block = CustomerPostings(tariff, record.offerers, amounts, np.zeros(len(amounts)))
        # The LSE passes it on: its posting of nothing is what leads from a bill to this exchange.
        postings = (Posting(VOLTAGE_RENT, -int(amounts.sum())), Posting(lse_account(tariff), 0))
        start_s = work.intervals[t].start_s
        work.exchange(ValueExchange(work.now_s, work.market, start_s, ADJUSTMENTS, postings, block))


def write_voltage_purchases(work: MarketWork, tariff: str) -> None:
    """Put on record what was bought for the voltage, interval by interval."""
    if tariff not in work.world.operators:
        return
    for interval, cleared in zip(work.intervals, work.mo(tariff).bought, strict=False):
        work.row(
            "voltage_purchases",
            market=work.market,
            tariff=tariff,
            interval_start=interval.start_s,
            outcome=cleared.outcome,
            bought_kvar=float(cleared.quantity.sum()),
            offers=int((cleared.quantity > 0).sum()),
            dearest_usd_per_kvarh=float(cleared.price_usd_per_kwh[cleared.quantity > 0].max(initial=0.0)),
            cost_usd_per_h=cleared.cost_usd_per_h,
            unmet_pu=float(np.abs(cleared.unmet_pu).max(initial=0.0)),
        )
