"""Pictures of a run beside its base case, in the order in which a page shows them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from dso.messages import FloatArray
from dso.report.charts_beside import BASE_LOOK, average_day, load_and_price
from dso.report.charts_response import bill_changes, price_response
from dso.report.compare import Pair
from dso.report.figures import DO_BLUE, RED, WIDTH_IN, Chart, legend_above

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

TOP_FRAC, TOP_H = 0.05, 24.0  # of all hours, and at least


def compare_charts(pair: Pair) -> Iterator[Chart]:
    """Those for which both runs have data."""
    found = (
        load_and_price(pair),
        average_day(pair),
        load_duration(pair),
        price_response(pair),
        bill_changes(pair),
    )
    yield from filter(None, found)


def load_duration(pair: Pair) -> Chart:
    """The highest loads without and with the market, each in its own order."""
    total_h = float(pair.load.hours.sum())
    shown_h = min(total_h, max(TOP_H, TOP_FRAC * total_h))
    curves = [_sorted(kw, pair.load.hours) for kw in (pair.load.base_kw, pair.load.run_kw)]
    peaks = [float(kw[0]) for kw, _ in curves]

    def draw(figure: Figure) -> None:
        axes = figure.subplots()
        (base, base_h), (run, run_h) = curves
        axes.stairs(base, base_h, baseline=None, **BASE_LOOK, label="without the market")
        axes.stairs(run, run_h, baseline=None, color=DO_BLUE, lw=1.3, label="with the market")
        _mark_peaks(axes, peaks[0], peaks[1], shown_h)
        lowest = min(float(kw[hours[:-1] < shown_h].min()) for kw, hours in curves)
        room = (max(peaks) - lowest) or 1.0
        axes.set_xlim(0, shown_h)
        axes.set_ylim(lowest - 0.06 * room, max(peaks) + 0.08 * room)
        axes.set_xlabel("hours in which the load is at least as high [h]")
        axes.set_ylabel("power at the head [kW]")
        legend_above(axes)

    caption = (
        f"Load duration curves at the head of the feeder, highest {shown_h:,.0f} of {total_h:,.0f} hours, "
        "each run's intervals in the order of its own load. Arrow: peak reduction. Power does not begin at 0."
    )
    return Chart("compare-duration", "Load duration and peak reduction", caption, (WIDTH_IN, 3.0), draw)


def _sorted(kw: FloatArray, hours: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Loads from the highest on, and the hours at which each begins and ends, (n,) and (n + 1,)."""
    order = np.argsort(-kw, kind="stable")
    return kw[order], np.concatenate([[0.0], np.cumsum(hours[order])])


def _mark_peaks(axes: Axes, base_kw: float, run_kw: float, shown_h: float) -> None:
    """An arrow from one peak to the other, and how long it is."""
    at = 0.3 * shown_h
    for kw in (base_kw, run_kw):
        axes.plot([0, at * 1.05], [kw, kw], color=RED, lw=0.7, ls=(0, (1, 1.5)))
    arrow = {"arrowstyle": "-|>", "color": RED, "lw": 1, "shrinkA": 0, "shrinkB": 0}
    axes.annotate("", (at, run_kw), (at, base_kw), arrowprops=arrow)
    frac = f" ({(run_kw - base_kw) / base_kw:+.1%})".replace("%", " %") if base_kw > 0 else ""
    text, middle = f"peak {run_kw - base_kw:+,.1f} kW{frac}".replace("-", "−"), (base_kw + run_kw) / 2
    axes.annotate(text, (at, middle), (5, 0), textcoords="offset points", va="center", color=RED)
