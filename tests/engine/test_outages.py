"""An element fails: who is behind it is out, markets shrink, a crew restores it, and the books balance."""

from __future__ import annotations

import numpy as np
import pytest

from dso.clock import iso
from dso.debugger.history import History
from dso.engine.loop import Engine
from dso.engine.memory import recall, remember
from dso.operators.equipment import Case, Crews
from tests.debugger.step.dump import dump
from tests.engine.small import HOUR_AHEAD, REAL_TIME, Wires, first_rt, rows_of, start_s, steps_of
from tests.engine.wires_study import SERIES, Branch, Obedient, Rated, failure, study

FULL_KWH = [1 / 12, 1 / 12, 2 / 12, 2 / 12]  # 1 kW each for 5 min, and devices of 1 kW


def metered(engine: Engine, number: int) -> list[float]:
    (row,) = [r for r in rows_of(engine, "readings") if r["market"] == first_rt(engine, number)]
    return [round(float(kwh), 9) for kwh in row["customers_kwh"]]


def full(*lit: int) -> list[float]:
    return [round(kwh, 9) if k in lit else 0.0 for k, kwh in enumerate(FULL_KWH)]


def outage(engine: Engine, name: str) -> dict:
    return [r for r in rows_of(engine, "outages") if r["outage"] == name][-1]


def crew_days(engine: Engine, crew: str = "crew-1") -> list[tuple[int, str]]:
    return [(s.time_s - start_s(), s.destination.split(".")[-1]) for s in steps_of(engine, crew)][:-1]


def sound(engine: Engine) -> None:
    (audit,) = rows_of(engine, "audit")
    assert audit["money_uusd"] == 0
    assert audit["delivered_exactly_once"]
    assert audit["unaccounted_frac"] < 1e-9
    assert [s.error for s in engine.recorder.steps if s.error] == []
    assert engine.machines == {}


# --- the whole course ---------------------------------------------------------------------------------------


def test_a_failure_darkens_customers_until_a_crew_has_travelled_and_repaired() -> None:
    """Fails 25 min into the hour; 5 min of travel and 10 of repair."""
    engine = study(failure("substation", 1500))
    engine.run()
    assert crew_days(engine) == [
        (1500, "choosing"),
        (1500, "travelling"),
        (1800, "repairing"),
        (2400, "restoring"),
        (2400, "choosing"),
        (2400, "idle"),
    ]
    assert [metered(engine, n) for n in (4, 5, 7, 8)] == [full(0, 1, 2, 3), full(), full(), full(0, 1, 2, 3)]
    sound(engine)


def test_its_indices_are_those_worked_out_by_hand() -> None:
    """Four customers dark for 15 min, once each: 60 customer-minutes, SAIDI 15 min, SAIFI 1."""
    engine = study(failure("substation", 1500))
    engine.run()
    row = outage(engine, "substation fails")
    assert (row["customers"], row["customer_minutes"], row["until_s"]) == (4, 60.0, start_s() + 2400)
    assert (row["crew"], row["crew_arrived_s"]) == ("crew-1", start_s() + 1800)
    (audit,) = [s for s in steps_of(engine, "dso") if s.handler == "audit"]
    assert (audit.summary["saidi_min"], audit.summary["saifi"]) == (15.0, 1.0)


def test_only_those_behind_the_element_are_out() -> None:
    engine = study(failure("line.far", 1500), branch=True)
    engine.run()
    assert metered(engine, 6) == full(0, 2)
    row = outage(engine, "line.far fails")
    assert (row["customers"], row["customer_minutes"]) == (2, 30.0)
    sound(engine)


def test_part_of_an_interval_without_supply_is_that_part_of_the_energy() -> None:
    """Fails 100 s into an interval of 300 s: a third of it is delivered, and the books still balance."""
    engine = study(failure("substation", 1600))
    engine.run()
    assert metered(engine, 5) == [round(kwh / 3, 9) for kwh in FULL_KWH]
    sound(engine)


def test_every_change_of_the_equipment_is_a_row() -> None:
    engine = study(failure("line.far", 1500), branch=True)
    engine.run()
    rows = [
        (r["time_s"] - start_s(), r["element"], r["kind"], r["state"]) for r in rows_of(engine, "equipment")
    ]
    assert rows == [(1500, "line.far", "line", "out"), (2400, "line.far", "line", "in")]


# --- what markets do ----------------------------------------------------------------------------------------


def test_bids_of_those_without_supply_are_rejected_with_the_reason() -> None:
    engine = study(failure("line.far", 1500), branch=True)
    engine.run()
    found = {(r.market, r.customer, r.reason) for r in engine.recorder.rejections}
    markets = [first_rt(engine, n) for n in (6, 7)]
    assert found == {(market, 3, "no supply: line.far is out") for market in markets}


def test_a_market_that_is_prepared_during_an_outage_shrinks_to_who_has_supply() -> None:
    """Customers 0 (1 kW) and 2 (1 kW and a device of 1 kW) are left."""
    engine = study(failure("line.far", 1500), branch=True)
    engine.run()
    loads = {
        r["tariff"]: r["load_kw"] for r in rows_of(engine, "prices") if r["market"] == first_rt(engine, 6)
    }
    assert loads == {"flat": pytest.approx(1.0), "live": pytest.approx(2.0)}


def test_an_outage_of_which_the_end_is_foreseen_does_not_shrink_later_markets() -> None:
    """Down from 25 to 40 min; the market of 40 min is prepared at 35.5 min, while it is dark."""
    engine = study(failure("substation", 1500))
    engine.run()
    loads = [r["load_kw"] for r in rows_of(engine, "prices") if r["market"] == first_rt(engine, 8)]
    assert loads == [pytest.approx(2.0), pytest.approx(4.0)]


def test_a_market_in_negotiation_reckons_with_an_outage_at_once() -> None:
    """The market of 30 min is being negotiated from 26.5 min on; the substation fails before its round."""
    engine = study(failure("substation", 1800 - 30 - 180 - 20))
    engine.run()
    loads = [r["load_kw"] for r in rows_of(engine, "prices") if r["market"] == first_rt(engine, 6)]
    assert loads == [0.0, 0.0]


def test_a_market_that_is_ready_is_looked_at_again() -> None:
    """The hour-ahead market of the next hour is published hours before; then the substation fails."""
    engine = study(failure("substation", -3600 * 8), hours=1, series={"da": HOUR_AHEAD, "rt": REAL_TIME})
    engine.run()
    market = "da-" + iso(start_s())
    events = [s.event for s in steps_of(engine, market)]
    assert events.count("outage") == 2
    assert events[events.index("outage") + 1] == "feasible"
    sound(engine)


def test_a_position_sold_before_the_outage_is_settled_at_the_price_of_the_moment() -> None:
    """A day-ahead deal of 2 kWh at 0.10; a quarter of an hour dark is sold back, 0.5 kWh at 0.10."""
    engine = study(failure("substation", 1500), series={"da": HOUR_AHEAD, "rt": REAL_TIME})
    engine.run()
    owed = {(t, kind): a.amount_uusd.tolist() for (t, _, kind), a in engine.world.ledger.accounts.items()}
    assert owed["live", "day-ahead energy"][2:] == [200_000, 200_000]
    assert owed["live", "metered energy"][2:] == [-3 * 16_667, -3 * 16_667]
    sound(engine)


def test_nobody_without_supply_is_suspected_of_not_drawing_what_was_awarded() -> None:
    """Awards for the interval from 25 min on were made before; who is dark is not looked at."""
    engine = study(failure("substation", 1500))
    engine.run()
    (checked,) = [s for s in steps_of(engine, first_rt(engine, 5)) if s.handler == "check_signals"]
    assert checked.summary == {"checked": 0, "off": 0}
    assert rows_of(engine, "suspects") == []


# --- crews --------------------------------------------------------------------------------------------------


def test_one_crew_does_one_job_at_a_time_the_oldest_first() -> None:
    """The second job begins to be travelled to when the first is done: 300 + 600 s after the first call."""
    engine = study(failure("substation", 1200), failure("line.far", 1300), branch=True)
    engine.run()
    assert outage(engine, "substation fails")["until_s"] - start_s() == 2100
    assert outage(engine, "line.far fails")["until_s"] - start_s() == 3000
    sound(engine)


def test_two_crews_do_two_jobs_at_once() -> None:
    crews = Crews(count=2, travel_s=300, repair_s=600)
    engine = study(failure("substation", 1200), failure("line.far", 1300), branch=True, crews=crews)
    engine.run()
    assert outage(engine, "substation fails")["crew"] == "crew-1"
    assert outage(engine, "line.far fails")["crew"] == "crew-2"
    assert outage(engine, "line.far fails")["until_s"] - start_s() == 2200


def test_customer_minutes_of_two_outages_are_counted_once() -> None:
    """All four dark by the substation for 15 min; the far two stay dark 15 min more by their line."""
    engine = study(failure("substation", 1200), failure("line.far", 1300), branch=True)
    engine.run()
    head, line = outage(engine, "substation fails"), outage(engine, "line.far fails")
    assert (head["customers"], head["customer_minutes"]) == (4, 60.0)
    assert (line["customers"], line["customer_minutes"]) == (0, 30.0)


def test_a_crew_stands_down_when_somebody_else_has_mended_it() -> None:
    engine = study(failure("substation", 1500))
    engine.post("dso", "restored", at=start_s() + 1700, element="substation")
    engine.run()
    assert [state for _, state in crew_days(engine)] == ["choosing", "travelling", "choosing", "idle"]
    assert outage(engine, "substation fails")["customer_minutes"] == pytest.approx(4 * 200 / 60)
    sound(engine)


# --- said by a person ---------------------------------------------------------------------------------------


def test_a_failure_that_somebody_reports_takes_its_course() -> None:
    engine = study()
    engine.post("dso", "outage", at=start_s() + 1500, element="Substation", repair_s=300)
    engine.run()
    (row,) = {r["outage"]: r for r in rows_of(engine, "outages")}.values()
    assert (row["since_s"], row["until_s"]) == (start_s() + 1500, start_s() + 2100)
    sound(engine)


@pytest.mark.parametrize(
    ("event", "payload", "why"),
    [
        ("outage", {"element": "line.fir"}, "there is no element 'line.fir'; did you mean 'line.far'?"),
        ("outage", {"element": "substation"}, "substation is out already"),
        ("outage", {"element": "line.far", "repair_s": -1}, "repair_s must be 0 to"),
        ("outage", {"element": "line.far", "repair_s": "long"}, "outage cannot be read: TypeError"),
        ("restored", {"element": "line.far"}, "line.far is not out"),
        ("upgrade", {"element": "line.far", "rating_frac": 0}, "rating_frac must be greater than 0"),
        ("upgrade", {"element": "line.far"}, "upgrade cannot be read: KeyError"),
        ("maintenance", {"element": "line.far", "from_s": 0, "to_s": 1}, "maintenance must begin now"),
    ],
)
def test_a_message_that_makes_no_sense_is_refused(event: str, payload: dict, why: str) -> None:
    engine = study(failure("substation", 600), branch=True)
    engine.post("dso", event, at=start_s() + 700, **payload)
    engine.run()
    (refused,) = [s.rejected for s in engine.recorder.steps if s.machine == "dso" and s.rejected]
    assert refused.startswith(why)


# --- planned ------------------------------------------------------------------------------------------------


def test_maintenance_is_known_beforehand_and_nobody_bids_into_it() -> None:
    """Out from 30 to 40 min: three customers-markets would be dark, and their markets know hours before."""
    work = Case("work", "substation", "maintenance", start_s() + 1800, start_s() + 2400)
    engine = study(work, series={"da": HOUR_AHEAD, "rt": REAL_TIME})
    engine.run()
    assert [metered(engine, n) for n in (5, 6, 7, 8)] == [full(0, 1, 2, 3), full(), full(), full(0, 1, 2, 3)]
    (day,) = {r["market"] for r in rows_of(engine, "prices") if r["market"].startswith("da")}
    assert {r["load_kw"] for r in rows_of(engine, "prices") if r["market"] == day} == {0.0}
    assert crew_days(engine) == []
    sound(engine)


def test_maintenance_does_not_count_among_what_was_not_planned() -> None:
    engine = study(Case("work", "substation", "maintenance", start_s() + 1800, start_s() + 2400))
    engine.run()
    assert outage(engine, "work")["customer_minutes"] == 40.0
    (audit,) = [s for s in steps_of(engine, "dso") if s.handler == "audit"]
    assert (audit.summary["saidi_min"], audit.summary["saifi"]) == (0.0, 0.0)


def test_an_upgrade_is_commissioned_in_mid_run() -> None:
    """A limit of 5 kW binds (6 are wanted at the price); from half an hour on half as much again may pass."""
    wires = Rated(import_limit_kw=5.0)
    upgrade = Case("more", "substation", "upgrade", start_s() + 1800, rating_frac=1.5)
    engine = study(upgrade, wires=wires, plant=Obedient(wires, 0.0))
    engine.run()
    loads = {}
    for r in rows_of(engine, "prices"):
        loads[r["market"]] = loads.get(r["market"], 0.0) + r["load_kw"]
    assert loads[first_rt(engine, 5)] == pytest.approx(5.0)
    assert loads[first_rt(engine, 6)] == pytest.approx(6.0)
    assert [r["state"] for r in rows_of(engine, "equipment")] == ["upgraded"]
    assert rows_of(engine, "outages") == []


# --- interrupted and stepped back ---------------------------------------------------------------------------


def busy() -> Engine:
    """Two failures, one crew, a day-ahead position, and a gap in the meters."""

    class Deaf(Obedient):
        def deliver(self, order):
            reading = super().deliver(order)
            if order.interval.start_s == start_s() + 1200:
                reading.meter_kwh[0] = np.nan
            return reading

    wires = Branch()
    return study(
        failure("line.far", 1000),
        failure("substation", 1300),
        branch=True,
        wires=wires,
        plant=Deaf(wires, 0.0),
        series={"da": HOUR_AHEAD, "rt": REAL_TIME},
    )


def books(engine: Engine):
    ledger = engine.world.ledger
    accounts = {k: (a.amount_uusd.tolist(), a.energy_kwh.tolist()) for k, a in ledger.accounts.items()}
    return ledger.balance_uusd, ledger.energy_kwh, accounts, engine.world.audit, rows_of(engine, "outages")


def test_a_run_taken_up_in_the_middle_of_an_outage_goes_on_identically() -> None:
    whole = busy()
    whole.run()
    for after_s in (1000, 1100, 1310, 2000, 2700):
        first, again = busy(), busy()
        first.advance(start_s() + after_s)
        assert first.world.distribution.cases
        recall(again, remember(first))
        again.run()
        assert again.recorder.steps == whole.recorder.steps[first.steps :]
        assert books(again)[:-1] == books(whole)[:-1]


def test_stepping_back_over_an_outage_brings_everything_back() -> None:
    history = History(busy())
    seen = {0: dump(history.engine)}
    while history.engine.now_s < start_s() + 2500 and history.step() is not None:
        seen[history.engine.steps] = dump(history.engine)
    assert history.engine.world.distribution.cases
    while history.back() is not None:
        assert dump(history.engine) == seen[history.engine.steps]
    assert history.engine.world.distribution.cases == {}


def test_wires_without_a_script_are_as_they_were() -> None:
    engine = study(wires=Wires())
    engine.run()
    assert rows_of(engine, "equipment") == rows_of(engine, "outages") == []
    assert SERIES["rt"] is REAL_TIME
