"""What the wires behind the head limit in a market, and what that adds to prices."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from dso.debugger.show_table import aligned

if TYPE_CHECKING:
    from dso.clock import Interval
    from dso.engine.market_work import Schedule
    from dso.messages import FloatArray
    from dso.operators.distribution import DoRecord

MOST_ROWS = 12


def element_limits(
    record: DoRecord, schedule: Schedule | None, intervals: tuple[Interval, ...], when: list[str]
) -> Iterator[str]:
    """Elements that the DO has limited, how much of that is taken, and what one more per cent is worth.

    Parameters
    ----------
    record : the DO's, of the market.
    schedule : that was cleared last, if one was.
    intervals : of the market.
    when : how each of them is written.
    """
    rows = record.limits.elements
    if not rows:
        return
    binding = schedule.at_points.binding if schedule is not None and schedule.at_points is not None else ()
    shadow = {(r.interval, r.element, r.kind): price for r, price in binding}
    ranked = sorted(rows, key=lambda r: (-shadow.get((r.interval, r.element, r.kind), 0.0), r.interval))
    told = []
    for row in ranked[:MOST_ROWS]:
        price = shadow.get((row.interval, row.element, row.kind), 0.0)
        slack = ""
        if schedule is not None:
            slack = f"{row.bound - float(row.weight @ schedule.points_kw[row.interval]):.4f}"
        told.append(
            (when[row.interval], row.element, row.kind, slack, f"{price / 100:.4f}" if price else "-")
        )
    yield "behind the head"
    yield from aligned(("interval", "element", "limit of", "left [p.u.]", "USD/h per %"), told, left=3)
    if len(rows) > MOST_ROWS:
        yield f"and {len(rows) - MOST_ROWS} more that bind less"


def spread(prices: FloatArray | None, t: int) -> str:
    """Prices at the service points of an interval, from lowest to highest; empty where all agree."""
    if prices is None or np.ptp(prices[t]) < 5e-6:
        return ""
    return f"{prices[t].min():.4f}–{prices[t].max():.4f}"
