from __future__ import annotations

import numpy as np
import pytest

from dso.errors import InputError
from dso.rates import Terms, bills, calendar_of, calendar_of_year, read_rate
from tests.rates.examples import YEAR, Json, constant, evenings, flat, hours, time_of_use


def sells(rule: str, buy: float = 0.2, sell: float = 0.05, **more: object) -> Json:
    return flat(energyratestructure=[[{"rate": buy, "sell": sell}]], dgrules=rule, **more)


def sunny(month: int, kwh: float) -> np.ndarray:  # type: ignore[type-arg]
    """1 kWh an hour, and in one month an export of so much an hour."""
    load = constant()
    load[0, hours(month)] = -kwh
    return load


def test_net_metering_carries_kwh_to_later_months_until_they_are_used() -> None:
    found = bills(read_rate(sells("Net Metering")), sunny(3, 1.5), YEAR)
    # March leaves 1116 kWh: April uses 720 of them, May the other 396 of 744
    assert found.energy_usd[0, 2:5] == pytest.approx([0, 0, 0.2 * (744 - 396)])
    assert found.credit_usd.sum() == 0


def test_what_is_left_is_trued_up_once_a_year() -> None:
    rate = read_rate(sells("Net Metering"))
    paid = bills(rate, sunny(12, 1.0), YEAR, terms=Terms(true_up_usd_per_kwh=0.03))
    assert paid.credit_usd[0] == pytest.approx([0] * 11 + [0.03 * 744])
    early = bills(rate, sunny(3, 1.0), YEAR, terms=Terms(true_up_month=3))
    assert early.energy_usd[0, 3] == pytest.approx(0.2 * 720)  # the credits ended


def test_each_period_nets_by_itself_and_credits_stay_in_it() -> None:
    load = np.zeros((1, 8760))
    load[0, 12], load[0, 17] = -10.0, 4.0  # a Monday of January: noon is cheap, the evening dear
    load[0, np.flatnonzero(hours(2))[0]] = 6.0  # at midnight
    found = bills(read_rate(time_of_use(0.1, 0.3)), load, YEAR)
    assert found.energy_usd[0, :2] == pytest.approx([0.3 * 4, 0])


def test_where_the_season_ends_credits_go_to_the_period_of_the_same_hour() -> None:
    rate = flat(
        energyratestructure=[[{"rate": p}] for p in (0.1, 0.2, 0.3, 0.4)],
        energyweekdayschedule=[[2 * (m == 1) + int(16 <= h < 20) for h in range(24)] for m in range(12)],
        energyweekendschedule=[[2 * (m == 1)] * 24 for m in range(12)],
    )
    load = np.zeros((1, 8760))
    load[0, 17] = -5.0  # dear hours of January, period 1: in February they are period 3
    load[0, 31 * 24 + 17] = 8.0  # Thursday, the first of February
    assert bills(read_rate(rate), load, YEAR).energy_usd[0, 1] == pytest.approx(0.4 * 3)


def test_net_billing_credits_each_interval() -> None:
    load = np.tile([[1.0, -1.0]], 4380)
    found = bills(read_rate(sells("Net Billing Instantaneous")), load, YEAR)
    assert (found.energy_usd[0, 0], found.credit_usd[0, 0]) == pytest.approx((0.2 * 372, 0.05 * 372))
    assert found.total_usd[0, 0] == pytest.approx(0.15 * 372)


def test_hourly_net_billing_nets_within_the_hour_first() -> None:
    quarters = calendar_of_year(2018, 900)
    load = np.tile([[1.0, -0.5, 0.0, 0.0]], 8760)
    found = bills(read_rate(sells("Net Billing Hourly")), load, quarters)
    assert (found.energy_usd[0, 0], found.credit_usd[0, 0]) == pytest.approx((0.2 * 0.5 * 744, 0))
    calendar = calendar_of(np.arange(0, 2700, 900), 900, "UTC")
    with pytest.raises(InputError, match="begins or ends inside an hour"):
        bills(read_rate(sells("Net Billing Hourly")), np.ones((1, 3)), calendar)
    late = calendar_of(np.arange(900, 4500, 900), 900, "UTC")
    with pytest.raises(InputError, match="begins or ends inside an hour"):
        bills(read_rate(sells("Net Billing Hourly")), np.ones((1, 4)), late)


def test_buy_all_sell_all_is_gross_where_generation_is_known() -> None:
    rate, net, sun = read_rate(sells("Buy All Sell All")), constant(-1.0), constant(3.0)
    gross = bills(rate, net, YEAR, generation_kwh=sun)
    assert (gross.energy_usd[0, 0], gross.credit_usd[0, 0]) == pytest.approx((0.2 * 2 * 744, 0.05 * 3 * 744))
    net_only = bills(rate, net, YEAR)
    assert (net_only.energy_usd[0, 0], net_only.credit_usd[0, 0]) == pytest.approx((0, 0.05 * 744))


def test_sales_fill_the_blocks_that_purchases_fill() -> None:
    tiers = [[{"rate": 0.1, "sell": 0.08, "max": 300}, {"rate": 0.2, "sell": 0.02}]]
    rate = flat(energyratestructure=tiers, dgrules="Net Billing Instantaneous")
    assert bills(read_rate(rate), constant(-1.0), YEAR).credit_usd[0, 0] == pytest.approx(24 + 0.02 * 444)


def test_a_credit_beyond_the_charges_is_paid_or_carried() -> None:
    rate = read_rate(sells("Net Billing Instantaneous", fixedchargefirstmeter=10, fixedchargeunits="$/month"))
    load = sunny(3, 8.0)  # March earns 297.60, another month costs 0.2 a kWh
    paid = bills(rate, load, YEAR)
    assert paid.total_usd[0, 2] == pytest.approx(10 - 297.6)
    carried = bills(rate, load, YEAR, terms=Terms(surplus="carried"))
    left = 297.6 - 144 - 148.8
    assert carried.credit_usd[0, 2:7] == pytest.approx([0, 144, 148.8, left, 0])
    assert carried.total_usd[0, 2:4] == pytest.approx([10, 10])


def test_carried_dollars_end_with_the_true_up() -> None:
    rate = read_rate(sells("Net Billing Instantaneous"))
    found = bills(rate, sunny(3, 8.0), YEAR, terms=Terms(surplus="carried", true_up_month=4))
    assert found.credit_usd[0, 2:5] == pytest.approx([0, 144, 0])


def test_a_minimum_holds_after_credits() -> None:
    rate = sells("Net Billing Instantaneous", mincharge=15, minchargeunits="$/month")
    found = bills(read_rate(rate), sunny(3, 1.0), YEAR)
    assert found.total_usd[0, 2] == pytest.approx(15)
    assert found.minimum_usd[0, 2] == pytest.approx(15 + 0.05 * 744)


def test_fuel_adjustments_count_what_is_charged_not_what_is_sold() -> None:
    load = np.tile([[1.0, -1.0]], 4380)
    rate = sells("Net Billing Instantaneous", fueladjustmentsmonthly=[0.01] * 12)
    found = bills(read_rate(rate), load, YEAR)
    assert (found.energy_usd[0, 0], found.credit_usd[0, 0]) == pytest.approx((0.21 * 372, 0.05 * 372))


@pytest.mark.parametrize(
    ("said", "rule"),
    [({}, "Net Metering"), ({"usenetmetering": True}, "Net Metering"),
     ({"usenetmetering": False}, "Net Billing Instantaneous"),
     ({"dgrules": "Buy All Sell All"}, "Buy All Sell All")],
)  # fmt: skip
def test_a_rate_that_is_silent_nets_over_the_month(said: Json, rule: str) -> None:
    assert read_rate(flat(**said)).exports == rule


def test_blocks_in_order_of_use_cannot_net_over_the_month() -> None:
    tiers = {"energyratestructure": [[{"rate": 0.1, "max": 300}, {"rate": 0.2}], [{"rate": 0.3}]]}
    rate = read_rate(time_of_use(energyweekendschedule=evenings()) | tiers)
    with pytest.raises(InputError, match="chronological blocks and net metering"):
        bills(rate, sunny(3, 1.0), YEAR, terms=Terms(tiers="chronological"))
    bills(rate, constant(), YEAR, terms=Terms(tiers="chronological"))


def test_a_reading_that_is_no_number_is_told_by_its_row() -> None:
    load = np.ones((3, 8760))
    load[1, 5] = np.nan
    with pytest.raises(InputError, match="energy_kwh: must be finite; rows with other values: 1"):
        bills(read_rate(flat()), load, YEAR)
