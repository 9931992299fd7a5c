"""What a book wants at given prices: sums and single bids, in cache-sized chunks of its columns."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from dso.market.book import Book
from dso.market.curve import Floats

# Bids of four points and the scratch for so many stay within two megabytes of second-level cache. Two threads
# were slower here: at this size the interpreter's lock is asked for every few microseconds.
CHUNK = 16_384

# Added to a piece's price span: the division by a horizontal piece's zero (which may be −0.0) then comes out
# beyond [0, 1] and is never NaN; no other span changes.
_TINY = 1e-300


def just_below(price: float) -> float:
    """The next lower number: a horizontal piece at `price` is wholly wanted there."""
    # Beside zero numbers lie closer than the division by _TINY can tell apart.
    return min(float(np.nextafter(price, -np.inf)), price - 1e-200)


def chunks(book: Book) -> Iterator[tuple[slice, Floats, Floats, Floats]]:
    """Chunk by chunk its bids, (k, m) prices and quantities, and three rows of scratch."""
    p, q = book.price_usd_per_kwh.T, book.quantity_kw.T
    scratch = np.empty((3, min(CHUNK, len(book))))
    for start in range(0, len(book), CHUNK):
        part = slice(start, min(start + CHUNK, len(book)))
        yield part, p[:, part], q[:, part], scratch[:, : part.stop - start]


def totals_above(book: Book, prices: Sequence[float]) -> list[float]:
    """What all bids together want just above each of a few prices [kW].

    A piece from (q_j, p_j) to (q_j+1, p_j+1) adds (q_j+1 − q_j) · clip((p_j − p)/(p_j − p_j+1), 0, 1).
    """
    found = [0.0] * len(prices)
    with np.errstate(over="ignore"):
        for _, p, q, scratch in chunks(book):
            sums = _chunk_totals(p, q, prices, [_pieces_at(p, x, x) for x in prices], scratch)
            found = [a + b for a, b in zip(found, sums, strict=True)]
    return found


def _pieces_at(p: Floats, low: float, high: float) -> range:
    """The pieces of a chunk that a bid may be on just above some prices: earlier ones are had, later ones
    not.

    Where forecasts agree, whole columns lie on one side of the prices, and half of the book need not be read.
    """
    last = len(p) - 1
    few = p[:, :: max(1, p.shape[1] // 8)]
    lowest, highest = few.min(axis=1).tolist(), few.max(axis=1).tolist()
    start = next((j for j in range(last, 0, -1) if lowest[j] > high and p[j].min() > high), 0)
    stop = next((j for j in range(start, last) if highest[j] <= low and p[j].max() <= low), last)
    return range(start, stop)


def _chunk_totals(
    p: Floats, q: Floats, prices: Sequence[float], ranges: Sequence[range], scratch: Floats
) -> list[float]:
    span, size, share = scratch
    base = {start: float(q[start].sum()) for start in {r.start for r in ranges}}
    sums = [base[r.start] for r in ranges]
    for j in range(len(p) - 1):
        at = [i for i, r in enumerate(ranges) if j in r]
        if not at:
            continue
        np.subtract(p[j], p[j + 1], out=span)
        np.add(span, _TINY, out=span)
        np.subtract(q[j + 1], q[j], out=size)
        for i in at:
            np.subtract(p[j], prices[i], out=share)
            np.divide(share, span, out=share)
            share.clip(0.0, 1.0, out=share)
            # Not share.dot(size): BLAS sums in an order that depends on its threads, and waits for them.
            sums[i] += float(np.add.reduce(np.multiply(share, size, out=share)))
    return sums


def quantities_above(book: Book, price: float) -> Floats:
    """What each bid wants just above a price, (n,) [kW]."""
    wanted = np.empty(len(book))
    with np.errstate(over="ignore"):
        for part, p, q, scratch in chunks(book):
            _chunk_quantities(p, q, price, scratch, wanted[part])
    return wanted


def _chunk_quantities(p: Floats, q: Floats, price: float, scratch: Floats, wanted: Floats) -> None:
    span, size, share = scratch
    pieces = _pieces_at(p, price, price)
    wanted[:] = q[pieces.start]
    for j in pieces:
        np.subtract(p[j], p[j + 1], out=span)
        np.add(span, _TINY, out=span)
        np.subtract(p[j], price, out=share)
        np.divide(share, span, out=share)
        share.clip(0.0, 1.0, out=share)
        np.subtract(q[j + 1], q[j], out=size)
        np.multiply(share, size, out=share)
        np.add(wanted, share, out=wanted)


def survey(book: Book, low: float, high: float) -> tuple[list[float], NDArray[np.intp]]:
    """What all bids want just inside two prices, and the numbers of those with a point strictly between.

    All others are straight there. One pass, as both need the same columns.
    """
    found, bending = [0.0, 0.0], [np.empty(0, dtype=np.intp)]
    with np.errstate(over="ignore"):
        for part, p, q, scratch in chunks(book):
            pieces = _pieces_at(p, low, high)
            sums = _chunk_totals(p, q, (low, just_below(high)), (pieces, pieces), scratch)
            found = [a + b for a, b in zip(found, sums, strict=True)]
            inside = np.zeros(p.shape[1], dtype=bool)
            for row in p[pieces.start : pieces.stop + 1]:
                inside |= (row > low) & (row < high)
            bending.append(np.flatnonzero(inside) + part.start)
    return found, np.concatenate(bending)


def giants(book: Book, width_kw: float) -> tuple[float, NDArray[np.intp]]:
    """What all bids want at any price, and the numbers of those whose range is wider than this."""
    least, found = 0.0, [np.empty(0, dtype=np.intp)]
    for part, _, q, scratch in chunks(book):
        least += float(q[0].sum())
        width = np.subtract(q[-1], q[0], out=scratch[0])
        if width.max() > width_kw:
            found.append(np.flatnonzero(width > width_kw) + part.start)
    return least, np.concatenate(found)
