"""An independent answer behind rows of wires: HiGHS over the bids' pieces, sloped ones by tangents.

As in `oracle`: the programme's optimum bounds the true welfare from above, the claimed allocation's from
below; where the two are equal the claim is optimal.
"""

from __future__ import annotations

import numpy as np
from scipy.optimize import linprog

from dso.market import Book, NetworkClearing
from tests.market.oracle import Pieces
from tests.market.test_against_highs import random_bid

Case = tuple[Book, np.ndarray, np.ndarray, np.ndarray, np.ndarray]


def random_case(r: np.random.Generator) -> Case:
    """Bids whose prices tie on a random tree; rows over its branches, some of them voltages or exports."""
    points, n, m = int(r.integers(1, 12)), int(r.integers(1, 60)), int(r.integers(1, 9))
    book, point = Book.from_rows([random_bid(r, -6) for _ in range(n)]), r.integers(0, points, n)
    behind = np.eye(points)
    for i in range(1, points):
        parent = int(r.integers(0, i))
        behind[:, i] += behind[:, parent]
    weight = behind[r.integers(0, points, m)] * r.choice([-1, 1, 1, 1], m)[:, None]
    weight /= r.choice([1.0, 50.0], m)[:, None]
    if r.random() < 0.6:
        weight *= r.uniform(0.9, 1.1, (m, points))
    if r.random() < 0.3:
        weight *= np.where(r.random((m, points)) < 0.3, -0.5, 1.0)
    base = r.integers(0, 6, n) / 20.0 + (0.01 * r.random(points)[point] if r.random() < 0.5 else 0.0)
    reach = np.abs(weight) @ np.bincount(point, np.abs(book.quantity_kw).max(axis=1), points)
    # Whole numbers are often met exactly by whole bids.
    return book, base, point, weight, np.round(r.uniform(-0.05, 0.4, m) * reach, int(r.choice([0, 6])))


def best_welfare_behind(
    book: Book,
    base: np.ndarray,
    point: np.ndarray,
    weight: np.ndarray,
    bound: np.ndarray,
    found: NetworkClearing,
    cap: float,
) -> float | None:
    """The highest welfare that any allocation can have, at most; None where no allocation meets the rows."""
    before = found.quantity_kw + found.curtailed_kw
    cost, load, at, most = [], [], [], []
    extra = 0.0
    for i, award in enumerate(before.tolist()):
        q, p = book.quantity_kw[i].tolist(), book.price_usd_per_kwh[i].tolist()
        for j in range(len(q) - 1):
            size = q[j + 1] - q[j]
            if size > 0:
                x = min(max(award - q[j], 0.0), size)
                tangent = p[j] + x / size * (p[j + 1] - p[j])
                extra += x * (p[j] + tangent) / 2 - tangent * x
                cost += [base[i] - tangent]
                load, at, most = [*load, 1.0], [*at, i], [*most, size]
        # Load is taken away, and injection, for the cap.
        cost += [cap - base[i], cap + base[i]]
        load += [-1.0, 1.0]
        at += [i, i]
        most += [max(q[0], 0.0), max(-q[-1], 0.0)]
    fixed = np.bincount(point, book.quantity_kw[:, 0], weight.shape[1])
    answer = linprog(
        cost,
        A_ub=weight[:, point[at]] * np.array(load),
        b_ub=bound - weight @ fixed,
        bounds=[(0.0, size) for size in most],
        method="highs",
    )
    if answer.status == 2:
        return None
    assert answer.status == 0, answer.message
    return float(extra - answer.fun - base @ book.quantity_kw[:, 0])


def claimed_welfare(
    book: Book,
    base: np.ndarray,
    point: np.ndarray,
    weight: np.ndarray,
    bound: np.ndarray,
    found: NetworkClearing,
    cap: float,
) -> float:
    """What the claimed allocation is worth beyond the base prices."""
    pieces = Pieces()
    pieces.add(book, found.quantity_kw + found.curtailed_kw)
    return float(pieces.worth() - base @ found.quantity_kw - cap * np.abs(found.curtailed_kw).sum())
