"""What a run's LSEs paid to serve their customers, and what these paid them, by the ledger."""

from __future__ import annotations

from collections.abc import Sequence

from dso.ledger import UUSD, customers_account, lse_account
from dso.run_file import RunReader


def cost_usd(reader: RunReader, tariffs: Sequence[str]) -> dict[str, float]:
    """What the LSEs of some tariffs paid [USD], by kind: wholesale energy, network charge, congestion rent …

    All that is on the accounts `lse:TARIFF`, but for exchanges in which `customers:TARIFF` have a part.
    """
    found: dict[str, float] = {}
    for tariff in tariffs:
        for row in reader.rows(_COST, lse_account(tariff), customers_account(tariff)):
            found[row["kind"]] = found.get(row["kind"], 0.0) + row["uusd"] / UUSD
    return found


def paid_usd(reader: RunReader, tariffs: Sequence[str]) -> float:
    """What customers of some tariffs were billed, corrections included [USD]."""
    sums = (reader.row(_PAID, customers_account(tariff))["uusd"] for tariff in tariffs)
    return sum(uusd or 0 for uusd in sums) / UUSD


_COST = (
    "SELECT kind, SUM(amount_uusd) uusd FROM ledger WHERE account = ? AND exchange NOT IN "
    "(SELECT exchange FROM ledger WHERE account = ?) GROUP BY kind ORDER BY kind"
)
_PAID = "SELECT SUM(amount_uusd) uusd FROM ledger WHERE account = ?"
