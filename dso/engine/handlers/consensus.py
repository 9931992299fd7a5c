"""Neighbours exchange prices before their MO offers the LSE what follows from it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Literal, Protocol, cast

import numpy as np

from dso.engine.handlers.retail import books_and_rest
from dso.engine.market_work import RetailSubject, RetailWork
from dso.engine.words import power, price
from dso.market import Book, Consensus, Curve
from dso.messages import FloatArray
from dso.operators.market_operator import bidding_devices
from dso.ports import MarketOperatorStrategy


class ConsensusStrategy(MarketOperatorStrategy, Protocol):
    """How the MO lets its participants agree, and what it offers then."""

    def agree(
        self, books: Sequence[Book], residual_kw: FloatArray, delivered_usd_per_kwh: FloatArray
    ) -> tuple[Consensus, ...]:
        """What they come to in each interval, given what energy costs at the meter, (t,)."""

    def offer(self, book: Book, residual_kw: float, off_usd_per_kwh: float) -> Curve:
        """The curve through what was agreed at a price that is so far off the delivered one."""


@dataclass(frozen=True, slots=True, eq=False)
class ExchangeSubject(RetailSubject):
    """What belongs to a neighbourhood's part in one market.

    Parameters
    ----------
    off_usd_per_kwh : (t,) the agreed price less the delivered one; 0 where there is none [USD/kWh].
    """

    off_usd_per_kwh: tuple[float, ...] = ()


def exchange_prices(work: RetailWork) -> Literal["all_agreed", "rounds_exhausted"]:
    """Let all neighbours agree on each interval's price; only what it came to is kept."""
    strategy = cast(ConsensusStrategy, work.operator.strategy)
    _, books, rest_kw = books_and_rest(work)
    delivered = _delivered_usd_per_kwh(work)
    found = strategy.agree(books, rest_kw, delivered)
    off = tuple(
        c.price_usd_per_kwh - float(p) if c.converged else 0.0 for c, p in zip(found, delivered, strict=True)
    )
    known = {f.name: getattr(work.facts, f.name) for f in fields(RetailSubject)}
    work.machine.subject = ExchangeSubject(**known, off_usd_per_kwh=off)
    _tell(work, found)
    return "all_agreed" if all(c.converged for c in found) else "rounds_exhausted"


def _delivered_usd_per_kwh(work: RetailWork) -> FloatArray:
    """λ₀, (t,): the price of the round before, or what the expected wholesale price comes to."""
    facts = work.facts
    if facts.expected_retail_usd_per_kwh is not None:
        return facts.expected_retail_usd_per_kwh
    expected = facts.expected_usd_per_kwh
    assert expected is not None  # sent with open_round
    return work.retailer.strategy.retail_usd_per_kwh(expected, np.zeros_like(expected))


def _tell(work: RetailWork, found: Sequence[Consensus]) -> None:
    agreed = np.array([c.price_usd_per_kwh for c in found])
    left_kw = np.array([c.residual_kw for c in found])
    work.note(
        nodes=len(found[0].quantity_kw),
        rounds=[c.rounds for c in found],
        residual_kw=[float(f"{q:.3g}") for q in left_kw],
        agreed_usd_per_kwh=[round(float(p), 9) for p in agreed],
    )
    apart = [c for c in found if not c.converged]
    if apart:
        work.note(not_agreed={t: c.outcome for t, c in enumerate(found) if not c.converged})
    told = f"{len(found[0].quantity_kw)} nodes, {max(c.rounds for c in found):,} rounds, {price(agreed)}"
    why = f"; {len(apart)} of {len(found)} intervals not agreed, {power(left_kw)} left" if apart else ""
    work.say("MO", "agents", "consensus", told + why, work.tariff)


def offer_agreed(work: RetailWork) -> Literal["offered_all"]:
    """One curve an interval, through what was agreed; the aggregate where nothing was."""
    strategy = cast(ConsensusStrategy, work.operator.strategy)
    subject: ExchangeSubject = work.machine.subject
    customers, books, rest_kw = books_and_rest(work)
    curves = [
        strategy.offer(book, float(kw), off)
        for book, kw, off in zip(books, rest_kw, subject.off_usd_per_kwh, strict=True)
    ]
    record = work.mo(work.tariff)
    work.set_mo(
        work.tariff, books=books, bidders=customers, bidding=bidding_devices(work.operator, record.accepted)
    )
    waiting = work.operator.senders - record.heard
    if waiting:
        work.note(missing=sorted(waiting))
    work.post(work.market, "tariff_ready", {"tariff": work.tariff, "curves": curves, "outcome": "ready"})
    delivered = _delivered_usd_per_kwh(work)
    wanted = [float(c.quantity_above(p)) for c, p in zip(curves, delivered, strict=True)]
    what = f"{len(customers)} bids, {power(np.array(wanted))} at {price(delivered)}"
    work.say("MO", "LSE", "curve", what, work.tariff)
    work.note(bids=len(customers), rest_kw=[round(float(q), 3) for q in rest_kw])
    return "offered_all"
