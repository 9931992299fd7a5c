"""The voltage profile of a feeder: voltage over the distance from its head."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dso.messages import FloatArray
from dso.ports import BoolArray
from dso.report.charts_time import PRIMARY_A, RANGE_A, band_edges
from dso.report.feeder import FeederPlan
from dso.report.feeder_flow import FlowAt, flow_of_highest_load, flow_of_lowest_voltage
from dso.report.figures import BAND, PHASE_COLOURS, PHASE_MARKS, WIDTH_IN, Chart
from dso.report.local_time import local_time, zone_name
from dso.run_file import RunReader

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MANY = 3000  # marks from which on they are drawn as pixels


def voltage_profile(reader: RunReader, plan: FeederPlan) -> Chart | None:
    """At the highest load and at the lowest voltage; None where no voltages or distances are kept."""
    flows = {
        "highest load": flow_of_highest_load(reader),
        "lowest voltage": flow_of_lowest_voltage(reader),
    }
    shown = {title: flow for title, flow in flows.items() if flow is not None and flow.voltage_pu is not None}
    if not shown or not np.isfinite(plan.distance_km).any():
        return None
    if len({(f.market, f.start_s) for f in shown.values()}) == 1 and len(shown) > 1:
        shown = {" and ".join(shown): next(iter(shown.values()))}
    zone = zone_name(reader)

    def draw(figure: Figure) -> None:
        row = figure.subplots(1, len(shown), sharey=True, squeeze=False)[0]
        for axes, (title, flow) in zip(row, shown.items(), strict=True):
            _draw_profile(axes, plan, flow)
            power = f"{flow.head_kw:,.0f} kW at the head"
            axes.set_title(f"{title[0].upper()}{title[1:]}", loc="left", pad=16)
            when = f"{local_time(flow.start_s, zone)}, {power}"
            axes.annotate(when, (0, 1), (0, 5), xycoords="axes fraction", textcoords="offset points")
        row[0].set_ylabel("voltage [p.u.]")
        _legend(figure, plan)

    caption = (
        "Voltage of each node over its distance from the head. Lines and large marks: primaries, joined "
        "along the wires; small marks: at the service. Green: ANSI C84.1 range A at the service, 0.95 to "
        "1.05 p.u.; dotted: its lower end on the primaries, 0.975 p.u."
    )
    return Chart("voltage-profile", "Voltage along the feeder", caption, (WIDTH_IN, 3.7), draw)


def _draw_profile(axes: Axes, plan: FeederPlan, flow: FlowAt) -> None:
    from matplotlib.collections import LineCollection

    assert flow.voltage_pu is not None  # only those are drawn
    axes.axhspan(*RANGE_A, color=BAND, lw=0, zorder=0)
    axes.axhline(PRIMARY_A, color="#7d9b76", lw=0.8, ls=(0, (1, 1.5)), zorder=1)
    pixels = len(plan.nodes) > MANY
    for phase, colour in PHASE_COLOURS.items():
        of_phase = np.array([p == phase for p in plan.phase])
        service, primary = of_phase & plan.at_service, of_phase & ~plan.at_service
        mark = PHASE_MARKS[phase]
        axes.scatter(
            plan.distance_km[service],
            flow.voltage_pu[service],
            s=5,
            marker=mark,
            facecolor="none",
            edgecolor=colour,
            lw=0.5,
            alpha=0.8,
            rasterized=pixels,
        )
        lines = _along_the_wires(plan, flow.voltage_pu, primary)
        axes.add_collection(LineCollection(lines, colors=colour, lw=1.0, zorder=3))
        axes.scatter(
            plan.distance_km[primary],
            flow.voltage_pu[primary],
            s=9,
            marker=mark,
            color=colour,
            lw=0,
            zorder=4,
            rasterized=pixels,
        )
    axes.set_xlabel("distance from the head [km]")
    axes.autoscale_view()
    band_edges(axes)


def _along_the_wires(plan: FeederPlan, voltage_pu: FloatArray, chosen: BoolArray) -> list[FloatArray]:
    """A stroke for each element between two of the chosen nodes."""
    place = {plan.bus[k]: k for k in np.flatnonzero(chosen)}
    found = [(place[a], place[b]) for a, b in plan.ends if a != b and a in place and b in place]
    return [np.column_stack([plan.distance_km[[a, b]], voltage_pu[[a, b]]]) for a, b in found]


def _legend(figure: Figure, plan: FeederPlan) -> None:
    from matplotlib.lines import Line2D

    known = [phase for phase in PHASE_COLOURS if phase in plan.phase]
    handles = [
        Line2D([], [], color=PHASE_COLOURS[p], marker=PHASE_MARKS[p], ms=3.5, label=_phase_label(p))
        for p in known
    ]
    if plan.at_service.any():
        handles += [
            Line2D([], [], color="#4a4a4a", marker="o", ms=4, label="primaries"),
            Line2D([], [], color="#4a4a4a", marker="o", ms=3, mfc="none", mew=0.6, ls="", label="service"),
        ]
    figure.legend(handles=handles, loc="outside upper right", ncols=len(handles))


def _phase_label(phase: str) -> str:
    return f"phase {phase}" if len(phase) == 1 else phase or "phase not known"
