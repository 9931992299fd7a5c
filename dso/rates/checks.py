"""Rules that a rate must keep: each gives the problems it finds, by the field's name in the file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from dso.errors import Problem
from dso.rates.rate import DEMAND_UNITS, DemandTier, EnergyTier, Rate, Schedule

ENERGY, FLAT, DEMAND, COINCIDENT = (
    "energyratestructure",
    "flatdemandstructure",
    "demandratestructure",
    "coincidentratestructure",
)


def faults(rate: Rate, given: frozenset[str]) -> Iterator[Problem]:
    """All that is wrong with a rate; `given` are the fields of its file, right or wrong."""
    yield from _rising(rate)
    yield from _scheduled(rate, given)
    yield from _units(rate, given)
    yield from _once(rate)
    yield from _unsupported(rate)


def _rising(rate: Rate) -> Iterator[Problem]:
    for p, tiers in enumerate(rate.energy or ()):
        yield from _rising_tiers(tiers, f"{ENERGY}[{p}]")
    for demand, name in ((rate.flat_demand, FLAT), (rate.demand, DEMAND), (rate.coincident, COINCIDENT)):
        for p, blocks in enumerate(demand or ()):
            yield from _rising_tiers(blocks, f"{name}[{p}]")


def _rising_tiers(tiers: Sequence[EnergyTier | DemandTier], where: str) -> Iterator[Problem]:
    """Ends must rise among tiers of one unit, and only the last tier of all may have none."""
    for k, tier in enumerate(tiers):
        if tier.max is not None and tier.max <= 0:
            yield Problem(
                f"{where}[{k}].max",
                f"must lie above 0, was {tier.max}; leave it out where the tier has no end",
            )
        elif tier.max is None and k < len(tiers) - 1:
            yield Problem(f"{where}[{k}].max", "is missing: only the last tier may have no end")
    for unit in {_kind(tier) for tier in tiers}:
        ends = [(k, tier.max) for k, tier in enumerate(tiers) if _kind(tier) == unit and tier.max is not None]
        for (_, low), (k, high) in pairwise(ends):
            if high <= low and not _endless(low, high):
                yield Problem(f"{where}[{k}].max", f"tiers must rise, but {high} does not lie above {low}")


def _endless(low: float, high: float) -> bool:
    return low == high and high >= 1e30


def _kind(tier: EnergyTier | DemandTier) -> str:
    """kWh and kWh daily rise together, and so do the two per kW; they come in turns."""
    return "kWh/kW" if isinstance(tier, EnergyTier) and tier.per_kw else "kWh"


def _scheduled(rate: Rate, given: frozenset[str]) -> Iterator[Problem]:
    """Every structure has its schedules, and every period of a schedule a rate."""
    months = None if rate.flat_demand_months is None else (rate.flat_demand_months,)
    missing = set()
    for structure, periods, schedule, name in (
        (ENERGY, rate.energy, rate.energy_weekday, "energyweekdayschedule"),
        (ENERGY, rate.energy, rate.energy_weekend, "energyweekendschedule"),
        (FLAT, rate.flat_demand, months, "flatdemandmonths"),
        (DEMAND, rate.demand, rate.demand_weekday, "demandweekdayschedule"),
        (DEMAND, rate.demand, rate.demand_weekend, "demandweekendschedule"),
        (COINCIDENT, rate.coincident, rate.coincident_schedule, "coincidentrateschedule"),
    ):
        if periods and name not in given:
            yield Problem(name, f"is missing: it says when each period of {structure} holds")
        elif schedule and structure not in given and structure not in missing:
            missing.add(structure)
            yield Problem(structure, f"is missing: {name} says when its periods hold")
        elif schedule and periods is not None:
            yield from _with_rates(schedule, len(periods), name, structure)


def _with_rates(schedule: Schedule, count: int, name: str, structure: str) -> Iterator[Problem]:
    missing: dict[int, list[str]] = {}
    for m, row in enumerate(schedule):
        for k, period in enumerate(row):
            if period >= count:
                at = f"{name}[{k}]" if len(schedule) == 1 else f"{name}[{m}][{k}]"
                missing.setdefault(period, []).append(at)
    for period, places in missing.items():
        more = f" (and {len(places) - 1} more places)" if len(places) > 1 else ""
        has = f"its last period is {count - 1}" if count else "it has none"
        yield Problem(places[0], f"period {period} has no rate in {structure}: {has}{more}")


def _units(rate: Rate, given: frozenset[str]) -> Iterator[Problem]:
    for structure, unit, name in (
        (rate.flat_demand, rate.flat_demand_unit, "flatdemandunit"),
        (rate.demand, rate.demand_unit, "demandrateunit"),
        (rate.coincident, rate.coincident_unit, "coincidentrateunit"),
    ):
        allowed = DEMAND_UNITS if name != "coincidentrateunit" else ("kW",)
        if structure and unit is not None and unit not in allowed:
            yield Problem(name, f"must be {' or '.join(allowed)}: meters here read kWh only; was {unit}")
    for charge, unit, name in (
        (rate.fixed or rate.fixed_additional, rate.fixed_unit, "fixedchargeunits"),
        (rate.minimum, rate.minimum_unit, "minchargeunits"),
    ):
        if charge and unit is None and name not in given:
            yield Problem(name, "is missing: $/day, $/month or $/year")


def _once(rate: Rate) -> Iterator[Problem]:
    """Old and new fields for one thing must not both be there."""
    for old, new, names in (
        (rate.fixed_usd_month, rate.fixed, ("fixedmonthlycharge", "fixedchargefirstmeter")),
        (rate.minimum_usd_month, rate.minimum, ("minmonthlycharge", "mincharge")),
        (rate.minimum_usd_year, rate.minimum, ("annualmincharge", "mincharge")),
        (rate.ratchet_by_month if rate.ratchet_frac else None, rate.lookback_frac or None,
         ("demandratchetpercentage", "lookbackpercent")),
    ):  # fmt: skip
        if old and new:
            yield Problem(names[0], f"says what {names[1]} says, too; keep one of them")
    if rate.uses_net_metering is None or rate.export_rule is None:
        return
    if rate.uses_net_metering != (rate.export_rule == "Net Metering"):
        said = str(rate.uses_net_metering).lower()
        yield Problem("usenetmetering", f"is {said}, but dgrules says {rate.export_rule}")


def _unsupported(rate: Rate) -> Iterator[Problem]:
    if rate.reactive_usd_per_kvar:
        yield Problem(
            "demandreactivepowercharge",
            f"{rate.reactive_usd_per_kvar} USD/kVAR cannot be billed: meters here read kWh only",
        )
    window = rate.demand_window_min
    if window and (window != int(window) or 1440 % int(window)):
        yield Problem("demandwindow", f"must be whole minutes that divide a day, was {window}")
    if rate.lookback_months and any(rate.lookback_to or ()):
        yield Problem("lookbackmonths", "must all be 0 where lookbackrange is not; keep one of them")
    if rate.lookback_months and rate.lookback_months != int(rate.lookback_months):
        yield Problem("lookbackrange", f"must be whole months, was {rate.lookback_months}")
