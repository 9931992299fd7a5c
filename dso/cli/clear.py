"""`dso clear BOOK.json`: clear books of bids and offers, and say why each got what it got."""

from __future__ import annotations

import json
import math
import sys
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dso.cli.book_file import BookCase
    from dso.errors import Problem
    from dso.market import Book, Clearing


@click.command("clear")
@click.argument("book", metavar="BOOK.json")
@click.option(
    "--json", "as_json", is_flag=True, help="Print JSON: one object for one case, a list for a list."
)
def clear_command(book: str, as_json: bool) -> None:
    """Clear a book of bids and offers; '-' reads it from standard input.

    BOOK.json is {"name", "inputs": {"bids_QP": [[[kW, USD/kWh], …], …], …}}, its inputs alone, a list of
    either, or {"cases": […]}. Supply is "offers_QP", or the import at "retail_supply_price" up to "Q_max_kW"
    (the same as "import_limit_kw"), or both; further "export_limit_kw", "price_cap" (or "retail_price_cap"),
    "theta". With "mode": "chain" or "supply_quadratic": {"a", "b", "c"} the import costs scaling·(aQ² + bQ +
    c) + distribution_usd_per_kwh (1.25 and 0.04 unless given). A bad bid is rejected with its reason, the
    rest clears.
    """
    from dso.cli.book_file import read_books
    from dso.errors import BookError, Problem

    where = "standard input" if book == "-" else book
    try:
        cases, alone = read_books(_read(book))
    except (OSError, UnicodeDecodeError) as e:
        _refuse(
            where,
            [Problem("", f"cannot be read: {e.strerror if isinstance(e, OSError) else 'it is not UTF-8'}")],
        )
    except BookError as e:
        _refuse(where, e.problems)
    results = [_cleared(case) for case in cases]
    if as_json:
        rows = [row for row, _ in results]
        click.echo(json.dumps(rows[0] if alone else rows, allow_nan=False, ensure_ascii=False, indent=1))
        return
    for row, reasons in results:
        _print(row, reasons)


def _read(book: str) -> str:
    return sys.stdin.read() if book == "-" else Path(book).read_text(encoding="utf-8")


def _refuse(where: str, problems: Sequence[Problem]) -> None:
    for problem in problems:
        click.echo(f"{where}: {problem}", err=True)
    click.get_current_context().exit(2)


def _cleared(case: BookCase) -> tuple[dict[str, Any], list[tuple[str, float, str]]]:
    """The row that --json prints, and (who, award, why) of every bid and offer."""
    from dso.market import PolynomialCurve, clear

    bids, bid_faults = _side(case.bids, offers=False)
    offers, offer_faults = _side(case.offers or [], offers=True)
    price: float | PolynomialCurve | None = case.supply_price
    if case.quadratic is not None:
        price = PolynomialCurve(case.quadratic, 0.0, case.import_limit_kw)
    found = clear(
        bids,
        None if case.offers is None else offers,
        import_price=price,
        import_limit_kw=case.import_limit_kw,
        export_limit_kw=case.export_limit_kw,
        price_cap_usd_per_kwh=case.price_cap,
        theta=case.theta,
    )
    bid_awards, reasons = _awards(bids, found, len(case.bids), bid_faults, "bid")
    row: dict[str, Any] = {
        "name": case.name,
        "price_usd_per_kwh": found.price_usd_per_kwh,
        "price_interval": [_bound(found.price_lo_usd_per_kwh), _bound(found.price_hi_usd_per_kwh)],
        "quantity_kw": found.quantity_kw,
        "import_kw": found.import_kw,
        "rent_usd_per_h": found.rent_usd_per_h,
        "outcome": found.outcome,
        "awards_kw": bid_awards,
        "curtailed_kw": found.curtailed_kw,
    }
    if case.offers is not None:
        row["offer_awards_kw"], more = _awards(offers, found, len(case.offers), offer_faults, "offer")
        reasons += more
    rejections = [{"bid": i, "reason": r} for i, r in bid_faults.items()]
    rejections += [{"offer": i, "reason": r} for i, r in offer_faults.items()]
    if rejections:
        row["rejections"] = rejections
    return row, reasons


def _bound(price: float) -> float | None:
    return price if math.isfinite(price) else None


def _side(rows: list[Any], *, offers: bool) -> tuple[Book, dict[int, str]]:
    """The good bids as a book, and why the others are rejected, by their number."""
    from dso.market import Book, faults

    rejected = {i: reason for i, row in enumerate(rows) if (reason := _malformed(row))}
    taken = [i for i in range(len(rows)) if i not in rejected]
    book = Book.from_rows([rows[i] for i in taken], offers=offers)
    bad = {fault.bid: fault.reason for fault in faults(book)}
    for position, reason in bad.items():
        rejected[taken[position]] = _of_offers(reason) if offers else reason
    good = [i for i in taken if i not in rejected]
    return Book.from_rows([rows[i] for i in good], offers=offers), dict(sorted(rejected.items()))


def _of_offers(reason: str) -> str:
    return reason.replace(
        "its quantity must not fall as its price falls", "its quantity must not fall as its price rises"
    )


def _malformed(row: Any) -> str | None:
    """Why a bid is not a list of points; a bid that is one may still be faulty."""
    if not isinstance(row, list) or not row:
        return "not a list of [quantity, price] points"
    for point in row:
        if not isinstance(point, list) or len(point) != 2:
            return "a point is not a [quantity, price] pair"
        if any(isinstance(x, bool) or not isinstance(x, int | float) for x in point):
            return "a quantity or price is not a number"
        if any(abs(x) > sys.float_info.max for x in point):
            return "a quantity or price is infinite"
    return None


def _awards(
    book: Book, found: Clearing, count: int, rejected: dict[int, str], kind: str
) -> tuple[list[float], list[tuple[str, float, str]]]:
    """Every award, 0 for the rejected, and its reason."""
    from dso.market import awards

    offers = kind == "offer"
    given = iter(enumerate(awards(book, found, offers=offers).tolist()))
    all_awards: list[float] = []
    reasons: list[tuple[str, float, str]] = []
    for i in range(count):
        if i in rejected:
            award, why = 0.0, f"rejected: {rejected[i]}"
        else:
            position, award = next(given)
            quantity = book.quantity_kw[position]
            award = (-award if offers else award) + 0.0
            ends = (-quantity[-1], -quantity[0]) if offers else (quantity[0], quantity[-1])
            why = _reason(
                award, (float(ends[0]), float(ends[1])), book.price_usd_per_kwh[position], found, kind
            )
        all_awards.append(award)
        reasons.append((f"{kind} {i}", award, why))
    return all_awards, reasons


def _reason(award: float, ends: tuple[float, float], prices: Any, found: Clearing, kind: str) -> str:
    """Why a bid or an offer got its award."""
    least, most = ends
    price, near = found.price_usd_per_kwh, 1e-9 * max(abs(least), abs(most), 1e-9)
    if found.outcome == "scarcity" and (award > near) == (found.curtailed_kw > 0) and abs(award) > near:
        share = found.load_served_frac if found.curtailed_kw > 0 else found.injection_taken_frac
        return f"curtailed: {share:.1%} of what it would have, like everybody"
    if most - least <= near:
        return "inflexible: the same at any price"
    better, worse = ("below", "above") if kind == "offer" else ("above", "below")
    if award >= most - near:
        last = prices[0 if kind == "offer" else -1]
        return f"accepted in full: its last kW is priced {'at' if last == price else better} the price"
    if award <= least + near:
        return (
            f"not accepted: it is priced {worse} the price"
            if abs(least) <= near
            else f"at its least: the rest is priced {worse} the price"
        )
    if any(a == b == price for a, b in pairwise(prices)):
        return "at the margin: accepted in part, pro rata with its equals"
    return "on its curve at the price: accepted up to there, rejected beyond"


def _print(row: dict[str, Any], reasons: list[tuple[str, float, str]]) -> None:
    from dso.cli.output import table

    low, high = ("open" if x is None else f"{x:.6g}" for x in row["price_interval"])
    lines = [(who, f"{award:,.6g}", why) for who, award, why in reasons]
    table(f"{row['name']}: {row['outcome']}", ("who", "award [kW]", "why"), lines, right=(1,))
    click.echo(f"  price     {row['price_usd_per_kwh']:.6g} USD/kWh (dual interval {low} to {high})")
    for what, key, unit in (
        ("quantity", "quantity_kw", "kW"),
        ("import", "import_kw", "kW"),
        ("rent", "rent_usd_per_h", "USD/h"),
        ("curtailed", "curtailed_kw", "kW"),
    ):
        click.echo(f"  {what:<9} {row[key]:,.6g} {unit}")
    click.echo()
