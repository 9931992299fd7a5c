"""Tiered: the first kWh of a month cost one price, those beyond another; rising or falling."""

from __future__ import annotations

from dataclasses import dataclass, replace

from dso.rates import EnergyTier, Rate
from dso.tariffs.rate import WHOLE_DAY, RateTariff


@dataclass(frozen=True, slots=True)
class Block:
    """Energy up to an end, counted from the start of the month; the last block has no end.

    Parameters
    ----------
    usd_per_kwh : price.
    up_to_kwh : where it ends [kWh/month, or kWh/day].
    """

    usd_per_kwh: float
    up_to_kwh: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TieredTariff(RateTariff):
    """Bill = Σ_j price_j · clip(E − end_{j−1}, 0, end_j − end_{j−1}) + fixed.

    Parameters
    ----------
    blocks : in rising order.
    by_day : whether ends are per day of the month.
    """

    blocks: tuple[Block, ...]
    by_day: bool = False

    def sheet(self) -> Rate:
        """One period of all its blocks."""
        unit, sell = "kWh daily" if self.by_day else "kWh", self.charges.sell_usd_per_kwh
        tiers = tuple(EnergyTier(b.usd_per_kwh, b.up_to_kwh, unit, sell=sell) for b in self.blocks)
        common = self.charges.rate()
        return replace(common, energy=(tiers,), energy_weekday=WHOLE_DAY, energy_weekend=WHOLE_DAY)
