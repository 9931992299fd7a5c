"""What a book wants at given prices: sums and single bids, in cache-sized chunks of its columns."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from dso.market.book import Book
from dso.market.curve import Floats

# 10,000 bids of four points and the scratch below stay within a megabyte of second-level cache. The number of
# chunks depends on the book only, so that sums are the same bits on every machine.
CHUNK = 10_240

# Added to a piece's price span: makes the division by a horizontal piece's zero come out beyond [0, 1]
# without NaN, and changes no span that is not zero.
_TINY = 1e-300


def just_below(price: float) -> float:
    """The next lower number: a horizontal piece at `price` is wholly wanted there."""
    return float(np.nextafter(price, -np.inf))


def chunks(book: Book) -> Iterator[tuple[slice, Floats, Floats]]:
    """The book's columns, (k, m) prices and quantities at a time."""
    p, q = book.price_usd_per_kwh.T, book.quantity_kw.T
    for start in range(0, len(book), CHUNK):
        part = slice(start, min(start + CHUNK, len(book)))
        yield part, p[:, part], q[:, part]


def totals_above(book: Book, prices: Sequence[float]) -> list[float]:
    """What all bids together want just above each of a few prices [kW].

    A piece from (q_j, p_j) to (q_j+1, p_j+1) adds (q_j+1 − q_j) · clip((p_j − p)/(p_j − p_j+1), 0, 1).
    """
    scratch = np.empty((3, min(CHUNK, len(book))))
    found = np.zeros(len(prices))
    with np.errstate(over="ignore"):
        for _, p, q in chunks(book):
            found += _chunk_totals(p, q, prices, scratch[:, : p.shape[1]])
    return [float(x) for x in found]


def _chunk_totals(p: Floats, q: Floats, prices: Sequence[float], scratch: Floats) -> Floats:
    span, size, share = scratch
    found = np.full(len(prices), q[0].sum())
    for j in range(len(p) - 1):
        np.subtract(p[j], p[j + 1], out=span)
        np.add(span, _TINY, out=span)
        np.subtract(q[j + 1], q[j], out=size)
        for i, price in enumerate(prices):
            np.subtract(p[j], price, out=share)
            np.divide(share, span, out=share)
            np.clip(share, 0.0, 1.0, out=share)
            found[i] += share.dot(size)
    return found


def quantities_above(book: Book, price: float) -> Floats:
    """What each bid wants just above a price, (n,) [kW]."""
    wanted = np.empty(len(book))
    scratch = np.empty((2, min(CHUNK, len(book))))
    with np.errstate(over="ignore"):
        for part, p, q in chunks(book):
            _chunk_quantities(p, q, price, scratch[:, : p.shape[1]], wanted[part])
    return wanted


def _chunk_quantities(p: Floats, q: Floats, price: float, scratch: Floats, wanted: Floats) -> None:
    span, share = scratch
    wanted[:] = q[0]
    for j in range(len(p) - 1):
        np.subtract(p[j], p[j + 1], out=span)
        np.add(span, _TINY, out=span)
        np.subtract(p[j], price, out=share)
        np.divide(share, span, out=share)
        np.clip(share, 0.0, 1.0, out=share)
        np.subtract(q[j + 1], q[j], out=span)
        np.multiply(share, span, out=share)
        np.add(wanted, share, out=wanted)


def bending(book: Book, low: float, high: float) -> NDArray[np.intp]:
    """Numbers of the bids with a point strictly between two prices: the others are straight there."""
    found = []
    for part, p, _ in chunks(book):
        inside = np.zeros(p.shape[1], dtype=bool)
        for row in p:
            inside |= (row > low) & (row < high)
        found.append(np.flatnonzero(inside) + part.start)
    return np.concatenate(found) if found else np.empty(0, dtype=np.intp)
