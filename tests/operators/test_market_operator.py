"""The MO: whom it knows, what it takes, and why it does not."""

from __future__ import annotations

import numpy as np
import pytest

from dso.messages import Bids
from dso.operators.market_operator import MOST_USD_PER_KWH, MarketOperator, MoRecord, joined
from dso.tariffs.auction import DoubleAuction
from tests.engine.small import Devices

M = "da-1"


def operator(**records: MoRecord) -> MarketOperator:
    outside = {"aggregator": np.array([7, 5])}
    ratings = {"aggregator": (np.array([-3.0, 0.0]), np.array([3.0, 1.0]))}
    found = MarketOperator("live", DoubleAuction(), (Devices(),), 9, outside, ratings)
    found.records[M] = records.get("record", MoRecord(round=1))
    return found


def bids(
    customers: list[int], quantity: list, price: list, sender: str = "aggregator", round_number: int = 1
) -> Bids:
    return Bids(
        sender, M, round_number, np.array(customers), np.array(quantity, float), np.array(price, float)
    )


def test_senders_are_the_populations_and_those_registered_outside() -> None:
    mo = operator()
    assert mo.senders == {"devices", "aggregator"}
    assert mo.limits_of("devices")[0].tolist() == [2, 3]
    assert [a.tolist() for a in mo.limits_of("aggregator")] == [[7, 5], [-3.0, 0.0], [3.0, 1.0]]


def test_each_participant_is_held_to_its_own_rating_whatever_the_order_of_the_bids() -> None:
    mo = operator()
    message = bids([5, 7], [[[0.0, 3.0], [-3.0, 3.0]]], [[[0.2, 0.1], [0.2, 0.1]]])
    good, rejections = mo.sift(message, M)
    assert good.customers.tolist() == [7]
    assert [(r.customer, r.reason) for r in rejections] == [(5, "more load than the participant's rating")]


def test_one_bad_interval_rejects_the_bid_for_all_of_them() -> None:
    message = bids([7, 5], [[[1.0], [1.0]], [[9.0], [1.0]]], [[[0.1], [0.1]], [[0.1], [0.1]]])
    good, rejections = operator().sift(message, M)
    assert good.customers.tolist() == [5]
    assert good.quantity_kw.shape == (2, 1, 1)
    assert len(rejections) == 1


def test_an_empty_message_is_a_message_without_bids() -> None:
    mo = operator()
    message = bids([], np.zeros((1, 0, 2)), np.zeros((1, 0, 2)))
    assert mo.refusal(message, M, 1, 1) is None
    good, rejections = mo.sift(message, M)
    assert (len(good.customers), rejections) == (0, [])


@pytest.mark.parametrize(
    ("message", "why"),
    [
        (bids([7], [[[1]]], [[[1]]], sender="x"), "from a stranger"),
        (bids([7], [[[1]]], [[[1]]], round_number=2), "for round 2, open is round 1"),
        (bids([7], [[1]], [[1]]), "its arrays must have the shape (1, 1, points), were (1, 1)"),
        (
            bids([7], [[[1]], [[1]]], [[[1]], [[1]]]),
            "its arrays must have the shape (1, 1, points), were (2, 1, 1)",
        ),
        (bids([7], [[[1]]], [[[1, 2]]]), "its arrays must have the shape (1, 1, points), were (1, 1, 1)"),
    ],
)
def test_a_message_is_refused_whole_for_what_is_wrong_with_all_of_it(message: Bids, why: str) -> None:
    assert operator().refusal(message, M, 1, 1) == why


def test_a_sender_is_heard_once_a_round() -> None:
    mo = operator(record=MoRecord(round=1, heard=frozenset({"aggregator"})))
    assert mo.refusal(bids([7], [[[1]]], [[[1]]]), M, 1, 1) == "duplicate"


def test_prices_beyond_all_arithmetic_are_taken_as_the_highest_that_is_not() -> None:
    good, rejections = operator().sift(bids([7], [[[0.0, 1.0]]], [[[1e308, -1e308]]]), M)
    assert rejections == []
    assert good.price_usd_per_kwh.tolist() == [[[MOST_USD_PER_KWH, -MOST_USD_PER_KWH]]]


def test_bids_of_several_senders_are_joined_and_short_ones_repeat_their_last_point() -> None:
    one = bids([7], [[[0.0, 1.0, 2.0]]], [[[0.3, 0.2, 0.1]]])
    two = bids([2], [[[1.0]]], [[[0.5]]], sender="devices")
    customers, quantity, price = joined([one, two])
    assert customers.tolist() == [7, 2]
    assert quantity.tolist() == [[[0.0, 1.0, 2.0], [1.0, 1.0, 1.0]]]
    assert price.tolist() == [[[0.3, 0.2, 0.1], [0.5, 0.5, 0.5]]]


def test_no_bids_are_joined_to_none() -> None:
    customers, quantity, price = joined([])
    assert (len(customers), quantity.shape, price.shape) == (0, (0, 0, 1), (0, 0, 1))
