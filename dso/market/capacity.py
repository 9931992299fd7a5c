"""Selling what a transformer lets pass: the price at which what those behind it want just fits."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dso.errors import CurveError
from dso.market.curve import Curve


@dataclass(frozen=True, slots=True)
class CapacitySale:
    """What the capacity of one interval is worth to those behind it, whatever energy costs.

    Parameters
    ----------
    floor_usd_per_kwh : the lowest price at which what they want to draw fits; −inf where it fits at any.
    ceiling_usd_per_kwh : the highest price at which what they want to inject fits; inf likewise.
    unserved_kw : what fits not even at the price cap; negative: injection [kW].
    """

    floor_usd_per_kwh: float = -np.inf
    ceiling_usd_per_kwh: float = np.inf
    unserved_kw: float = 0.0

    def price(self, energy_usd_per_kwh: float) -> float:
        """κ, what capacity costs beside energy [USD/kWh]: 0 where there is enough, negative for injection."""
        held = min(max(energy_usd_per_kwh, self.floor_usd_per_kwh), self.ceiling_usd_per_kwh)
        return held - energy_usd_per_kwh


def sell_capacity(
    demand: Curve, capacity_kw: float, *, price_cap_usd_per_kwh: float = np.inf
) -> CapacitySale:
    """Sell the capacity of one interval to all who want energy through it, at one price.

    Of the prices at which the same fits, load pays the lowest and injection is paid the highest.

    Parameters
    ----------
    demand : net load behind it over the price of energy and capacity together; what does not bid comes first.
    capacity_kw : what passes, either way [kW].
    price_cap_usd_per_kwh : the price if load does not fit at any lower one; minus it for injection.

    Raises
    ------
    CurveError : a capacity that is not above 0, or a price cap that is not a number.
    """
    if not 0 < capacity_kw < np.inf or np.isnan(price_cap_usd_per_kwh):
        raise CurveError(f"a capacity must be a number above 0, was {capacity_kw} kW")
    dearest = float(np.abs(demand.price_usd_per_kwh).max())
    cap = price_cap_usd_per_kwh if np.isfinite(price_cap_usd_per_kwh) else dearest
    over = float(demand.quantity_above(cap)) - capacity_kw
    if over > _snap(demand):
        return CapacitySale(floor_usd_per_kwh=cap, unserved_kw=over)
    under = float(demand.quantity_below(-cap)) + capacity_kw
    if under < -_snap(demand):
        return CapacitySale(ceiling_usd_per_kwh=-cap, unserved_kw=under)
    most, least = float(demand.quantity_kw[0]), float(demand.quantity_kw[-1])
    floor = _edge(demand, capacity_kw, 0, -np.inf) if most > capacity_kw else -np.inf
    ceiling = _edge(demand, -capacity_kw, 1, np.inf) if least < -capacity_kw else np.inf
    return CapacitySale(floor, ceiling)


def _snap(demand: Curve) -> float:
    return 1e-9 * float(np.abs(demand.quantity_kw).max())


def _edge(demand: Curve, quantity_kw: float, side: int, never: float) -> float:
    """Lowest (0) or highest (1) price at which a quantity is wanted; `never` if rounding alone misses it."""
    found = demand.price_interval(quantity_kw)
    return never if found is None else found[side]
