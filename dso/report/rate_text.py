"""The tables of rates compared, and of a rate made neutral, for a terminal or a paper."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from dso.clock import parse_time
from dso.report.compare_load import Figures
from dso.report.layout import labelled, table_lines
from dso.report.local_time import local_time
from dso.report.page_text import Table

BILL_HEADS = ("rate", "mean", "5 %", "25 %", "median", "75 %", "95 %", "sum [USD]")
CHANGE_HEADS = (
    "tariff", "who", "customers", "mean change", "5 %", "median", "95 %", "%", "win", "lose", "same",
)  # fmt: skip
WHO = {"participants": "take part", "band": "", "no slider": "… no slider", "others": "others"}


def rate_lines(figures: Figures, width: int) -> list[tuple[str, bool]]:
    """Lines of a comparison, each with whether it is a heading."""
    title = f"{figures['study']} · {len(figures['customers']):,} customers under other rates"
    lines = [(title, True), *((line, False) for line in _facts(figures, width))]
    for heading, heads, rows, right in rate_tables(figures):
        lines += [("", False), (heading, True)]
        lines += [(line, False) for line in table_lines(heads, rows, right=right, width=width)]
    return lines


def _facts(figures: Figures, width: int) -> Iterator[str]:
    stretch, zone = figures["stretch"], figures["timezone"]
    first, last = (local_time(parse_time(stretch[name]), zone) for name in ("from", "to"))
    yield from labelled("Run", figures["run"], width)
    yield from labelled("Metered", f"{first} to {last}, {stretch['intervals']:,} intervals", width)
    yield from labelled("Beside", f"{figures['compared_with']}; same: by less than half a cent", width)
    for k, note in enumerate(figures["notes"]):
        yield from labelled("" if k else "Note", note, width)


def rate_tables(figures: Figures) -> Iterator[Table]:
    """Title, heads, rows and the columns that stand to the right of each table."""
    names = ("mean", "p5", "p25", "median", "p75", "p95", "sum")
    rows: list[tuple[Any, ...]] = [
        (r["rate"], *(f"{r[f'{name}_usd']:,.2f}" for name in names)) for r in figures["bills"]
    ]
    yield f"Bills of {', '.join(figures['periods'])} [USD/customer]", BILL_HEADS, rows, range(1, 8)
    for rate in dict.fromkeys(r["rate"] for r in figures["changes"]):
        own = [_change_row(r) for r in figures["changes"] if r["rate"] == rate]
        yield f"{rate}: who wins, who loses [USD/customer]", CHANGE_HEADS, own, range(2, 11)


def _change_row(row: Figures) -> tuple[Any, ...]:
    same = row["customers"] - row["winners"] - row["losers"]
    frac = row["change_frac"]
    return (
        row["tariff"] or "all",
        who(row),
        f"{row['customers']:,}",
        *(signed(row[f"change_{name}_usd"]) for name in ("mean", "p5", "median", "p95")),
        "" if frac is None else signed(frac * 100, ",.1f"),
        *(f"{n:,}" for n in (row["winners"], row["losers"], same)),
    )


def who(row: Figures) -> str:
    """What a group of customers is called."""
    if row["population"] is not None:
        return f"… with {row['population']}"
    if row["slider_from"] is not None:
        return f"… slider {row['slider_from']:.2f}–{row['slider_to']:.2f}"
    return WHO.get(row["group"], "everybody")


def signed(value: float, form: str = ",.2f") -> str:
    """A change with its sign; none for what rounds to zero."""
    text = format(value, f"+{form}")
    return text if any(c in "123456789" for c in text) else text[1:]


def neutral_lines(figures: Figures, width: int) -> list[tuple[str, bool]]:
    """Lines of a rate made neutral, class by class, each with whether it is a heading."""
    lines: list[tuple[str, bool]] = [(f"{figures['study']} · {figures['free']} made neutral", True)]
    lines += [(line, False) for line in labelled("Run", figures["run"], width)]
    for k, note in enumerate(figures["notes"]):
        lines += [(line, False) for line in labelled("" if k else "Note", note, width)]
    for found in figures["classes"]:
        heading = f"{' and '.join(found['tariffs'])}, {found['customers']:,} customers"
        lines += [("", False), (heading, True)]
        lines += [(line, False) for line in _neutral(found, width)]
    return lines


def _neutral(found: Figures, width: int) -> Iterator[str]:
    kinds = "; ".join(f"{kind} {usd:,.2f}" for kind, usd in found["cost_by_kind_usd"].items())
    yield from labelled("Cost", f"{found['cost_usd']:,.6f} USD: {kinds}", width)
    named = (("as billed", found["billed"]), ("before", found["before"]), ("after", found["after"]))
    rows = [(label, *(_figure(row.get(name), form) for name, form in _AGAINST)) for label, row in named]
    yield from table_lines(("", "value", "bills [USD]", "surplus [USD]", "%"), rows, right=range(1, 5))
    if found["bills_at_minimum"]:
        yield f"{found['bills_at_minimum']:,} bills are held up by the minimum charge"


def _figure(value: float | None, form: str) -> str:
    if value is None:
        return ""
    return signed(value, form.removeprefix("+")) if form.startswith("+") else format(value, form)


_AGAINST = (
    ("value", ".9g"),
    ("revenue_usd", ",.6f"),
    ("surplus_usd", "+,.6f"),
    ("surplus_pct", "+,.6f"),
)
