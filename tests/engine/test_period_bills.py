"""Bills that are no sum over intervals: charged at the end of the period, corrected by reversal."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from dso.engine.handlers import BILLING
from dso.engine.handlers.billing import BillingSubject
from dso.engine.loop import Engine
from dso.engine.memory import recall, remember
from dso.engine.world import BillingPeriod
from dso.ledger import Ledger
from dso.operators.load_serving import LoadServingEntity
from dso.operators.meter_book import added
from dso.statechart import load_chart
from dso.tariffs.rate import Charges
from dso.tariffs.real_time import RealTimeTariff
from dso.tariffs.tiered import Block, TieredTariff
from tests.engine import small
from tests.engine.small import (
    CHARTS,
    CUSTOMERS,
    HOUR_AHEAD,
    NO_PLANT,
    REAL_TIME,
    Plant,
    Wires,
    build,
    rows_of,
)

SERIES = {"da": HOUR_AHEAD, "rt": REAL_TIME}
BILL, FIXED = "bill-2016-08/flat", 13_441  # 10 USD · 1 h / 744 h
# A day's first 24 kWh are an hour's first kWh: 1.1 kWh cost 0.10 + 0.1 · 0.20 = 0.12 USD; a meter is read in
# whole mWh, and 12 readings of 91,667 are 1.100004 kWh, or 0.120001 USD.
TIERS = TieredTariff(
    name="flat",
    charges=Charges(fixed_usd_month=10.0, exports="Net Billing Hourly"),
    timezone="America/Chicago",
    blocks=(Block(0.1, 24.0), Block(0.2)),
    by_day=True,
)


def hour(tariff=TIERS, **parts) -> Engine:
    """An hour in which customers 0 and 1 draw 1.1 kW each on a tariff."""
    engine = build(hours=1, series=SERIES, start=False, **parts)
    engine.world.retailers["flat"] = LoadServingEntity("flat", "estimate", tariff, np.array([0, 1]))
    engine.start()
    return engine


def bills(engine: Engine, customer: int = 0) -> list[dict]:
    return [r for r in rows_of(engine, "invoices") if r["customer"] == customer]


def amounts(invoice: dict) -> dict[str, int]:
    return {line["kind"]: line["amount_uusd"] for line in invoice["lines"]}


def correct(engine: Engine, **changes) -> None:
    at = small.start_s()
    payload = {"customer": 0, "was_kwh": 1.1 / 12, "is_kwh": 1.1 / 12 + 0.1, "price_usd_per_kwh": 0.1}
    engine.post(BILL, "correction", at=at + 7200, **{**payload, "interval_start_s": at + 300, **changes})


def test_charges_are_posted_when_the_period_is_over_and_energy_stands_on_the_bill_once() -> None:
    engine = hour()
    engine.run()
    (invoice,) = bills(engine)
    assert amounts(invoice) == {"energy charge": 120_001, "fixed charge": FIXED, "metered energy": 0}
    assert sum(line["energy_kwh"] for line in invoice["lines"]) == pytest.approx(1.1)
    assert engine.world.ledger.total_uusd() == 0
    before_end = [e for e in rows_of(engine, "invoices") if e["period_end"] > small.start_s() + 3600]
    assert before_end == []


def test_late_meter_data_take_the_old_charge_back_and_post_the_new_one_beside_it() -> None:
    engine = hour()
    correct(engine)
    engine.run()
    first, second = bills(engine)
    assert second["lines"] == [
        {"kind": "reversal", "energy_kwh": pytest.approx(-1.1 / 12), "amount_uusd": 0},
        {"kind": "correction", "energy_kwh": pytest.approx(1.1 / 12 + 0.1), "amount_uusd": 0},
        {"kind": "energy charge, reversal", "energy_kwh": 0.0, "amount_uusd": -120_001},
        {"kind": "energy charge, correction", "energy_kwh": 0.0, "amount_uusd": 140_001},  # 0.2 kWh above
    ]
    assert first["total_uusd"] + second["total_uusd"] == 140_001 + FIXED
    assert engine.world.ledger.total_uusd() == 0
    assert {s.destination for s in engine.recorder.steps} & {"failed"} == set()


def test_a_second_correction_takes_back_what_the_first_one_charged() -> None:
    engine = hour()
    correct(engine)
    correct(engine, interval_start_s=small.start_s() + 600)
    engine.run()
    last = amounts(bills(engine)[-1])
    assert last["energy charge, reversal"] == -140_001
    assert last["energy charge, correction"] == 160_001


def test_a_correction_that_does_not_say_when_is_refused() -> None:
    engine = hour()
    correct(engine, interval_start_s=small.start_s() + 3600)
    engine.run()
    (refused,) = [s for s in engine.recorder.steps if s.rejected]
    assert refused.rejected == "a bill of flat needs interval_start_s, in 2016-08"
    assert len(bills(engine)) == 1


def test_a_late_reading_before_the_bill_is_in_the_bill() -> None:
    """No plant: all meters are estimated at the forecast, 1 kW."""
    engine = hour(plant=NO_PLANT)
    late = {"interval_start_s": small.start_s() + 300, "customer": 0, "meter_kwh": 1 / 12 + 0.1}
    engine.post(BILL, "late_reading", at=small.start_s() + 3500, **late)
    engine.run()
    assert amounts(bills(engine)[0])["energy charge"] == 119_999  # 12 · 83,333 mWh and 0.1 kWh
    assert amounts(bills(engine, 1)[0])["energy charge"] == 100_000  # 0.999996 kWh


def test_the_minimum_and_taxes_of_a_spot_price_follow_a_correction() -> None:
    # 1.1 kWh at 1.25 · 0.048 + 0.04 = 0.10: 12 roundings of 9,166.7; a least bill of 1 USD for the hour.
    charges = Charges(minimum_usd_month=744.0, adders_frac=0.1)
    engine = hour(RealTimeTariff(name="flat", charges=charges))
    correct(engine)
    engine.run()
    first, second = (amounts(bill) for bill in bills(engine))
    energy = 12 * 9_167
    assert first == {
        "metered energy": energy,
        "minimum charge": 1_000_000 - energy,
        "taxes and adders": 100_000,
    }
    assert second["minimum charge, correction"] + second["minimum charge, reversal"] == -10_000
    assert "taxes and adders, reversal" not in second  # the least bill is what it was
    assert sum(first.values()) + sum(second.values()) == 1_100_000


@pytest.mark.parametrize("after", [150, 300, 420])
def test_a_run_taken_up_after_any_step_has_the_same_books(after: int) -> None:
    whole, first, again = hour(), hour(), hour()
    for engine in (whole, first):
        correct(engine)
    whole.run()
    for _ in range(after):
        first.step()
    recall(again, remember(first))
    again.run()
    assert again.recorder.steps == whole.recorder.steps[after:]
    ledgers = [e.world.ledger.accounts for e in (whole, again)]
    assert {k: a.amount_uusd.tolist() for k, a in ledgers[0].items()} == {
        k: a.amount_uusd.tolist() for k, a in ledgers[1].items()
    }


def test_the_book_of_a_period_is_closed_with_it() -> None:
    engine = hour()
    engine.advance(small.start_s() + 7000)
    book = engine.world.retailers["flat"].book
    assert book is not None
    assert book.periods[0].milliwh[small.start_s()].tolist() == [1_100_004, 1_100_004]  # 12 · 91,666.67 mWh
    engine.run()
    assert book.periods == {}


class FromMonthToMonth(Plant):
    """Customers 0 and 1 inject 1 kW in the last hour of July, and draw 3 kW in the first of August."""

    def deliver(self, order):
        self.base_kw = -1.1 if order.interval.start_s < small.start_s() + 3600 else 2.9
        return super().deliver(order)


@pytest.mark.parametrize(
    ("exports", "july", "august"), [("Net Metering", 0, 200_000), ("Net Billing Hourly", 0, 300_000)]
)
def test_what_a_month_exports_net_is_credited_to_the_next_one(monkeypatch, exports, july, august) -> None:
    monkeypatch.setattr(small, "START", "2016-08-01T04:00Z")  # 23:00 in Chicago
    start_s = small.start_s()
    engine = build(hours=2, series=SERIES, start=False, plant=FromMonthToMonth(Wires()))
    tariff = TieredTariff(
        name="flat", charges=Charges(exports=exports), timezone="America/Chicago", blocks=(Block(0.1),)
    )
    engine.world.retailers["flat"] = LoadServingEntity("flat", "estimate", tariff, np.array([0, 1]))
    periods = (
        BillingPeriod("2016-07", start_s, start_s + 3600, 1 / 744),
        BillingPeriod("2016-08", start_s + 3600, start_s + 7200, 1 / 744),
    )
    engine.world.periods = periods
    engine.world.ledger = Ledger(CUSTOMERS, tuple(p.start_s for p in periods))
    chart = load_chart(CHARTS / "billing.yaml", BILLING.vocabulary())
    standing = [s for s in engine.births.standing if s[0] == "dso"]
    standing += [
        (engine.world.billing_machine(t, p), chart, BILLING, BillingSubject(t, p))
        for p in periods
        for t in engine.world.names()
    ]
    engine.births = replace(engine.births, standing=standing)
    engine.start()
    engine.run()
    found = {b["period"]: amounts(b).get("energy charge", 0) for b in bills(engine)}
    assert found == {"2016-07": july, "2016-08": pytest.approx(august, abs=2)}


def test_a_slot_of_a_large_customer_does_not_overflow() -> None:
    one = added(None, np.array([2_000_000_000, 5]))  # 2 MWh
    both = added(one, np.array([2_000_000_000, -7]))
    assert both.tolist() == [4_000_000_000, -2]
    assert added(both, np.array([-4_000_000_000, 0])).tolist() == [0, -2]
