"""Batteries of homes: what stands in the garage, and what its owner wants from it."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import numpy as np
from numpy.typing import ArrayLike

from dso.homes.storage import check_store, chosen, frozen, uniform
from dso.messages import FloatArray, IntArray

OWNS, MODEL, WANT = 120, 121, 122  # streams, one a purpose

# usable kWh, kW either way, round-trip efficiency, share of the market; rounded from makers' data sheets:
# Tesla Powerwall 2, Enphase IQ Battery 10, LG RESU10H, sonnenCore. Shares are round figures.
MODELS = ((13.5, 5.0, 0.90, 0.55), (10.0, 4.0, 0.89, 0.20), (9.5, 5.0, 0.93, 0.15), (10.0, 5.0, 0.86, 0.10))
RESERVE_FRAC = 0.2  # what makers' apps propose to keep for an outage; round
WEAR_USD_PER_KWH = 0.02  # for each kWh through the meter, either way; round
PROFIT_MARGIN_FRAC = (0.0, 0.5)  # on top of wear; round


@dataclass(frozen=True, slots=True, eq=False)
class Batteries:
    """Batteries behind customers' meters, without self-discharge.

    Parameters
    ----------
    customers : (n,) index of the customer who owns each.
    capacity_kwh : (n,) stored at most [kWh], above 0.
    charge_kw, discharge_kw : (n,) ratings at the meter [kW], 0 or more.
    charge_frac, discharge_frac : (n,) efficiency of each way [1], above 0 and at most 1.
    reserve_kwh : (n,) kept for outages [kWh], 0 to capacity.
    wear_usd_per_kwh : (n,) degradation for each kWh through the meter [USD/kWh], 0 or more.
    profit_margin_frac : (n,) what the owner wants on top of wear [1], 0 or more.
    slider : (n,) from comfort, 0: the battery keeps to its plan, to cost, 1: it answers prices most.

    Raises
    ------
    ValueError : a value is out of its range, or shapes differ.
    """

    customers: IntArray
    capacity_kwh: FloatArray
    charge_kw: FloatArray
    discharge_kw: FloatArray
    charge_frac: FloatArray
    discharge_frac: FloatArray
    reserve_kwh: FloatArray
    wear_usd_per_kwh: FloatArray
    profit_margin_frac: FloatArray
    slider: FloatArray

    def __post_init__(self) -> None:
        count = len(self.customers)
        for f in fields(self):
            kind = np.int64 if f.name == "customers" else np.float64
            object.__setattr__(self, f.name, frozen(f.name, getattr(self, f.name), kind, (count,)))
        check_store(self)

    def __len__(self) -> int:
        return len(self.customers)

    def take(self, rows: ArrayLike) -> Batteries:
        """Some of the batteries."""
        picked = np.asarray(rows)
        return replace(self, **{f.name: getattr(self, f.name)[picked] for f in fields(self)})


def draw_batteries(count: int, seed: int, share: float, *, slider: float | None = None) -> Batteries:
    """Batteries of some of a DSO's customers; what one is like does not depend on who else has one.

    Four models of US homes with makers' ratings as round figures, in round shares; a round trip's losses are
    split evenly over both ways. A fifth of the capacity is kept for outages. Wear is 0.02 USD/kWh, the profit
    wanted on top 0 to 50 % of it. Sliders are uniform.

    Parameters
    ----------
    count : customers that exist in all, 0 or more.
    seed : 0 or more.
    share : of customers that own one [1], 0 to 1; a higher share adds to a lower one's.
    slider : the same for all; None: drawn.

    Raises
    ------
    ValueError : share is not 0 to 1.

    References
    ----------
    Makers' data sheets; only the Powerwall's 13.5 kWh and 90 % were looked up again.
    """
    if not 0 <= share <= 1:
        raise ValueError(f"share must be 0 to 1, was {share}")
    owners = np.flatnonzero(np.random.default_rng([seed, OWNS]).random(count) < share)
    kwh, kw, round_trip, shares = np.array(MODELS).T
    model = chosen(shares, uniform(seed, MODEL, 0, count, owners))
    one_way, least, most = np.sqrt(round_trip)[model], *PROFIT_MARGIN_FRAC
    return Batteries(
        customers=owners,
        capacity_kwh=kwh[model],
        charge_kw=kw[model],
        discharge_kw=kw[model],
        charge_frac=one_way,
        discharge_frac=one_way,
        reserve_kwh=RESERVE_FRAC * kwh[model],
        wear_usd_per_kwh=np.full(len(owners), WEAR_USD_PER_KWH),
        profit_margin_frac=least + (most - least) * uniform(seed, WANT, 0, count, owners),
        slider=uniform(seed, WANT, 1, count, owners) if slider is None else np.full(len(owners), slider),
    )
