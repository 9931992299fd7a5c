"""Prices and set-points of ramp-bid thermostats: one line between them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dso.agents.house_model import Stretch
from dso.agents.house_plan import bounds_c
from dso.messages import FloatArray

LEAST_USD_PER_KWH = 1e-6  # prices that differ by less say nothing


@dataclass(frozen=True, slots=True, eq=False)
class RampCurve:
    """Set-points over prices: base ± (price − mean)/per_k, between the coldest and the warmest that is borne.

    Parameters
    ----------
    stretch : of the houses.
    base_c, least_c, most_c : (n,) set-point in use, and how far people let it go.
    mean_usd_per_kwh : the price at which a set-point is the base.
    usd_per_kwh_k : (n,) what a kelvin costs.
    fixed : (n,) whose thermostat keeps its schedule.
    held_kw : (n,) what holds the base to the end, or what a thermostat does by itself.
    """

    stretch: Stretch
    base_c: FloatArray
    least_c: FloatArray
    most_c: FloatArray
    mean_usd_per_kwh: float
    usd_per_kwh_k: FloatArray
    fixed: NDArray[np.bool_]
    held_kw: FloatArray

    @property
    def _warmer(self) -> float:
        """1 where a dearer kilowatt-hour makes houses warmer, −1 where colder."""
        return 1.0 if self.stretch.warm else -1.0

    def price_of(self, air_c: FloatArray) -> FloatArray:
        """(n,) the price at which a temperature is the set-point [USD/kWh]."""
        return np.asarray(self.mean_usd_per_kwh + self._warmer * self.usd_per_kwh_k * (air_c - self.base_c))

    def set_point_c(self, price_usd_per_kwh: float) -> FloatArray:
        """(n,) set-point at a price [°C]; NaN of those who keep their schedule."""
        per_k = np.where(self.fixed, 1.0, self.usd_per_kwh_k)
        moved = self._warmer * (price_usd_per_kwh - self.mean_usd_per_kwh) / per_k
        return np.where(self.fixed, np.nan, np.clip(self.base_c + moved, self.least_c, self.most_c))

    def line(self) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
        """(n,) least and most power that set-points lead to [kW], and the prices from which on they do.

        Power is linear in the set-point between 0 and the rating (backup, which is not, is taken as if so).
        """
        stretch = self.stretch
        off, full = (
            stretch.free[0],
            stretch.answer.heated(stretch.free, stretch.heat_kw(stretch.rating_kw))[0],
        )
        ends = (self.most_c, self.least_c) if stretch.warm else (self.least_c, self.most_c)
        dear, cheap = (np.clip(end, np.minimum(off, full), np.maximum(off, full)) for end in ends)
        low, high = (stretch.reach_kw(end).clip(0.0, stretch.rating_kw) for end in (dear, cheap))
        return low, high, self.price_of(dear), self.price_of(cheap)


def ramp_curve(stretch: Stretch, mean_usd_per_kwh: float, ramp_usd_per_kwh: float) -> RampCurve:
    """The line of te30's controller, for cooling, and its mirror image for heating.

    With L and H how far below and above the set-point the slider lets air go (see `bounds_c`), μ the mean
    price, and k = ramp/(L + H), a price p cools down to  set-point + clip((p − μ)/k, −L, H)  and heats up to
    set-point − clip((p − μ)/k, −H, L);  so air is worth μ ± k·(air − set-point). te30 has L = H, its
    `offset_limit`.

    Parameters
    ----------
    stretch : of the houses.
    mean_usd_per_kwh : μ; NaN where nothing was heard yet.
    ramp_usd_per_kwh : change of price that moves set-points from one end to the other: ramp·σ.
    """
    base = stretch.cooling_c if stretch.warm else stretch.heating_c
    least, most = bounds_c(stretch.houses, stretch.warm, stretch.heating_c, stretch.cooling_c)
    alone, own = stretch.left_alone(), stretch.own()[1]
    held = np.where(alone, own, stretch.reach_kw(base).clip(0.0, stretch.rating_kw))
    if not ramp_usd_per_kwh >= LEAST_USD_PER_KWH:
        alone = np.ones_like(alone)
    fixed = alone | (most <= least)
    per_k = np.where(fixed, 0.0, ramp_usd_per_kwh / np.where(fixed, 1.0, most - least))
    mean = mean_usd_per_kwh if np.isfinite(mean_usd_per_kwh) else 0.0
    return RampCurve(stretch, base, least, most, mean, per_k, fixed, held)
