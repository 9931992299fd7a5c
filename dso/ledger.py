"""Who owes whom: value exchanges as balanced double entry in whole micro-dollars."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

from dso.errors import DsoError
from dso.messages import CustomerPostings, FloatArray, IntArray, Posting, ValueExchange

UUSD = 1_000_000
MOST_USD = 1e9  # 1e15 micro-dollars: nine thousand of them still add up in 64 bits

WHOLESALE = "wholesale"
NETWORK = "network charge"
LOCAL_GENERATION = "local generation"
LOSS_SURPLUS = "marginal-loss surplus"
VOLTAGE_RENT = "voltage rent"
UNACCOUNTED = "unaccounted-for energy"
ROUNDING = "rounding"


class LedgerError(DsoError):
    """An exchange that does not add up to zero."""


def lse_account(tariff: str) -> str:
    """The account of a tariff's load-serving entity."""
    return f"lse:{tariff}"


def customers_account(tariff: str) -> str:
    """The account of all customers of a tariff together."""
    return f"customers:{tariff}"


def rent_account(element: str) -> str:
    """The account of the congestion rent of a network element."""
    return f"rent:{element}"


def to_uusd(amount_usd: float) -> int:
    """Whole micro-dollars: the one rounding of money, half to even.

    Raises
    ------
    LedgerError : if the amount is not a number, or too large for whole micro-dollars.
    """
    if not abs(amount_usd) <= MOST_USD:  # false of NaN, too
        raise LedgerError(f"an amount must be a number of at most {MOST_USD:g} USD, was {amount_usd}")
    return round(amount_usd * UUSD)


def array_to_uusd(amount_usd: FloatArray) -> IntArray:
    """Whole micro-dollars of each element, half to even as `to_uusd`; raises LedgerError as it does."""
    if not (np.abs(amount_usd) <= MOST_USD).all():  # false of NaN, too
        raise LedgerError(f"an amount must be a number of at most {MOST_USD:g} USD")
    return np.rint(amount_usd * UUSD).astype(np.int64)


def shared(total_usd: float, parts: Iterable[tuple[str, float, float]], payee: str) -> tuple[Posting, ...]:
    """Postings of one amount shared by several payers; what rounding leaves goes to its own account.

    Parameters
    ----------
    total_usd : what the payee receives [USD]; negative: it pays.
    parts : account, its part [USD] and its energy [kWh], for each payer.
    payee : account of the payee.

    A bill of 1 USD shared by three is 333,333 µUSD each, and 1 µUSD on the account `rounding`.
    """
    payers = [Posting(account, to_uusd(part_usd), energy_kwh) for account, part_usd, energy_kwh in parts]
    received = to_uusd(total_usd)
    energy_kwh = sum(p.energy_kwh for p in payers)
    residue = received - sum(p.amount_uusd for p in payers)
    rows = [*payers, Posting(payee, -received, -energy_kwh)]
    if residue:
        rows.append(Posting(ROUNDING, residue))
    return tuple(rows)


@dataclass(slots=True)
class CustomerAccount:
    """What each customer of a tariff owes for one period and one kind of exchange."""

    amount_uusd: IntArray
    energy_kwh: FloatArray


@dataclass(slots=True)
class Ledger:
    """Balances of all accounts, and per customer and billing period what they are made of.

    Parameters
    ----------
    customers : how many customers there are.
    period_starts_s : start of each billing period [s], rising; a period ends where the next begins.
    """

    customers: int
    period_starts_s: Sequence[int]
    balance_uusd: dict[str, int] = field(default_factory=dict)
    energy_kwh: dict[str, float] = field(default_factory=dict)
    accounts: dict[tuple[str, int, str], CustomerAccount] = field(default_factory=dict)

    def period_of(self, t_s: int) -> int:
        """Index of the billing period that an instant lies in."""
        return max(0, bisect_right(self.period_starts_s, t_s) - 1)

    def post(self, exchange: ValueExchange) -> None:
        """Enter an exchange; raises LedgerError, and enters nothing, unless it adds up to zero."""
        total = sum(p.amount_uusd for p in exchange.postings)
        block = exchange.customers
        if block is not None:
            total += int(block.amount_uusd.sum())
        if total:
            raise LedgerError(f"{exchange.kind} of {exchange.market} is off by {total} micro-dollars")
        for posting in exchange.postings:
            self._add(posting.account, posting.amount_uusd, posting.energy_kwh)
        if block is not None:
            self._add(
                customers_account(block.tariff), int(block.amount_uusd.sum()), float(block.energy_kwh.sum())
            )
            self._add_customers(block, self.period_of(exchange.interval_start_s), exchange.kind)

    def _add(self, account: str, amount_uusd: int, energy_kwh: float) -> None:
        self.balance_uusd[account] = self.balance_uusd.get(account, 0) + amount_uusd
        self.energy_kwh[account] = self.energy_kwh.get(account, 0.0) + energy_kwh

    def _add_customers(self, block: CustomerPostings, period: int, kind: str) -> None:
        key = (block.tariff, period, kind)
        account = self.accounts.get(key)
        if account is None:
            account = CustomerAccount(np.zeros(self.customers, np.int64), np.zeros(self.customers))
            self.accounts[key] = account
        account.amount_uusd[block.customers] += block.amount_uusd
        account.energy_kwh[block.customers] += block.energy_kwh

    def kinds_of(self, tariff: str, period: int) -> list[str]:
        """Kinds of exchange that a tariff's customers took part in during a period, in name order."""
        return sorted(kind for t, p, kind in self.accounts if t == tariff and p == period)

    def total_uusd(self) -> int:
        """Sum over all accounts: zero, or money was lost."""
        return sum(self.balance_uusd.values())
