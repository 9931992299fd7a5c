"""The last clearing as a plot: paths and ticks in a fixed frame, for the page to put in place.

Axes only ever widen while a run goes on, so that the picture stands still.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from dso.live.clearing import Cross, points_between

WIDTH, HEIGHT = 600, 300
LEFT, RIGHT, TOP, BOTTOM = 58, 588, 12, 258  # the frame of the plot inside the picture
MOST_TICKS = 7  # on an axis
PRICES_ABOVE = 1.5  # what is shown above the price, as a multiple of it
FAR_LIMIT = 1.25  # a limit further off than this multiple of the load is told in words


@dataclass(slots=True)
class Axis:
    """One axis: the range that it has come to, and where it lies in the picture [pixels]."""

    start: float
    end: float
    low: float = math.inf
    high: float = -math.inf

    def widen(self, values: Sequence[float]) -> None:
        """Make room for values, up to the next round number."""
        low, high = min(values), max(values)
        if low >= self.low and high <= self.high:
            return
        low, high = min(low, self.low), max(high, self.high)
        step = step_for(high - low)
        self.low = min(self.low, math.floor(low / step) * step)
        self.high = max(self.high, math.ceil(high / step) * step)
        if self.high == self.low:
            self.high = self.low + step

    def at(self, value: float) -> float:
        """Where a value lies [pixels]; what is beyond the axis stays near it."""
        share = (value - self.low) / (self.high - self.low)
        return round(self.start + min(max(share, -1.0), 2.0) * (self.end - self.start), 1)

    def ticks(self, scale: float) -> list[tuple[float, str]]:
        """Round numbers along it: where, and how they read when divided by a scale."""
        step = step_for(self.high - self.low)
        digits = next(d for d in range(12) if _is_whole(step / scale * 10**d))
        first = math.ceil(self.low / step - 1e-9)
        numbers = [(first + k) * step for k in range(MOST_TICKS)]
        inside = [n for n in numbers if n <= self.high + step * 1e-9]
        return [(self.at(n), f"{n / scale + 0.0:,.{digits}f}") for n in inside]


def _is_whole(number: float) -> bool:
    return number > 0.5 and abs(number - round(number)) < 1e-6


def step_for(span: float) -> float:
    """A round step of which a span has at most six."""
    if not span > 0:
        return 1.0
    rough = span / (MOST_TICKS - 1)
    power = 10.0 ** math.floor(math.log10(rough))
    return next(power * m for m in (1.0, 2.0, 2.5, 5.0, 10.0) if power * m >= rough * (1 - 1e-9))


@dataclass(slots=True)
class Plot:
    """The plot of one series' clearings."""

    quantity: Axis
    price: Axis

    @classmethod
    def empty(cls) -> Plot:
        """One that has seen nothing."""
        return cls(Axis(LEFT, RIGHT), Axis(BOTTOM, TOP))

    def of(self, cross: Cross) -> dict[str, Any]:
        """What the page draws for a clearing: paths, places and ticks in pixels of the picture."""
        x, y = self.quantity, self.price
        price, limit = cross.price_usd_per_kwh, cross.limit_kw
        y.widen([min(0.0, price), max(price * PRICES_ABOVE, 0.01)])
        points = points_between(cross.demand, y.low, y.high)
        near = math.isfinite(limit) and limit < FAR_LIMIT * max(abs(cross.load_kw), points[0][0])
        x.widen([q for q, _ in points] + [cross.load_kw] + ([limit] if near else []))
        scale, unit = (1e3, "MW") if max(abs(x.low), abs(x.high)) >= 1e3 else (1.0, "kW")
        y_cost = y.at(cross.delivered_usd_per_kwh)
        return {
            "demand": _path([(x.at(q), y.at(p)) for q, p in points]),
            "supply": f"M{LEFT} {y_cost}H{x.at(limit) if near else RIGHT}" + (f"V{TOP}" if near else ""),
            "limit": x.at(limit) if near else None,
            "point": [x.at(cross.load_kw), y.at(price)],
            "x_ticks": x.ticks(scale),
            "y_ticks": y.ticks(1.0),
            "x_title": f"load at the head of the feeder [{unit}]",
            "y_title": f"retail price, {cross.tariff} [USD/kWh]",
            "told": told(cross, scale, unit),
        }


def told(cross: Cross, scale: float, unit: str) -> str:
    """The clearing in one line."""
    digits = 3 if unit == "MW" else 2
    parts = [f"{cross.load_kw / scale:,.{digits}f} {unit} at {cross.price_usd_per_kwh:.4f} USD/kWh"]
    if math.isfinite(cross.limit_kw):
        parts.append(f"limit {cross.limit_kw / scale:,.{digits}f} {unit}")
    if cross.congestion_usd_per_kwh:
        parts.append(f"it binds: μ = {cross.congestion_usd_per_kwh:.4f} USD/kWh")
    if cross.curtailed_kw:
        parts.append(f"{cross.curtailed_kw / scale:,.{digits}f} {unit} not served")
    return " · ".join(parts)


def _path(points: Sequence[tuple[float, float]]) -> str:
    return "M" + "L".join(f"{x:g} {y:g}" for x, y in points)
