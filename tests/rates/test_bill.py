from __future__ import annotations

import numpy as np
import pytest

from dso.errors import InputError
from dso.rates import Terms, bills, calendar_of, calendar_of_year, read_rate, stream
from tests.rates.examples import YEAR, constant, evenings, flat, hours, time_of_use

JANUARY_H, FEBRUARY_H = 744, 672


def energy_usd(rate: dict[str, object], kwh: np.ndarray, terms: Terms | None = None) -> np.ndarray:  # type: ignore[type-arg]
    return bills(read_rate(rate), kwh, YEAR, terms=terms or Terms()).energy_usd[0]


def test_a_flat_rate_costs_its_price_a_kwh() -> None:
    usd = energy_usd(flat(0.12), constant(2.0))
    assert usd[:2] == pytest.approx([0.12 * 2 * JANUARY_H, 0.12 * 2 * FEBRUARY_H])


def test_an_adjustment_and_the_fuel_of_the_month_come_on_top() -> None:
    rate = flat(
        energyratestructure=[[{"rate": 0.1, "adj": 0.02}]], fueladjustmentsmonthly=[0.01, -0.03] + [0.0] * 10
    )
    assert energy_usd(rate, constant())[:3] == pytest.approx([0.13 * 744, 0.09 * 672, 0.12 * 744])


def test_dear_hours_are_those_of_the_clock_on_weekdays() -> None:
    # January 2018 has 23 weekdays of 5 dear hours
    dear = 23 * 5
    assert energy_usd(time_of_use(0.1, 0.3), constant())[0] == pytest.approx(0.3 * dear + 0.1 * (744 - dear))


def test_blocks_are_filled_from_below() -> None:
    tiers = [[{"rate": 0.1, "max": 300}, {"rate": 0.2, "max": 700}, {"rate": 0.4}]]
    usd = energy_usd(flat(energyratestructure=tiers), constant())
    assert usd[0] == pytest.approx(30 + 80 + 0.4 * 44)
    assert energy_usd(flat(energyratestructure=tiers), constant(0.1))[0] == pytest.approx(7.44)


def test_blocks_a_day_are_as_long_as_the_month() -> None:
    tiers = [[{"rate": 0.1, "max": 10, "unit": "kWh daily"}, {"rate": 0.2, "unit": "kWh daily"}]]
    usd = energy_usd(flat(energyratestructure=tiers), constant())
    assert usd[:2] == pytest.approx([31 + 0.2 * 434, 28 + 0.2 * 392])


def test_blocks_per_kw_are_as_long_as_the_peak_is_high() -> None:
    tiers = [[{"rate": 0.2, "max": 200, "unit": "kWh/kW"}, {"rate": 0.1, "unit": "kWh/kW"}]]
    kwh = constant()
    kwh[0, 5] = 3.0  # January: 746 kWh, 3 kW
    assert energy_usd(flat(energyratestructure=tiers), kwh)[0] == pytest.approx(0.2 * 600 + 0.1 * 146)


def test_blocks_in_kwh_share_the_room_of_the_block_per_kw_before_them() -> None:
    """Georgia Power's form: the first 200 h of demand at falling prices, the rest at one."""
    tiers = [[
        {"rate": 9.9, "max": 200, "unit": "kWh/kW"}, {"rate": 0.3, "max": 100}, {"rate": 0.2, "max": 1e38},
        {"rate": 9.9, "max": 1e38, "unit": "kWh/kW"}, {"rate": 0.1, "max": 1e38},
    ]]  # fmt: skip
    usd = energy_usd(flat(energyratestructure=tiers), constant())
    assert usd[0] == pytest.approx(0.3 * 100 + 0.2 * 100 + 0.1 * 544)


BLOCKS = {
    "energyratestructure": [
        [{"rate": 0.1, "max": 300}, {"rate": 0.2}],
        [{"rate": 0.3, "max": 300}, {"rate": 0.5}],
    ]
}


def two_periods() -> np.ndarray:  # type: ignore[type-arg]
    """January: 200 kWh in its first dear hour, 400 kWh in the cheap hours after it."""
    kwh = np.zeros((1, 8760))
    kwh[0, 16], kwh[0, 21:25] = 200.0, 100.0
    return kwh


@pytest.mark.parametrize(
    ("rule", "usd"),
    [
        # 600 kWh, half of them in the first block: 200 at (0.3 + 0.5)/2, 400 at (0.1 + 0.2)/2
        ("by_share", 200 * 0.4 + 400 * 0.15),
        # each period has 300 kWh of its own
        ("per_period", 200 * 0.3 + 300 * 0.1 + 100 * 0.2),
        # the dear 200 first, then 100 cheap ones fill the first block
        ("chronological", 200 * 0.3 + 100 * 0.1 + 300 * 0.2),
    ],
)
def test_each_way_to_join_blocks_and_periods(rule: str, usd: float) -> None:
    rate = time_of_use() | BLOCKS
    assert energy_usd(rate, two_periods(), Terms(tiers=rule))[0] == pytest.approx(usd)  # type: ignore[arg-type]


def test_blocks_are_joined_by_share_where_the_month_nets_and_in_order_where_it_does_not() -> None:
    net, billed = (
        time_of_use() | BLOCKS | {"dgrules": d} for d in ("Net Metering", "Net Billing Instantaneous")
    )
    assert energy_usd(net, two_periods())[0] == pytest.approx(200 * 0.4 + 400 * 0.15)
    assert energy_usd(billed, two_periods())[0] == pytest.approx(200 * 0.3 + 100 * 0.1 + 300 * 0.2)


def test_fixed_charges_come_by_the_month_day_or_year() -> None:
    for amount, unit, january, february in (
        (10, "$/month", 10, 10), (0.5, "$/day", 15.5, 14), (120, "$/year", 10, 10),
    ):  # fmt: skip
        rate = read_rate(flat(fixedchargefirstmeter=amount, fixedchargeunits=unit))
        assert bills(rate, constant(), YEAR).fixed_usd[0, :2] == pytest.approx([january, february])
    old = read_rate(flat(fixedmonthlycharge=7.5))
    assert bills(old, constant(), YEAR).fixed_usd[0] == pytest.approx([7.5] * 12)


def test_each_meter_after_the_first_has_its_own_fixed_charge() -> None:
    rate = read_rate(flat(fixedchargefirstmeter=10, fixedchargeeaaddl=4, fixedchargeunits="$/month"))
    assert bills(rate, constant(), YEAR, terms=Terms(meters=3)).fixed_usd[0, 0] == pytest.approx(18)


def test_a_minimum_is_what_a_small_bill_is_topped_up_to() -> None:
    kwh = constant()
    kwh[0, hours(2)] = 0.0
    rate = read_rate(
        flat(0.1, fixedchargefirstmeter=5, fixedchargeunits="$/month", mincharge=20, minchargeunits="$/month")
    )
    found = bills(rate, kwh, YEAR)
    assert found.minimum_usd[0, :2] == pytest.approx([0, 15])
    assert found.total_usd[0, :2] == pytest.approx([79.4, 20])


def test_a_minimum_of_the_year_tops_up_its_last_month() -> None:
    rate = read_rate(flat(0.1, mincharge=1000, minchargeunits="$/year"))
    found = bills(rate, constant(), YEAR)
    assert found.minimum_usd[0] == pytest.approx([0] * 11 + [1000 - 876])
    assert found.total_usd.sum() == pytest.approx(1000)


def test_a_part_of_a_month_pays_its_part() -> None:
    calendar = calendar_of(np.arange(0, 10 * 86400, 3600), 3600, "UTC")  # ten days of January 1970
    tiers = [[{"rate": 0.1, "max": 310}, {"rate": 0.2}]]
    rate = read_rate(flat(energyratestructure=tiers, fixedchargefirstmeter=31, fixedchargeunits="$/month"))
    found = bills(rate, np.full((1, 240), 1.0), calendar)
    assert found.months == ("1970-01",)
    assert found.fixed_usd[0, 0] == pytest.approx(10)
    assert found.energy_usd[0, 0] == pytest.approx(0.1 * 100 + 0.2 * 140)


def test_the_day_on_which_clocks_change_has_its_23_or_25_hours() -> None:
    calendar = calendar_of_year(2018, 3600, "America/Chicago")
    assert len(calendar.hour) == 8760
    hours_of_march = np.bincount(calendar.hour[calendar.month == 2], minlength=24)
    hours_of_november = np.bincount(calendar.hour[calendar.month == 10], minlength=24)
    assert (hours_of_march[1], hours_of_march[2]) == (31, 30)
    assert (hours_of_november[1], hours_of_november[2]) == (31, 30)
    rate = read_rate(time_of_use(0.0, 1.0, energyweekendschedule=evenings()))
    assert bills(rate, np.ones((1, 8760)), calendar).energy_usd[0, [2, 10]] == pytest.approx([155, 150])


def test_customers_are_billed_one_by_one_or_in_chunks_alike() -> None:
    r = np.random.default_rng(1)
    kwh = r.gamma(2, 0.5, (7, 8760)) - r.gamma(1, 0.5, (7, 8760))
    for more in ({}, {"dgrules": "Net Billing Instantaneous"}, {"dgrules": "Net Billing Hourly"} | BLOCKS):
        rate = read_rate(
            time_of_use() | more | {"flatdemandstructure": [[{"rate": 3}]], "flatdemandmonths": [0] * 12}
        )
        together = bills(rate, kwh, YEAR).total_usd
        parts = stream(rate, (kwh[k : k + 3] for k in (0, 3, 6)), YEAR)
        assert (np.concatenate([b.total_usd for b in parts]) == together).all()


def test_a_rate_without_energy_charges_costs_nothing_but_its_other_charges() -> None:
    rate = read_rate({"label": "x", "fixedchargefirstmeter": 3, "fixedchargeunits": "$/month"})
    assert bills(rate, constant(), YEAR).total_usd[0] == pytest.approx([3] * 12)


def test_arrays_that_do_not_fit_are_told() -> None:
    with pytest.raises(InputError, match=r"energy_kwh: must be \(customers, 8760\)"):
        bills(read_rate(flat()), np.ones((1, 24)), YEAR)
    with pytest.raises(InputError, match="system_kwh"):
        bills(read_rate(flat()), constant(), YEAR, system_kwh=np.ones(3))
    with pytest.raises(InputError, match="generation_kwh"):
        bills(read_rate(flat()), constant(), YEAR, generation_kwh=np.ones((2, 8760)))


def test_terms_that_make_no_sense_are_told_all_at_once() -> None:
    with pytest.raises(InputError) as told:
        Terms(tiers="x", surplus="y", true_up_month=13, lookback_months=-1, meters=0)  # type: ignore[arg-type]
    assert [p.where for p in told.value.problems] == [
        "tiers",
        "surplus",
        "true_up_month",
        "lookback_months",
        "meters",
    ]
