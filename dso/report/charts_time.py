"""Pictures over time: load and prices, voltages and loading."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import numpy as np

from dso.messages import FloatArray
from dso.report.feeder_flow import flow_series
from dso.report.figures import (
    BAND,
    DO_BLUE,
    PALE,
    RED,
    TARIFF_LOOKS,
    WIDTH_IN,
    Chart,
    legend_above,
)
from dso.report.local_time import zone_name
from dso.run_file import RunReader
from dso.statechart.draw_colours import LINE

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

DAY_S = 86400
RANGE_A = (0.95, 1.05)  # ANSI C84.1, at the service
PRIMARY_A = 0.975  # its lower end on the primaries
# What a tick says of a year, month, day, hour, minute, second; and the first of each.
_TICKS = ("%Y", "%b", "%d %b", "%H:%M", "%H:%M", "%H:%M:%S")
_FIRST = ("", "%b %Y", "%d %b", "%d %b", "%H:%M", "%H:%M")
Rows = list[dict[str, Any]]


def load_and_prices(reader: RunReader) -> Chart | None:
    """Load at the head and prices of the delivered intervals; None if nothing was delivered yet."""
    load = reader.rows(_LOAD)
    if not load:
        return None
    positions, prices, zone = reader.rows(_POSITIONS), reader.rows(_PRICES), zone_name(reader)

    def draw(figure: Figure) -> None:
        top, bottom = figure.subplots(2, 1, sharex=True, height_ratios=(1, 1.1))
        _draw_load(top, load, positions)
        _draw_prices(bottom, prices)
        local_axis(bottom, zone)

    caption = (
        "Top: average power at the head of the feeder in each interval as metered, with the positions bought "
        "before (dashed) and the limits of the head where they bound (red). Bottom: wholesale price at the "
        "bus and retail price at the head of the feeder"
        + (
            "; shaded: from the cheapest to the dearest service point."
            if any(r["low"] for r in prices)
            else "."
        )
    )
    return Chart("load-and-prices", "Load and prices", caption, (WIDTH_IN, 4.3), draw)


def voltage_over_time(reader: RunReader) -> Chart | None:
    """Lowest and highest voltage, and highest loading, of each interval; None without a power flow."""
    flows = flow_series(reader)
    if not flows:
        return None
    zone = zone_name(reader)

    def draw(figure: Figure) -> None:
        top, bottom = figure.subplots(2, 1, sharex=True, height_ratios=(1.25, 1))
        edges, low, high = steps(flows, "lowest_pu", "highest_pu")
        top.axhspan(*RANGE_A, color=BAND, lw=0, zorder=0)
        top.stairs(high, edges, baseline=low, fill=True, color=PALE, lw=0)
        for values, label, style in ((high, "highest", "-"), (low, "lowest", (0, (3, 1)))):
            top.stairs(values, edges, baseline=None, color=DO_BLUE, lw=1, ls=style, label=label)
        band_edges(top)
        top.set_ylabel("voltage [p.u.]")
        legend_above(top)
        edges, loading = steps(flows, "highest_loading_pu")
        bottom.axhline(100, color=RED, lw=0.9)
        bottom.stairs(loading * 100, edges, baseline=None, color=LINE, lw=1)
        bottom.set_ylim(0, max(110.0, 108 * float(np.nanmax(loading))))
        bottom.set_ylabel("highest loading [%]")
        local_axis(bottom, zone)

    caption = (
        "Top: lowest and highest voltage of all nodes in each interval; green: ANSI C84.1 range A at the "
        "service, 0.95 to 1.05 p.u. Bottom: loading of the element that is loaded most, in % of its rating."
    )
    return Chart("voltage-over-time", "Voltage and loading over time", caption, (WIDTH_IN, 3.7), draw)


def band_edges(axes: Axes) -> None:
    """Lines at the ends of range A that stand out in grey print, too, and room around them."""
    for value in RANGE_A:
        axes.axhline(value, color="#7d9b76", lw=0.8, zorder=1)
    low, high = axes.get_ylim()
    axes.set_ylim(min(low, RANGE_A[0] - 0.006), max(high, RANGE_A[1] + 0.006))


def steps(rows: Rows, *names: str) -> tuple[FloatArray, ...]:
    """Edges [d since 1970] and, for each name, values between them; NaN between intervals that are apart."""
    edges: list[float] = []
    values: list[list[float]] = [[] for _ in names]
    end = None
    for row in rows:
        start = row["interval_start"]
        if end is not None and start != end:
            edges.append(end / DAY_S)
            for column in values:
                column.append(np.nan)
        edges.append(start / DAY_S)
        for column, name in zip(values, names, strict=True):
            column.append(np.nan if row[name] is None else row[name])
        end = start + row["interval_s"]
    if end is not None:
        edges.append(end / DAY_S)
    return np.array(edges), *(np.array(column, np.float64) for column in values)


def local_axis(axes: Axes, zone: str) -> None:
    """Days and hours of the study's time zone below a picture."""
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter, num2date

    place = ZoneInfo(zone)
    locator = AutoDateLocator(tz=place, minticks=4, maxticks=9)
    formatter = ConciseDateFormatter(
        locator, tz=place, formats=_TICKS, zero_formats=_FIRST, show_offset=False
    )
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(formatter)
    axes.margins(x=0.005)
    first, last = (num2date(x, place) for x in (axes.dataLim.x0, axes.dataLim.x1))
    when = f"{first.day} {first:%B %Y}" if (last - first).days < 1 else f"{first.year}"
    axes.set_xlabel(f"{when}, local time ({zone})")


def _draw_load(axes: Axes, load: Rows, positions: Rows) -> None:
    edges, kw = steps(load, "head_kw")
    axes.stairs(kw, edges, fill=True, color=PALE, lw=0)
    axes.stairs(kw, edges, baseline=None, color=DO_BLUE, label="head, metered")
    for name in dict.fromkeys(r["series"] for r in positions):
        edges, kw = steps([r for r in positions if r["series"] == name], "head_kw")
        axes.stairs(
            kw, edges, baseline=None, color=LINE, lw=0.8, ls=(0, (4, 1.5)), label=f"position in {name}"
        )
    edges, limit = steps(load, "limit_kw")
    if np.isfinite(limit).any():
        axes.stairs(limit, edges, baseline=None, color=RED, lw=1.4, label="limit that bound")
    axes.set_ylabel("power at the head [kW]")
    axes.set_ylim(bottom=min(0.0, axes.get_ylim()[0]))
    legend_above(axes)


def _draw_prices(axes: Axes, prices: Rows) -> None:
    first = [r for r in prices if r["tariff"] == prices[0]["tariff"]]
    edges, wholesale = steps(first, "wholesale_usd_per_kwh")
    axes.stairs(wholesale, edges, baseline=None, color=LINE, ls=(0, (1, 1)), label="wholesale")
    for number, tariff in enumerate(dict.fromkeys(r["tariff"] for r in prices)):
        own = [r for r in prices if r["tariff"] == tariff]
        colour, style = TARIFF_LOOKS[number % len(TARIFF_LOOKS)]
        edges, retail, low, high = steps(own, "retail_usd_per_kwh", "low", "high")
        known = bool(np.isfinite(low).any())
        if known:
            axes.stairs(
                high,
                edges,
                baseline=low,
                fill=True,
                color=colour,
                alpha=0.25,
                lw=0,
                label=f"{tariff}, at the points",
            )
        axes.stairs(
            retail,
            edges,
            baseline=None,
            color=colour,
            ls=style,
            label=f"{tariff}, at the head" if known else tariff,
        )
    axes.set_ylabel("price [USD/kWh]")
    axes.set_ylim(bottom=min(0.0, axes.get_ylim()[0]))
    legend_above(axes)


_LOAD = """
SELECT r.interval_start, r.interval_s, r.head_kwh * 3600.0 / r.interval_s head_kw, (
  SELECT MIN(c.limit_kw) FROM clearings c JOIN prices p USING (market, tariff, interval_start)
  WHERE c.market = r.market AND c.interval_start = r.interval_start AND p.congestion_usd_per_kwh != 0
) limit_kw
FROM readings r ORDER BY r.interval_start"""
_POSITIONS = """
SELECT m.series, p.interval_start, p.interval_s, SUM(p.head_kw) head_kw
FROM prices p JOIN markets m USING (market)
WHERE m.series NOT IN (SELECT DISTINCT m.series FROM readings JOIN markets m USING (market))
GROUP BY p.market, p.interval_start ORDER BY m.series, p.interval_start"""
_PRICES = """
SELECT p.tariff, p.interval_start, p.interval_s, p.wholesale_usd_per_kwh, p.retail_usd_per_kwh,
  (SELECT MIN(value) / 1e6 FROM json_each(p.points_uusd_per_kwh)) low,
  (SELECT MAX(value) / 1e6 FROM json_each(p.points_uusd_per_kwh)) high
FROM prices p JOIN readings r USING (market, interval_start) ORDER BY p.tariff, p.interval_start"""
