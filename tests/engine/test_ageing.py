"""A substation whose life is worth money: what an import costs, who pays for it, what is bid for the bus."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from dso.engine.ageing import head_limits_kw
from dso.engine.joint import bus_curve, solve_jointly
from dso.engine.market_work import MarketWork
from dso.market import Curve
from dso.messages import WholesaleBid
from dso.tariffs.auction import AuctionTariff
from dso.wholesale.price_series import PriceSeries
from tests.engine.small import HOUR_AHEAD, REAL_TIME, Wires, build, first_rt, rows_of


class Life:
    """A cent more for each kW that passes, up to 100 kW."""

    def adder(self, interval):
        return Curve(np.array([-1.0, 0.0, 1.0]), np.array([100.0, 0.0, -100.0]))


def aged(**given):
    engine = build(start=False, series={"da": HOUR_AHEAD, "rt": REAL_TIME}, **given)
    engine.world.distribution.adder = Life()
    engine.start()
    engine.run()
    return engine


class Remembering(PriceSeries):
    """A known price, and the bids that came."""

    def __init__(self, *given, **named) -> None:
        super().__init__(*given, **named)
        self.bids: list[WholesaleBid] = []

    def clear(self, bid: WholesaleBid):
        self.bids.append(bid)
        return super().clear(bid)


def asked():
    """An engine whose first market has been prepared, and a turn on it."""
    engine = build(start=False, day_ahead=False)
    engine.world.distribution.adder = Life()
    engine.start()
    name = first_rt(engine)
    while name not in engine.machines or engine.machines[name].state != "active.waiting":
        engine.step()
    return engine, MarketWork(engine.world, engine.machines[name], engine.world.start_s)


# 4 kW draw whatever it costs, two devices 4 − 20·λ kW. At λ = 0.10 + μ and μ = 0.01·Q: Q = 6 − 0.2·Q = 5 kW.


def test_the_price_rises_by_what_the_import_costs_the_substation() -> None:
    day_ahead = rows_of(aged(), "prices")[:2]
    assert [row["tariff"] for row in day_ahead] == ["flat", "live"]
    assert [row["congestion_usd_per_kwh"] for row in day_ahead] == pytest.approx([0.05, 0.05])
    assert [row["retail_usd_per_kwh"] for row in day_ahead] == pytest.approx([0.12, 0.15])
    assert [row["load_kw"] for row in day_ahead] == pytest.approx([2.0, 3.0])


def test_what_is_paid_for_it_is_income_of_the_do_and_every_cent_is_accounted_for() -> None:
    engine = aged()
    rent = [e for e in engine.recorder.exchanges if e.kind == "congestion rent"]
    day_ahead = next(e for e in rent if e.market.startswith("da"))
    # 5 kWh at 0.05 USD: the flat rate's LSE bears 2 of them, as it bears a limit.
    amounts = {p.account: p.amount_uusd for p in day_ahead.postings}
    assert amounts == {"lse:flat": 100_000, "lse:live": 150_000, "rent:substation": -250_000}
    assert engine.world.ledger.total_uusd() == 0


def test_it_is_a_part_of_supply_and_no_limit_is_said_to_bind() -> None:
    row = next(r for r in rows_of(aged(), "clearings") if r["tariff"] == "live")
    assert (row["set_by"], row["limit_kw"], row["element"]) == ("wholesale", None, None)
    assert row["unlimited_usd_per_kwh"] == pytest.approx(0.10)


def test_a_limit_that_binds_beside_it_sets_the_price() -> None:
    # 4.5 kW pass: the devices take half a kW, at 0.175.
    row = next(r for r in rows_of(aged(wires=Wires(4.5)), "clearings") if r["tariff"] == "live")
    assert (row["set_by"], row["limit_kw"], row["element"]) == ("limit", 4.5, "substation")
    assert row["rent_usd_per_h"] == pytest.approx(0.075 * 2.5)


@pytest.mark.parametrize("wholesale", [-0.1, 0.0, 0.048, 0.1, 0.2])
def test_the_bid_for_the_bus_is_what_would_be_cleared_at_each_wholesale_price(wholesale: float) -> None:
    known = Remembering([0], [0.048], step_s=4_000_000_000)
    aged(wires=Wires(loss_frac=0.25), wholesale=known)
    bid = known.bids[0].demand[0]
    # At the meters Q kW, at the head 1.25·Q: a meter's kWh wears the substation by 1.25·0.01·1.25·Q USD.
    retail = 1.25 * wholesale + 0.04
    each = 0.01 * 1.25**2
    elastic = np.clip((4 - 20 * (retail + each * 4)) / (1 + 20 * each), 0, 4)
    if retail + each * 8 < 0:
        elastic = 4.0
    assert float(bid.quantity_above(wholesale)) == pytest.approx(1.25 * (4 + elastic))


def test_tariffs_that_scale_prices_differently_bid_with_the_price_of_life_as_it_was_scheduled() -> None:
    engine, work = asked()
    engine.world.retailers["flat"].strategy = AuctionTariff("flat", 1.0, 0.052)
    sloped = Curve(np.array([0.0, 0.4]), np.array([4.0, 0.0]))
    for tariff in ("flat", "live"):
        work.set_lse(tariff, curves=(sloped,))
    schedule = solve_jointly(work, np.array([0.048]))  # both at 0.10 + μ: Q = 6 − 20·0.01·Q = 5 kW
    assert schedule.total_kw() == pytest.approx([5.0])
    work.set(schedule=schedule)
    bid = bus_curve(work, 0, 1.0)
    assert float(bid.quantity_above(0.048)) == pytest.approx(5.0)
    # At w = 0.148 prices are 0.20 and 0.225, and 0.05 more for life as scheduled: 8 − 10·(0.25 + 0.275).
    assert float(bid.quantity_above(0.148)) == pytest.approx(2.75)


def test_the_head_lets_no_more_pass_than_its_limit_or_the_end_of_its_adder() -> None:
    _, work = asked()
    assert head_limits_kw(work, 0) == (100.0, 100.0)
    work.set_do(limits=replace(work.do.limits, import_kw=np.array([80.0])))
    assert head_limits_kw(work, 0) == (80.0, 100.0)
