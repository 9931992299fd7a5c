"""Energy of customers over a billing period, by days or hours, and a small picture of it."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from html import escape
from zoneinfo import ZoneInfo

import numpy as np

from dso.clock import DAY_S
from dso.messages import FloatArray, IntArray
from dso.run_file import RunReader

BLOCK = 128  # intervals whose rows are in memory at once
BY_HOUR_D = 2  # periods of up to so many days are shown by hours
WIDTH, HEIGHT, LEFT, TOP, FOOT = 640, 150, 64, 10, 22
WIDEST = 40.0  # of a bar
BLUE, ORANGE, INK, GRID = "#2b6ca3", "#c77c0a", "#2e2e2e", "#d9d9d9"


@dataclass(frozen=True, slots=True, eq=False)
class PeriodEnergy:
    """What some customers' meters read in a period.

    Parameters
    ----------
    labels : (b,) day, or hour, of each bar at the place.
    kwh : (customers, b) net; negative: exported.
    place : of each customer in `kwh`.
    hourly : whether a bar is an hour.
    """

    labels: tuple[str, ...]
    kwh: FloatArray
    place: dict[int, int]
    hourly: bool

    def of(self, customer: int) -> FloatArray:
        """(b,) one customer's energy [kWh]."""
        return np.asarray(self.kwh[self.place[customer]])


def energy_of(
    reader: RunReader, customers: Sequence[int], start_s: int, end_s: int, zone: str
) -> PeriodEnergy | None:
    """Energy of some customers in a period; None if the run keeps no customer's readings.

    Parameters
    ----------
    start_s, end_s : of the period [s since the epoch].
    zone : time zone of the place.
    """
    rows = reader.rows(_STARTS, start_s, end_s)
    if not rows or any(not row["kept"] for row in rows):
        return None
    starts = np.array([row["interval_start"] for row in rows], np.int64)
    hourly = end_s - start_s <= BY_HOUR_D * DAY_S
    names = [_label(int(t), zone, hourly) for t in starts]
    labels = tuple(dict.fromkeys(names))
    number = {name: k for k, name in enumerate(labels)}
    bars = np.array([number[name] for name in names], np.int64)
    own = np.array(customers, np.int64)
    kwh = np.zeros((len(own), len(labels)))
    for first in range(0, len(starts), BLOCK):
        _add(reader, own, starts[first : first + BLOCK], bars[first : first + BLOCK], kwh)
    return PeriodEnergy(labels, kwh, {c: k for k, c in enumerate(customers)}, hourly)


def _label(t_s: int, zone: str, hourly: bool) -> str:
    local = datetime.fromtimestamp(t_s, ZoneInfo(zone))
    return local.strftime("%Y-%m-%d %H:00%z" if hourly else "%Y-%m-%d")


def _add(reader: RunReader, own: IntArray, starts: IntArray, bars: IntArray, kwh: FloatArray) -> None:
    rows = reader.rows(_METERS, int(starts[0]), int(starts[-1]))
    for row, bar in zip(rows, bars.tolist(), strict=True):
        kwh[:, bar] += np.array(json.loads(row["customers_milliwh"]), np.float64)[own] / 1e6


_STARTS = (
    "SELECT interval_start, customers_milliwh IS NOT NULL kept FROM readings "
    "WHERE interval_start >= ? AND interval_start < ? ORDER BY interval_start"
)
_METERS = (
    "SELECT customers_milliwh FROM readings WHERE interval_start BETWEEN ? AND ? ORDER BY interval_start"
)


def energy_svg(labels: Sequence[str], kwh: FloatArray, hourly: bool) -> str:
    """Bars of energy as SVG to stand in a page; each tells its value when pointed at.

    Parameters
    ----------
    labels : (b,) of the bars.
    kwh : (b,) below 0: exported.
    """
    high, low = max(float(kwh.max()), 0.0), min(float(kwh.min()), 0.0)
    span = (high - low) or 1.0
    step = (WIDTH - LEFT) / len(labels)

    def y(value: float) -> float:
        return TOP + (high - value) / span * (HEIGHT - TOP - FOOT)

    parts = [_bar(k, step, name, value, y) for k, (name, value) in enumerate(zip(labels, kwh, strict=True))]
    each = "hour" if hourly else "day"
    return (
        f'<svg class="energy" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="Energy by {each}">'
        + "".join(_line(y(v), f"{v:,.4g} kWh", GRID) for v in sorted({high, low} - {0.0}))
        + "".join(parts)
        + _line(y(0.0), "0", INK)
        + _feet(labels, step, hourly)
        + "</svg>"
    )


def _bar(k: int, step: float, name: str, value: float, y: Callable[[float], float]) -> str:
    top, foot = sorted((y(0.0), y(float(value))))
    width = min(0.8 * step, WIDEST)
    return (
        f'<rect x="{LEFT + (k + 0.5) * step - width / 2:.2f}" y="{top:.2f}" width="{width:.2f}" '
        f'height="{foot - top:.2f}" fill="{BLUE if value >= 0 else ORANGE}">'
        f"<title>{escape(name)}: {value:,.3f} kWh</title></rect>"
    )


def _line(at: float, text: str, colour: str) -> str:
    return (
        f'<line x1="{LEFT}" x2="{WIDTH}" y1="{at:.2f}" y2="{at:.2f}" stroke="{colour}"/>'
        f'<text x="{LEFT - 5}" y="{at + 4:.2f}" text-anchor="end">{escape(text)}</text>'
    )


def _feet(labels: Sequence[str], step: float, hourly: bool) -> str:
    """The first, the last and some bars between by name."""
    every = max(len(labels) // 8, 1)
    return "".join(
        f'<text x="{LEFT + (k + 0.5) * step:.2f}" y="{HEIGHT - 6}" text-anchor="middle">'
        f"{escape(labels[k][11:13] if hourly else labels[k][8:10])}</text>"
        for k in range(0, len(labels), every)
    )
