"""A function that is not ours bids: its mistakes are a participant's, and it cannot reach into the market."""

from __future__ import annotations

import numpy as np
import pytest

from dso.agents.outside import OutsideAgents
from dso.clock import Interval
from dso.errors import ParticipantError
from dso.messages import Award, BidRequest, PriceSignal

SPANS = (Interval(0, 3600), Interval(3600, 3600))


def agents(answer) -> OutsideAgents:
    who = np.array([4, 7])
    return OutsideAgents("ours", who, np.array([11, 12]), np.zeros(2), np.full(2, 3.0), answer)


def request() -> BidRequest:
    return BidRequest("da", "live", 2, SPANS, np.array([0.1, 0.2]), -3600, np.zeros((2, 9)), False)


def curve(request: BidRequest):
    shape = (len(request.intervals), 2, 1)
    return np.tile([0.0, 3.0], shape), np.tile([0.3, 0.0], shape)


def test_its_answer_is_sent_for_its_customers_to_the_market_and_round_that_asked() -> None:
    bids = agents(curve).bid(request())
    assert (bids.sender, bids.market, bids.round, bids.customers.tolist()) == ("ours", "da", 2, [4, 7])
    assert bids.quantity_kw.shape == bids.price_usd_per_kwh.shape == (2, 2, 2)


def test_lists_and_whole_numbers_will_do() -> None:
    bids = agents(lambda r: ([[[1], [2]], [[1], [2]]], [[[0], [0]], [[0], [0]]])).bid(request())
    assert bids.quantity_kw.dtype == np.float64
    assert bids.quantity_kw[:, 1, 0].tolist() == [2, 2]


def test_none_is_no_bid_at_all() -> None:
    bids = agents(lambda r: None).bid(request())
    assert len(bids.customers) == 0
    assert bids.quantity_kw.shape == (2, 0, 1)


def broken(r):
    raise RuntimeError("no\nidea")


RUBBISH = {
    "raises": (broken, "ours failed: RuntimeError: no idea"),
    "text": (lambda r: "much", "ours failed: ValueError: could not convert"),
    "a number": (lambda r: 3.0, "ours failed: TypeError: "),
    "three": (lambda r: (1, 2, 3), "ours failed: ValueError: too many values"),
    "words": (lambda r: (["a"], ["b"]), "ours failed: ValueError: could not convert"),
    "ragged": (lambda r: ([[[1, 2], [1]]], [[[1]]]), "ours failed: ValueError: "),
    "objects": (lambda r: ([[[object()]]], [[[1]]]), "ours failed: TypeError: "),
}


@pytest.mark.parametrize("case", RUBBISH)
def test_what_is_no_answer_is_the_participants_failure_in_one_line(case) -> None:
    answer, why = RUBBISH[case]
    with pytest.raises(ParticipantError) as caught:
        agents(answer).bid(request())
    assert str(caught.value).startswith(why)
    assert "\n" not in str(caught.value)


def test_it_cannot_change_what_others_are_asked_or_told() -> None:
    def greedy(r: BidRequest):
        r.expected_usd_per_kwh[:] = 0.0
        r.losses_usd_per_kwh[:] = 9.0
        return curve(r)

    def hear(signal: PriceSignal) -> None:
        signal.price_usd_per_kwh[:] = -1.0

    greedy.hear = hear
    asked, told = request(), PriceSignal("da", "live", 2, SPANS, np.array([0.1, 0.2]), True)
    population = agents(greedy)
    population.bid(asked)
    population.hear(told)
    assert asked.expected_usd_per_kwh.tolist() == told.price_usd_per_kwh.tolist() == [0.1, 0.2]
    assert not asked.losses_usd_per_kwh.any()


def test_it_cannot_change_a_bid_once_sent() -> None:
    quantity, price = curve(request())
    bids = agents(lambda r: (quantity, price)).bid(request())
    quantity[:] = 99.0
    assert bids.quantity_kw.max() == 3.0


def test_prices_are_told_to_who_wants_to_hear_them_and_their_trouble_is_their_own() -> None:
    heard = []

    class Listening:
        def __call__(self, r: BidRequest):
            return curve(r)

        def hear(self, signal: PriceSignal) -> None:
            heard.append(signal.price_usd_per_kwh.tolist())
            raise RuntimeError("do not like it")

    told = PriceSignal("da", "live", 2, SPANS, np.array([0.1, 0.2]), True)
    agents(Listening()).hear(told)
    agents(curve).hear(told)
    assert heard == [[0.1, 0.2]]


def test_devices_run_at_what_was_awarded() -> None:
    award = Award("da", "live", SPANS, np.array([4, 7]), np.array([[1.0, 2.0], [0.5, np.nan]]), np.zeros(2))
    assert agents(curve).set_points_kw(award, 0).tolist() == [1.0, 2.0]
    assert np.isnan(agents(curve).set_points_kw(award, 1)).tolist() == [False, True]
