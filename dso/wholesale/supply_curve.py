"""A quadratic supply curve, as TESP's retail simulations use in place of a wholesale market."""

from __future__ import annotations

import math
from collections.abc import Sequence
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dso.clock import Interval, from_epoch_s
from dso.errors import InputError, Problem
from dso.market import Curve
from dso.messages import WholesaleBid, WholesaleResult
from dso.wholesale.bids import quantity_at, refusal

Floats = NDArray[np.float64]

KW_PER_MW = 1000.0
WEEK_SHAPE = (7, 24)


class QuadraticSupply:
    """Supply at P = a·Q² + b·Q + c, one triple for all hours or one for each weekday and hour.

    The curve holds from `least_kw` to `most_kw`. Below, any quantity has the price at `least_kw`; `most_kw`
    is all there is, and whoever bids most gets it. Demand that wants more at any price is cut, at
    `price_cap_usd_per_kwh`.

    Parameters
    ----------
    a, b, c : a number each, or (7, 24) by weekday (Monday first) and hour [USD/kWh per kW², per kW, USD/kWh].
    least_kw, most_kw : where the curve holds [kW].
    price_cap_usd_per_kwh : price where demand has to be cut [USD/kWh].
    typical_kw : the quantity whose price is expected beforehand [kW].
    zone : time zone of weekday and hour.

    Raises
    ------
    InputError : another shape, not finite, or a price that falls anywhere in the range.

    References
    ----------
    TESP 1.3.8, tesp_support/dsot/substation.py and dso_market.py (curve_a, curve_b, curve_c).
    """

    def __init__(
        self,
        a: ArrayLike,
        b: ArrayLike,
        c: ArrayLike,
        *,
        least_kw: float = 0.0,
        most_kw: float = math.inf,
        price_cap_usd_per_kwh: float = 1.0,
        typical_kw: float = 0.0,
        zone: str = "America/Chicago",
    ) -> None:
        triple = np.stack(
            [np.broadcast_to(np.asarray(x, float), WEEK_SHAPE) for x in _checked(a, b, c)], axis=-1
        )
        self.triple: Floats = triple  # (7, 24, 3)
        self.least_kw, self.most_kw = least_kw, most_kw
        self.price_cap_usd_per_kwh, self.typical_kw = price_cap_usd_per_kwh, typical_kw
        self._zone = ZoneInfo(zone)
        problems = _not_rising(triple, least_kw, most_kw)
        if problems:
            raise InputError([Problem("supply curve", text) for text in problems])

    @classmethod
    def from_mw(
        cls,
        a_usd_per_mwh_per_mw2: ArrayLike,
        b_usd_per_mwh_per_mw: ArrayLike,
        c_usd_per_mwh: ArrayLike,
        **settings: float,
    ) -> QuadraticSupply:
        """The curve whose triple is written for USD/MWh over MW; settings as the class takes them."""
        a, b, c = (np.asarray(x, float) for x in (a_usd_per_mwh_per_mw2, b_usd_per_mwh_per_mw, c_usd_per_mwh))
        return cls(a / KW_PER_MW**3, b / KW_PER_MW**2, c / KW_PER_MW, **settings)  # type: ignore[arg-type]

    def triple_at(self, interval: Interval) -> tuple[float, float, float]:
        """a, b, c of the weekday and hour in which an interval starts."""
        local = from_epoch_s(interval.start_s).astimezone(self._zone)
        a, b, c = self.triple[local.weekday(), local.hour]
        return float(a), float(b), float(c)

    def expected_usd_per_kwh(self, intervals: Sequence[Interval], known_at_s: int) -> Floats:
        """Price of the typical quantity in each interval, (t,) [USD/kWh]."""
        del known_at_s  # the curve is known beforehand
        quantity_kw = min(max(self.typical_kw, self.least_kw), self.most_kw)
        return np.array([_price(self.triple_at(i), quantity_kw) for i in intervals], dtype=np.float64)

    def refuses(self, bid: WholesaleBid) -> str | None:
        """Why it will not take a bid, or None if it does."""
        return refusal(bid)

    def clear(self, bid: WholesaleBid) -> WholesaleResult:
        """Price and quantity where each interval's demand meets the curve, exactly."""
        cleared = [self.cross(curve, i) for curve, i in zip(bid.demand, bid.intervals, strict=True)]
        price, quantity = np.array(cleared).T
        return WholesaleResult(bid.market, price, quantity)

    def cross(self, demand: Curve, interval: Interval) -> tuple[float, float]:
        """Price [USD/kWh] and quantity [kW] where a demand curve meets the supply of an interval."""
        triple = self.triple_at(interval)
        floor = _price(triple, self.least_kw)
        least_kw, most_kw = demand.quantity_interval_kw(floor)
        flat = triple[0] == triple[1] == 0.0
        if most_kw <= self.least_kw or (flat and most_kw <= self.most_kw):
            return floor, quantity_at(demand, floor)
        if least_kw <= self.least_kw:
            return floor, self.least_kw
        if (
            math.isfinite(self.most_kw)
            and demand.quantity_above(_price(triple, self.most_kw)) >= self.most_kw
        ):
            return self._scarcity(demand)
        return _meet(triple, demand, self.least_kw, self.most_kw)

    def _scarcity(self, demand: Curve) -> tuple[float, float]:
        prices = demand.price_interval(self.most_kw)
        if prices is None:
            return self.price_cap_usd_per_kwh, self.most_kw
        return min(prices[1], self.price_cap_usd_per_kwh), self.most_kw


def _checked(*values: ArrayLike) -> list[ArrayLike]:
    for name, value in zip("abc", values, strict=True):
        array = np.asarray(value, float)
        if array.shape not in {(), WEEK_SHAPE} or not np.isfinite(array).all():
            text = f"{name} must be a finite number or 7 × 24 of them, had shape {array.shape}"
            raise InputError([Problem("supply curve", text)])
    return list(values)


def _not_rising(triple: Floats, least_kw: float, most_kw: float) -> list[str]:
    if not (math.isfinite(least_kw) and least_kw < most_kw):
        return [f"least_kw must be finite and below most_kw, were {least_kw} and {most_kw}"]
    a, b = triple[..., 0], triple[..., 1]
    # The slope 2aQ + b is linear in Q: what holds at both ends holds between them.
    falling = (2 * a * least_kw + b < 0) | (a < 0 if math.isinf(most_kw) else 2 * a * most_kw + b < 0)
    if falling.any():
        weekday, hour = np.argwhere(falling)[0]
        return [
            f"the price must not fall between {least_kw} and {most_kw} kW,"
            f" does at weekday {weekday} hour {hour}"
        ]
    return []


def _price(triple: tuple[float, float, float], quantity_kw: float) -> float:
    a, b, c = triple
    return (a * quantity_kw + b) * quantity_kw + c


def _meet(
    triple: tuple[float, float, float], demand: Curve, least_kw: float, most_kw: float
) -> tuple[float, float]:
    """Crossing inside the range: along the demand curve, the supply price less the demand's own falls."""
    demand = demand.clipped(least_kw, most_kw)
    p, q = demand.price_usd_per_kwh, demand.quantity_kw
    a, b, c = triple
    above = ((a * q + b) * q + c) > p
    first = int(np.argmin(above)) if not above.all() else p.size
    if first in (0, p.size):  # on a vertical end: the quantity is given
        quantity = float(q[min(first, p.size - 1)])
        return _price(triple, quantity), quantity
    q0, dq = float(q[first - 1]), float(q[first] - q[first - 1])
    p0, dp = float(p[first - 1]), float(p[first] - p[first - 1])
    share = _root(a * dq * dq, (2 * a * q0 + b) * dq - dp, _price(triple, q0) - p0)
    return p0 + share * dp, q0 + share * dq


def _root(a: float, b: float, c: float) -> float:
    """The root in [0, 1] of a·t² + b·t + c, falling from c > 0; nothing cancels (b < 0)."""
    return min(max(2 * c / (-b + math.sqrt(max(b * b - 4 * a * c, 0.0))), 0.0), 1.0)
