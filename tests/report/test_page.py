"""The page of a run: its figures agree with the run file, and it is readable."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path

import pytest
import yaml

from dso.report.local_time import local_time
from dso.report.page import page_of
from dso.report.page_text import page_lines
from dso.report.tables import run_file_page
from dso.run_file import TABLES, VIEWS, RunReader
from dso.scenario.estimate import size_estimate
from dso.scenario.load import parse_scenario
from dso.study import run
from tests.scenario.examples import small

# Cooling bids run into the wires for an hour of the four.
TIGHT = small(
    network={
        "loss_frac": 0.03,
        "derates": [{"from": "2016-08-10T14:00", "to": "2016-08-10T15:00", "import_limit_kw": 50}],
    }
)


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("page")
    (folder / "tight.yaml").write_text(yaml.safe_dump(TIGHT))
    run(folder / "tight.yaml", folder / "tight.dso")
    return folder / "tight.dso"


@pytest.fixture(scope="module")
def page(finished):
    with RunReader(finished) as reader:
        return page_of(reader)


def text(page, width: int) -> str:
    return "\n".join(line for line, _ in page_lines(page, width))


def test_energies_and_money_add_up(page):
    energy = page["energy"]
    assert energy["head_kwh"] == pytest.approx(energy["meter_kwh"] + energy["losses_kwh"], rel=1e-9)
    assert sum(bill["energy_kwh"] for bill in page["bills"]) == pytest.approx(energy["meter_kwh"], rel=1e-9)
    bought = sum(row["energy_kwh"] for row in page["procurement"])
    assert bought == pytest.approx(energy["head_kwh"], rel=1e-6)
    assert sum(page["accounts_usd"].values()) == pytest.approx(0, abs=1e-6)
    for lse, bill in zip(page["lse"], page["bills"], strict=True):
        assert lse["by_kind_usd"]["wholesale energy"] < 0
        assert lse["surplus_usd"] == pytest.approx(bill["lse_surplus_usd"])


def test_prices_lie_where_the_wires_put_them(page):
    live = [row for row in page["prices"] if row["tariff"] == "live"]
    assert [row["lowest_usd_per_kwh"] for row in live] == pytest.approx([1.25 * 0.04 + 0.04] * 2)
    congested = max(row["highest_congestion_usd_per_kwh"] for row in live)
    assert congested > 0
    assert max(row["highest_usd_per_kwh"] for row in live) == pytest.approx(0.09 + congested, rel=0.05)
    assert [row["average_usd_per_kwh"] for row in page["wholesale"]] == pytest.approx([0.04, 0.04])


def test_what_was_degraded_is_told_with_its_first_time(page):
    reasons = {row["reason"]: row for row in page["degraded"]}
    assert reasons["equipment derated"]["first"] == "2016-08-10T19:00Z"
    assert "1 × equipment derated (first 2016-08-10 14:00-05:00, dso)" in text(page, 100)


@pytest.mark.parametrize("width", [80, 120])
def test_the_page_fits_the_terminal_and_breaks_nothing(page, width):
    lines = text(page, width).splitlines()
    assert max(map(len, lines)) <= width
    assert lines[0].startswith("small · ")
    for heads in (
        "market  lowest  average  highest  congestion up to",
        "tariff    market",
        "tariff    customers",
        "lowest  average  highest",
        "wholesale  network  congestion",
    ):
        assert any(heads in line for line in lines), heads


def test_large_studies_are_told_in_megawatt_hours(page):
    large = deepcopy(page)
    for key in ("head_kwh", "meter_kwh", "losses_kwh"):
        large["energy"][key] = page["energy"][key] * 1e6
    large["energy"]["peak_kw"] = 1234567.8
    lines = text(large, 80)
    assert " MWh at the head of the feeder" in lines
    assert "1,234.568 MW from 2016-08-10" in lines


def test_an_audit_that_finds_something_says_so(page):
    bad = deepcopy(page)
    bad["audit"] |= {"delivered_exactly_once": 0, "markets_unbalanced": 2}
    assert "NOT once each" in text(bad, 80)
    assert "2 markets whose books did NOT balance" in text(bad, 80)


def test_local_times_carry_their_offset():
    assert local_time(1470859200, "America/Chicago") == "2016-08-10 15:00-05:00"
    assert local_time(1470859230, "America/Chicago") == "2016-08-10 15:00:30-05:00"
    assert local_time(1470859200, "UTC") == "2016-08-10 20:00Z"


def test_an_estimate_keeps_customers_out_of_a_summary():
    awards, summary = (
        size_estimate(parse_scenario(small(customers={"count": 10000}, settings={"records": records})))
        for records in ("awards", "summary")
    )
    assert summary["run_file_about_mb"] < awards["run_file_about_mb"] / 2


def test_every_table_and_column_is_documented():
    page = run_file_page()
    for table in TABLES:
        assert f"## {table.name}\n\n{table.doc}" in page
        assert all(f"| `{column.name}` | {column.type} | {column.doc} |" in page for column in table.columns)
    assert all(f"| `{name}` |" in page for name in VIEWS)
