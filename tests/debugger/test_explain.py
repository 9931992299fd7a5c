"""Explanations of markets: what they say is what happened, and their money is the ledger's."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from dso.clock import iso
from dso.debugger.cycle import market_names
from dso.debugger.explain import market_facts
from dso.debugger.explain_list import having, market_rows
from dso.debugger.explain_words import ten_lines
from dso.engine.margin import margin_of
from dso.errors import InputError
from dso.market import Book
from dso.run_file import RunReader
from tests.debugger.runs import begun, recorded
from tests.debugger.test_conform import FAULTS, SERIES, late_and_bad_bids
from tests.engine.small import HOUR_AHEAD, REAL_TIME, Wires, build, first_rt, start_s
from tests.engine.test_wholesale_faults import Faulty

BIDDERS = np.array([7, 3, 5])


def lines_of(reader: RunReader, market: str) -> dict[str, str]:
    return dict(ten_lines(market_facts(reader, market), iso))


def dearest(reader: RunReader) -> str:
    rows = [r for r in market_rows(reader) if r["series"] == "rt"]
    return max(rows, key=lambda r: r["highest_usd_per_kwh"])["market"]


# Three bids: 7 falls from 2 kW for nothing to 0 kW at 0.2 USD/kWh, 3 wants 1 kW up to 0.10, 5 wants 4 kW
# below 0.05 and 2 kW below 0.15.
BOOK = Book(
    np.array([[0.0, 2.0, 2.0, 2.0], [0.0, 1.0, 1.0, 1.0], [0.0, 2.0, 2.0, 4.0]]),
    np.array([[0.2, 0.0, 0.0, 0.0], [0.1, 0.1, 0.1, 0.1], [0.15, 0.15, 0.05, 0.05]]),
)


def test_the_margin_of_three_bids_worked_by_hand() -> None:
    found = margin_of(BOOK, BIDDERS, 0.10)
    assert found.bids == 2  # 7 on its slope, 3 at its step
    assert found.slope_kw_per_usd_per_kwh == pytest.approx(10.0)  # 2 kW over 0.2 USD/kWh
    assert (found.low_usd_per_kwh, found.high_usd_per_kwh) == (0.10, 0.10)
    assert found.nearest == ((3, 0.1, 0.1, 0.0), (7, 0.0, 0.2, pytest.approx(1.0)))


def test_between_the_bends_the_same_clears_from_one_to_the_other() -> None:
    steps = BOOK.taking(np.array([1, 2]))
    found = margin_of(steps, BIDDERS[1:], 0.12)
    assert (found.bids, found.slope_kw_per_usd_per_kwh) == (0, 0.0)
    assert (found.low_usd_per_kwh, found.high_usd_per_kwh) == (0.10, 0.15)
    assert [bid[0] for bid in found.nearest] == [3, 5]
    above = margin_of(steps, BIDDERS[1:], 0.3)
    assert (above.low_usd_per_kwh, above.high_usd_per_kwh) == (0.15, None)


def test_no_bids_have_no_margin() -> None:
    for book in (Book(np.zeros((0, 1)), np.zeros((0, 1))), Book(np.ones((2, 3)), np.ones((2, 3)))):
        assert margin_of(book, BIDDERS, 0.1).nearest == ()


def test_a_limit_that_binds_is_named_with_what_the_price_would_be_without_it(tmp_path: Path) -> None:
    """2 kW flat and 2 kW beside devices: a limit of 5 kW leaves 1 kW to devices that want 2·(2 − 10 λ) kW."""
    with recorded(build(hours=1, series=SERIES, wires=Wires(5.0)), tmp_path / "run.dso") as reader:
        market = dearest(reader)
        (row,) = [r for r in market_facts(reader, market)["prices"] if r["tariff"] == "live"]
        lines = lines_of(reader, market)
    assert (row["set_by"], row["limit_kw"], row["element"]) == ("limit", 5.0, "substation")
    assert row["retail_usd_per_kwh"] == pytest.approx(0.15)
    assert row["unlimited_usd_per_kwh"] == pytest.approx(0.10)
    assert row["rent_usd_per_h"] == pytest.approx(0.05 * 3.0)  # the tariff's part of the 5 kW
    assert (row["bids"], row["margin_bids"]) == (2, 2)
    assert row["margin_kw_per_usd_per_kwh"] == pytest.approx(20.0)
    assert row["margin"][0] == {
        "customer": 2, "low_usd_per_kwh": 0.0, "high_usd_per_kwh": 0.2, "power_kw": pytest.approx(0.5),
    }  # fmt: skip
    assert "set by the import limit of substation, 5.00 kW (without it 0.1000, μ = 0.0500)" in lines["Price"]
    assert "flat pays its rate, 0.1200 USD/kWh" in lines["Price"]
    assert "rent of the clearing 0.02 USD; nobody rationed" in lines["Wires"]


def test_without_limits_the_wholesale_market_sets_the_price(tmp_path: Path) -> None:
    engine = build(hours=1, series={"da": HOUR_AHEAD, "rt": REAL_TIME})
    with recorded(engine, tmp_path / "run.dso") as reader:
        lines = lines_of(reader, dearest(reader))
    assert "live pays 0.1000 USD/kWh, set by the wholesale price of 0.0480" in lines["Price"]
    assert lines["Wires"] == "no limit bound"
    assert lines["Rejected"] == lines["Degraded"] == "nothing"


def test_an_assumed_price_and_a_ration_at_the_cap(tmp_path: Path) -> None:
    engine = build(hours=1, series=SERIES, wholesale=Faulty(lambda _: None))
    with recorded(engine, tmp_path / "assumed.dso") as reader:
        lines = lines_of(reader, dearest(reader))
    assert "set by the expected wholesale price of 0.0480, no result having come" in lines["Price"]
    assert "in delivery_lead.fallback" in lines["Price"]
    assert lines["Wholesale"] == "no result came; expected 0.0480 USD/kWh"
    assert "wholesale result missing" in lines["Degraded"]
    with recorded(build(hours=1, series=SERIES, wires=Wires(1.0)), tmp_path / "cap.dso") as reader:
        lines = lines_of(reader, dearest(reader))
    assert (
        "set by the price cap, for the import limit of substation, 1.00 kW left 3.00 kW unserved"
        in lines["Price"]
    )
    assert "3.00 kW rationed" in lines["Wires"]


def test_who_was_rejected_and_why(tmp_path: Path) -> None:
    engine = late_and_bad_bids()
    with recorded(engine, tmp_path / "run.dso") as reader:
        facts = market_facts(reader, first_rt(engine))
        assert dict(ten_lines(facts, iso))["Rejected"] == (
            "1 × more load than the participant's rating (customer 3)"
        )
        assert facts["rejections"][0]["time_s"] == start_s() - 200
        assert [r["market"] for r in having(market_rows(reader), None, "rejected")] == [first_rt(engine)]


def test_every_market_has_ten_lines_and_its_money_is_the_ledgers(reader: RunReader) -> None:
    for market in market_names(reader):
        facts = market_facts(reader, market)
        lines = ten_lines(facts, iso)
        assert len(lines) == 10
        assert all(text and "None" not in text and "nan" not in text for _, text in lines)
        held = reader.rows(
            "SELECT kind, account, SUM(amount_uusd) uusd FROM ledger WHERE market = ? GROUP BY 1, 2", market
        )
        told = {(r["kind"], r["account"]): r["amount_uusd"] for r in facts["ledger"]}
        assert told == {(r["kind"], r["account"]): r["uusd"] for r in held}
        assert sum(told.values()) == 0


def test_day_ahead_and_real_time_meet_at_the_head(reader: RunReader) -> None:
    """What was delivered is position and deviation; and the deviations are what came after the position."""
    for market in market_names(reader):
        facts = market_facts(reader, market)
        found = facts["deviation"]
        if not facts["readings"]["intervals"]:
            later = reader.row(
                "SELECT SUM(amount_uusd) uusd FROM ledger WHERE account = 'wholesale' AND market LIKE 'rt-%'"
            )
            assert found["amount_uusd"] == -later["uusd"]
            continue
        covering = found["position"]["market"]
        held = reader.row(
            "SELECT SUM(head_kw) kw FROM prices WHERE market = ? AND interval_start <= ? "
            "AND interval_start + interval_s > ?",
            covering, *[facts["prices"][0]["interval_start"]] * 2,
        )  # fmt: skip
        assert found["position_kwh"] == pytest.approx(held["kw"] / 4, abs=1e-6)


@pytest.mark.parametrize("fault", FAULTS)
def test_whatever_fails_can_be_explained(fault: str, tmp_path: Path) -> None:
    with recorded(FAULTS[fault](), tmp_path / "run.dso") as reader:
        for row in market_rows(reader):
            lines = ten_lines(market_facts(reader, row["market"]), iso)
            assert all(text and "None" not in text for _, text in lines), lines


def test_a_run_under_way_can_be_explained(tmp_path: Path) -> None:
    engine = build(hours=1, series={"rt": REAL_TIME}, start=False)
    writer = begun(engine, tmp_path / "run.dso")
    engine.start()
    for minute in range(-5, 12):
        engine.advance(start_s() + 60 * minute)
        with RunReader(tmp_path / "run.dso") as reader:
            for row in market_rows(reader):
                assert len(ten_lines(market_facts(reader, row["market"]), iso)) == 10
    writer.close()


def test_an_unknown_market_is_told_its_nearest(reader: RunReader) -> None:
    for wrong, near in (("rt-2016-08-10T18:07Z", "rt-2016-08-10T18:00Z"), ("DA", "da-2016-08-10T17:00Z")):
        with pytest.raises(InputError, match=f"has no market '{wrong}'; nearest: .*{near}"):
            market_facts(reader, wrong)
