"""The fields of URDB versions 3 to 8: which a bill is made of, and which describe the rate.

References
----------
OpenEI, "Get Utility Rates", versions 3 to 8 (docs/references.md).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from dso.rates import reading as r
from dso.rates.rate import CHARGE_UNITS, EXPORT_RULES

# field -> (attribute of Rate, reader)
BILLED: dict[str, tuple[str, Callable[[Any, str, r.Problems], Any]]] = {
    "energyratestructure": ("energy", r.energy_structure),
    "energyweekdayschedule": ("energy_weekday", r.schedule),
    "energyweekendschedule": ("energy_weekend", r.schedule),
    "fueladjustmentsmonthly": ("fuel_usd_per_kwh", r.monthly),
    "flatdemandstructure": ("flat_demand", r.demand_structure),
    "flatdemandmonths": ("flat_demand_months", r.months_of_periods),
    "flatdemandunit": ("flat_demand_unit", r.text),
    "demandratestructure": ("demand", r.demand_structure),
    "demandweekdayschedule": ("demand_weekday", r.schedule),
    "demandweekendschedule": ("demand_weekend", r.schedule),
    "demandrateunit": ("demand_unit", r.text),
    "demandwindow": ("demand_window_min", r.not_negative),
    "demandratchetpercentage": ("ratchet_frac", r.monthly_fractions),
    "lookbackpercent": ("lookback_frac", r.fraction),
    "lookbackrange": ("lookback_months", r.not_negative),
    "lookbackmonths": ("lookback_to", r.monthly_truths),
    "demandreactivepowercharge": ("reactive_usd_per_kvar", r.number),
    "coincidentratestructure": ("coincident", r.demand_structure),
    "coincidentrateschedule": ("coincident_schedule", r.schedule),
    "coincidentrateunit": ("coincident_unit", r.text),
    "dgrules": ("export_rule", partial(r.one_of, EXPORT_RULES)),
    "usenetmetering": ("uses_net_metering", r.truth),
    "fixedchargefirstmeter": ("fixed", r.number),
    "fixedchargeeaaddl": ("fixed_additional", r.number),
    "fixedchargeunits": ("fixed_unit", partial(r.one_of, CHARGE_UNITS)),
    "fixedmonthlycharge": ("fixed_usd_month", r.number),
    "mincharge": ("minimum", r.number),
    "minchargeunits": ("minimum_unit", partial(r.one_of, CHARGE_UNITS)),
    "minmonthlycharge": ("minimum_usd_month", r.number),
    "annualmincharge": ("minimum_usd_year", r.number),
}

# How version 8's documentation spells some fields whose answers are in lower case.
ALIASES = {
    "lookbackPercent": "lookbackpercent",
    "lookbackRange": "lookbackrange",
    "lookbackMonths": "lookbackmonths",
}

# What a rate is called, where it comes from and whom it is for: read and written unchanged.
CARRIED = frozenset(
    {
        "label", "utility", "name", "uri", "approved", "is_default", "startdate", "enddate", "supercedes",
        "sector", "servicetype", "description", "source", "sourceparent", "basicinformationcomments",
        "country", "eia", "eiaid", "utilityid", "revisions", "latest_update", "peakkwcapacitymin",
        "peakkwcapacitymax", "peakkwcapacityhistory", "demandunits", "peakkwhusagemin", "peakkwhusagemax",
        "peakkwhusagehistory", "voltageminimum", "voltagemaximum", "voltagecategory", "phasewiring",
        "demandattrs", "demandcomments", "energyattrs", "energycomments", "fixedattrs",
    }
)  # fmt: skip
