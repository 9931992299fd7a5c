"""A market for a transformer's capacity: by hand in a small DSO, and through the public door."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import dso
from dso.errors import ScenarioError
from dso.run_file import RunReader
from dso.scenario.load import parse_scenario
from dso.study import run
from dso.tariffs.capacity import CapacityTariff
from tests.engine.small import HOUR_AHEAD, REAL_TIME, build, first_rt, rows_of, steps_of
from tests.scenario.examples import NETWORKS, small

EXAMPLE = Path(__file__).parents[2] / "examples" / "capacity.yaml"


def behind(capacity_kw: float, **given):
    """The live tariff's two customers behind a transformer: 6 − 20·λ kW, at λ = 0.10 + κ USD/kWh."""
    live = CapacityTariff("live", 1.25, 0.04, 10.0, element="t1", capacity_kw=capacity_kw)
    engine = build(live=live, series={"da": HOUR_AHEAD, "rt": REAL_TIME}, **given)
    engine.run()
    return engine


def sales(engine) -> dict[str, dict]:
    return {row["market"]: row for row in rows_of(engine, "capacity_sales")}


def paid(engine, market: str, kind: str) -> dict[str, int]:
    found: dict[str, int] = {}
    for exchange in engine.recorder.exchanges:
        if exchange.market == market and exchange.kind == kind:
            for p in exchange.postings:
                found[p.account] = found.get(p.account, 0) + p.amount_uusd
    return found


def test_capacity_that_binds_raises_its_participants_price_and_nobody_elses() -> None:
    engine = behind(3.5)
    for row in sales(engine).values():
        assert row["price_usd_per_kwh"] == pytest.approx(0.025)  # 6 − 20·0.125 = 3.5 kW
        assert row["sold_kw"] == pytest.approx(3.5)
        assert (row["element"], row["capacity_kw"], row["unserved_kw"]) == ("t1", 3.5, 0.0)
    prices = {(r["tariff"], round(r["retail_usd_per_kwh"], 9)) for r in rows_of(engine, "prices")}
    assert prices == {("flat", 0.12), ("live", 0.125)}
    assert not any(r["congestion_usd_per_kwh"] for r in rows_of(engine, "prices"))


def test_a_position_and_what_is_drawn_beyond_it_pay_for_capacity_alike() -> None:
    engine = behind(3.5)
    day_ahead = next(m for m in sales(engine) if m.startswith("da"))
    assert paid(engine, day_ahead, "capacity rent") == {"lse:live": 87_500, "rent:t1": -87_500}  # 0.025·3.5
    assert paid(engine, day_ahead, "day-ahead energy") == {"lse:live": -437_500}  # 0.125·3.5
    # Meters read 3.7 kW, 0.1 a customer more than was foreseen: 0.2 kW for 5 minutes.
    real_time = first_rt(engine)
    assert paid(engine, real_time, "capacity rent") == {"lse:live": 417, "rent:t1": -417}
    # Each customer 0.1 kW for 5 minutes at 0.125, rounded by itself.
    billed = [e.customers for e in engine.recorder.exchanges if e.market == real_time and e.customers]
    live = next(b for b in billed if b.tariff == "live")
    assert live.amount_uusd.tolist() == [1042, 1042]
    assert engine.world.ledger.total_uusd() == 0


def test_bills_are_what_the_ledger_holds() -> None:
    engine = behind(3.5)
    invoices = [r for r in rows_of(engine, "invoices") if r["tariff"] == "live"]
    fixed = 10_000_000 / (31 * 24)  # an hour of a month
    for row in invoices:
        assert row["total_uusd"] == pytest.approx(437_500 / 2 + 12 * 1042 + fixed, abs=1)


def test_where_there_is_enough_capacity_costs_nothing() -> None:
    engine = behind(4.5)
    assert {row["price_usd_per_kwh"] for row in sales(engine).values()} == {0.0}
    assert [row["sold_kw"] for row in sales(engine).values()] == pytest.approx([4.0] * 13)
    assert not [e for e in engine.recorder.exchanges if e.kind == "capacity rent"]
    assert {s.event for s in engine.recorder.steps if s.handler == "sell_capacity"} == {"bids_complete"}


def test_the_chart_shows_what_became_of_the_capacity() -> None:
    outcomes = {4.5: "capacity_left", 3.5: "sold_out", 1.5: "over_capacity"}
    for capacity_kw, outcome in outcomes.items():
        engine = behind(capacity_kw)
        machine = f"{first_rt(engine)}/live"
        events = [s.event for s in steps_of(engine, machine) if s.source == "selling"]
        assert events == [outcome]


def test_load_beyond_the_capacity_is_rationed_at_the_cap_and_on_record() -> None:
    engine = behind(1.5)
    row = sales(engine)[first_rt(engine)]
    assert row["unserved_kw"] == pytest.approx(0.5)  # 2 kW that do not bid
    assert row["sold_kw"] == pytest.approx(1.5)
    assert row["price_usd_per_kwh"] == pytest.approx(4.90)  # to the cap of 5 USD/kWh
    reasons = {s.degraded for s in steps_of(engine, f"{first_rt(engine)}/live") if s.degraded}
    assert reasons == {"rationed behind the transformer"}
    assert engine.world.ledger.total_uusd() == 0


def test_who_set_the_price_is_the_transformer() -> None:
    row = next(r for r in rows_of(behind(3.5), "clearings") if r["tariff"] == "live")
    assert (row["set_by"], row["element"], row["limit_kw"]) == ("capacity", "t1", 3.5)
    assert row["rent_usd_per_h"] == pytest.approx(0.025 * 3.5)
    assert row["unlimited_usd_per_kwh"] == pytest.approx(0.10)


def test_an_import_limit_behind_which_the_transformer_lies_adds_to_its_price() -> None:
    from tests.engine.small import Wires

    # 5 kW for both tariffs leave 3 of the 3.5: μ = 0.05 takes the place of κ.
    engine = behind(3.5, wires=Wires(5.0))
    row = next(r for r in rows_of(engine, "prices") if r["tariff"] == "live")
    assert row["congestion_usd_per_kwh"] == pytest.approx(0.05)
    assert row["retail_usd_per_kwh"] == pytest.approx(0.15)
    assert sales(engine)[row["market"]]["price_usd_per_kwh"] == 0.0


def test_those_who_did_not_bid_count_at_their_estimate() -> None:
    engine = behind(3.5, populations=(), outside={"devices": np.array([2, 3])})
    # 4 kW whatever they cost: half a kW does not fit, and is rationed at the cap.
    assert [r["unserved_kw"] for r in sales(engine).values()] == pytest.approx([0.5] * 13)
    assert [r["sold_kw"] for r in sales(engine).values()] == pytest.approx([3.5] * 13)


def test_a_capacity_market_on_a_solved_feeder_is_refused_in_one_line() -> None:
    row = {"name": "row", "kind": "capacity", "share": 1.0, "element": "t1", "capacity_kw": 50}
    with pytest.raises(ScenarioError) as told:
        parse_scenario(small(tariffs=[row], network=NETWORKS["price_series"]))
    assert [str(p) for p in told.value.problems] == [
        "scenario tariffs[0].kind: needs network.kind static; "
        "on a feeder the DO limits each transformer itself"
    ]


@pytest.fixture(scope="module")
def example(tmp_path_factory):
    path = tmp_path_factory.mktemp("capacity") / "capacity.dso"
    run(EXAMPLE, path)
    with RunReader(path) as reader:
        yield reader


def test_in_the_example_the_price_rises_exactly_where_capacity_binds(example) -> None:
    rows = example.rows(
        "SELECT s.*, p.retail_usd_per_kwh, p.wholesale_usd_per_kwh FROM capacity_sales s "
        "JOIN prices p USING (market, tariff, interval_start)"
    )
    assert len(rows) == 12 + 48
    assert all(r["sold_kw"] <= 300 * (1 + 1e-9) for r in rows)
    sold_out = {r["price_usd_per_kwh"] > 0 for r in rows}
    assert sold_out == {True, False}  # on the afternoon it binds, in the morning it does not
    for r in rows:
        energy = 1.25 * r["wholesale_usd_per_kwh"] + 0.04
        assert r["retail_usd_per_kwh"] == pytest.approx(energy + r["price_usd_per_kwh"])
        assert (r["price_usd_per_kwh"] > 0) == (r["sold_kw"] > 300 * (1 - 1e-9))


def test_the_other_tariffs_of_the_example_pay_what_energy_costs(example) -> None:
    prices = example.rows("SELECT DISTINCT tariff, round(retail_usd_per_kwh, 9) AS p FROM prices")
    others = {(r["tariff"], r["p"]) for r in prices if r["tariff"] != "row"}
    assert others == {("open", 0.09), ("standard", 0.11)}


def test_the_examples_books_balance_and_the_transformer_has_earned_its_rent(example) -> None:
    audit = example.row("SELECT * FROM audit")
    assert (audit["money_uusd"], audit["markets_unbalanced"], audit["delivered_exactly_once"]) == (0, 0, 1)
    (rent,) = example.rows("SELECT amount_uusd FROM balances WHERE account = 'rent:t1'")
    assert rent["amount_uusd"] < 0  # negative: it has been paid
    expected = example.row(
        "SELECT SUM(s.price_usd_per_kwh * s.sold_kw) AS usd FROM capacity_sales s WHERE market LIKE 'da-%'"
    )
    booked = example.row(
        "SELECT -SUM(amount_uusd) / 1e6 AS usd FROM ledger WHERE account = 'rent:t1' AND market LIKE 'da-%'"
    )
    assert booked["usd"] == pytest.approx(expected["usd"], abs=1e-5)
    charged = example.row("SELECT SUM(total_uusd) AS total FROM invoices WHERE tariff = 'row'")["total"]
    posted = example.row("SELECT amount_uusd AS s FROM balances WHERE account = 'customers:row'")["s"]
    assert charged == posted


def test_the_example_loads_by_the_public_name() -> None:
    assert dso.load(EXAMPLE).world.retailers["row"].mechanism == "capacity"
