"""The DO's assets: what they cost a year, and whether the rent of what binds would pay for more of them."""

from __future__ import annotations

from dataclasses import dataclass

YEAR_H = 8766.0


@dataclass(frozen=True, slots=True)
class Asset:
    """A line of the asset register; None where it is not known."""

    element: str
    rating: float | None = None
    unit: str | None = None
    installed: int | None = None  # year
    cost_usd: float | None = None  # of a new one, installed

    def age_years(self, year: int) -> int | None:
        """How old it is in a year."""
        return None if self.installed is None else year - self.installed


def annuity_usd(cost_usd: float, years: float, rate_frac: float) -> float:
    """What a cost comes to in each of some years at an interest rate: c·r / (1 − (1 + r)^−n) [USD/year].

    100,000 USD over 40 years at 7 % are 7,501 USD a year; without interest 2,500.
    """
    if rate_frac == 0.0:
        return cost_usd / years
    return float(cost_usd * rate_frac / (1.0 - (1.0 + rate_frac) ** -years))


def per_year(amount_usd: float, study_h: float) -> float:
    """What an amount in a study comes to in a year, if all the year were like the study."""
    return amount_usd * YEAR_H / study_h


def payback_years(cost_usd: float, rent_usd_per_year: float) -> float | None:
    """After how many years rent has paid for a cost, without interest; None: never."""
    return cost_usd / rent_usd_per_year if rent_usd_per_year > 0 else None
