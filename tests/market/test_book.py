from __future__ import annotations

import numpy as np
import pytest

from dso.errors import CurveError
from dso.market import Book, aggregate, faults


def test_ragged_bids_repeat_their_last_point() -> None:
    book = Book.from_rows([[[5, 0.2]], [[0, 0.3], [10, 0.1]]])
    assert book.quantity_kw.tolist() == [[5, 5], [0, 10]]
    assert book.price_usd_per_kwh.tolist() == [[0.2, 0.2], [0.3, 0.1]]


def test_offers_become_negative_loads_whichever_end_comes_first() -> None:
    rising = Book.from_rows([[[0, 0.1], [10, 0.3]]], offers=True)
    falling = Book.from_rows([[[10, 0.3], [0, 0.1]]], offers=True)
    assert rising.quantity_kw.tolist() == falling.quantity_kw.tolist() == [[-10, 0]]


def test_each_faulty_bid_is_named_once_with_its_reason() -> None:
    rows = [
        [[1, 0.1]],
        [[np.nan, 0.1]],
        [[1, np.inf]],
        [[0, 0.3], [5, 0.2], [4, 0.1]],
        [[9, 0.1]],
        [[-9, 0.1]],
    ]
    found = {f.bid: f.reason for f in faults(Book.from_rows(rows), least_kw=-5, most_kw=5)}
    assert sorted(found) == [1, 2, 3, 4, 5]
    assert "not a number" in found[1]
    assert "infinite" in found[2]
    assert "monotone" in found[3]
    assert "more load" in found[4]
    assert "more injection" in found[5]


def test_any_finite_price_may_be_bid() -> None:
    assert faults(Book.from_rows([[[0, 1e9], [5, -1e9]]])) == ()


def test_stacked_books_keep_their_bids_in_order() -> None:
    book = Book.stacked([Book.from_rows([[[1, 0.1]]]), Book.from_rows([[[0, 0.3], [10, 0.1]]])])
    assert len(book) == 2
    assert book.curve(1).quantity_interval_kw(0.2) == pytest.approx((5, 5))


def test_an_aggregate_is_the_sum_of_its_bids_at_every_price() -> None:
    generator = np.random.default_rng(7)
    for _ in range(100):
        n = int(generator.integers(1, 30))
        price = -np.sort(-np.round(generator.normal(0.1, 0.1, (n, 4)), 2), axis=1)
        book = Book(np.sort(np.round(generator.normal(0, 5, (n, 4)), 1), axis=1), price)
        curve = aggregate(book)
        for p in np.unique(price):
            wanted = np.sum([book.curve(i).quantity_interval_kw(p) for i in range(n)], axis=0)
            assert curve.quantity_interval_kw(p) == pytest.approx(tuple(wanted), abs=1e-9)


def test_almost_horizontal_pieces_leave_no_error_behind() -> None:
    # Slopes of 1e15 kW per USD/kWh beside ones of 10: cumulated together they would cost 0.1 kW for good.
    rows = [[[0, 0.3], [1, 0.1]] for _ in range(50)] + [[[0, 0.2 + 1e-15], [1, 0.2]] for _ in range(50)]
    curve = aggregate(Book.from_rows(rows))
    assert curve.quantity_interval_kw(0.1)[0] == pytest.approx(100, abs=1e-12)
    assert curve.quantity_interval_kw(0.15)[0] == pytest.approx(50 * 0.75 + 50, abs=1e-10)
    assert curve.quantity_interval_kw(0.25)[0] == pytest.approx(50 * 0.25, abs=1e-10)


def test_an_empty_book_wants_nothing() -> None:
    assert aggregate(Book.from_rows([])).quantity_interval_kw(0.1) == (0, 0)


def test_shapes_that_do_not_fit_are_refused() -> None:
    with pytest.raises(CurveError):
        Book(np.zeros((2, 3)), np.zeros((2, 2)))
    with pytest.raises(CurveError):
        Book.from_rows([[]])
