"""Money with and without the market: bills from the invoices, the rest from the ledger."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from dso.messages import FloatArray, IntArray
from dso.report.compare_customers import Customers, Meters, band_names
from dso.report.compare_load import Figures, change
from dso.run_file import RunReader

NOT_OPERATOR = ("lse:", "customers:", "wholesale", "rounding", "unaccounted-for energy")
ALL_S = 2**62  # later than anything


@dataclass(frozen=True, slots=True, eq=False)
class Bills:
    """What each customer was billed, corrections included, for the periods billed in both runs."""

    run_usd: Mapping[int, float]
    base_usd: Mapping[int, float]
    periods: tuple[str, ...]

    def of(self, customers: IntArray) -> tuple[FloatArray, FloatArray]:
        """Bills of those who have one, without and with the market, (n,) [USD]."""
        known = [c for c in customers.tolist() if c in self.run_usd]
        base, run = (np.array([of[c] for c in known]) for of in (self.base_usd, self.run_usd))
        return base, run


def bills_of(run: RunReader, base: RunReader) -> Bills:
    """Invoices of the periods for which a customer has one in both runs."""
    with_market, without = (_invoiced(reader) for reader in (run, base))
    shared = [key for key in with_market if key in without]
    sums: tuple[dict[int, float], dict[int, float]] = ({}, {})
    for key in shared:
        for total, billed in zip(sums, (with_market, without), strict=True):
            total[key[0]] = total.get(key[0], 0.0) + billed[key] / 1e6
    return Bills(*sums, tuple(sorted({period for _, _, period in shared})))


def _invoiced(reader: RunReader) -> dict[tuple[int, str, str], int]:
    rows = reader.rows(
        "SELECT customer, tariff, period, SUM(total_uusd) uusd FROM invoices "
        "GROUP BY customer, tariff, period"
    )
    return {(r["customer"], r["tariff"], r["period"]): r["uusd"] for r in rows}


def bill_rows(bills: Bills, customers: Customers, meters: Meters | None) -> list[Figures]:
    """Bill change of each tariff's participants, by band of the slider, and of the others beside them."""
    found = []
    for tariff in customers.tariffs:
        for group, bounds, own in customers.groups(tariff):
            base, run = bills.of(own)
            if len(base):
                names = {"tariff": tariff, "group": group, **band_names(bounds)}
                found.append({**names, **_changes(base, run), "energy_kwh": _energy(meters, own)})
    return found


def _changes(base: FloatArray, run: FloatArray) -> Figures:
    """What a group's bills come to; a bill is another one from a whole micro-dollar on."""
    diff = np.round(run - base, 6)
    return {
        "customers": len(base),
        "base_mean_usd": float(base.mean()),
        "market_mean_usd": float(run.mean()),
        "change_mean_usd": float(diff.mean()),
        "change_median_usd": float(np.median(diff)),
        "change_p5_usd": float(np.percentile(diff, 5)),
        "change_p95_usd": float(np.percentile(diff, 95)),
        "change_frac": float(diff.sum() / base.sum()) if base.sum() > 0 else None,
        "better_off_frac": float((diff < 0).mean()),
        "worse_off_frac": float((diff > 0).mean()),
    }


def _energy(meters: Meters | None, own: IntArray) -> Figures | None:
    if meters is None:
        return None
    return change(float(meters.base_kwh[own].sum()), float(meters.run_kwh[own].sum()))


@dataclass(frozen=True, slots=True)
class Posted:
    """What an account paid for one kind of exchange: dollars and energy."""

    account: str
    kind: str
    usd: float
    energy_kwh: float


def settled_until_s(run: RunReader, base: RunReader, series: int) -> int | None:
    """Until when deliveries are settled in both runs; None: nothing is.

    Parameters
    ----------
    series : how many series of markets the study has; an interval counts once each has settled it.
    """
    if run.finished and base.finished:
        return ALL_S
    ends = [
        reader.rows("SELECT MAX(delivery_start + intervals * interval_s) s FROM markets GROUP BY series")
        for reader in (run, base)
    ]
    if any(len(rows) < max(series, 1) for rows in ends):
        return None
    return min(int(r["s"]) for rows in ends for r in rows)


def posted(reader: RunReader, until_s: int) -> list[Posted]:
    """The ledger by account and kind; up to an instant only what is of intervals, so no fixed charges."""
    rows = reader.rows(
        "SELECT account, kind, SUM(amount_uusd) / 1e6 usd, SUM(energy_kwh) energy_kwh FROM ledger "
        "WHERE interval_start < ? AND (? OR market NOT LIKE 'bill-%') "
        "GROUP BY account, kind ORDER BY account, kind",
        until_s,
        until_s == ALL_S,
    )
    return [Posted(**row) for row in rows]


def money_of(run: RunReader, base: RunReader, until_s: int, tariffs: Sequence[str]) -> Figures:
    """What the LSEs keep and the DO gets, and what energy costs at the bus."""
    books = [posted(reader, until_s) for reader in (base, run)]
    return {
        "lse": [lse for tariff in tariffs for lse in _lse(tariff, books)],
        "operator": _operator(books),
        "wholesale": _wholesale(books),
    }


def _lse(tariff: str, books: Sequence[list[Posted]]) -> list[Figures]:
    """Each kind of an LSE's account, taken in positive, and its surplus."""
    own = [{p.kind: -p.usd for p in book if p.account == f"lse:{tariff}"} for book in books]
    kinds = list(dict.fromkeys(kind for of in own for kind in of))
    rows = [
        {"tariff": tariff, "kind": kind, "usd": change(*(of.get(kind, 0.0) for of in own))} for kind in kinds
    ]
    return [*rows, {"tariff": tariff, "kind": "surplus", "usd": change(*(sum(of.values()) for of in own))}]


def _operator(books: Sequence[list[Posted]]) -> list[Figures]:
    """What the DO's accounts took in."""
    own = [
        {(p.account, p.kind): -p.usd for p in book if not p.account.startswith(NOT_OPERATOR)}
        for book in books
    ]
    keys = sorted({key for of in own for key in of})
    return [
        {"account": account, "kind": kind, "usd": change(*(of.get((account, kind), 0.0) for of in own))}
        for account, kind in keys
    ]


def _wholesale(books: Sequence[list[Posted]]) -> Figures:
    """Cost and energy at the bus, and its average price."""
    usd, kwh = (
        [sum(-getattr(p, name) for p in book if p.account == "wholesale") for book in books]
        for name in ("usd", "energy_kwh")
    )
    price = [cost / energy if energy else None for cost, energy in zip(usd, kwh, strict=True)]
    return {"cost_usd": change(*usd), "energy_kwh": change(*kwh), "average_usd_per_kwh": change(*price)}
