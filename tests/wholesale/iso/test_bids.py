"""Bids as they arrive: TESP's JSON, our own curves, and everything that can be wrong with them."""

from __future__ import annotations

import json

import numpy as np
import pytest

from dso.clock import HOUR_S, Interval
from dso.errors import InputError
from dso.market import Curve
from dso.messages import WholesaleBid
from dso.wholesale.iso import BidBook, Demand, Participant, collect
from dso.wholesale.iso.bids import REPLACED, Bid, check_participants, demands_of
from dso.wholesale.iso.tesp import Dialect

HOUR = (Interval(0, HOUR_S),)
DAY = tuple(Interval(k * HOUR_S, HOUR_S) for k in range(24))
NORTH = Participant("north", 1, scale=10.0, estimate_mw=70.0)
EAST = Participant("east", 2)
GOOD = {"unresp_mw": 5.0, "resp_max_mw": 2.0, "resp_c2": 3.0, "resp_c1": 40.0, "resp_c0": 0.0, "resp_deg": 2}


def _one(message: object, dialect: Dialect = "dsot") -> BidBook:
    return collect("rt", HOUR, (NORTH,), [("north", message)], dialect)  # type: ignore[list-item]


def _reason(message: object, dialect: Dialect = "dsot") -> str:
    book = _one(message, dialect)
    assert not book.bids
    (rejection,) = book.rejections
    assert (rejection.market, rejection.sender, rejection.customer) == ("rt", "north", None)
    return rejection.reason


def _is(demand: Demand, fixed: float, size: list[float], first: list[float], last: list[float]) -> None:
    assert demand.fixed_mw == pytest.approx(fixed)
    assert demand.size_mw == pytest.approx(size)
    assert demand.first_usd_per_mwh == pytest.approx(first)
    assert demand.last_usd_per_mwh == pytest.approx(last)


def test_tesps_json_is_read_and_scaled_to_the_bus() -> None:
    # 40 − 2·3·P: 28 USD/MWh at 2 MW; ten times the load at the same prices.
    book = _one(json.dumps(GOOD))
    assert not book.rejections
    _is(book.bids["north"].demand[0], 50.0, [20.0], [40.0], [28.0])


def test_te30_writes_the_square_with_the_other_sign_and_other_names() -> None:
    message = {"unresponsive_mw": 5, "responsive_max_mw": 2, "responsive_c2": -3, "responsive_c1": 40,
               "responsive_deg": 2}  # fmt: skip
    _is(_one(message, "te30").bids["north"].demand[0], 50.0, [20.0], [40.0], [28.0])
    assert "must not rise" in _reason(message, "dsot")
    assert "must not rise" in _reason(GOOD, "te30")


def test_degree_one_is_a_block_and_degree_nought_a_fixed_load() -> None:
    _is(_one({**GOOD, "resp_deg": 1}).bids["north"].demand[0], 50.0, [20.0], [40.0], [40.0])
    _is(_one({**GOOD, "resp_deg": 0}).bids["north"].demand[0], 50.0, [], [], [])


def test_arrays_do_as_well_as_lists() -> None:
    message = {name: np.full(24, value) for name, value in GOOD.items()}
    assert len(collect("da", DAY, (NORTH,), [("north", message)]).bids["north"].demand) == 24


def test_a_day_is_lists_of_24() -> None:
    message = {name: [value] * 24 for name, value in GOOD.items()}
    message["unresp_mw"][7] = 9.0
    book = collect("da", DAY, (NORTH,), [("north", json.dumps(message).encode())])
    assert [demand.fixed_mw for demand in book.bids["north"].demand[6:9]] == pytest.approx([50.0, 90.0, 50.0])


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        ('{"unresp_mw": 5', "must be JSON"),
        (b"\xff\xfe", "must be JSON"),
        ("[" * 100_000, "must be JSON"),
        (
            '{"unresp_mw": 1%s, "resp_max_mw": 0, "resp_c1": 0, "resp_c2": 0, "resp_deg": 0}' % ("0" * 400),
            "finite",
        ),
        ("[1, 2]", "must be a JSON object, was a list"),
        ("null", "must be a JSON object, was a NoneType"),
        ({**GOOD, "unresp_mw": None}, "unresp_mw: is missing"),
        ('{"unresp_mw": NaN, "resp_max_mw": 0, "resp_c2": 0, "resp_c1": 0, "resp_deg": 0}', "had nan"),
        ({**GOOD, "resp_c1": "40"}, "resp_c1: must be finite numbers, had '40'"),
        ({**GOOD, "resp_c1": True}, "resp_c1: must be finite numbers, had True"),
        ({**GOOD, "resp_max_mw": float("inf")}, "resp_max_mw: must be finite"),
        ({**GOOD, "resp_max_mw": -1.0}, "resp_max_mw: must not be negative"),
        ({**GOOD, "resp_deg": 3}, "resp_deg: must be 0, 1 or 2"),
        ({**GOOD, "resp_c2": -3.0}, "interval 0: resp_c2 -3.0: the worth must not rise"),
        ({**GOOD, "unresp_mw": [5.0] * 23}, "unresp_mw: must have 1 values, had 23"),
        (Bid("north", ()), "one demand an interval, had 0 for 1"),
    ],
)
def test_a_malformed_bid_is_a_rejection_that_says_why(message: object, reason: str) -> None:
    assert reason in _reason(message)


def test_all_that_is_wrong_with_a_bid_is_told_at_once() -> None:
    reason = _reason({**GOOD, "resp_c1": None, "resp_deg": 7})
    assert "resp_c1" in reason
    assert "resp_deg" in reason


def test_our_own_curves_are_exact() -> None:
    # 30 kW at 0.05 USD/kWh and below, 10 kW at 0.10 and above: at the bus 0.1 MW, then 0.2 MW from 100 to 50.
    curve = Curve(np.array([0.05, 0.10]), np.array([30.0, 10.0]))
    _is(_one(WholesaleBid("m", HOUR, (curve,))).bids["north"].demand[0], 0.1, [0.2], [100.0], [50.0])


def test_our_own_bid_for_other_times_is_refused() -> None:
    curve = Curve.vertical(1.0)
    assert "must be for the market's 1 intervals" in _reason(
        WholesaleBid("m", (Interval(300, 300),), (curve,))
    )
    assert "one curve an interval" in _reason(WholesaleBid("m", HOUR, ()))


def test_strangers_latecomers_and_silence_are_on_record_and_the_rest_counts() -> None:
    messages = [("north", GOOD), ("west", GOOD), ("north", {**GOOD, "unresp_mw": 6.0})]
    book = collect("rt", HOUR, (NORTH, EAST), messages)
    assert book.bids["north"].demand[0].fixed_mw == pytest.approx(60.0)
    assert [(r.sender, r.reason) for r in book.rejections] == [
        ("west", "west is not a participant of this market"),
        ("north", REPLACED),
        ("east", "no bid arrived"),
    ]


def test_a_bad_bid_after_a_good_one_leaves_the_good_one() -> None:
    book = collect("rt", HOUR, (NORTH,), [("north", GOOD), ("north", "{")])
    assert book.bids["north"].demand[0].fixed_mw == pytest.approx(50.0)
    assert len(book.rejections) == 1


def test_without_a_good_bid_the_last_purchase_counts_else_the_estimate() -> None:
    book = BidBook("da", DAY, {})
    first, second = demands_of((NORTH, EAST), book, {"east": np.arange(24.0)})
    assert {demand.fixed_mw for demand in first} == {70.0}
    assert [demand.fixed_mw for demand in second] == list(range(24))


def test_participants_that_cannot_be_are_refused_all_at_once() -> None:
    wrong = (NORTH, Participant("north", 9, scale=0.0, estimate_mw=float("nan")))
    with pytest.raises(InputError) as refused:
        check_participants(wrong, (1, 2))
    assert len(refused.value.problems) == 4
