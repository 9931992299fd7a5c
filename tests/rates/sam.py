"""The independent judge: Utilityrate5 of the System Advisor Model, by PySAM.

Its year is one of 8,760 hours that begins on a Monday, without summer time: 2018 is such a year.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import pytest

pytest.importorskip("PySAM", reason="nrel-pysam is not installed: it is the independent judge of bills")

import PySAM.Utilityrate5
from PySAM.UtilityRateTools import URDBv8_to_ElectricityRates

from dso.rates.calendar import FloatArray

Json = dict[str, Any]
UNITS = {"kWh": 0, "kWh/kW": 1, "kWh daily": 2, "kWh/kW daily": 3}
RULES = {"Net Metering": 0, "Net Billing Instantaneous": 2, "Buy All Sell All": 4}
ENDLESS = 1e38


class SamBill(NamedTuple):
    """(12,) each [USD]."""

    total: FloatArray
    demand: FloatArray
    fixed: FloatArray
    minimum: FloatArray


def sam_bill(
    rates: Mapping[str, Any], load_kwh: FloatArray, generation_kwh: FloatArray | None = None
) -> SamBill:
    """What SAM makes of a year of hourly or finer energy."""
    per_hour = len(load_kwh) // 8760
    model = PySAM.Utilityrate5.new()
    model.ElectricityRates.assign(dict(rates))
    model.Lifetime.analysis_period = 1
    model.Lifetime.inflation_rate = 0
    model.Lifetime.system_use_lifetime_output = 0
    model.SystemOutput.degradation = [0]
    generation = np.zeros_like(load_kwh) if generation_kwh is None else generation_kwh
    model.SystemOutput.gen = (generation * per_hour).tolist()
    model.Load.load = (load_kwh * per_hour).tolist()
    model.execute(0)
    out = model.Outputs
    flat, by_period = np.array(out.charge_w_sys_dc_fixed_ym[1]), np.array(out.charge_w_sys_dc_tou_ym[1])
    return SamBill(
        np.array(out.utility_bill_w_sys_ym[1]),
        flat + by_period,
        np.array(out.charge_w_sys_fixed_ym[1]),
        np.array(out.charge_w_sys_minimum_ym[1]),
    )


def converted(rate: Json) -> Json:
    """SAM's inputs by its own reader of URDB."""
    found: Json = URDBv8_to_ElectricityRates(json.loads(json.dumps(rate)))
    return found


def assigned(rate: Json) -> Json:
    """SAM's inputs by hand, without its reader."""
    energy = [
        [*row[:3], UNITS[tier.get("unit", "kWh")], row[3], tier.get("sell", 0)]
        for p, tiers in enumerate(rate["energyratestructure"])
        for row, tier in zip(_rows(rate["energyratestructure"], p), tiers, strict=True)
    ]
    found = {
        "en_electricity_rates": 1,
        "ur_ec_tou_mat": energy,
        "ur_ec_sched_weekday": _from_one(rate["energyweekdayschedule"]),
        "ur_ec_sched_weekend": _from_one(rate["energyweekendschedule"]),
        "ur_metering_option": RULES[rate.get("dgrules", "Net Metering")],
        "ur_monthly_fixed_charge": rate.get("fixedchargefirstmeter", 0),
        "ur_monthly_min_charge": rate.get("mincharge", 0) * (rate.get("minchargeunits") == "$/month"),
        "ur_annual_min_charge": rate.get("mincharge", 0) * (rate.get("minchargeunits") == "$/year"),
        "ur_dc_enable": 0,
    }
    return found | _demand(rate)


def _demand(rate: Json) -> Json:
    if not {"flatdemandstructure", "demandratestructure"} & rate.keys():
        return {}
    flat, months = rate.get("flatdemandstructure", [[{"rate": 0}]]), rate.get("flatdemandmonths", [0] * 12)
    periods = rate.get("demandratestructure", [[{"rate": 0}]])
    always = [[0] * 24] * 12
    return {
        "ur_dc_enable": 1,
        "ur_dc_flat_mat": [[m, *row[1:]] for m, p in enumerate(months) for row in _rows(flat, p)],
        "ur_dc_tou_mat": [row for p in range(len(periods)) for row in _rows(periods, p)],
        "ur_dc_sched_weekday": _from_one(rate.get("demandweekdayschedule", always)),
        "ur_dc_sched_weekend": _from_one(rate.get("demandweekendschedule", always)),
    }


def _rows(structure: list[list[Json]], p: int) -> list[list[float]]:
    return [
        [p + 1, k + 1, t.get("max", ENDLESS), t["rate"] + t.get("adj", 0)] for k, t in enumerate(structure[p])
    ]


def _from_one(schedule: list[list[int]]) -> list[list[int]]:
    return [[p + 1 for p in row] for row in schedule]


def ratchet(frac: float, months: int, earlier_kw: FloatArray | None = None, *, own: bool = True) -> Json:
    """SAM's inputs of a ratchet; without `own` a month's own peak counts in part only, as by SAM's reader."""
    return {
        "ur_enable_billing_demand": 1,
        "ur_billing_demand_minimum": 0,
        "ur_billing_demand_lookback_period": months,
        "ur_billing_demand_lookback_percentages": [[100 * frac, int(own)]] * 12,
        "ur_dc_billing_demand_periods": [[1, 1]],
        "ur_yearzero_usage_peaks": [0.0] * 12 if earlier_kw is None else earlier_kw.tolist(),
    }
