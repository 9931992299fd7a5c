"""Billing from the ledger only: periods, fixed charges, corrections by reversal."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from dso.engine.handlers import BILLING
from dso.engine.handlers.billing import BillingSubject
from dso.engine.loop import Engine
from dso.engine.work import Behaviour
from dso.engine.world import BillingPeriod
from dso.ledger import Ledger
from dso.statechart import load_chart
from tests.engine.small import (
    CHARTS,
    CUSTOMERS,
    HOUR_AHEAD,
    NO_PLANT,
    REAL_TIME,
    build,
    rows_of,
    start_s,
    steps_of,
)

SERIES = {"da": HOUR_AHEAD, "rt": REAL_TIME}
FIXED = 13_441  # 10 USD · 1 h / 744 h = 13,440.86 µUSD
JULY, AUGUST = "2016-07", "2016-08"


def hour(**parts) -> Engine:
    return build(hours=1, series=SERIES, **parts)


def two_periods(behaviour: Behaviour = BILLING, **parts) -> Engine:
    """Two hours, the first of them the last one of July (where a month ends is the scenario's to say)."""
    engine = build(hours=2, series=SERIES, start=False, **parts)
    middle, end = start_s() + 3600, start_s() + 7200
    periods = (BillingPeriod(JULY, start_s(), middle, 0.5), BillingPeriod(AUGUST, middle, end, 0.25))
    engine.world.periods = periods
    engine.world.ledger = Ledger(CUSTOMERS, (start_s(), middle))
    chart = load_chart(CHARTS / "billing.yaml", behaviour.vocabulary())
    standing = [s for s in engine.births.standing if s[0] == "dso"]
    for period in periods:
        for tariff in engine.world.names():
            name = engine.world.billing_machine(tariff, period)
            standing.append((name, chart, behaviour, BillingSubject(tariff, period)))
    engine.births = replace(engine.births, standing=standing)
    engine.start()
    return engine


def invoices(engine: Engine, period: str, tariff: str = "flat") -> list[dict]:
    return [r for r in rows_of(engine, "invoices") if (r["period"], r["tariff"]) == (period, tariff)]


def test_an_invoice_has_a_line_for_each_kind_of_exchange_and_the_fixed_charge() -> None:
    engine = hour()
    engine.run()
    first = invoices(engine, AUGUST, "live")[0]
    assert (first["customer"], first["invoice"], first["correction"]) == (2, "2016-08-000002-0", 0)
    # Position 2 kWh at 0.10; 0.1 kWh more at 0.10, as 12 roundings of 833.3; fixed.
    assert [(line["kind"], line["amount_uusd"]) for line in first["lines"]] == [
        ("day-ahead energy", 200_000),
        ("fixed charge", FIXED),
        ("metered energy", 12 * 833),
    ]
    assert first["total_uusd"] == 200_000 + FIXED + 12 * 833
    assert [line["energy_kwh"] for line in first["lines"]] == pytest.approx([2.0, 0.0, 0.1])


def test_bills_go_out_at_the_instant_the_last_market_of_the_period_is_settled() -> None:
    engine = hour()
    engine.run()
    steps = steps_of(engine, "bill-2016-08/flat")
    assert [(s.event, s.time_s - start_s()) for s in steps[:4]] == [
        ("@period_end", 3600),
        ("period_settled", 3600),
        ("charged", 3600),
        ("billed", 3600),
    ]
    assert [s.degraded for s in steps if s.degraded] == []


def test_each_period_holds_its_own_intervals_and_its_share_of_the_fixed_charge() -> None:
    engine = two_periods()
    engine.run()
    for period, fixed in ((JULY, 5_000_000), (AUGUST, 2_500_000)):
        assert [i["customer"] for i in invoices(engine, period)] == [0, 1]
        # 1.1 kWh at 0.12.
        assert [i["total_uusd"] for i in invoices(engine, period)] == [132_000 + fixed] * 2
    total = sum(r["total_uusd"] for r in rows_of(engine, "invoices"))
    balance = engine.world.ledger.balance_uusd
    assert total == balance["customers:flat"] + balance["customers:live"]
    issued = [s for s in engine.recorder.steps if s.event == "period_settled"]
    assert [s.machine for s in issued] == [
        "bill-2016-07/flat",
        "bill-2016-07/live",
        "bill-2016-08/flat",
        "bill-2016-08/live",
    ]
    assert [s for s in engine.recorder.steps if s.rejected] == []


def test_a_period_waits_for_its_slowest_market_and_not_for_the_next_period() -> None:
    """No plant: the last market of July is settled by estimate, two minutes after its end."""
    engine = two_periods(plant=NO_PLANT)
    engine.run()
    (settled,) = [s for s in steps_of(engine, "bill-2016-07/flat") if s.event == "period_settled"]
    assert settled.time_s == start_s() + 3600 + 120
    assert settled.degraded is None


def test_a_market_that_is_never_settled_does_not_keep_its_period_from_being_billed() -> None:
    class Leaky:
        """A head meter that sees more than anybody draws."""

        def __new__(cls):
            from tests.engine.small import Plant, Wires

            plant = Plant(Wires(), 0.0)
            plant.unaccounted_kwh = 1.0
            return plant

    engine = two_periods(plant=Leaky())
    engine.run()
    (settled,) = [s for s in steps_of(engine, "bill-2016-07/flat") if s.event == "period_settled"]
    assert settled.time_s == start_s() + 3600 + 600  # when its disputed markets close
    assert len(rows_of(engine, "invoices")) == 8


def test_the_bill_date_comes_after_the_close_of_every_market_of_the_period() -> None:
    engine = two_periods()
    july, august = engine.world.periods
    assert engine.world.bill_date_s(july) == start_s() + 3600 + 3600 + 1  # the hour-ahead market's close
    assert engine.world.bill_date_s(august) == start_s() + 7200 + 3600 + 1
    day = build(hours=1)  # its day-ahead market delivers for 23 hours after the period
    assert day.world.bill_date_s(day.world.periods[0]) == start_s() + 86400 + 3600 + 1


def correct(engine: Engine, **changes) -> None:
    payload = {"customer": 2, "was_kwh": 0.175, "is_kwh": 0.15, "price_usd_per_kwh": 0.1} | changes
    engine.post("bill-2016-08/live", "correction", at=start_s() + 7200, **payload)


def test_late_meter_data_are_a_reversal_and_a_correction_and_history_stays() -> None:
    engine = hour()
    engine.advance(start_s() + 7000)
    before = [dict(r) for r in rows_of(engine, "invoices")]
    correct(engine)
    engine.run()
    events = [s.event for s in steps_of(engine, "bill-2016-08/live")]
    assert events[-4:] == ["correction", "corrected", "consistent", "@correction_close"]
    rows = rows_of(engine, "invoices")
    assert rows[: len(before)] == before
    (added,) = rows[len(before) :]
    assert added["invoice"] == "2016-08-000002-1"
    assert added["lines"] == [
        {"kind": "reversal", "energy_kwh": -0.175, "amount_uusd": -17_500},
        {"kind": "correction", "energy_kwh": 0.15, "amount_uusd": 15_000},
    ]
    assert added["total_uusd"] == -2_500
    assert engine.world.ledger.total_uusd() == 0
    balance = engine.world.ledger.balance_uusd["customers:live"]
    assert sum(r["total_uusd"] for r in rows if r["tariff"] == "live") == balance


def test_corrections_are_numbered_and_each_is_billed() -> None:
    engine = hour()
    correct(engine)
    correct(engine, customer=3, is_kwh=0.2)
    engine.run()
    later = [r for r in rows_of(engine, "invoices") if r["correction"]]
    assert [(r["invoice"], r["total_uusd"]) for r in later] == [
        ("2016-08-000002-1", -2_500),
        ("2016-08-000003-2", 2_500),
    ]
    assert "failed" not in [s.destination for s in engine.recorder.steps]


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"customer": 0}, "customer 0 is not enrolled in live"),
        ({"is_kwh": float("nan")}, "correction must be finite"),
        ({"price_usd_per_kwh": "dear"}, "correction cannot be read: ValueError"),
        ({"customer": 2.7}, "correction cannot be read: TypeError"),
    ],
)
def test_a_correction_that_makes_no_sense_is_refused_and_no_bill_goes_out(changes: dict, why: str) -> None:
    engine = hour()
    correct(engine, **changes)
    engine.run()
    (refused,) = [s for s in engine.recorder.steps if s.rejected]
    assert refused.rejected is not None
    assert refused.rejected.startswith(why)
    assert [r for r in rows_of(engine, "invoices") if r["correction"]] == []
    assert "correcting" not in [s.destination for s in engine.recorder.steps]


def test_a_correction_after_its_window_is_refused() -> None:
    engine = hour()
    close_s = engine.world.correction_close_s(engine.world.periods[0])
    assert close_s == start_s() + 3600 + 3600 + 1 + 86400
    engine.post("bill-2016-08/live", "correction", at=close_s + 1, customer=2)
    engine.run()
    assert engine.recorder.steps[-1].rejected == "there is no such machine, or it is over"


def broken(name: str) -> Behaviour:
    def bang(work):
        raise RuntimeError("bang")

    inner: Callable = BILLING.handlers[name]
    bang.__annotations__ = dict(inner.__annotations__)
    bang.__globals__.update({k: v for k, v in inner.__globals__.items() if k not in bang.__globals__})
    return replace(BILLING, handlers={**BILLING.handlers, name: bang})


@pytest.mark.parametrize("handler", ["charge_fixed", "bill", "check_bills"])
def test_billing_that_breaks_leaves_its_period_to_a_person_and_the_run_ends(handler: str) -> None:
    engine = two_periods(broken(handler))
    engine.run()
    assert engine.machines == {}
    assert {s.degraded for s in engine.recorder.steps if s.destination == "failed"} == {"billing broke"}
    assert engine.world.ledger.total_uusd() == 0


def test_invoices_that_do_not_add_up_to_the_ledger_are_not_issued() -> None:
    engine = hour()
    engine.advance(start_s() + 3500)
    bill = BILLING.handlers["bill"]

    def short(work):
        outcome = bill(work)
        work.set(billed_uusd=work.subject.billed_uusd - 1)
        return outcome

    machine = engine.machines["bill-2016-08/flat"]
    machine.behaviour = replace(machine.behaviour, handlers={**BILLING.handlers, "bill": short})
    engine.run()
    steps = steps_of(engine, "bill-2016-08/flat")
    assert (steps[-1].event, steps[-1].degraded) == ("inconsistent", "invoices do not add up")


def test_a_tariff_nobody_is_enrolled_in_has_nothing_due() -> None:
    engine = hour(enrolled={"flat": [], "live": [2, 3]}, populations=None)
    engine.run()
    steps = steps_of(engine, "bill-2016-08/flat")
    assert steps[-1].event == "nothing_due"
    assert np.all(engine.world.ledger.accounts[("live", 0, "fixed charge")].amount_uusd[2:] == FIXED)
