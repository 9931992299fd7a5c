"""Demand: beside energy, the highest power of the month costs; flat, by hours, at the system's peak."""

from __future__ import annotations

from dataclasses import dataclass, replace

from dso.rates import DemandTier, Rate
from dso.tariffs.rate import WHOLE_DAY, RateTariff
from dso.tariffs.time_of_use import Period, energy_by_hours, schedule_of


@dataclass(frozen=True, slots=True, kw_only=True)
class DemandTariff(RateTariff):
    """Bill = Σ_p price_p · E_p + a · max(P, ratchet · P_before) + Σ_q b_q · P_q + c · P_at_peak + fixed.

    Parameters
    ----------
    usd_per_kwh : price of energy where no period holds.
    periods : hours with another price of energy [USD/kWh].
    usd_per_kw : a, on the highest demand of the month P.
    demand_periods : hours and the price b of the highest demand in them [USD/kW].
    coincident_usd_per_kw : c, on the demand at the time of the month's highest load of all customers.
    window_min : over how many minutes demand is averaged; 0: an interval of the market.
    ratchet_frac : part of an earlier month's peak that demand counts at least.
    ratchet_months : how many months before are looked at.
    """

    usd_per_kwh: float
    periods: tuple[Period, ...] = ()
    usd_per_kw: float = 0.0
    demand_periods: tuple[Period, ...] = ()
    coincident_usd_per_kw: float = 0.0
    window_min: int = 15
    ratchet_frac: float = 0.0
    ratchet_months: int = 11

    def sheet(self) -> Rate:
        """Energy by hours, and as many kinds of demand as cost something."""
        rate = replace(
            self.charges.rate(),
            **energy_by_hours(self.charges, self.periods, self.usd_per_kwh),
            demand_window_min=self.window_min,
            lookback_frac=self.ratchet_frac,
            lookback_months=self.ratchet_months,
        )
        if self.usd_per_kw:
            price = DemandTier(self.usd_per_kw)
            rate = replace(rate, flat_demand=((price,),), flat_demand_months=(0,) * 12)
        if self.demand_periods:
            rate = replace(
                rate,
                demand=tuple((DemandTier(usd),) for usd in (0.0, *(p.usd for p in self.demand_periods))),
                demand_weekday=schedule_of(self.demand_periods, weekend=False),
                demand_weekend=schedule_of(self.demand_periods, weekend=True),
            )
        if self.coincident_usd_per_kw:
            price = DemandTier(self.coincident_usd_per_kw)
            rate = replace(rate, coincident=((price,),), coincident_schedule=WHOLE_DAY)
        return rate
