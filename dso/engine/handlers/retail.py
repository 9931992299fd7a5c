"""A tariff's own part in a market: call for bids, sift them, aggregate, inform."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from operator import index
from typing import Any, Literal

import numpy as np

from dso.engine.at_points import losses_usd_per_kwh
from dso.engine.handlers.dark import without_supply
from dso.engine.joint import unbid_kw
from dso.engine.market_work import RetailWork
from dso.engine.retail_price import retail_price
from dso.engine.words import power, price
from dso.errors import ParticipantError
from dso.market import Book, Curve
from dso.market.columns import totals_above
from dso.messages import BidRequest, Bids, FloatArray, IntArray, PriceSignal, Rejection
from dso.operators.market_operator import bidding_devices, joined

NO_BIDS = Book(np.zeros((0, 1)), np.zeros((0, 1)))


def receive_open_round(work: RetailWork, payload: Mapping[str, Any]) -> None:
    """The market opens a round: note its number and what to reckon with."""
    work.machine.subject = replace(
        work.facts,
        round=payload["round"],
        expected_usd_per_kwh=payload["expected_usd_per_kwh"],
        expected_retail_usd_per_kwh=payload["retail"],
        binding=False,
    )


def receive_round_result(work: RetailWork, payload: Mapping[str, Any]) -> None:
    """The market has assessed the round."""
    work.machine.subject = replace(
        work.facts, expected_retail_usd_per_kwh=payload["price"], binding=payload["binding"]
    )


def call_for_bids(work: RetailWork) -> Literal["called"]:
    """Ask every population for its bids; those outside the process send theirs by themselves."""
    facts, operator = work.facts, work.operator
    work.set_mo(work.tariff, round=facts.round, accepted=(), heard=frozenset())
    expected = _expected_retail(work)
    losses = _usual_losses(work)
    request = BidRequest(
        work.market,
        work.tariff,
        facts.round,
        work.intervals,
        expected,
        work.now_s,
        losses,
        physical=work.spec.physical,
        last=work.spec.protocol == "fixed" and facts.round >= work.spec.rounds,
    )
    work.say("MO", "agents", "call for bids", f"round {facts.round}, {price(expected)} expected", work.tariff)
    for population in operator.populations:
        try:
            work.post(work.machine.name, "bids", population.bid(request))
        except ParticipantError as error:
            work.reject(Rejection(work.market, population.name, None, str(error)))
    if not operator.senders:
        work.post(work.machine.name, "bids_complete")
    work.note(round=facts.round, senders=len(operator.senders))
    return "called"


def _expected_retail(work: RetailWork) -> FloatArray:
    facts = work.facts
    if facts.expected_retail_usd_per_kwh is not None:
        return facts.expected_retail_usd_per_kwh
    expected = facts.expected_usd_per_kwh
    assert expected is not None  # sent with open_round
    return retail_price(work, work.retailer, expected, np.zeros_like(expected))


def _usual_losses(work: RetailWork) -> FloatArray | None:
    """What marginal losses add to each customer's price, (t, customers); None where they are not priced."""
    do, expected = work.world.distribution, work.facts.expected_usd_per_kwh
    if not do.prices_points or expected is None:
        return None
    return losses_usd_per_kwh(work, expected)[:, do.points_of(np.arange(work.world.customers))]


def receive_bids(work: RetailWork, payload: Bids | Mapping[str, Any]) -> Rejection | None:
    """Sift a message of bids: what counts is kept, what does not is rejected with its reason."""
    bids = _as_bids(work, payload)
    operator, record = work.operator, work.mo(work.tariff)
    refusal = operator.refusal(bids, work.market, work.facts.round, len(work.intervals))
    if refusal is not None:
        return Rejection(work.market, bids.sender, None, refusal)
    good, rejections = operator.sift(bids, work.market)
    good, dark = without_supply(work, good)
    rejections += dark
    for rejection in rejections:
        work.reject(rejection)
    heard = record.heard | {bids.sender}
    work.set_mo(work.tariff, accepted=(*record.accepted, good), heard=heard)
    _keep(work, good)
    work.note(sender=bids.sender, bids=len(good.customers), rejected=len(rejections))
    work.say("agents", "MO", "bids", _in_words(good, _expected_retail(work)), work.tariff)
    if rejections:
        why = f"{len(rejections)} of {bids.sender}, the first: {rejections[0].reason}"
        work.say("MO", "agents", "rejections", why, work.tariff)
    if heard == operator.senders:
        work.post(work.machine.name, "bids_complete")
    return None


def _in_words(bids: Bids, expected: FloatArray) -> str:
    """How many bids, and what they come to at the expected price: `412 bids, 1.92 MW at 0.0731 USD/kWh`."""
    if not len(bids.customers):
        return "no bids"
    books = (Book(q, p) for q, p in zip(bids.quantity_kw, bids.price_usd_per_kwh, strict=True))
    wanted = [totals_above(book, [p])[0] for book, p in zip(books, expected.tolist(), strict=True)]
    return f"{len(bids.customers)} bids, {power(np.array(wanted))} at {price(expected)}"


def _keep(work: RetailWork, good: Bids) -> None:
    """Put the bids that count on record, if the study keeps them."""
    if work.world.settings.records == "bids":
        work.row(
            "bids",
            market=work.market,
            tariff=work.tariff,
            round=good.round,
            sender=good.sender,
            customers=good.customers,
            quantity_kw=good.quantity_kw,
            price_usd_per_kwh=good.price_usd_per_kwh,
        )


def _as_bids(work: RetailWork, payload: Bids | Mapping[str, Any]) -> Bids:
    """A message from outside as arrays; what cannot be read raises, and does not count."""
    if isinstance(payload, Bids):
        return payload
    customers = np.asarray(payload["customers"]).reshape(-1)
    if customers.size and customers.dtype.kind not in "iu":
        raise TypeError(f"customers must be whole numbers, were {customers.dtype}")
    return Bids(
        sender=str(payload["sender"]),
        market=str(payload.get("market", work.market)),
        round=index(payload.get("round", work.facts.round)),
        customers=customers.astype(np.int64),
        quantity_kw=np.asarray(payload["quantity_kw"], float),
        price_usd_per_kwh=np.asarray(payload["price_usd_per_kwh"], float),
    )


def books_and_rest(work: RetailWork) -> tuple[IntArray, tuple[Book, ...], FloatArray]:
    """Who bids, the book of each interval, and the estimate of everything else, (t,) [kW]."""
    record, lse = work.mo(work.tariff), work.lse(work.tariff)
    customers, quantity, prices = joined(record.accepted)
    own = work.world.own_devices[work.tariff]
    residual_kw, silent_kw = unbid_kw(lse, own, bidding_devices(work.operator, record.accepted))
    rest_kw = residual_kw.sum(axis=1) + silent_kw.sum(axis=1)
    count = len(work.intervals)
    books = tuple(Book(quantity[t], prices[t]) if len(customers) else NO_BIDS for t in range(count))
    return customers, books, rest_kw


def aggregate(work: RetailWork) -> Literal["aggregated"]:
    """One curve an interval: accepted bids, and everything else at the estimate."""
    customers, books, rest_kw = books_and_rest(work)
    strategy = work.operator.strategy
    curves = [strategy.aggregate(book, float(kw)) for book, kw in zip(books, rest_kw, strict=True)]
    bidding = bidding_devices(work.operator, work.mo(work.tariff).accepted)
    work.set_mo(work.tariff, books=books, bidders=customers, bidding=bidding)
    waiting = work.operator.senders - work.mo(work.tariff).heard
    if waiting:
        work.note(missing=sorted(waiting))
    _offer(work, curves)
    wanted = [float(c.quantity_above(p)) for c, p in zip(curves, _expected_retail(work), strict=True)]
    what = f"{len(customers)} bids, {power(np.array(wanted))} at {price(_expected_retail(work))}"
    work.say("MO", "LSE", "curve", what, work.tariff)
    work.note(bids=len(customers), rest_kw=[round(float(q), 3) for q in rest_kw])
    return "aggregated"


def estimate(work: RetailWork) -> Literal["estimated"]:
    """A tariff without an MO: its LSE's forecast, whatever the price."""
    record = work.lse(work.tariff)
    assert record.meter_kw is not None  # prepared before
    load_kw = record.meter_kw.sum(axis=1)
    _offer(work, [Curve.vertical(float(q)) for q in load_kw])
    work.note(load_kw=[round(float(q), 3) for q in load_kw])
    work.say("LSE", "LSE", "estimate", f"{power(load_kw)} whatever the price", work.tariff)
    return "estimated"


def _offer(work: RetailWork, curves: list[Curve]) -> None:
    work.post(work.market, "tariff_ready", {"tariff": work.tariff, "curves": curves, "outcome": "ready"})


def inform(work: RetailWork) -> Literal["another_round", "binding"]:
    """Tell the participants what the round came to."""
    facts = work.facts
    assert facts.expected_retail_usd_per_kwh is not None  # received with round_result
    signal = PriceSignal(
        work.market,
        work.tariff,
        facts.round,
        work.intervals,
        facts.expected_retail_usd_per_kwh,
        binding=False,
    )
    for population in work.operator.populations:
        population.hear(signal)
    told = f"round {facts.round}, {price(facts.expected_retail_usd_per_kwh)}"
    work.say("MO", "agents", "indicative price", told, work.tariff)
    work.set_mo(work.tariff, binding=facts.binding)
    return "binding" if facts.binding else "another_round"


def note_result(work: RetailWork) -> Literal["another_round", "binding"]:
    """The LSE of a tariff without a market only needs to know whether to estimate again."""
    return "binding" if work.facts.binding else "another_round"
