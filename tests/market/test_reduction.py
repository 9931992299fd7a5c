"""Large books take a shorter way to the same answer."""

from __future__ import annotations

import numpy as np
import pytest

from dso.market import Book, PolynomialCurve, awards, clear, columns, reduction, side
from dso.market.columns import totals_above


def random_book(r: np.random.Generator, n: int, ties: int | None) -> Book:
    price = -np.sort(-r.normal(0.1, 0.05, (n, 4)), axis=1)
    if ties is not None:
        price = np.round(price, ties)
    return Book(np.sort(r.normal(1.0, 2.0, (n, 4)), axis=1), price)


def cleared_both_ways(
    monkeypatch: pytest.MonkeyPatch, demand: Book, supply: Book | None, **settings: object
) -> None:
    whole = clear(demand, supply, **settings)  # type: ignore[arg-type]
    with monkeypatch.context() as small:
        small.setattr(reduction, "SMALL", 64)
        small.setattr(side, "SMALL", 64)
        small.setattr(columns, "CHUNK", 100)
        found = clear(demand, supply, **settings)  # type: ignore[arg-type]
    scale = np.abs(demand.quantity_kw).sum()
    assert found.outcome == whole.outcome
    assert found.price_usd_per_kwh == pytest.approx(whole.price_usd_per_kwh, rel=1e-9, abs=1e-12)
    assert found.price_lo_usd_per_kwh == pytest.approx(whole.price_lo_usd_per_kwh, rel=1e-9, abs=1e-12)
    assert found.price_hi_usd_per_kwh == pytest.approx(whole.price_hi_usd_per_kwh, rel=1e-9, abs=1e-12)
    assert found.quantity_kw == pytest.approx(whole.quantity_kw, abs=1e-11 * scale)
    assert found.import_kw == pytest.approx(whole.import_kw, abs=1e-11 * scale)
    assert awards(demand, found).sum() == pytest.approx(found.quantity_kw, abs=1e-11 * scale)


@pytest.mark.parametrize("ties", [None, 3, 2, 1])
@pytest.mark.parametrize("seed", range(12))
def test_a_reduced_book_clears_as_the_whole_one(
    monkeypatch: pytest.MonkeyPatch, seed: int, ties: int | None
) -> None:
    r = np.random.default_rng([seed, 0 if ties is None else ties])
    n = int(r.integers(300, 3000))
    demand = random_book(r, n, ties)
    offered = random_book(r, n // 2, ties)
    supply = Book(offered.quantity_kw - 4.0, offered.price_usd_per_kwh)
    limit = totals_above(demand, [float(r.normal(0.1, 0.05))])[0]
    cap = 1.0
    for settings in (
        {"import_price": 0.02, "import_limit_kw": max(limit, 0.0)},
        {"import_price": 0.1, "import_limit_kw": 0.5 * abs(limit), "export_limit_kw": 0.1 * n},
        {"import_price": 0.1},
        {},
        {"import_price": 0.01, "import_limit_kw": 0.0},
        {"import_price": PolynomialCurve((0.02, 0.05 / n), 0.0, 5.0 * n)},
    ):
        cleared_both_ways(monkeypatch, demand, None, price_cap_usd_per_kwh=cap, **settings)
        cleared_both_ways(monkeypatch, demand, supply, price_cap_usd_per_kwh=cap, **settings)


def test_crowds_and_plateaus_do_not_mislead_the_sample(monkeypatch: pytest.MonkeyPatch) -> None:
    # Every bid bends at the same two prices and is flat in between; the supply meets the flat exactly, above,
    # below.
    n = 5000
    r = np.random.default_rng(3)
    need = r.uniform(1, 2, n)
    quantity = np.column_stack((0 * need, need, need, 2 * need))
    price = np.column_stack((0.3 + 0.1 * r.random(n), np.full(n, 0.2), np.full(n, 0.15), 0.05 * r.random(n)))
    book = Book(quantity, price)
    total = float(need.sum())
    for limit in (total, total * (1 + 1e-7), total * (1 - 1e-7), 2 * total, 2.1 * total, 0.0):
        cleared_both_ways(monkeypatch, book, None, import_price=-1.0, import_limit_kw=limit)


def test_blocks_of_one_price_are_found_at_it(monkeypatch: pytest.MonkeyPatch) -> None:
    n = 4000
    book = Book(np.tile([0.0, 1.0], (n, 1)), np.full((n, 2), 0.2))
    cleared_both_ways(monkeypatch, book, None, import_price=0.1, import_limit_kw=1000.0)
    found = clear(book, import_price=0.1, import_limit_kw=1000.0)
    assert found.price_usd_per_kwh == 0.2
    assert awards(book, found) == pytest.approx(np.full(n, 0.25))


def test_the_order_of_a_large_book_does_not_matter_to_its_price(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reduction, "SMALL", 64)
    monkeypatch.setattr(side, "SMALL", 64)
    book = random_book(np.random.default_rng(1), 3000, None)
    by_price = book.taking(np.argsort(book.price_usd_per_kwh[:, 0]))
    prices = [clear(b, import_price=0.0, import_limit_kw=1500.0).price_usd_per_kwh for b in (book, by_price)]
    assert prices[0] == pytest.approx(prices[1], rel=1e-9)


def test_the_same_large_book_gives_the_same_bits() -> None:
    book = random_book(np.random.default_rng(2), 40_000, None)
    first, second = (clear(book, import_price=0.0, import_limit_kw=20_000.0) for _ in range(2))
    assert first == second
    assert (awards(book, first) == awards(book, second)).all()


def test_a_few_giants_among_many_do_not_mislead_the_sample(monkeypatch: pytest.MonkeyPatch) -> None:
    r = np.random.default_rng(5)
    crowd = random_book(r, 4000, None)
    fixed = Book(np.full((3, 4), 2000.0), np.zeros((3, 4)))
    flexible = Book(np.array([[0.0, 500.0, 900.0, 3000.0]] * 2), np.array([[0.2, 0.11, 0.1, 0.05]] * 2))
    book = Book.stacked([crowd, fixed, flexible])
    looks = []
    whole_book = len(book)
    survey = side.survey
    monkeypatch.setattr(side, "survey", lambda b, *prices: looks.append(len(b)) or survey(b, *prices))
    cleared_both_ways(monkeypatch, book, None, import_price=0.0, import_limit_kw=14_000.0)
    assert looks.count(whole_book) == 1  # the first bracket held
