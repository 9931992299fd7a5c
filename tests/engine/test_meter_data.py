"""Readings that come late take the place of their estimates, wherever the market or the bill is by then."""

from __future__ import annotations

import numpy as np
import pytest

from dso.engine.loop import Engine
from dso.engine.world import Settings
from tests.engine.small import NO_PLANT, REAL_TIME, Plant, Wires, build, first_rt, rows_of, start_s, steps_of

SERIES = {"rt": REAL_TIME}
NAN = float("nan")
HOURS = 300 / 3600
BILL = "bill-2016-08/flat"


class Deaf(Plant):
    """The meter of customer 0 is not read in the second interval, when it draws 2.5 kW."""

    def deliver(self, order):
        reading = super().deliver(order)
        if order.interval.start_s == start_s() + 300:
            reading.meter_kwh[0] = NAN
        return reading


def study(rule: str = "schedule", surplus_kw: float = 0.0) -> Engine:
    wires = Wires()
    settings = Settings(meter_estimate=rule)
    return build(hours=1, series=SERIES, plant=Deaf(wires, surplus_kw), settings=settings)


def late(engine: Engine, at_s: int, kwh: float, **changes) -> None:
    payload = {"interval_start_s": start_s() + 300, "customer": 0, "meter_kwh": kwh} | changes
    engine.post(BILL, "late_reading", at=at_s, **payload)


def owed(engine: Engine, customer: int = 0) -> int:
    accounts = engine.world.ledger.accounts
    return sum(int(a.amount_uusd[customer]) for (_, _, kind), a in accounts.items() if kind != "fixed charge")


def invoices(engine: Engine) -> list[int]:
    return [r["total_uusd"] for r in rows_of(engine, "invoices") if r["customer"] == 0]


def test_an_estimate_is_on_record_with_its_rule() -> None:
    engine = study()
    engine.run()
    (row,) = rows_of(engine, "estimates")
    assert (row["market"], row["rule"], row["customers"]) == (first_rt(engine, 1), "schedule", [0])
    assert row["customers_kwh"].tolist() == [pytest.approx(1.0 * HOURS)]


@pytest.mark.parametrize(("rule", "kw"), [("schedule", 1.0), ("before", 1.1), ("similar", 1.1)])
def test_each_rule_estimates_what_it_says(rule: str, kw: float) -> None:
    """Scheduled 1 kW; drew 1.1 kW in the interval before, as does the other customer of the tariff now."""
    engine = study(rule, surplus_kw=0.1)
    engine.run()
    (row,) = rows_of(engine, "estimates")
    assert row["customers_kwh"].tolist() == [pytest.approx(kw * HOURS)]


def test_a_late_reading_before_the_bill_is_in_the_bill() -> None:
    """12 intervals of 1 kW at 0.12, one of them read late as 2.5 kW: 0.12·(11 + 2.5)/12 = 0.135 USD."""
    engine = study()
    late(engine, start_s() + 2000, 2.5 * HOURS)
    engine.run()
    assert owed(engine) == 12 * 10_000 - 10_000 + 25_000
    (total,) = invoices(engine)
    assert total - owed(engine) == 13_441  # the fixed charge
    kinds = [line["kind"] for r in rows_of(engine, "invoices") if r["customer"] == 0 for line in r["lines"]]
    assert kinds == ["correction", "fixed charge", "metered energy", "reversal"]
    assert engine.world.ledger.total_uusd() == 0


def test_a_late_reading_after_the_bill_is_a_correction_of_it() -> None:
    engine = study()
    late(engine, start_s() + 7200, 0.4 * HOURS)
    engine.run()
    assert invoices(engine)[1:] == [4_000 - 10_000]
    assert sum(invoices(engine)) == owed(engine) + 13_441
    assert engine.world.ledger.total_uusd() == 0


def test_the_lse_buys_what_its_customer_turns_out_to_have_drawn() -> None:
    """1.5 kW for 5 min more than estimated, at 0.048 USD/kWh: 6,000 µUSD to what was unaccounted for."""
    before, after = study(), study()
    late(after, start_s() + 2000, 2.5 * HOURS)
    before.run()
    after.run()
    was, is_now = before.world.ledger.balance_uusd, after.world.ledger.balance_uusd
    assert is_now["unaccounted-for energy"] - was.get("unaccounted-for energy", 0) == -6_000
    assert is_now["lse:flat"] - was["lse:flat"] == 6_000 - 15_000


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"customer": 1}, "the meter of customer 1 was not estimated in the interval from 2016-08-10T05:05Z"),
        ({"interval_start_s": 0}, "the meter of customer 0 was not estimated"),
        ({"meter_kwh": NAN}, "meter_kwh must be finite"),
        ({"meter_kwh": "much"}, "late_reading cannot be read: ValueError"),
    ],
)
def test_a_late_reading_of_what_was_not_estimated_is_refused(changes: dict, why: str) -> None:
    engine = study()
    late(engine, start_s() + 2000, 1.0, **changes)
    engine.run()
    (refused,) = [s.rejected for s in engine.recorder.steps if s.rejected]
    assert refused.startswith(why)


def test_a_reading_counts_once() -> None:
    engine = study()
    for at_s in (2000, 2001):
        late(engine, start_s() + at_s, 2.5 * HOURS)
    engine.run()
    assert owed(engine) == 12 * 10_000 - 10_000 + 25_000
    assert len([s for s in engine.recorder.steps if s.rejected]) == 1


def test_nothing_is_remembered_when_the_period_is_closed() -> None:
    engine = study()
    engine.run()
    assert engine.world.retailers["flat"].estimated == {}
    assert steps_of(engine, BILL)[-1].destination == "closed"


def test_a_reading_that_comes_while_the_market_is_disputed_settles_it_anew() -> None:
    """The head has seen 0.5 kWh more than the estimate explains; the reading explains it."""
    engine = build(hours=1, series=SERIES, plant=NO_PLANT)
    meter = np.array([1.0, 1.0, 2.0, 2.0]) * HOURS
    device = np.array([0.0, 0.0, 1.0, 1.0]) * HOURS
    gap = meter.copy()
    gap[0] = NAN
    true = meter.copy()
    true[0] += 0.5
    market, head = first_rt(engine), float(true.sum())
    reading = {"interval": 0, "device_kwh": device, "head_kwh": head}
    engine.post(market, "readings", at=start_s() + 300, meter_kwh=gap, **reading)
    engine.post(market, "readings", at=start_s() + 500, meter_kwh=true, **reading)
    engine.advance(start_s() + 499)
    assert engine.markets[market].state == "reconcile.disputed"
    engine.advance(start_s() + 500)
    assert [s.destination for s in steps_of(engine, market)][-4:] == [
        "reconcile.reversing",
        "reconcile.settling",
        "reconcile.balancing",
        "expired",
    ]
    assert int(engine.world.ledger.accounts["flat", 0, "metered energy"].amount_uusd[0]) == 10_000 + 60_000
    assert engine.world.ledger.balance_uusd.get("unaccounted-for energy", 0) == 0
    assert engine.world.ledger.total_uusd() == 0
