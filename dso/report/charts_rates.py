"""Winners and losers of rates: each customer's bill change in order, and by load factor."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from dso.messages import FloatArray
from dso.report.figures import DO_BLUE, LSE_ORANGE, WIDTH_IN, Chart, Format, render
from dso.report.rate_making import SAME_USD, Comparison
from dso.statechart.draw_colours import LINE

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

ROW_IN = 2.15
MARKS = ("o", "^", "s", "D", "v", "P")
SHADES = ("#12406b", "#e39b1e", "#3d8b37", "#7a0f6b", "#6b6b6b", "#c46bb0")  # dark, light, middle in turn
FEW = 400  # customers up to whom each has a bar of its own with an edge


def winners_and_losers(comparison: Comparison) -> Chart:
    """A row for each rate: bill changes from the best to the worst, and the same over the load factor."""
    names = comparison.names[1:]

    def draw(figure: Figure) -> None:
        rows = figure.subplots(len(names), 2, squeeze=False, width_ratios=(1.25, 1))
        for name, (left, right) in zip(names, rows, strict=True):
            change = comparison.change_usd(name)
            _draw_sorted(left, name, change)
            _draw_factors(right, comparison, change)
            right.sharey(left)
            right.tick_params(labelleft=False)
        rows[-1, 0].set_xlabel("customers, from the one who saves most")
        rows[-1, 1].set_xlabel("load factor: mean over highest power")
        _name_tariffs(figure, comparison)

    caption = (
        f"Change of the bill of {', '.join(comparison.periods)} from {comparison.names[0]}, a mark "
        f"for each of {comparison.load.customers:,}; below 0: cheaper. Left: in order, blue wins,"
        " orange loses, dashed: median. Right: over the load factor of the same months, by tariff of the run."
    )
    size = (WIDTH_IN, 0.55 + ROW_IN * len(names))
    return Chart("rates-winners", "Winners and losers", caption, size, draw)


def rates_picture(comparison: Comparison, form: Format) -> bytes:
    """The picture as a file; raises MissingExtraError without matplotlib."""
    return render(winners_and_losers(comparison), form)


def _draw_sorted(axes: Axes, name: str, change: FloatArray) -> None:
    """Each customer's change as an area, with how many win and lose in it."""
    order = np.sort(change)
    edges = np.arange(len(order) + 1)
    wins, loses = order <= -SAME_USD, order >= SAME_USD
    look: dict[str, Any] = {"fill": True, "lw": 0.4 if len(order) <= FEW else 0.0, "ec": "white"}
    axes.stairs(np.where(wins, order, 0.0), edges, color=DO_BLUE, **look)
    axes.stairs(np.where(loses, order, 0.0), edges, color=LSE_ORANGE, **look)
    axes.axhline(0, color=LINE, lw=0.8)
    axes.axhline(float(np.median(order)), color=LINE, lw=0.8, ls=(0, (4, 2)))
    axes.set_xlim(0, len(order))
    axes.margins(y=0.12)
    axes.set_title(name)
    axes.set_ylabel("bill change [USD]")
    _tell_counts(axes, int(wins.sum()), int(loses.sum()), len(order))


def _tell_counts(axes: Axes, wins: int, loses: int, customers: int) -> None:
    """How many win and lose, where changes in rising order leave room."""
    paper = {"facecolor": "white", "edgecolor": "none", "alpha": 0.85, "pad": 1.2}
    for count, what, height, colour in ((wins, "win", 0.94, DO_BLUE), (loses, "lose", 0.84, LSE_ORANGE)):
        text, place = f"{count:,} {what} ({count / customers * 100:.1f} %)", (0.025, height)
        axes.annotate(text, place, xycoords="axes fraction", va="center", color=colour, bbox=paper)


def _draw_factors(axes: Axes, comparison: Comparison, change: FloatArray) -> None:
    for number, own in enumerate(comparison.customers.tariffs.values()):
        axes.scatter(comparison.load_factor[own], change[own], **_look(number), s=_size(len(change)))
    axes.axhline(0, color=LINE, lw=0.8)


def _look(number: int) -> dict[str, Any]:
    colour = SHADES[number % len(SHADES)]
    return {"marker": MARKS[number % len(MARKS)], "color": colour, "alpha": 0.75, "linewidths": 0}


def _size(customers: int) -> float:
    return float(np.clip(1500 / max(customers, 1), 2.0, 16.0))


def _name_tariffs(figure: Figure, comparison: Comparison) -> None:
    """One legend for all rows, over them."""
    from matplotlib.lines import Line2D

    marks = [
        Line2D([], [], ls="", label=name, marker=_look(k)["marker"], color=_look(k)["color"], ms=4)
        for k, name in enumerate(comparison.customers.tariffs)
    ]
    median = Line2D([], [], color=LINE, lw=0.8, ls=(0, (4, 2)), label="median")
    figure.legend(handles=[*marks, median], loc="outside upper right", ncols=len(marks) + 1)
