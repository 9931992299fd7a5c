"""Balanced double entry in whole micro-dollars."""

from __future__ import annotations

import numpy as np
import pytest

from dso.ledger import (
    ROUNDING,
    WHOLESALE,
    Ledger,
    LedgerError,
    array_to_uusd,
    customers_account,
    lse_account,
    shared,
    to_uusd,
)
from dso.messages import CustomerPostings, Posting, ValueExchange

JULY_S, AUGUST_S = 1_000_000, 2_000_000


def exchange(
    *postings: Posting, customers: CustomerPostings | None = None, at_s: int = JULY_S
) -> ValueExchange:
    return ValueExchange(at_s, "m", at_s, "energy", postings, customers)


def block(amounts: list[int], customers: list[int] | None = None) -> CustomerPostings:
    own = np.array(customers if customers is not None else range(len(amounts)))
    return CustomerPostings("flat", own, np.array(amounts, np.int64), np.array(amounts) / 100_000)


@pytest.mark.parametrize(
    ("usd", "uusd"),
    [
        (1.0, 1_000_000),
        (-0.0000015, -2),  # half to even
        (0.0000005, 0),
        (0.0000025, 2),
        (0.1 + 0.2, 300_000),
        (0.0, 0),
    ],
)
def test_money_is_rounded_once_half_to_even(usd: float, uusd: int) -> None:
    assert to_uusd(usd) == uusd
    assert array_to_uusd(np.array([usd])).tolist() == [uusd]


@pytest.mark.parametrize("usd", [float("nan"), float("inf"), -float("inf"), 2e9])
def test_what_is_no_amount_is_refused(usd: float) -> None:
    with pytest.raises(LedgerError, match="an amount must be a number of at most 1e"):
        to_uusd(usd)
    with pytest.raises(LedgerError, match="an amount must be a number of at most 1e"):
        array_to_uusd(np.array([1.0, usd]))


def test_an_amount_shared_by_three_leaves_its_residue_on_the_rounding_account() -> None:
    parts = [(name, 1 / 3, 2.0) for name in ("a", "b", "c")]
    rows = shared(1.0, parts, "payee")
    assert [(p.account, p.amount_uusd, p.energy_kwh) for p in rows] == [
        ("a", 333_333, 2.0),
        ("b", 333_333, 2.0),
        ("c", 333_333, 2.0),
        ("payee", -1_000_000, -6.0),
        (ROUNDING, 1, 0.0),
    ]


def test_an_amount_shared_without_residue_has_no_rounding_row() -> None:
    rows = shared(-1.0, [("a", -0.25, 1.0), ("b", -0.75, 3.0)], "payee")
    assert [(p.account, p.amount_uusd) for p in rows] == [
        ("a", -250_000),
        ("b", -750_000),
        ("payee", 1_000_000),
    ]


def test_an_exchange_moves_money_and_energy_between_accounts() -> None:
    ledger = Ledger(3, (JULY_S,))
    ledger.post(exchange(Posting(lse_account("flat"), 5, 1.5), Posting(WHOLESALE, -5, -1.5)))
    ledger.post(exchange(Posting(lse_account("flat"), -2, -0.5), Posting(WHOLESALE, 2, 0.5)))
    assert ledger.balance_uusd == {"lse:flat": 3, WHOLESALE: -3}
    assert ledger.energy_kwh == {"lse:flat": 1.0, WHOLESALE: -1.0}
    assert ledger.total_uusd() == 0


def test_an_exchange_that_does_not_add_up_is_refused_and_nothing_of_it_is_entered() -> None:
    ledger = Ledger(3, (JULY_S,))
    with pytest.raises(LedgerError, match="energy of m is off by 1 micro-dollars"):
        ledger.post(exchange(Posting("a", 5), Posting("b", -4)))
    with pytest.raises(LedgerError, match="off by -1 micro-dollars"):
        ledger.post(exchange(Posting("a", -7), customers=block([3, 3])))
    assert ledger.balance_uusd == {}
    assert ledger.accounts == {}


def test_customers_are_kept_by_tariff_period_and_kind() -> None:
    ledger = Ledger(3, (JULY_S, AUGUST_S))
    ledger.post(exchange(Posting(lse_account("flat"), -7), customers=block([3, 4], [0, 2])))
    ledger.post(exchange(Posting(lse_account("flat"), -1), customers=block([1], [2]), at_s=AUGUST_S - 1))
    ledger.post(exchange(Posting(lse_account("flat"), -9), customers=block([9], [1]), at_s=AUGUST_S))
    assert ledger.accounts[("flat", 0, "energy")].amount_uusd.tolist() == [3, 0, 5]
    assert ledger.accounts[("flat", 1, "energy")].amount_uusd.tolist() == [0, 9, 0]
    assert ledger.balance_uusd[customers_account("flat")] == 17
    assert ledger.total_uusd() == 0


def test_an_instant_before_the_first_period_belongs_to_it_and_one_after_the_last_too() -> None:
    ledger = Ledger(1, (JULY_S, AUGUST_S))
    assert [ledger.period_of(t) for t in (0, JULY_S, AUGUST_S - 1, AUGUST_S, 9_999_999)] == [0, 0, 0, 1, 1]


def test_the_kinds_of_a_period_are_listed_in_name_order() -> None:
    ledger = Ledger(1, (JULY_S,))
    for kind in ("metered energy", "day-ahead energy", "fixed charge"):
        row = ValueExchange(0, "m", 0, kind, (Posting("lse:flat", -1),), block([1]))
        ledger.post(row)
    assert ledger.kinds_of("flat", 0) == ["day-ahead energy", "fixed charge", "metered energy"]
    assert ledger.kinds_of("live", 0) == ledger.kinds_of("flat", 1) == []
