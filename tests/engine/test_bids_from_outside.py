"""Bids that come from outside: taken, or rejected with a reason and counted; the market goes on.

`aggregator` may bid for customers 2 and 3, up to 2 kW each; no population bids inside the process.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from dso.engine.loop import Engine
from tests.engine.small import REAL_TIME, Devices, build, first_rt, rows_of, start_s, steps_of

OPEN_S = -210  # the round opens at delivery − 210 s, bids close a minute later
NAN, INF = float("nan"), float("inf")
GOOD = {"sender": "aggregator", "customers": [2, 3], "quantity_kw": [[[0, 2], [0, 2]]]}
GOOD |= {"price_usd_per_kwh": [[[0.2, 0.0], [0.2, 0.0]]]}


def engine_with(**parts: Any) -> Engine:
    parts = {"populations": (), "outside": {"aggregator": np.array([2, 3])}} | parts
    engine = build(hours=1, series={"rt": REAL_TIME}, **parts)
    engine.advance(start_s() + OPEN_S)
    return engine


def send(engine: Engine, at_s: int = start_s() + OPEN_S + 10, **bids: Any) -> None:
    engine.post(f"{first_rt(engine)}/live", "bids", at=at_s, **bids)


def reasons(engine: Engine) -> list[str]:
    return [r.reason for r in engine.recorder.rejections if r.market == first_rt(engine)]


def bid_for(engine: Engine) -> tuple[float, float]:
    """Least and most power of the bid for the bus, after the gate."""
    engine.advance(start_s())
    (step,) = [s for s in steps_of(engine, first_rt(engine)) if s.handler == "bid_wholesale"]
    return step.summary["least_kw"][0], step.summary["most_kw"][0]


def goes_on(engine: Engine) -> None:
    engine.run()
    assert steps_of(engine, first_rt(engine))[-1].destination == "expired"
    assert [s for s in engine.recorder.steps if s.error] == []
    (audit,) = rows_of(engine, "audit")
    assert (audit["money_uusd"], audit["delivered_exactly_once"]) == (0, True)


def test_good_bids_are_taken_and_close_the_round_at_once() -> None:
    engine = engine_with()
    send(engine, **GOOD)
    engine.advance(start_s() + OPEN_S + 10)
    assert engine.markets[first_rt(engine)].state == "negotiation.agreed"
    assert bid_for(engine) == (4.0, 8.0)  # 2 kW flat, 2 kW beside the devices, and 0 to 4 kW of devices
    assert reasons(engine) == []
    goes_on(engine)


def test_missing_bids_count_at_the_estimate() -> None:
    engine = engine_with()
    assert bid_for(engine) == (6.0, 6.0)
    retail = steps_of(engine, f"{first_rt(engine)}/live")
    assert [s.degraded for s in retail if s.degraded] == ["missing bids estimated"]
    goes_on(engine)


ONE_BAD = [
    ([[[NAN, 2], [0, 2]]], [[[0.2, 0], [0.2, 0]]], "a quantity or price is not a number"),
    ([[[0, INF], [0, 2]]], [[[0.2, 0], [0.2, 0]]], "a quantity or price is infinite"),
    ([[[0, 2], [0, 2]]], [[[NAN, 0], [0.2, 0]]], "a quantity or price is not a number"),
    ([[[0, 2], [0, 2]]], [[[0.2, -INF], [0.2, 0]]], "a quantity or price is infinite"),
    (
        [[[2, 0], [0, 2]]],
        [[[0.2, 0], [0.2, 0]]],
        "not monotone: its quantity must not fall as its price falls",
    ),
    (
        [[[0, 2], [0, 2]]],
        [[[0.0, 0.2], [0.2, 0]]],
        "not monotone: its quantity must not fall as its price falls",
    ),
    ([[[0, 2.1], [0, 2]]], [[[0.2, 0], [0.2, 0]]], "more load than the participant's rating"),
    ([[[-1, 2], [0, 2]]], [[[0.2, 0], [0.2, 0]]], "more injection than the participant's rating"),
]


@pytest.mark.parametrize(("quantity", "price", "why"), ONE_BAD)
def test_a_bad_bid_is_rejected_with_its_reason_and_counts_at_the_estimate(
    quantity: list, price: list, why: str
) -> None:
    engine = engine_with()
    send(engine, **{**GOOD, "quantity_kw": quantity, "price_usd_per_kwh": price})
    # The rejected device is 1 kW at any price; the other one 0 to 2 kW.
    assert bid_for(engine) == (5.0, 7.0)
    (rejection,) = engine.recorder.rejections[:1]
    assert (rejection.sender, rejection.customer, rejection.reason) == ("aggregator", 2, why)
    goes_on(engine)


@pytest.mark.parametrize("prices", [(-0.5, -1.0), (1e6, -1e6), (5.0, 5.0), (1e12, 0.0), (0.0, -1e12)])
def test_any_finite_price_may_be_bid(prices: tuple[float, float]) -> None:
    engine = engine_with()
    send(engine, **{**GOOD, "price_usd_per_kwh": [[list(prices), [0.2, 0.0]]]})
    assert bid_for(engine) == (4.0, 8.0)
    assert reasons(engine) == []
    goes_on(engine)
    assert not [s for s in steps_of(engine, first_rt(engine)) if s.event == "fatal"]


def test_a_price_that_no_arithmetic_survives_does_not_stop_the_market() -> None:
    engine = engine_with()
    send(engine, **{**GOOD, "price_usd_per_kwh": [[[1e308, -1e308], [0.2, 0.0]]]})
    goes_on(engine)


MALFORMED = [
    ({"customers": [2, 3]}, "bids cannot be read: KeyError: 'sender'"),
    ({**GOOD, "customers": [2.5, 3]}, "bids cannot be read: TypeError: customers must be whole numbers"),
    ({**GOOD, "customers": "many"}, "bids cannot be read: TypeError: customers must be whole numbers"),
    ({**GOOD, "quantity_kw": "much"}, "bids cannot be read: ValueError: "),
    ({**GOOD, "quantity_kw": [[[0, 2], [0]]]}, "bids cannot be read: ValueError: "),
    ({**GOOD, "quantity_kw": [[0, 2]]}, "its arrays must have the shape (1, 2, points), were (1, 2)"),
    ({**GOOD, "quantity_kw": [[[], []]], "price_usd_per_kwh": [[[], []]]},
     "its arrays must have the shape (1, 2, points), were (1, 2, 0)"),
    ({**GOOD, "customers": [2]}, "its arrays must have the shape (1, 1, points), were (1, 2, 2)"),
    ({**GOOD, "round": 2}, "for round 2, open is round 1"),
    ({**GOOD, "round": "first"}, "bids cannot be read: TypeError: "),
    ({**GOOD, "market": "rt-2016-08-10T05:05Z"}, "for another market"),
    ({**GOOD, "sender": "stranger"}, "from a stranger"),
]  # fmt: skip


@pytest.mark.parametrize(("bids", "why"), MALFORMED)
def test_a_message_that_makes_no_sense_is_rejected_whole_and_does_not_keep_a_good_one_out(
    bids: dict, why: str
) -> None:
    engine = engine_with()
    send(engine, **bids)
    send(engine, start_s() + OPEN_S + 20, **GOOD)
    assert bid_for(engine) == (4.0, 8.0)
    assert len(reasons(engine)) == 1
    assert reasons(engine)[0].startswith(why)
    goes_on(engine)


def test_a_customer_of_somebody_else_and_one_that_bids_twice_are_rejected_alone() -> None:
    engine = engine_with()
    bids = {
        "customers": [2, 0, 99, 2],
        "quantity_kw": [[[0, 2]] * 4],
        "price_usd_per_kwh": [[[0.2, 0.0]] * 4],
    }
    send(engine, sender="aggregator", **bids)
    assert bid_for(engine) == (5.0, 7.0)
    found = [(r.customer, r.reason) for r in engine.recorder.rejections]
    stranger = "not a registered participant of this sender"
    assert found == [(0, stranger), (99, stranger), (2, "duplicate")]
    goes_on(engine)


def test_a_second_message_of_a_sender_is_a_duplicate_and_the_first_counts() -> None:
    engine = engine_with(outside={"aggregator": np.array([2]), "other": np.array([3])})
    one = {"sender": "aggregator", "customers": [2], "price_usd_per_kwh": [[[0.2, 0.0]]]}
    send(engine, **one, quantity_kw=[[[0, 2]]])
    send(engine, **one, quantity_kw=[[[0, 1]]])
    assert bid_for(engine) == (5.0, 7.0)
    assert reasons(engine) == ["duplicate"]
    goes_on(engine)


def test_two_senders_cannot_bid_for_the_same_customer() -> None:
    """Its meter would be counted twice: the first to speak counts."""
    engine = engine_with(populations=(Devices(),))
    send(engine, **GOOD)
    assert bid_for(engine) == (4.0, 8.0)
    found = [(r.customer, r.reason) for r in engine.recorder.rejections if r.market == first_rt(engine)]
    why = "duplicate: another sender has bid for this customer's device"
    assert found == [(2, why), (3, why)]
    goes_on(engine)


@pytest.mark.parametrize("late_s", [OPEN_S + 61, -29, 70])
def test_late_bids_are_rejected_and_counted(late_s: int) -> None:
    engine = engine_with()
    send(engine, start_s() + late_s, **GOOD)
    assert bid_for(engine) == (6.0, 6.0)
    engine.advance(start_s() + 100)
    assert len(reasons(engine)) == 1
    assert reasons(engine)[0].startswith("bids: ")
    assert engine.recorder.rejections[0].sender == "aggregator"
    goes_on(engine)


def test_bids_at_the_very_instant_of_the_close_are_in_time() -> None:
    engine = engine_with()
    send(engine, start_s() + OPEN_S + 60, **GOOD)
    assert bid_for(engine) == (4.0, 8.0)


def test_bids_for_an_unknown_market_or_a_tariff_without_one_are_rejected() -> None:
    engine = engine_with()
    engine.post("rt-1999-01-01T00:00Z/live", "bids", **GOOD)
    engine.post(f"{first_rt(engine)}/flat", "bids", **GOOD)
    steps = engine.advance(start_s() + OPEN_S)
    assert [s.rejected for s in steps] == ["there is no such machine, or it is over", "not taken in offered"]
    assert [r.market for r in engine.recorder.rejections] == ["rt-1999-01-01T00:00Z", first_rt(engine)]
    goes_on(engine)


@pytest.mark.parametrize(
    ("event", "payload"),
    [
        ("tariff_ready", {}),
        ("tariff_ready", {"tariff": "nobody", "curves": [], "outcome": "ready"}),
        ("tariff_ready", {"tariff": "live", "curves": [3.0], "outcome": "ready"}),
        ("all_ready", {}),
    ],
)
def test_messages_between_machines_can_be_forged_but_break_nothing(event: str, payload: dict) -> None:
    engine = engine_with()
    engine.post(first_rt(engine), event, **payload)
    goes_on(engine)


@pytest.mark.parametrize("event", ["@gate", "@start", "opened", "limits_ok", "nonsense", "state"])
def test_nobody_outside_fires_a_timer_or_answers_for_a_handler(event: str) -> None:
    engine = engine_with()
    before = engine.markets[first_rt(engine)].state
    engine.post(first_rt(engine), event)
    (step,) = engine.advance(start_s() + OPEN_S)
    assert step.rejected == f"not taken in {before}"
    goes_on(engine)
