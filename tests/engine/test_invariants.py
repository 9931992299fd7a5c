"""What holds in every run, on studies drawn at random."""

from __future__ import annotations

import pytest

from dso.engine.loop import Engine
from dso.ledger import rent_account
from tests.engine.random_study import HOURS, Draw, study
from tests.engine.small import rows_of, start_s

SEEDS = range(40)


def finished(engine: Engine) -> Engine:
    engine.run()
    return engine


@pytest.fixture(scope="module", params=SEEDS)
def run(request: pytest.FixtureRequest) -> tuple[Draw, Engine]:
    draw = Draw.of(request.param)
    return draw, finished(study(draw))


def test_nothing_breaks_is_refused_or_is_left_alive(run: tuple[Draw, Engine]) -> None:
    _, engine = run
    assert [s for s in engine.recorder.steps if s.error or s.rejected] == []
    assert engine.machines == {}
    assert engine.world.open_markets == engine.world.posted == {}
    assert engine.world.distribution.records == {}
    assert all(r.records == {} for r in engine.world.retailers.values())
    assert all(o.records == {} for o in engine.world.operators.values())


def test_money_adds_up_to_zero_in_all_accounts_and_in_each_exchange(run: tuple[Draw, Engine]) -> None:
    _, engine = run
    assert engine.world.ledger.total_uusd() == 0
    for e in engine.recorder.exchanges:
        own = 0 if e.customers is None else int(e.customers.amount_uusd.sum())
        assert sum(p.amount_uusd for p in e.postings) + own == 0


def test_each_interval_is_delivered_once_and_the_audit_is_sound(run: tuple[Draw, Engine]) -> None:
    _, engine = run
    (audit,) = rows_of(engine, "audit")
    assert audit["intervals_delivered"] == 4 * HOURS
    assert audit["delivered_exactly_once"]
    assert audit["unaccounted_frac"] <= 1e-6
    assert audit["markets_unbalanced"] == 0
    starts = [r["interval_start"] for r in rows_of(engine, "readings")]
    assert sorted(starts) == [start_s() + 900 * k for k in range(4 * HOURS)]


def test_the_lses_parts_are_what_the_wholesale_market_sold(run: tuple[Draw, Engine]) -> None:
    _, engine = run
    for market, sold in engine.world.wholesale.sold.items():
        rows = [r for r in rows_of(engine, "prices") if r["market"] == market]
        for k, start in enumerate(sorted({r["interval_start"] for r in rows})):
            head = sum(r["head_kw"] for r in rows if r["interval_start"] == start)
            assert head == pytest.approx(sold.quantity_kw[k], rel=1e-9, abs=1e-9)


def test_customers_awards_add_up_to_their_lses_part(run: tuple[Draw, Engine]) -> None:
    _, engine = run
    prices = rows_of(engine, "prices")
    for row in rows_of(engine, "awards"):
        loads = [p["load_kw"] for p in prices if (p["market"], p["tariff"]) == (row["market"], row["tariff"])]
        assert row["customers_kw"].sum(axis=1) == pytest.approx(loads, rel=1e-9, abs=1e-9)


def test_the_head_meter_is_meters_and_losses_in_every_interval(run: tuple[Draw, Engine]) -> None:
    draw, engine = run
    for r in rows_of(engine, "readings"):
        losses = draw.loss_frac * abs(r["meter_kwh"])
        assert r["head_kwh"] == pytest.approx(r["meter_kwh"] + losses, rel=1e-9, abs=1e-9)
        assert r["unaccounted_kwh"] == pytest.approx(0.0, abs=1e-9)


def test_no_published_schedule_breaks_the_import_limit(run: tuple[Draw, Engine]) -> None:
    draw, engine = run
    loads: dict[tuple, float] = {}
    for r in rows_of(engine, "prices"):
        key = (r["market"], r["interval_start"])
        loads[key] = loads.get(key, 0.0) + r["load_kw"]
    for load_kw in loads.values():
        assert load_kw + draw.loss_frac * abs(load_kw) <= draw.import_limit_kw + 1e-9 * abs(load_kw)


def test_the_rent_of_a_clearing_is_never_negative(run: tuple[Draw, Engine]) -> None:
    _, engine = run
    for e in engine.recorder.exchanges:
        if e.kind == "congestion rent" and e.market.startswith("da"):
            assert sum(p.amount_uusd for p in e.postings if p.account == rent_account("substation")) <= 0


def test_invoices_add_up_to_the_customers_accounts(run: tuple[Draw, Engine]) -> None:
    _, engine = run
    invoices = rows_of(engine, "invoices")
    for tariff, retailer in engine.world.retailers.items():
        total = sum(r["total_uusd"] for r in invoices if r["tariff"] == tariff)
        assert total == engine.world.ledger.balance_uusd.get(f"customers:{tariff}", 0)
        billed = {r["customer"] for r in invoices if r["tariff"] == tariff}
        assert billed in (set(), set(retailer.customers.tolist()))


@pytest.mark.parametrize("seed", range(0, 40, 4))
def test_the_same_study_gives_the_same_steps_exchanges_and_rows(seed: int) -> None:
    first, again = (finished(study(Draw.of(seed))) for _ in range(2))
    assert first.recorder.steps == again.recorder.steps
    assert [str(r) for r in first.recorder.rows] == [str(r) for r in again.recorder.rows]
    assert [str(e) for e in first.recorder.exchanges] == [str(e) for e in again.recorder.exchanges]


@pytest.mark.parametrize("seed", range(0, 40, 4))
def test_books_do_not_depend_on_the_order_of_the_tariffs(seed: int) -> None:
    first, other = (finished(study(Draw.of(seed), backwards=b)) for b in (False, True))
    assert list(first.world.ledger.balance_uusd.items()) == list(other.world.ledger.balance_uusd.items())
    assert first.recorder.steps == other.recorder.steps


@pytest.mark.parametrize("seed", range(1, 40, 8))
def test_one_jump_is_the_same_as_many_small_ones(seed: int) -> None:
    jump, crawl = (study(Draw.of(seed)) for _ in range(2))
    jump.run()
    while (t := crawl.next_time()) is not None:
        crawl.advance(t - 1)
        crawl.advance(t)
    assert jump.recorder.steps == crawl.recorder.steps
