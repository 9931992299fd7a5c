"""What stood in the ledger before some exchanges were entered."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from dso.ledger import Ledger
from dso.messages import FloatArray, IntArray, ValueExchange

Key = tuple[str, int, str]  # tariff, period, kind


@dataclass(frozen=True, slots=True, eq=False)
class LedgerBefore:
    """Balances as they were, and of the customers who are about to be charged what they owed.

    Values are kept, not differences: a float that was added and subtracted is not what it was.
    """

    balance_uusd: dict[str, int]
    energy_kwh: dict[str, float]
    new: tuple[Key, ...]
    owed: tuple[tuple[Key, IntArray, IntArray, FloatArray], ...]  # customers, their amounts and energies

    @classmethod
    def of(cls, ledger: Ledger, exchanges: Iterable[ValueExchange]) -> LedgerBefore:
        """What the exchanges are about to change."""
        new: dict[Key, None] = {}
        owed: dict[tuple[Key, int], tuple[Key, IntArray, IntArray, FloatArray]] = {}
        for exchange in exchanges:
            block = exchange.customers
            if block is None:
                continue
            key = (block.tariff, ledger.period_of(exchange.interval_start_s), exchange.kind)
            account, own = ledger.accounts.get(key), block.customers
            if account is None:
                new[key] = None
            elif (key, id(own)) not in owed:
                amounts, energies = account.amount_uusd[own], account.energy_kwh[own]  # an index copies
                owed[(key, id(own))] = (key, own, amounts, energies)
        return cls(dict(ledger.balance_uusd), dict(ledger.energy_kwh), tuple(new), tuple(owed.values()))

    def put_back(self, ledger: Ledger) -> None:
        """Let it stand there again."""
        for books, before in (
            (ledger.balance_uusd, self.balance_uusd),
            (ledger.energy_kwh, self.energy_kwh),
        ):
            books.clear()
            books.update(before)  # type: ignore[arg-type]
        for key, customers, amounts, energies in self.owed:
            account = ledger.accounts[key]
            account.amount_uusd[customers] = amounts
            account.energy_kwh[customers] = energies
        for key in self.new:
            del ledger.accounts[key]
