"""A voltage market's MO asks for reactive power, and buys what the DO's nodes need."""

from __future__ import annotations

from typing import Literal, cast

import numpy as np

from dso.engine.handlers.retail import call_for_bids
from dso.engine.joint import expected_points_kw
from dso.engine.market_work import RetailWork
from dso.errors import NetworkUnavailableError
from dso.market.voltage import VoltageClearing
from dso.messages import BidRequest, FloatArray, IntArray, Offers, Rejection
from dso.ports import VoltageNeeds, VoltageStrategy


def call_for_offers(work: RetailWork) -> Literal["called"]:
    """Ask for reactive power first, then for bids, which end the round."""
    facts = work.facts
    expected = facts.expected_usd_per_kwh
    assert expected is not None  # sent with open_round
    work.set_mo(work.tariff, offers=())
    request = BidRequest(work.market, work.tariff, facts.round, work.intervals, expected, work.now_s)
    for offering in work.operator.offering:
        work.post(work.machine.name, "offers", offering.offer(request))
    return call_for_bids(work)


def receive_offers(work: RetailWork, offers: Offers) -> Rejection | None:
    """Sift a message of offers: what counts is kept, what does not is rejected with its reason."""
    operator, record = work.operator, work.mo(work.tariff)
    why = operator.refusal_of_offers(offers, work.market, work.facts.round, len(work.intervals))
    if why is not None:
        return Rejection(work.market, offers.sender, None, why)
    good, rejections = operator.sift_offers(offers, work.market)
    for rejection in rejections:
        work.reject(rejection)
    work.set_mo(work.tariff, offers=(*record.offers, good))
    work.note(sender=offers.sender, offers=len(good.customers), rejected=len(rejections))
    most = float(good.kvar.sum(axis=1).max(initial=0.0))
    work.say("agents", "MO", "offers", f"{len(good.customers)} offers, {most:,.1f} kvar", work.tariff)
    return None


def buy_adjustments(
    work: RetailWork,
) -> Literal["in_band", "bought", "out_of_band", "network_unavailable"]:
    """Buy in each interval what brings the voltages of the forecast load into their band."""
    customers, kvar, price = _joined(work)
    _adopt(work, customers, ())  # what an earlier round bought is not there before it is bought again
    do = work.world.distribution
    try:
        needs = do.voltage_needs(expected_points_kw(work), work.intervals)
    except NetworkUnavailableError as error:
        work.note(network=str(error))
        return "network_unavailable"
    bought = tuple(
        _buy(work, need, do.points_of(customers), kvar[t], price[t]) for t, need in enumerate(needs)
    )
    _adopt(work, customers, bought)
    _tell(work, needs, bought)
    outcomes = {b.outcome for b in bought}
    if "short" in outcomes:
        return "out_of_band"
    return "bought" if "bought" in outcomes else "in_band"


def _joined(work: RetailWork) -> tuple[IntArray, FloatArray, FloatArray]:
    """All offers of the round: customers (n,), kvar and price (t, n)."""
    offers, count = work.mo(work.tariff).offers, len(work.intervals)
    if not offers:
        return np.zeros(0, np.int64), np.zeros((count, 0)), np.zeros((count, 0))
    kvar = np.concatenate([o.kvar for o in offers], axis=1)
    price = np.concatenate([o.usd_per_kvarh for o in offers], axis=1)
    return np.concatenate([o.customers for o in offers]), kvar, price


def _buy(
    work: RetailWork, need: VoltageNeeds | None, place: IntArray, kvar: FloatArray, price: FloatArray
) -> VoltageClearing:
    strategy = cast(VoltageStrategy, work.operator.strategy)
    if need is None:
        return strategy.buy(price, kvar, np.zeros((0, len(price))), np.zeros(0), np.zeros(0))
    return strategy.buy(price, kvar, need.per_kvar[:, place], need.shortfall_pu, need.room_pu)


def _adopt(work: RetailWork, customers: IntArray, bought: tuple[VoltageClearing, ...]) -> None:
    """Put what is bought on the MO's record, and on the DO's as a state of its wires."""
    do = work.world.distribution
    place = do.points_of(customers)
    injected = {}
    for interval, cleared in zip(work.intervals, bought, strict=bool(bought)):
        at = np.bincount(place, cleared.quantity, len(do.network.points))
        pairs = tuple((do.network.points[k], float(at[k])) for k in np.flatnonzero(at > 0).tolist())
        if pairs:
            injected[interval.start_s, interval.duration_s] = pairs
    work.set_do(reactive={**work.do.reactive, work.tariff: injected})
    work.set_mo(work.tariff, offerers=customers, bought=bought)


def _tell(
    work: RetailWork, needs: tuple[VoltageNeeds | None, ...], bought: tuple[VoltageClearing, ...]
) -> None:
    kvar = [float(b.quantity.sum()) for b in bought]
    off = [0.0 if n is None else float(np.maximum(n.shortfall_pu, -n.room_pu).max()) for n in needs]
    work.note(kvar=[round(q, 3) for q in kvar], off_pu=[round(v, 6) for v in off])
    if max(off) <= 0.0:
        work.say("DO", "MO", "voltage", "all nodes in their band", work.tariff)
        return
    worst = needs[int(np.argmax(off))]
    assert worst is not None  # some node is off
    node = worst.nodes[int(np.argmax(np.maximum(worst.shortfall_pu, -worst.room_pu)))]
    work.say("DO", "MO", "voltage", f"{node} is {max(off):.4f} p.u. out of its band", work.tariff)
    cost = max(b.cost_usd_per_h for b in bought)
    told = f"{max(kvar):,.1f} kvar at most, for {cost:,.4f} USD/h"
    work.say("MO", "agents", "adjustments", told, work.tariff)
