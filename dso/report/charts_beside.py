"""Pictures over time of two runs beside each other: load, price, and the weather that both had."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import numpy as np

from dso.clock import DAY_S, HOUR_S
from dso.messages import FloatArray
from dso.report.charts_time import local_axis, steps
from dso.report.compare import Pair, tariff_prices
from dso.report.compare_load import Load, days_of
from dso.report.figures import DO_BLUE, RED, TARIFF_LOOKS, WIDTH_IN, Chart, legend_above
from dso.statechart.draw_colours import LINE

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

LESS, MORE = "#c5dcf2", "#f6d28f"  # apart for every kind of colour vision
DASHED = (0, (4, 1.5))
BASE_LOOK: dict[str, Any] = {"color": LINE, "lw": 1.0, "ls": DASHED}
LONG_D, SHOWN_D = 10, 7  # longer studies show so many days around the peak
LEAST_BIN_S = 900
BAND_D = 5  # days from which a band of days says something
Rows = list[dict[str, Any]]


def load_and_price(pair: Pair) -> Chart:
    """Load without and with the market over the price, and the temperature where it is known."""
    load, around = _shown(pair)
    prices = {name: _within(rows, load) for name, rows in tariff_prices(pair.run, pair).items()}
    without = {name: _within(rows, load) for name, rows in tariff_prices(pair.base, pair).items()}

    def draw(figure: Figure) -> None:
        ratios = (1.7, 1, 0.6) if pair.outdoor_c else (1.7, 1)
        axes = figure.subplots(len(ratios), 1, sharex=True, height_ratios=ratios)
        _draw_pair(axes[0], load)
        _draw_prices(axes[1], prices, without)
        if pair.outdoor_c is not None:
            middle_s = load.start_s + load.length_s / 2
            axes[2].plot(middle_s / DAY_S, pair.outdoor_c(middle_s), color=RED, lw=1)
            axes[2].set_ylabel("outdoors [°C]")
        local_axis(axes[-1], pair.zone)

    caption = (
        "Top: average power at the head of the feeder in each interval, without and with the market; same "
        f"homes and weather{around}. Below: the price that customers of the market pay at the head"
        + (", and the outdoor temperature." if pair.outdoor_c else ".")
    )
    height = 5.0 if pair.outdoor_c else 4.2
    title = "Load with and without the market"
    return Chart("compare-load", title, caption, (WIDTH_IN, height), draw)


def _shown(pair: Pair) -> tuple[Load, str]:
    """The stretch to show: all of a short study, days around the base case's peak of a long one."""
    load, place = pair.load, ZoneInfo(pair.zone)
    if load.end_s - int(load.start_s[0]) <= LONG_D * DAY_S:
        return load, ""
    peak = datetime.fromtimestamp(int(load.start_s[load.base_kw.argmax()]), place)
    first = datetime.combine(peak.date() - timedelta(days=SHOWN_D // 2), datetime.min.time(), place)
    from_s, to_s = first.timestamp(), (first + timedelta(days=SHOWN_D)).timestamp()
    return load.at((load.start_s >= from_s) & (load.start_s < to_s)), (
        f", {SHOWN_D} days around the base case's peak"
    )


def _within(rows: Rows, load: Load) -> Rows:
    first = int(load.start_s[0])
    return [r for r in rows if first <= r["interval_start"] < load.end_s]


def _rows(load: Load) -> Rows:
    columns = (load.start_s, load.length_s, load.base_kw, load.run_kw)
    return [
        {"interval_start": start, "interval_s": length, "base": base, "run": run}
        for start, length, base, run in zip(*(c.tolist() for c in columns), strict=True)
    ]


def _draw_pair(axes: Axes, load: Load) -> None:
    edges, base, run = steps(_rows(load), "base", "run")
    _draw_two(axes, edges, base, run)
    axes.set_ylabel("power at the head [kW]")


def _draw_two(axes: Axes, edges: FloatArray, base: FloatArray, run: FloatArray) -> None:
    """Both loads as steps, and what lies between them."""
    less, more = np.where(run < base, run, np.nan), np.where(run > base, run, np.nan)
    axes.stairs(less, edges, baseline=base, fill=True, color=LESS, lw=0, label="less")
    axes.stairs(more, edges, baseline=base, fill=True, color=MORE, lw=0, label="more")
    axes.stairs(base, edges, baseline=None, **BASE_LOOK, label="without the market")
    axes.stairs(run, edges, baseline=None, color=DO_BLUE, lw=1.3, label="with the market")
    axes.set_ylim(bottom=min(0.0, axes.get_ylim()[0]))
    legend_above(axes)


def _draw_prices(axes: Axes, prices: dict[str, Rows], without: dict[str, Rows]) -> None:
    for number, (tariff, rows) in enumerate(prices.items()):
        colour, _ = TARIFF_LOOKS[number % len(TARIFF_LOOKS)]
        if not rows:
            continue
        edges, usd = steps(rows, "usd_per_kwh")
        base_edges, base = steps(without.get(tariff, []), "usd_per_kwh")
        if len(base):
            axes.stairs(base, base_edges, baseline=None, **BASE_LOOK)
        axes.stairs(usd, edges, baseline=None, color=colour, lw=1.3, label=f"{tariff}, with the market")
    axes.plot([], [], **BASE_LOOK, label="without")
    axes.set_ylabel("price [USD/kWh]")
    legend_above(axes)


_BANDED = "; grey: 10 to 90 % of days with the market"


def average_day(pair: Pair) -> Chart:
    """Mean load and price by the time of the day."""
    days = days_of(pair.load, pair.zone)
    bin_s = max(LEAST_BIN_S, int(pair.load.length_s.max()))
    base, run = (
        np.array([_by_time(own.start_s, getattr(own, name), own.hours, bin_s, pair.zone) for _, own in days])
        for name in ("base_kw", "run_kw")
    )
    edges = np.arange(base.shape[1] + 1) * bin_s / HOUR_S
    banded = len(days) >= BAND_D and bool(np.isfinite(run).any(axis=0).all())
    whole = {start for _, own in days for start in own.start_s.tolist()}
    prices = {
        tariff: [r for r in rows if r["interval_start"] in whole]
        for tariff, rows in tariff_prices(pair.run, pair).items()
    }

    def draw(figure: Figure) -> None:
        top, bottom = figure.subplots(2, 1, sharex=True, height_ratios=(1.7, 1))
        if banded:
            low, high = np.nanpercentile(run, (10, 90), axis=0)
            top.stairs(high, edges, baseline=low, fill=True, color="#e9e9e9", lw=0, label="days, 10 to 90 %")
        _draw_two(top, edges, _mean(base), _mean(run))
        top.set_ylabel("power at the head [kW]")
        for number, (tariff, rows) in enumerate(prices.items()):
            means = _by_time(*_columns(rows), bin_s, pair.zone)
            colour, style = TARIFF_LOOKS[number % len(TARIFF_LOOKS)]
            bottom.stairs(means, edges, baseline=None, color=colour, ls=style, lw=1.3, label=tariff)
        bottom.set_ylabel("price [USD/kWh]")
        legend_above(bottom)
        bottom.set_xlim(0, 24)
        bottom.set_xticks(range(0, 25, 3))
        bottom.set_xlabel(f"hour of the day, local time ({pair.zone})")

    count = f"{len(days)} {'day' if len(days) == 1 else 'days'}"
    caption = (
        f"Mean of {count} by the time of the day. Top: average power at the head of the feeder without and "
        f"with the market{_BANDED if banded else ''}. Bottom: the price that customers of the "
        "market pay at the head, with the market."
    )
    return Chart("compare-average-day", "Average day", caption, (WIDTH_IN, 4.0), draw)


def _mean(values: FloatArray) -> FloatArray:
    """(bins,) mean of days; NaN where no day has a value."""
    known = np.isfinite(values)
    with np.errstate(invalid="ignore"):
        return np.asarray(np.where(known, values, 0).sum(axis=0) / known.sum(axis=0))


def _columns(rows: Rows) -> tuple[Any, Any, Any]:
    """Starts, prices and lengths of intervals, (n,) each."""
    names = ("interval_start", "usd_per_kwh", "interval_s")
    start_s, usd, length_s = (np.array([r[name] for r in rows]) for name in names)
    return start_s, usd, length_s


def _by_time(start_s: Any, values: Any, weights: Any, bin_s: int, zone: str) -> FloatArray:
    """(bins,) means by the time of the day in a zone; NaN where there is no value."""
    place = ZoneInfo(zone)
    local = (datetime.fromtimestamp(int(t), place) for t in start_s)
    places = np.array([(t.hour * HOUR_S + t.minute * 60 + t.second) // bin_s for t in local], np.int64)
    count = -(-DAY_S // bin_s)
    weight = np.bincount(places, weights, count)
    with np.errstate(invalid="ignore"):
        return np.asarray(np.bincount(places, np.asarray(values) * weights, count) / weight)
