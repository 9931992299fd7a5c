"""Bills beside SAM's, month by month: equal to a cent, or the convention that differs is shown."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from dso.rates import Bills, Terms, bills, calendar_of_year, read_rate
from dso.rates.calendar import FloatArray
from tests.rates import random_rates as random
from tests.rates.examples import flat, time_of_use
from tests.rates.random_rates import Json, Random
from tests.rates.sam import SamBill, assigned, converted, ratchet, sam_bill

CENT = 0.01
EACH = 30  # rates of each kind


def seeds(kind: int) -> Iterator[tuple[Random, FloatArray, bool]]:
    """Random numbers, a load, and whether SAM's own reader is to read the rate."""
    for seed in range(EACH):
        r = np.random.default_rng([kind, seed])
        yield r, random.load_kwh(r), seed % 2 == 0


def billed(
    rate: Json, load: FloatArray, sun: FloatArray | None = None, terms: Terms | None = None, **more: Any
) -> Bills:
    calendar = calendar_of_year(2018, 3600 * 8760 // len(load))
    net = load if sun is None else load - sun
    generation = None if sun is None else sun[None]
    return bills(
        read_rate(rate), net[None], calendar, generation_kwh=generation, terms=terms or Terms(), **more
    )


def equal(ours: Bills, sam: SamBill) -> None:
    assert ours.total_usd[0] == pytest.approx(sam.total, abs=CENT)
    assert ours.demand_usd[0] == pytest.approx(sam.demand, abs=CENT)
    assert ours.fixed_usd[0] == pytest.approx(sam.fixed, abs=CENT)
    assert ours.minimum_usd[0] == pytest.approx(sam.minimum, abs=CENT)


def month_kwh(load: FloatArray) -> float:
    return float(load.sum() / 12)


@pytest.mark.parametrize("periods", [False, True], ids=["one period", "seasons and hours"])
@pytest.mark.parametrize("tiers", [1, 3])
def test_energy_flat_tiered_by_time_and_both(periods: bool, tiers: int) -> None:
    for r, load, by_reader in seeds(2 * tiers + periods):
        rate = random.rate(r, periods=periods, tiers=tiers, typical_kwh=month_kwh(load))
        equal(billed(rate, load), sam_bill(converted(rate) if by_reader else assigned(rate), load))


@pytest.mark.parametrize("unit", ["kWh daily", "kWh/kW", "kWh/kW daily"])
def test_tiers_by_the_day_and_by_demand(unit: str) -> None:
    for r, load, by_reader in seeds(100 + len(unit)):
        typical = month_kwh(load) / (30 if "daily" in unit else 1) / (load.max() if "/kW" in unit else 1)
        rate = random.rate(r, periods=by_reader, tiers=3, typical_kwh=typical, unit=unit)
        equal(billed(rate, load), sam_bill(converted(rate) if by_reader else assigned(rate), load))


def test_hours_of_use_of_demand_with_blocks_in_each() -> None:
    for r, load, by_reader in seeds(200):
        month, peak = month_kwh(load), float(load.max())
        blocks = [round(month * x, 2) for x in (0.1, 0.5)]
        first = random.energy_tiers(r, blocks)
        first[-1]["max"] = 1e38
        room = {"rate": 0.0, "adj": 0, "sell": 0, "unit": "kWh/kW"}
        rate = random.rate(r, periods=False, tiers=1, typical_kwh=1)
        rate["energyratestructure"] = [[
            room | {"max": round(0.6 * month / peak, 3)}, *first,
            room | {"max": 1e38}, random.energy_tiers(r, [])[0] | {"max": 1e38},
        ]]  # fmt: skip
        equal(billed(rate, load), sam_bill(converted(rate) if by_reader else assigned(rate), load))


@pytest.mark.parametrize("kind", ["flat", "by period", "both"])
def test_demand_with_tiers(kind: str) -> None:
    for r, load, by_reader in seeds(300 + len(kind)):
        rate = random.rate(r, periods=True, tiers=1, typical_kwh=1)
        peak = float(load.max())
        rate |= random.flat_demand(r, peak) if kind != "by period" else {}
        rate |= random.demand_by_period(r, peak) if kind != "flat" else {}
        equal(billed(rate, load), sam_bill(converted(rate) if by_reader else assigned(rate), load))


def test_a_ratchet() -> None:
    for r, load, _ in seeds(400):
        frac, months = random.price(r, 0.5, 1), int(r.integers(1, 12))
        rate = random.rate(r, periods=True, tiers=1, typical_kwh=1) | random.flat_demand(r, float(load.max()))
        ours = rate | {"demandratchetpercentage": [frac] * 12}
        equal(
            billed(ours, load, terms=Terms(lookback_months=months)),
            sam_bill(assigned(rate) | ratchet(frac, months), load),
        )


def test_blocks_per_kw_go_by_the_ratcheted_demand() -> None:
    for r, load, _ in seeds(450):
        typical = month_kwh(load) / load.max()
        rate = random.rate(r, periods=False, tiers=3, typical_kwh=typical, unit="kWh/kW")
        rate |= random.flat_demand(r, float(load.max()))
        ours = rate | {"demandratchetpercentage": [0.9] * 12}
        equal(billed(ours, load), sam_bill(assigned(rate) | ratchet(0.9, 11), load))


@pytest.mark.parametrize("rule", ["Net Metering", "Net Billing Instantaneous", "Buy All Sell All"])
@pytest.mark.parametrize("tiers", [1, 3])
def test_exports(rule: str, tiers: int) -> None:
    for r, load, by_reader in seeds(500 + len(rule) + 50 * tiers):
        sun = random.sun_kwh(r, load)
        rate = random.rate(r, periods=True, tiers=tiers, typical_kwh=month_kwh(load), dgrules=rule)
        rate |= random.flat_demand(r, float(load.max()))
        equal_total(
            billed(rate, load, sun), sam_bill(converted(rate) if by_reader else assigned(rate), load, sun)
        )


def equal_total(ours: Bills, sam: SamBill) -> None:
    assert ours.total_usd[0] == pytest.approx(sam.total, abs=CENT)
    assert ours.demand_usd[0] == pytest.approx(sam.demand, abs=CENT)


def test_credits_in_kwh_are_trued_up() -> None:
    for r, load, _ in seeds(600):
        sun, usd, month = 1.5 * random.sun_kwh(r, load), random.price(r, 0.01, 0.1), int(r.integers(1, 13))
        rate = random.rate(r, periods=False, tiers=2, typical_kwh=month_kwh(load), dgrules="Net Metering")
        sam = sam_bill(
            assigned(rate) | {"ur_nm_yearend_sell_rate": usd, "ur_nm_credit_month": month - 1}, load, sun
        )
        terms = Terms(true_up_month=month, true_up_usd_per_kwh=usd)
        equal_total(billed(rate, load, sun, terms), sam)


def test_credits_in_dollars_are_carried() -> None:
    for r, load, _ in seeds(650):
        sun = random.sun_kwh(r, load)
        rate = random.rate(r, periods=True, tiers=1, typical_kwh=1, dgrules="Net Billing Hourly")
        carried = converted(rate) | {"ur_nb_apply_credit_current_month": 1, "ur_nb_credit_expire": 1}
        equal_total(billed(rate, load, sun, Terms(surplus="carried")), sam_bill(carried, load, sun))


@pytest.mark.parametrize("unit", ["$/month", "$/year"])
@pytest.mark.parametrize("rule", ["Net Metering", "Net Billing Instantaneous"])
def test_minimum_charges(unit: str, rule: str) -> None:
    for r, load, by_reader in seeds(700 + len(rule) + len(unit)):
        sun = 0.4 * random.sun_kwh(r, load)
        rate = random.rate(r, periods=True, tiers=1, typical_kwh=1, dgrules=rule)
        usual = float(billed(rate, load, sun).total_usd.mean())
        rate |= {"mincharge": round(usual * (1 if unit == "$/month" else 13), 2), "minchargeunits": unit}
        equal(billed(rate, load, sun), sam_bill(converted(rate) if by_reader else assigned(rate), load, sun))


def test_quarters_of_an_hour() -> None:
    for seed in range(8):
        r = np.random.default_rng([800, seed])
        load = random.load_kwh(r, 4)
        sun = random.sun_kwh(r, load, 4)
        rule = ("Net Metering", "Net Billing Instantaneous")[seed % 2]
        rate = random.rate(r, periods=True, tiers=2, typical_kwh=month_kwh(load), dgrules=rule)
        rate |= random.flat_demand(r, float(4 * load.max())) | random.demand_by_period(
            r, float(4 * load.max())
        )
        equal_total(billed(rate, load, sun), sam_bill(assigned(rate), load, sun))


# Where conventions differ: docs/rates.md tells why; here is by how much.

ONES = np.ones(8760)


def test_sam_spreads_a_daily_fixed_charge_evenly_over_months() -> None:
    rate = flat(fixedchargefirstmeter=1, fixedchargeunits="$/day")
    assert sam_bill(converted(rate), ONES).fixed[:2] == pytest.approx([365 / 12] * 2)
    assert billed(rate, ONES).fixed_usd[0, :2] == pytest.approx([31, 28])


def test_sams_reader_leaves_fuel_adjustments_out() -> None:
    rate = flat(0.1, fueladjustmentsmonthly=[0.02] * 12)
    assert sam_bill(converted(rate), ONES).total[0] == pytest.approx(0.1 * 744)
    assert billed(rate, ONES).total_usd[0, 0] == pytest.approx(0.12 * 744)


def test_sams_reader_leaves_urdbs_ratchet_out_and_cuts_the_months_own_peak_in_its_own() -> None:
    rate = flat(0, flatdemandstructure=[[{"rate": 10}]], flatdemandmonths=[0] * 12)
    assert sam_bill(converted(rate | {"demandratchetpercentage": [0.5] * 12}), ONES).demand[0] == 10
    assert sam_bill(assigned(rate) | ratchet(0.5, 11, own=False), ONES).demand[0] == pytest.approx(5)
    assert billed(rate | {"lookbackpercent": 0.5, "lookbackrange": 11}, ONES).demand_usd[0, 0] == 10


def test_sam_looks_back_one_month_more_into_the_year_before() -> None:
    rate = flat(0, flatdemandstructure=[[{"rate": 10}]], flatdemandmonths=[0] * 12)
    earlier = np.array([100.0] + [0.0] * 11)  # of last January, twelve months before this one
    assert sam_bill(assigned(rate) | ratchet(0.5, 11, earlier), ONES).demand[0] == pytest.approx(500)
    ours = rate | {"demandratchetpercentage": [0.5] * 12}
    assert billed(ours, ONES, earlier_peaks_kw=earlier[None]).demand_usd[0, 0] == pytest.approx(10)


def test_sam_leaves_sales_out_of_the_minimum_where_all_is_sold() -> None:
    rate = flat(0.1, dgrules="Buy All Sell All", mincharge=70, minchargeunits="$/month")
    rate["energyratestructure"][0][0]["sell"] = 0.05
    assert sam_bill(converted(rate), ONES, ONES).total[0] == pytest.approx(74.4 - 37.2)
    assert billed(rate, ONES, ONES).total_usd[0, 0] == pytest.approx(70)


def test_sam_credits_hourly_net_billing_a_month_later() -> None:
    rate = flat(0.1, dgrules="Net Billing Hourly")
    rate["energyratestructure"][0][0]["sell"] = 0.05
    load, sun = np.tile([1.0, 0.0], 4380), np.tile([0.0, 0.5], 4380)
    credit = 372 * 0.5 * 0.05
    assert sam_bill(converted(rate), load, sun).total[:2] == pytest.approx([37.2, 33.6 - credit])
    assert billed(rate, load, sun).total_usd[0, 0] == pytest.approx(37.2 - credit)


def test_sam_nets_hourly_billing_by_the_interval_where_data_are_finer() -> None:
    rate = flat(0.1, dgrules="Net Billing Hourly")
    load, sun = np.tile([1.0, 0.0, 1.0, 0.0], 8760), np.tile([0.0, 1.0, 0.0, 0.0], 8760)
    assert sam_bill(converted(rate), load, sun).total[0] == pytest.approx(0.1 * 2 * 744)
    assert billed(rate, load, sun).total_usd[0, 0] == pytest.approx(0.1 * 1 * 744)


def test_sam_trues_up_the_months_net_although_dear_hours_were_charged() -> None:
    """A surplus at noon and a use in the evening: SAM charges the use, and pays for the net of both."""
    rate = time_of_use(0.1, 0.3)
    dear = np.zeros(8760)
    weekday = np.repeat(np.arange(365) % 7 < 5, 24)
    dear[weekday & (np.arange(8760) % 24 == 17)] = 1.0
    sun = np.where((np.arange(8760) % 24 == 11), 1.0, 0.0)
    sam = sam_bill(assigned(rate) | {"ur_nm_yearend_sell_rate": 1.0}, dear, sun)
    ours = billed(rate, dear, sun, Terms(true_up_usd_per_kwh=1.0))
    assert sam.total.sum() == pytest.approx(0.3 * 261 - (365 - 261))
    assert ours.total_usd.sum() == pytest.approx(0.3 * 261 - 365)


def test_sam_drops_credits_of_a_period_that_holds_at_none_of_four_hours() -> None:
    """It looks at the hours from 0, 5, 11 and 17 on for where credits go; ours stay in their period."""
    rate = time_of_use(0.1, 0.3)
    for schedule in ("energyweekdayschedule", "energyweekendschedule"):
        rate[schedule] = [[int(hour in (13, 14)) for hour in range(24)] for _ in range(12)]
    load, sun = np.where(np.arange(8760) % 24 == 14, 1.0, 0.0), np.zeros(8760)
    sun[13:744:24] = 3.0  # January earns 62 kWh beyond its use at these hours
    assert sam_bill(assigned(rate), load, sun).total[1] == pytest.approx(0.3 * 28)
    assert billed(rate, load, sun).total_usd[0, 1:4] == pytest.approx([0, 0, 0.3 * (28 + 31 + 30 - 62)])
