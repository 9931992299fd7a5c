"""Any rate of the U.S. Utility Rate Database as a tariff."""

from __future__ import annotations

from dataclasses import dataclass

from dso.rates import Rate
from dso.tariffs.rate import RateTariff


@dataclass(frozen=True, slots=True, kw_only=True)
class UrdbTariff(RateTariff):
    """Bill = `dso.rates.bills`; fixed and minimum charges and the rule for exports are the file's.

    Parameters
    ----------
    given : the rate.
    """

    given: Rate

    def sheet(self) -> Rate:
        """As it was read."""
        return self.given

    def fixed_usd_per_month(self) -> float:
        """The fixed charge, of an average month where it is by the day."""
        months = {"$/day": 365.0 / 12, "$/year": 1.0 / 12}.get(self.rate.fixed_unit or "", 1.0)
        return (self.rate.fixed or 0.0) * months + (self.rate.fixed_usd_month or 0.0)
