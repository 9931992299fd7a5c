"""Pictures of how customers answer prices, and of what it does to their bills."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import numpy as np

from dso.clock import HOUR_S
from dso.messages import FloatArray, IntArray
from dso.report.compare import Pair, tariff_prices
from dso.report.compare_load import by_hour
from dso.report.figures import GREY, MO_GREEN, RED, WIDTH_IN, Chart, legend_above
from dso.statechart.draw_colours import LINE

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MARKS = ("o", "^", "s", "D")  # of tariffs
SAME_USD_PER_KWH = 1e-7  # prices that differ by less are one price
ROW_IN = 0.26
FEW = 40  # customers that are drawn one by one


@dataclass(frozen=True, slots=True, eq=False)
class Response:
    """Hours of one tariff: how dear they were, and what its participants drew more."""

    tariff: str
    dearer_usd_per_kwh: FloatArray  # (h,) price over the mean of its local day
    change_kw: FloatArray  # (h,)
    hour: IntArray  # (h,) of the local day

    def line(self) -> tuple[float, float, float] | None:
        """Slope [kW per USD/kWh], height at the mean price [kW] and R² of least squares."""
        x, y = self.dearer_usd_per_kwh, self.change_kw
        if len(x) < 3 or float(np.ptp(x)) < SAME_USD_PER_KWH or float(np.ptp(y)) == 0:
            return None
        slope, height = np.polyfit(x, y, 1)
        return float(slope), float(height), float(np.corrcoef(x, y)[0, 1] ** 2)


def responses_of(pair: Pair) -> list[Response]:
    """Each tariff with participants whose price is not the same all day, by clock hours."""
    if pair.meters is None:
        return []
    found, place = [], ZoneInfo(pair.zone)
    prices = tariff_prices(pair.run, pair)
    for tariff, taking in pair.meters.taking.items():
        rows = prices.get(tariff, [])
        start, seconds, usd = (
            np.array([r[k] for r in rows]) for k in ("interval_start", "interval_s", "usd_per_kwh")
        )
        load = by_hour(taking)
        price = _hourly(start, seconds, usd, load.start_s)
        local = [datetime.fromtimestamp(int(t), place) for t in load.start_s]
        _, day = np.unique([t.toordinal() for t in local], return_inverse=True)
        mean = np.bincount(day, price * load.hours) / np.bincount(day, load.hours)
        dearer = price - mean[day]
        if float(np.ptp(dearer)) >= SAME_USD_PER_KWH:
            hours = np.array([t.hour for t in local])
            found.append(Response(tariff, dearer, load.run_kw - load.base_kw, hours))
    return found


def _hourly(start_s: IntArray, seconds: IntArray, usd: FloatArray, hours_s: IntArray) -> FloatArray:
    """(h,) mean price of clock hours."""
    hour, place = np.unique(start_s // HOUR_S, return_inverse=True)
    means = np.bincount(place, usd * seconds) / np.bincount(place, seconds)
    return np.asarray(means[np.searchsorted(hour, hours_s // HOUR_S)])


def price_response(pair: Pair) -> Chart | None:
    """What participants draw more or less, over how dear the hour is; None if no price moves."""
    responses = responses_of(pair)
    if not responses:
        return None

    def draw(figure: Figure) -> None:
        axes = figure.subplots()
        axes.axhline(0, color=LINE, lw=0.7)
        axes.axvline(0, color=LINE, lw=0.7)
        for number, response in enumerate(responses):
            mark = MARKS[number % len(MARKS)]
            x, y, label = response.dearer_usd_per_kwh, response.change_kw, response.tariff
            dots = axes.scatter(x, y, c=response.hour, marker=mark, label=label, **_DOTS)
            _draw_line(axes, response)
        bar = figure.colorbar(dots, ax=axes, pad=0.01, ticks=[0, 6, 12, 18, 23])
        bar.set_label("hour of the day, local time")
        axes.set_xlabel("price over the mean of its day [USD/kWh]")
        axes.set_ylabel("change of participants' load [kW]")
        legend_above(axes)

    caption = (
        "One mark an hour: what participants draw with the market less what they draw without it, over the "
        f"price that they pay at the head less the mean of its local day. {_lines_told(responses)}"
    )
    return Chart("compare-price-response", "Price response", caption, (WIDTH_IN, 3.4), draw)


_DOTS: dict[str, Any] = {
    "cmap": "cividis", "vmin": 0, "vmax": 23, "s": 22, "edgecolors": LINE, "linewidths": 0.4, "zorder": 3,
}  # fmt: skip


def _draw_line(axes: Axes, response: Response) -> None:
    line = response.line()
    if line is None:
        return
    slope, height, _ = line
    ends = np.array([response.dearer_usd_per_kwh.min(), response.dearer_usd_per_kwh.max()])
    axes.plot(ends, height + slope * ends, color=RED, lw=1, ls=(0, (4, 1.5)))


def _lines_told(responses: list[Response]) -> str:
    told = []
    for response in responses:
        line = response.line()
        if line is not None:
            slope, _, r2 = line
            told.append(f"{response.tariff} {slope / 100:+,.2f} kW for each cent/kWh (R² {r2:.2f})")
    return f"Dashed: least squares, {'; '.join(told)}." if told else ""


def bill_changes(pair: Pair) -> Chart | None:
    """How bills change for participants by tariff and slider, and for the others; None without bills."""
    rows = [row for tariff in pair.customers.tariffs for row in _groups(pair, tariff)]
    if not rows:
        return None

    def draw(figure: Figure) -> None:
        axes = figure.subplots()
        axes.axvline(0, color=LINE, lw=0.8)
        for place, (_, diff, taking) in enumerate(reversed(rows)):
            _draw_group(axes, place, diff, MO_GREEN if taking else GREY)
        axes.set_yticks(range(len(rows)), [f"{label}  ({len(diff):,})" for label, diff, _ in reversed(rows)])
        axes.set_ylim(-0.6, len(rows) - 0.4)
        axes.grid(visible=False, axis="y")
        axes.set_xlabel(f"change of the bill of {', '.join(pair.bills.periods)} [USD/customer]")

    caption = (
        "What the market changes in customers' bills, from their invoices; left of 0: cheaper. Box: the "
        "middle half; bar: median; diamond: mean; whiskers: 5 to 95 %; in brackets: customers. Green: take "
        f"part with a device; grey: do not. Groups of up to {FEW} show each customer."
    )
    size = (WIDTH_IN, 0.75 + ROW_IN * len(rows))
    return Chart("compare-bills", "Bill change by tariff and slider", caption, size, draw)


def _groups(pair: Pair, tariff: str) -> list[tuple[str, FloatArray, bool]]:
    """Label, bill changes and whether they take part, of each group of a tariff."""
    found = []
    for group, bounds, own in pair.customers.groups(tariff):
        base, run = pair.bills.of(own)
        if not len(base):
            continue
        what = group if bounds is None else f"slider {bounds[0]:.2f}–{bounds[1]:.2f}"
        found.append((f"{tariff}, {what}", np.round(run - base, 6), group != "others"))
    return found


def _draw_group(axes: Axes, place: int, diff: FloatArray, colour: str) -> None:
    axes.boxplot(
        [diff], positions=[place], orientation="horizontal", whis=(5, 95), widths=0.56, showfliers=False,
        showmeans=True, patch_artist=True, manage_ticks=False,
        boxprops={"facecolor": colour, "alpha": 0.3, "edgecolor": colour, "lw": 0.8},
        whiskerprops={"color": colour, "lw": 0.9}, capprops={"color": colour, "lw": 0.9},
        medianprops={"color": LINE, "lw": 1.6},
        meanprops={"marker": "D", "ms": 3.4, "mfc": "white", "mec": LINE, "mew": 0.8},
    )  # fmt: skip
    if len(diff) <= FEW:
        apart = ((np.arange(len(diff)) * 7) % 11 - 5) / 11 * 0.4  # so that dots do not hide each other
        axes.scatter(diff, place + apart, s=4, color=colour, linewidths=0, zorder=3)
