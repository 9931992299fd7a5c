"""A picture of prices along the feeder, taken apart into what they are made of."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dso.messages import FloatArray
from dso.report.feeder import FeederPlan
from dso.report.feeder_prices import WIRES, PricesAlong, widest_spread
from dso.report.figures import PHASE_COLOURS, PHASE_MARKS, WIDTH_IN, Chart
from dso.report.local_time import local_time, zone_name
from dso.run_file import RunReader
from dso.statechart.draw_colours import LINE

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def prices_by_distance(reader: RunReader, plan: FeederPlan) -> Chart | None:
    """Where the prices of points differ most; None if no point has a price of its own."""
    prices = widest_spread(reader)
    if prices is None or not np.isfinite(plan.point_km).any():
        return None
    parts = {part: values for part in WIRES if np.any(values := getattr(prices, part))}

    def draw(figure: Figure) -> None:
        grid = figure.add_gridspec(max(len(parts), 1), 2, width_ratios=(1.5, 1))
        whole = figure.add_subplot(grid[:, 0])
        _draw_total(whole, plan, prices)
        for number, (part, values) in enumerate(parts.items()):
            axes = figure.add_subplot(grid[number, 1], sharex=whole)
            _dots(axes, plan, values * 1e3)
            axes.axhline(0, color=LINE, lw=0.7)
            axes.set_title(part.capitalize(), loc="left")
            axes.set_ylabel("USD/MWh")
            if number < len(parts) - 1:
                axes.tick_params(labelbottom=False)
            else:
                axes.set_xlabel("distance from the head [km]")
        _legend(figure, plan)

    when = local_time(prices.start_s, zone_name(reader))
    whose = (
        f"of the tariff {prices.tariff}"
        if prices.tariff
        else "at the bus with what the wires add (nobody pays it)"
    )
    caption = (
        f"Price {whose} at each service point, in {prices.market} ({when}), where it differs most along the "
        "feeder. Left: the whole price; line: what energy costs where the wires neither lose nor bind. "
        f"Right: what marginal losses, congestion and voltage limits add; {_silent(parts)}."
    )
    return Chart("prices-along-feeder", "Prices along the feeder", caption, (WIDTH_IN, 3.8), draw)


def _silent(parts: dict[str, FloatArray]) -> str:
    none = [part for part in WIRES if part not in parts]
    return f"{' and '.join(none)} added nothing" if none else "all three count"


def _draw_total(axes: Axes, plan: FeederPlan, prices: PricesAlong) -> None:
    energy = prices.energy_usd_per_kwh * 1e3
    axes.axhline(energy, color=LINE, lw=1, ls=(0, (4, 1.5)))
    _dots(axes, plan, prices.total() * 1e3)
    axes.annotate(
        f"energy {energy:,.1f}",
        (1, energy),
        xycoords=("axes fraction", "data"),
        xytext=(-2, 3),
        textcoords="offset points",
        ha="right",
        fontsize=7,
        color=LINE,
    )
    axes.set_title("Price", loc="left")
    axes.set_ylabel("price [USD/MWh]")
    axes.set_xlabel("distance from the head [km]")


def _dots(axes: Axes, plan: FeederPlan, values: FloatArray) -> None:
    for phase, colour in PHASE_COLOURS.items():
        chosen = np.array([p == phase for p in plan.point_phase])
        mark = PHASE_MARKS[phase]
        axes.scatter(plan.point_km[chosen], values[chosen], s=11, marker=mark, color=colour, lw=0, alpha=0.85)


def _legend(figure: Figure, plan: FeederPlan) -> None:
    from matplotlib.lines import Line2D

    handles = [
        Line2D([], [], color=colour, marker=PHASE_MARKS[p], ms=4, ls="", label=_label(p))
        for p, colour in PHASE_COLOURS.items()
        if p in plan.point_phase
    ]
    figure.legend(handles=handles, loc="outside upper right", ncols=len(handles))


def _label(phase: str) -> str:
    return f"phase {phase}" if len(phase) == 1 else phase or "phase not known"
