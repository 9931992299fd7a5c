"""An independent answer for a clearing: HiGHS' linear programme over the bids' pieces.

A bid's net load is its quantity at the highest price plus pieces x in [0, size] whose worth is ∫ price dx. A
sloped piece's worth is concave; its tangent at the claimed award bounds it from above. So the programme's
optimum bounds the true welfare from above, the claimed allocation's from below: where the two are equal the
claim is optimal.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
from scipy.optimize import linprog

from dso.market import Book


@dataclass
class Pieces:
    """What is wanted at any price, and (size, upper price, lower price) of every piece, of several books."""

    fixed: float = 0.0
    rows: list[tuple[float, float, float]] = field(default_factory=list)
    taken: list[float] = field(default_factory=list)

    def add(self, book: Book, awards: np.ndarray) -> None:
        for bid, award in enumerate(awards.tolist()):
            quantity, price = book.quantity_kw[bid].tolist(), book.price_usd_per_kwh[bid].tolist()
            self.fixed += quantity[0]
            for (q0, q1), (p0, p1) in zip(pairwise(quantity), pairwise(price), strict=True):
                if q1 > q0:
                    self.rows.append((q1 - q0, p0, p1))
                    self.taken.append(min(max(award - q0, 0.0), q1 - q0))

    def worth(self) -> float:
        """What the claimed awards are worth [USD/h]."""
        return sum(
            x * (p0 + x / size * (p1 - p0) / 2)
            for (size, p0, p1), x in zip(self.rows, self.taken, strict=True)
        )


def best_welfare(
    pieces: Pieces, price: float, import_limit: float, export_limit: float, cap: float
) -> tuple[float, float]:
    """The highest welfare that any allocation can have (curtailing costs the cap), and the programme's
    dual price.
    """
    slope = [p0 + x / size * (p1 - p0) for (size, p0, p1), x in zip(pieces.rows, pieces.taken, strict=True)]
    # The tangent lies above the worth by this much at 0.
    extra = sum(
        x * (p0 + x / size * (p1 - p0) / 2) - s * x
        for (size, p0, p1), x, s in zip(pieces.rows, pieces.taken, slope, strict=True)
    )
    cost = [-s for s in slope] + [price, cap, cap]
    bounds = [(0.0, size) for size, _, _ in pieces.rows]
    bounds += [(-export_limit, import_limit), (0.0, None), (0.0, None)]
    # fixed + Σx − curtailed + spilled = import
    balance = [1.0] * len(slope) + [-1.0, -1.0, 1.0]
    found = linprog(cost, A_eq=[balance], b_eq=[-pieces.fixed], bounds=bounds, method="highs")
    assert found.status == 0, found.message
    return extra - float(found.fun), -float(found.eqlin.marginals[0])
