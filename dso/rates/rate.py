"""A rate as the U.S. Utility Rate Database tells it: structures of periods and tiers, schedules, charges."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Schedule = tuple[tuple[int, ...], ...]  # 12 months of 24 hours: which period
ExportRule = Literal["Net Metering", "Net Billing Instantaneous", "Net Billing Hourly", "Buy All Sell All"]

EXPORT_RULES: tuple[ExportRule, ...] = (
    "Net Metering",
    "Net Billing Instantaneous",
    "Net Billing Hourly",
    "Buy All Sell All",
)
ENERGY_UNITS = ("kWh", "kWh daily", "kWh/kW", "kWh/kW daily")
DEMAND_UNITS = ("kW", "kW daily")
CHARGE_UNITS = ("$/day", "$/month", "$/year")
NO_END = 1e30  # a tier whose max lies beyond has none: others write 1e38


@dataclass(frozen=True, slots=True)
class EnergyTier:
    """A block of energy in a period, and what a kWh of it costs.

    Parameters
    ----------
    rate, adj, sell : price, adjustment on top, what an exported kWh earns [USD/kWh].
    max : where the block ends, in `unit` from the start of the month on; None without an end.
    unit : kWh, kWh daily (times the days), kWh/kW (times the billing demand), kWh/kW daily; None is kWh.
    """

    rate: float
    max: float | None = None
    unit: str | None = None
    adj: float | None = None
    sell: float | None = None

    @property
    def buy_usd_per_kwh(self) -> float:
        """rate + adj."""
        return self.rate + (self.adj or 0.0)

    @property
    def sell_usd_per_kwh(self) -> float:
        """What an export earns."""
        return self.sell or 0.0

    @property
    def per_kw(self) -> bool:
        """Whether it grows with the billing demand."""
        return "/kw" in (self.unit or "").lower()

    @property
    def daily(self) -> bool:
        """Whether it grows with the days of the month."""
        return "daily" in (self.unit or "").lower()


@dataclass(frozen=True, slots=True)
class DemandTier:
    """A block of demand and what a kW of it costs: rate + adj [USD/kW]; `max` is where it ends [kW]."""

    rate: float
    max: float | None = None
    unit: str | None = None
    adj: float | None = None

    @property
    def usd_per_kw(self) -> float:
        """rate + adj."""
        return self.rate + (self.adj or 0.0)


EnergyStructure = tuple[tuple[EnergyTier, ...], ...]  # periods of tiers
DemandStructure = tuple[tuple[DemandTier, ...], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """A rate; what is None was not said. `read_rate` makes one from URDB's JSON, `write_rate` that of it.

    Charges of a customer are in `energy`, `flat_demand`, `demand`, `coincident`, `fixed` and `minimum` with
    their schedules and units; what describes the rate (label, utility, source …) is in `carried`; `order` is
    the order of the fields as they were read, an explicit null among them.
    """

    energy: EnergyStructure | None = None
    energy_weekday: Schedule | None = None
    energy_weekend: Schedule | None = None
    fuel_usd_per_kwh: tuple[float, ...] | None = None  # by month of the year
    flat_demand: DemandStructure | None = None
    flat_demand_months: tuple[int, ...] | None = None  # which period, by month of the year
    flat_demand_unit: str | None = None
    demand: DemandStructure | None = None
    demand_weekday: Schedule | None = None
    demand_weekend: Schedule | None = None
    demand_unit: str | None = None
    demand_window_min: float | None = None
    ratchet_frac: tuple[float, ...] | None = None  # by the month of the year whose peak is looked back to
    lookback_frac: float | None = None
    lookback_months: float | None = None
    lookback_to: tuple[bool | int, ...] | None = None  # months of the year whose peaks are looked back to
    reactive_usd_per_kvar: float | None = None
    coincident: DemandStructure | None = None
    coincident_schedule: Schedule | None = None
    coincident_unit: str | None = None
    export_rule: ExportRule | None = None
    uses_net_metering: bool | None = None
    fixed: float | None = None
    fixed_additional: float | None = None  # each meter after the first
    fixed_unit: str | None = None
    fixed_usd_month: float | None = None  # as versions up to 4 said it
    minimum: float | None = None
    minimum_unit: str | None = None
    minimum_usd_month: float | None = None  # as versions up to 4 said it
    minimum_usd_year: float | None = None
    carried: Mapping[str, Any] = field(default_factory=dict)
    order: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """What to call it."""
        return str(self.carried.get("name") or self.carried.get("label") or "rate")

    @property
    def exports(self) -> ExportRule:
        """How exports are dealt with: as it says, or net metering as the database's readers assume."""
        if self.export_rule is not None:
            return self.export_rule
        return "Net Billing Instantaneous" if self.uses_net_metering is False else "Net Metering"

    @property
    def ratchet_by_month(self) -> tuple[float, ...] | None:
        """The part of a past month's peak that counts as demand, by that month of the year."""
        if self.ratchet_frac is not None:
            return self.ratchet_frac if any(self.ratchet_frac) else None
        if not self.lookback_frac:
            return None
        if self.lookback_to is None or self.lookback_months:
            return (self.lookback_frac,) * 12
        return tuple(self.lookback_frac if counts else 0.0 for counts in self.lookback_to)

    @property
    def unbilled_text(self) -> tuple[str, ...]:
        """Fields of free text that may hold charges, which no bill counts."""
        return tuple(key for key in ("energyattrs", "demandattrs", "fixedattrs") if self.carried.get(key))
