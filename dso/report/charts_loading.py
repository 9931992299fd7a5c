"""Pictures of how much of its rating each element carries: bars of the most loaded, and a map."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dso.messages import FloatArray
from dso.report.feeder import FeederPlan
from dso.report.feeder_flow import flow_of_highest_loading
from dso.report.figures import RED, WIDTH_IN, Chart
from dso.report.local_time import local_time, zone_name
from dso.run_file import RunReader
from dso.statechart.draw_colours import LINE

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.colors import Colormap
    from matplotlib.figure import Figure

MOST = 15


def most_loaded(reader: RunReader, plan: FeederPlan) -> Chart | None:
    """Where an element was loaded most, with a map of the feeder; None where no loadings are kept."""
    flow = flow_of_highest_loading(reader)
    if flow is None or flow.loading_pu is None or not len(plan.elements):
        return None
    loading = flow.loading_pu * 100

    def draw(figure: Figure) -> None:
        left, right = figure.subplots(1, 2, width_ratios=(1, 1.15))
        colours = _colours()
        _draw_bars(left, plan, loading, colours)
        _draw_map(figure, right, plan, loading, colours)

    laid_out = "at their coordinates" if _located(plan) else "drawn as a tree, from the head to the right"
    caption = (
        f"Loading at {local_time(flow.start_s, zone_name(reader))}, when an element was loaded most of all. "
        f"Left: the {MOST} most loaded elements with their ratings; red: 100 %. Right: the primaries "
        f"{laid_out}; darker and wider: loaded more."
    )
    return Chart("loading", "Loading of elements", caption, (WIDTH_IN, 3.6), draw)


def _colours() -> Colormap:
    """From light to dark, so that grey print keeps the order; red only above the rating."""
    from matplotlib.colors import LinearSegmentedColormap

    found = LinearSegmentedColormap.from_list("loading", ["#c9dcec", "#5b9bd0", "#2b6ca3", "#0b2c4a"])
    return found.with_extremes(over=RED)


def _draw_bars(axes: Axes, plan: FeederPlan, loading: FloatArray, colours: Colormap) -> None:
    from matplotlib.ticker import MultipleLocator

    order = np.argsort(-np.nan_to_num(loading), kind="stable")[:MOST]
    names = [plan.elements[k] for k in order]
    axes.barh(names, loading[order], height=0.7, color=[colours(v / 100) for v in loading[order]])
    for row, k in enumerate(order):
        said = f"{loading[k]:.0f} %{_of_rating(plan, int(k))}"
        axes.text(1, row, said, transform=axes.get_yaxis_transform(), ha="right", va="center", fontsize=6.5)
    axes.axvline(100, color=RED, lw=1)
    axes.invert_yaxis()
    axes.grid(axis="y", visible=False)
    axes.tick_params(axis="y", length=0, labelsize=7)
    axes.set_xlim(0, 1.55 * max(100.0, float(np.nanmax(loading))))
    axes.xaxis.set_major_locator(MultipleLocator(25 if np.nanmax(loading) < 150 else 100))
    axes.set_xlabel("loading [% of the rating]")


def _of_rating(plan: FeederPlan, number: int) -> str:
    rating = plan.rating[number]
    if not np.isfinite(rating):
        return ""
    return f" of {f'{rating:,.1f}'.removesuffix('.0')} {plan.unit[number]}"


def _draw_map(figure: Figure, axes: Axes, plan: FeederPlan, loading: FloatArray, colours: Colormap) -> None:
    from matplotlib.collections import LineCollection

    located = _located(plan)
    place = located or _tree(plan)
    drawn = [k for k, (a, b) in enumerate(plan.ends) if a != b and a in place and b in place]
    drawn.sort(key=lambda k: loading[k])
    strokes = [[place[end] for end in plan.ends[k]] for k in drawn]
    values = np.array([loading[k] for k in drawn])
    lines = LineCollection(strokes, cmap=colours, lw=0.8 + np.clip(values, 0, 120) / 40, capstyle="round")
    lines.set_array(values)
    lines.set_clim(0, 100)
    axes.add_collection(lines)
    axes.autoscale_view()
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    if located:
        axes.axis("off")
        axes.set_aspect("equal", adjustable="datalim")
    else:
        axes.set_xlabel("distance from the head [km]")
    over = "max" if len(values) and np.nanmax(values) > 100 else "neither"
    bar = figure.colorbar(lines, ax=axes, orientation="horizontal", fraction=0.045, pad=0.02, extend=over)
    bar.set_label("loading [% of the rating]")
    bar.outline.set_linewidth(0.5)
    head = next((a for a, b in plan.ends if a == b and a in place), None)
    if head is not None:
        axes.plot(*place[head], marker="s", ms=6, color=LINE, zorder=4)
        axes.annotate("head", place[head], xytext=(0, 7), textcoords="offset points", ha="center", fontsize=7)


def _located(plan: FeederPlan) -> dict[str, tuple[float, float]]:
    """Positions of buses on the primaries, where most have one."""
    found = {
        bus: (float(plan.x[k]), float(plan.y[k]))
        for k, bus in enumerate(plan.bus)
        if not plan.at_service[k] and np.isfinite(plan.x[k]) and np.isfinite(plan.y[k])
    }
    buses = {bus for bus, service in zip(plan.bus, plan.at_service, strict=True) if not service}
    return found if len(found) > len(buses) / 2 and len(set(found.values())) > 1 else {}


def _tree(plan: FeederPlan) -> dict[str, tuple[float, float]]:
    """Buses of the primaries: across by distance, each branch in a row of its own, what feeds it midway."""
    far = {b: float(d) for b, d, s in zip(plan.bus, plan.distance_km, plan.at_service, strict=True) if not s}
    children: dict[str, list[str]] = {}
    parent: dict[str, str] = {}
    for a, b in plan.ends:
        if a in far and b in far and a != b:
            near, away = (a, b) if far[a] <= far[b] else (b, a)
            if away not in parent:
                parent[away] = near
                children.setdefault(near, []).append(away)
    rows: dict[str, float] = {}
    next_row = 0.0
    roots = [bus for bus in far if bus not in parent and bus in children]
    stack = [(root, False) for root in reversed(roots)]
    while stack:
        bus, done = stack.pop()
        below = sorted(children.get(bus, []), key=lambda b: far[b])
        if not below:
            rows[bus] = next_row
            next_row += 1.0
        elif done:
            rows[bus] = float(np.mean([rows[b] for b in below]))
        else:
            stack += [(bus, True), *((b, False) for b in reversed(below))]
    return {bus: (far[bus], row) for bus, row in rows.items()}
