"""Neighbours in a study beside the auction: by hand in a small DSO, and through the public door."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import dso
from dso.market.exchange import Tesp, Tracking
from dso.run_file import RunReader
from dso.study import run
from dso.tariffs.auction import AuctionTariff
from dso.tariffs.consensus import ConsensusTariff, NeighbourMarket
from tests.engine.small import HOUR_AHEAD, REAL_TIME, Wires, build, first_rt, rows_of, steps_of
from tests.scenario.examples import WHOLESALES, small

EXAMPLE = Path(__file__).parents[2] / "examples" / "consensus.yaml"
CHARGES = ("live", 1.25, 0.04, 10.0)
SPREAD = 1e-6  # the promise


def played(live, **given):
    """The small DSO with its live tariff of one kind or the other: 6 − 20·λ kW."""
    engine = build(live=live, series={"da": HOUR_AHEAD, "rt": REAL_TIME}, **given)
    engine.run()
    return engine


def street(market: NeighbourMarket | None = None, **given):
    return played(ConsensusTariff(*CHARGES, market=market or NeighbourMarket()), **given)


def column(engine, table: str, name: str) -> list[float]:
    return [row[name] for row in rows_of(engine, table)]


def reasons(engine) -> set[str]:
    return {s.degraded for s in engine.recorder.steps if s.degraded}


@pytest.mark.parametrize("graph", ["star", "ring", "complete"])
@pytest.mark.parametrize("limit_kw", [np.inf, 4.5])
def test_prices_and_bills_are_the_auctions(graph: str, limit_kw: float) -> None:
    auction = played(AuctionTariff(*CHARGES), wires=Wires(limit_kw))
    found = street(NeighbourMarket(graph), wires=Wires(limit_kw))
    for name in ("retail_usd_per_kwh", "congestion_usd_per_kwh", "wholesale_usd_per_kwh"):
        assert column(found, "prices", name) == pytest.approx(column(auction, "prices", name), abs=SPREAD)
    loads = column(auction, "prices", "load_kw")
    assert column(found, "prices", "load_kw") == pytest.approx(
        loads, abs=20 * SPREAD
    )  # it falls by 20 kW for each USD/kWh
    bills = column(auction, "invoices", "total_uusd")
    assert column(found, "invoices", "total_uusd") == pytest.approx(bills, abs=10)
    assert not reasons(found)
    assert found.world.ledger.total_uusd() == 0


def test_where_the_wires_bind_their_price_is_worked_out_by_hand() -> None:
    # 2.5 of the 4.5 kW are left to those who would take 6 − 20·λ: λ = 0.175.
    found = street(wires=Wires(4.5))
    prices = [r["retail_usd_per_kwh"] for r in rows_of(found, "prices") if r["tariff"] == "live"]
    assert prices == pytest.approx([0.175] * len(prices), abs=SPREAD)


def test_the_chart_shows_the_exchange_and_the_journal_its_summary() -> None:
    engine = street()
    steps = steps_of(engine, f"{first_rt(engine)}/live")
    states = [s.destination for s in steps]
    for before, after in (("exchanging", "agreed"), ("agreed", "offered"), ("offered", "informing")):
        assert states.index(after) == states.index(before) + 1
    (told,) = [s.summary for s in steps if "agreed_usd_per_kwh" in s.summary]
    assert told["agreed_usd_per_kwh"] == pytest.approx([0.10], abs=SPREAD)
    assert told["nodes"] == 4  # the LSE, what does not bid, two devices
    assert len(told["rounds"]) == 1
    assert told["residual_kw"][0] < 1e-4


def test_what_is_not_agreed_in_time_falls_back_on_the_aggregate_and_is_billed() -> None:
    hasty = street(NeighbourMarket(rule=Tracking(most_rounds=3)))
    assert reasons(hasty) == {"offered as an auction where neighbours did not agree"}
    auction = played(AuctionTariff(*CHARGES))
    for table, name in (("prices", "retail_usd_per_kwh"), ("prices", "load_kw"), ("invoices", "total_uusd")):
        assert column(hasty, table, name) == pytest.approx(column(auction, table, name), abs=1e-12)
    machine = f"{first_rt(hasty)}/live"
    assert "disagreed" in [s.destination for s in steps_of(hasty, machine)]


def test_tesps_rule_agrees_on_a_complete_graph_but_off_by_what_it_leaves() -> None:
    found = street(NeighbourMarket("complete", Tesp(), 1e-3))
    assert not reasons(found)
    auction = played(AuctionTariff(*CHARGES))
    off = np.subtract(column(found, "prices", "load_kw"), column(auction, "prices", "load_kw"))
    # Half a band at most, at 20 kW/(USD/kWh); the price that is charged is the delivered one.
    assert 0 < np.abs(off).max() <= 20 * 0.5e-3 * 1.01
    assert column(found, "prices", "retail_usd_per_kwh") == column(auction, "prices", "retail_usd_per_kwh")


def test_those_who_did_not_bid_count_at_their_estimate() -> None:
    engine = street(populations=(), outside={"devices": np.array([2, 3])})
    assert reasons(engine) == {"missing bids estimated"}
    loads = [r["load_kw"] for r in rows_of(engine, "prices") if r["tariff"] == "live"]
    assert loads == pytest.approx([4.0] * len(loads), abs=1e-9)


@pytest.mark.parametrize(("wholesale", "limit_kw"), [("price_series", 42), ("supply_curve", 55)])
def test_a_whole_study_has_the_prices_and_bills_that_it_has_with_an_auction(
    tmp_path, wholesale: str, limit_kw: float
) -> None:
    """At 42 kW load is rationed at the cap of 5 USD/kWh; at 55 kW the wires cost up to 0.2 USD/kWh."""
    found = {}
    for kind in ("auction", "consensus"):
        data = small(wholesale=WHOLESALES[wholesale])
        data["tariffs"][1]["kind"] = kind
        data["network"]["import_limit_kw"] = limit_kw
        scenario, path = tmp_path / f"{kind}.yaml", tmp_path / f"{kind}.dso"
        scenario.write_text(json.dumps(data))
        run(scenario, path)
        with RunReader(path) as reader:
            found[kind] = (
                reader.rows("SELECT * FROM prices ORDER BY market, tariff, interval_start"),
                reader.rows("SELECT * FROM invoices ORDER BY customer"),
            )
    prices, invoices = found["consensus"]
    for row, other in zip(prices, found["auction"][0], strict=True):
        assert row["retail_usd_per_kwh"] == pytest.approx(other["retail_usd_per_kwh"], abs=SPREAD)
    assert any(row["congestion_usd_per_kwh"] > 0 for row in prices)
    for row, other in zip(invoices, found["auction"][1], strict=True):
        assert row["total_uusd"] == pytest.approx(other["total_uusd"], abs=20)


@pytest.fixture(scope="module")
def example(tmp_path_factory):
    path = tmp_path_factory.mktemp("consensus") / "consensus.dso"
    run(EXAMPLE, path)
    with RunReader(path) as reader:
        yield reader


def test_in_the_example_neighbours_pay_what_the_auction_beside_them_pays(example) -> None:
    rows = example.rows(
        "SELECT s.retail_usd_per_kwh AS street, o.retail_usd_per_kwh AS open FROM prices s "
        "JOIN prices o USING (market, interval_start) WHERE s.tariff = 'street' AND o.tariff = 'open'"
    )
    assert len(rows) == 12 + 48
    assert all(r["street"] == pytest.approx(r["open"], abs=SPREAD) for r in rows)
    assert len({r["street"] for r in rows}) > 10


def test_the_examples_books_balance_and_nothing_is_degraded(example) -> None:
    audit = example.row("SELECT * FROM audit")
    assert (audit["money_uusd"], audit["markets_unbalanced"], audit["delivered_exactly_once"]) == (0, 0, 1)
    assert not example.rows("SELECT * FROM degradations")


def test_the_example_loads_by_the_public_name() -> None:
    assert dso.load(EXAMPLE).world.retailers["street"].mechanism == "consensus"
