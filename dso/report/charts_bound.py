"""A picture of what bound: for how long, and at which rent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dso.report.feeder_prices import bound_ever
from dso.report.figures import DO_BLUE, WIDTH_IN, Chart
from dso.run_file import RunReader

if TYPE_CHECKING:
    from matplotlib.figure import Figure

WHAT_BOUND = "what-bound"
MOST = 12  # limits that are drawn; the table has all
ROW_IN = 0.2


def what_bound(reader: RunReader) -> Chart | None:
    """Hours and rent of each limit that bound; None if none did."""
    rows = bound_ever(reader)[:MOST]
    if not rows:
        return None

    def draw(figure: Figure) -> None:
        left, right = figure.subplots(1, 2, sharey=True)
        names = [f"{r['element']} · {r['kind']}" for r in rows]
        for axes, key in ((left, "hours"), (right, "rent_usd")):
            bars = axes.barh(names, [r[key] for r in rows], height=0.62, color=DO_BLUE)
            axes.bar_label(bars, fmt="{:,.2f}", padding=3, fontsize=7)
            axes.grid(axis="y", visible=False)
            axes.tick_params(axis="y", length=0)
            axes.margins(x=0.18)
            axes.locator_params(axis="x", nbins=5)
        left.set_ylim(len(rows) - 0.4, -0.6)
        left.set_xlabel("bound [h]")
        right.set_xlabel("rent of the clearings [USD]")

    caption = (
        "Limits that bound in the markets that deliver: for how long, and their rent: shadow price times "
        "what the award takes of the limit. What LSEs pay in the end also counts the positions bought before."
    )
    return Chart(WHAT_BOUND, "What bound", caption, (WIDTH_IN, 0.75 + ROW_IN * len(rows)), draw)
