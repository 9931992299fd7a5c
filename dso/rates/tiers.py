"""Blocks of energy and demand: where they end, and what energy in them costs."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from dso.rates.calendar import FloatArray
from dso.rates.rate import NO_END, DemandTier, EnergyTier


def energy_ends(tiers: Sequence[EnergyTier], demand_kw: FloatArray, days: float, part: float) -> FloatArray:
    """Where the blocks of a month end [kWh], counted from its start.

    Parameters
    ----------
    tiers : blocks of a period; one per kW, followed by blocks in kWh, is the room that those share.
    demand_kw : (c,) billing demand of each customer [kW].
    days : days of the month that are billed.
    part : part of the month that is billed; blocks in kWh shrink with it.

    Returns
    -------
    (c, T), or (1, T) where no block grows with demand; never falling, the last infinite.
    """
    ends: list[FloatArray] = []
    room, last = np.full(1, np.inf), np.zeros(1)
    for k, tier in enumerate(tiers):
        end = _end(tier, demand_kw, days, part)
        if tier.per_kw:
            room = end
            if k + 1 < len(tiers) and not tiers[k + 1].per_kw:
                end = last  # only room for the blocks that follow
        last = np.maximum(last, np.minimum(end, room))
        ends.append(last)
    ends[-1] = np.full(1, np.inf)
    return np.stack(np.broadcast_arrays(*ends), axis=-1)


def _end(tier: EnergyTier, demand_kw: FloatArray, days: float, part: float) -> FloatArray:
    if tier.max is None or tier.max >= NO_END:
        return np.full(1, np.inf)
    end_kwh = tier.max * (days if tier.daily else part)
    return end_kwh * demand_kw if tier.per_kw else np.full(1, end_kwh)


def demand_ends(tiers: Sequence[DemandTier]) -> FloatArray:
    """Where blocks of demand end [kW]: (1, T), the last infinite."""
    ends = [np.inf if tier.max is None or tier.max >= NO_END else tier.max for tier in tiers]
    return np.array([[*ends[:-1], np.inf]])


def in_blocks(total: FloatArray, ends: FloatArray) -> FloatArray:
    """How much of a total lies in each block: (c, T) from (c,) and (c, T) or (1, T)."""
    starts = np.concatenate([np.zeros((len(ends), 1)), ends[:, :-1]], axis=1)
    return np.asarray(np.maximum(np.minimum(total[:, None], ends) - starts, 0.0))


def blocks_usd(total: FloatArray, ends: FloatArray, prices: FloatArray) -> FloatArray:
    """What a total costs, block by block: (c,) from (c,), (c, T) and (T,) [USD per unit]."""
    if len(prices) == 1:
        return np.asarray(total * prices[0])
    return np.asarray((in_blocks(total, ends) * prices).sum(axis=1))
