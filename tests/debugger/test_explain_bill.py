"""A bill's intervals add up to its lines to the micro-dollar, and rest on the meter and the price."""

from __future__ import annotations

from pathlib import Path

import pytest

from dso.debugger.explain_bill import BillExplainer, days_of, dearest_of
from dso.errors import InputError
from dso.run_file import RunReader
from dso.study import run
from tests.debugger.runs import begun, recorded
from tests.debugger.test_conform import FAULTS
from tests.engine.random_study import Draw, study
from tests.engine.small import build
from tests.run_file.small import scenario_file


def check(reader: RunReader) -> int:
    explainer, count = BillExplainer(reader), 0
    for invoice in reader.invoices():
        bill = explainer.explain(invoice)
        for line in bill["lines"]:
            assert line["explained_uusd"] == line["amount_uusd"], (invoice["invoice"], line["kind"])
            energy = sum(i["energy_kwh"] for i in line["intervals"])
            assert energy == pytest.approx(line["energy_kwh"], abs=1e-6 * max(1, len(line["intervals"])))
        assert sum(line["explained_uusd"] for line in bill["lines"]) == invoice["total_uusd"]
        count += 1
    assert count
    return count


def test_every_bill_of_a_congested_run_adds_up(reader: RunReader) -> None:
    assert check(reader) == 12


@pytest.mark.parametrize("seed", range(0, 40, 5))
def test_bills_of_studies_at_random_add_up(seed: int, tmp_path: Path) -> None:
    with recorded(study(Draw.of(seed)), tmp_path / "run.dso") as reader:
        check(reader)


@pytest.mark.parametrize("fault", FAULTS)
def test_bills_add_up_whatever_fails(fault: str, tmp_path: Path) -> None:
    engine = FAULTS[fault]()
    writer = begun(engine, tmp_path / "run.dso")
    engine.run()
    writer.finish()
    if engine.world.ledger.accounts and fault != "a dispute":
        with RunReader(tmp_path / "run.dso") as reader:
            if reader.row("SELECT 1 FROM invoices"):
                check(reader)


def test_corrections_are_explained_each_by_its_own_postings(tmp_path: Path) -> None:
    engine = build(hours=1)
    writer = begun(engine, tmp_path / "run.dso")
    engine.run(engine.world.bill_date_s(engine.world.periods[0]) + 60)
    for customer, is_kwh in ((0, 0.4), (1, 0.2), (0, 0.3)):
        engine.post("bill-2016-08/flat", "correction", customer=customer, was_kwh=0.1, is_kwh=is_kwh,
                    price_usd_per_kwh=0.12)  # fmt: skip
    engine.run()
    writer.finish()
    with RunReader(tmp_path / "run.dso") as reader:
        check(reader)
        assert reader.row("SELECT COUNT(*) n FROM invoices WHERE correction > 0")["n"] == 3


def test_a_metered_interval_is_position_and_deviation_at_the_market_price(reader: RunReader) -> None:
    invoice = next(i for i in reader.invoices() if i["tariff"] == "live")
    lines = {line["kind"]: line["intervals"] for line in BillExplainer(reader).explain(invoice)["lines"]}
    assert len(lines["metered energy"]) == 24
    for row in lines["metered energy"]:
        price = row["clearing"]["retail_usd_per_kwh"]
        assert row["meter_kwh"] - row["position_kwh"] == pytest.approx(row["energy_kwh"], abs=1e-9)
        assert row["amount_uusd"] == pytest.approx(
            1e6 * price * row["energy_kwh"], abs=1 + price
        )  # energy to 1e-6 kWh
        assert row["state"] in ("delivery_lead.repricing", "delivery_lead.limiting")
        held = next(
            h for h in lines["day-ahead energy"] if h["interval_start"] == row["position"]["interval_start"]
        )
        assert row["position_kwh"] == pytest.approx(held["energy_kwh"] / 4, abs=1e-5)
        assert row["position"]["market"] == held["market"]
    assert {row["state"] for row in lines["metered energy"]} >= {"delivery_lead.repricing"}


def test_sums_by_day_and_the_dearest_intervals(reader: RunReader) -> None:
    invoice = next(iter(reader.invoices()))
    bill = BillExplainer(reader).explain(invoice)
    days = days_of(bill, lambda t_s: t_s // 7200)
    total = sum(part["amount_uusd"] for day in days for part in day["kinds"].values())
    assert total == invoice["total_uusd"]
    rows = bill["lines"][-1]["intervals"]
    few = dearest_of(rows, 3)
    assert [r["interval_start"] for r in few] == sorted(r["interval_start"] for r in few)
    assert min(abs(r["amount_uusd"]) for r in few) >= sorted(abs(r["amount_uusd"]) for r in rows)[-3]


def test_a_run_without_each_customers_part_says_so(tmp_path: Path) -> None:
    run(scenario_file(tmp_path, records="summary"), tmp_path / "run.dso")
    with RunReader(tmp_path / "run.dso") as reader, pytest.raises(InputError, match="records: awards"):
        BillExplainer(reader)
