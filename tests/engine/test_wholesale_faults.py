"""A wholesale market, a forecast or a position that fails: the market is priced, degraded, and billed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from dso.engine.loop import Engine
from dso.messages import WholesaleBid, WholesaleResult
from tests.engine.small import (
    HOUR_AHEAD,
    REAL_TIME,
    Forecast,
    TwoPrices,
    build,
    first_rt,
    rows_of,
    start_s,
    steps_of,
)

SERIES = {"da": HOUR_AHEAD, "rt": replace(REAL_TIME, wholesale_deadline_lead_s=5)}
PRICE = 0.048


class Faulty(TwoPrices):
    """Answers real-time bids as it is told to."""

    def __init__(self, answer: Callable[[WholesaleBid], WholesaleResult | None], refusal: str | None = None):
        super().__init__(PRICE, PRICE)
        self.answer, self.refusal = answer, refusal

    def refuses(self, bid: WholesaleBid) -> str | None:
        return super().refuses(bid) if bid.day_ahead else self.refusal

    def clear(self, bid: WholesaleBid) -> WholesaleResult | None:
        return super().clear(bid) if bid.day_ahead else self.answer(bid)


def result(bid: WholesaleBid, price: Any = (PRICE,), quantity: Any = (6.0,)) -> WholesaleResult:
    return WholesaleResult(bid.market, np.asarray(price, float), np.asarray(quantity, float))


def finished(engine: Engine) -> dict:
    engine.run()
    assert engine.machines == {}
    assert engine.world.ledger.total_uusd() == 0
    (audit,) = rows_of(engine, "audit")
    assert audit["delivered_exactly_once"]
    assert audit["markets_unbalanced"] == 0
    return audit


def refuse(_bid: WholesaleBid) -> WholesaleResult | None:
    raise AssertionError("a bid that was refused must not be cleared")


FAULTS: dict[str, tuple[Faulty, list[str]]] = {
    "never answers": (Faulty(lambda bid: None), ["wholesale result missing"]),
    "refuses": (
        Faulty(refuse, "closed today"),
        ["wholesale refused the bid: closed today", "self-scheduled"],
    ),
    "answers NaN": (Faulty(lambda bid: result(bid, [np.nan])), ["wholesale result missing"]),
    "answers infinity": (Faulty(lambda bid: result(bid, quantity=[np.inf])), ["wholesale result missing"]),
    "answers too much": (
        Faulty(lambda bid: result(bid, [PRICE] * 2, [6.0] * 2)),
        ["wholesale result missing"],
    ),
    "answers unequal lengths": (
        Faulty(lambda bid: result(bid, [PRICE] * 2, [])),
        ["wholesale result missing"],
    ),
}


@pytest.mark.parametrize("fault", sorted(FAULTS))
def test_the_expected_price_stands_in_for_a_result_that_does_not_come_or_does_not_count(fault: str) -> None:
    wholesale, reasons = FAULTS[fault]
    engine = build(hours=1, series=SERIES, wholesale=wholesale)
    finished(engine)
    steps = steps_of(engine, first_rt(engine))
    assert [s.degraded for s in steps if s.degraded] == reasons
    assert "delivery_lead.fallback" in [s.destination for s in steps]
    prices = [r for r in rows_of(engine, "prices") if r["market"] == first_rt(engine)]
    assert [r["wholesale_usd_per_kwh"] for r in prices] == [PRICE, PRICE]
    assert [r["load_kw"] for r in prices] == pytest.approx([2.0, 4.0])
    market = next(r for r in rows_of(engine, "markets") if r["market"] == first_rt(engine))
    assert market["price_assumed"] == 1
    if "answers" in fault and fault != "never answers":
        (rejection,) = [r for r in engine.recorder.rejections if r.market == first_rt(engine)]
        assert rejection.reason == "a wholesale result must hold 1 finite prices and quantities"


def test_a_wholesale_market_that_breaks_breaks_only_its_market() -> None:
    def broken(bid: WholesaleBid) -> WholesaleResult | None:
        if bid.market.endswith("05:10Z"):
            raise ConnectionError("gone")
        return result(bid)

    engine = build(hours=1, series=SERIES, wholesale=Faulty(broken))
    finished(engine)
    errors = {s.machine: s.error for s in engine.recorder.steps if s.error}
    assert errors == {first_rt(engine, 2): "ConnectionError: gone"}


def outside(delivery_lead_s: int = 0) -> Engine:
    """A wholesale market that is somewhere else and posts its own results."""
    real_time = replace(SERIES["rt"], delivery_lead_s=delivery_lead_s)
    return build(hours=1, series={"rt": real_time}, wholesale=Faulty(lambda bid: None))


def answer(engine: Engine, at_s: int, price: float = 0.08, quantity: float = 5.2) -> None:
    payload = {"price_usd_per_kwh": [price], "quantity_kw": [quantity]}
    engine.post(first_rt(engine), "wholesale_result", at=at_s, **payload)


def test_a_result_from_outside_prices_the_market() -> None:
    engine = outside()
    answer(engine, start_s() - 10)
    engine.advance(start_s())
    price = next(r for r in rows_of(engine, "prices") if r["tariff"] == "live")
    assert price["retail_usd_per_kwh"] == pytest.approx(0.14)  # 1.25·0.08 + 0.04
    assert price["load_kw"] == pytest.approx(3.2)


@pytest.mark.parametrize(
    "payload",
    [
        {},
        {"price_usd_per_kwh": ["cheap"], "quantity_kw": [1.0]},
        {"price_usd_per_kwh": [0.1], "quantity_kw": None},
    ],
)
def test_a_result_that_cannot_be_read_does_not_keep_a_good_one_out(payload: dict) -> None:
    engine = outside()
    engine.post(first_rt(engine), "wholesale_result", at=start_s() - 20, **payload)
    answer(engine, start_s() - 10)
    engine.advance(start_s())
    refused = [s for s in engine.recorder.steps if s.rejected]
    assert [s.destination for s in refused] == ["market_lead.awaiting_wholesale"]
    machine = engine.markets[first_rt(engine)]
    assert not machine.subject.assumed
    assert machine.subject.priced.price_usd_per_kwh.tolist() == [0.08]


def test_a_result_after_the_deadline_but_before_clearing_still_counts() -> None:
    engine = outside()
    answer(engine, start_s() - 2)
    engine.advance(start_s())
    steps = steps_of(engine, first_rt(engine))
    assert [s.degraded for s in steps if s.degraded] == ["wholesale result missing"]
    assert not engine.markets[first_rt(engine)].subject.assumed


def test_a_result_between_clearing_and_delivery_replaces_the_fallback() -> None:
    engine = outside(delivery_lead_s=60)
    answer(engine, start_s() - 30)
    engine.advance(start_s() - 30)
    assert engine.markets[first_rt(engine)].state == "delivery_lead.ready"
    prices = [r["wholesale_usd_per_kwh"] for r in rows_of(engine, "prices") if r["tariff"] == "live"]
    assert prices == [PRICE, 0.08]
    finished(engine)


def test_a_result_after_delivery_began_is_noted_but_changes_neither_price_nor_position() -> None:
    engine = outside()
    answer(engine, start_s() + 60, price=0.5, quantity=99.0)
    finished(engine)
    steps = steps_of(engine, first_rt(engine))
    (late,) = [s for s in steps if s.event == "wholesale_result"]
    assert late.destination == "delivery.metering"
    market = next(r for r in rows_of(engine, "markets") if r["market"] == first_rt(engine))
    assert market["price_assumed"] == 1
    paid = [e for e in engine.recorder.exchanges if e.market == first_rt(engine) and e.customers is not None]
    # 2.1 kW for 5 min at λ = 0.10, and 1.1 kW at 0.12.
    assert [e.customers.amount_uusd.tolist() for e in paid] == [[11_000, 11_000], [17_500, 17_500]]


class Unsure(TwoPrices):
    """Has no idea what the price will be."""

    def expected_usd_per_kwh(self, intervals, known_at_s):
        return np.full(len(intervals), np.nan)

    def clear(self, bid):
        return result(bid, [self.price_of(i) for i in bid.intervals])


def test_without_a_price_forecast_the_last_known_price_is_reckoned_with_and_before_any_the_default() -> None:
    engine = build(hours=1, series={"rt": REAL_TIME}, wholesale=Unsure(0.1, 0.2))
    finished(engine)
    prepared = [s for s in engine.recorder.steps if s.handler == "prepare"]
    # The second is prepared at 05:00:30Z, after the first price was published.
    assert [s.summary["expected_usd_per_kwh"] for s in prepared[:3]] == [[0.04], [0.2], [0.2]]
    reasons = {s.degraded for s in engine.recorder.steps if s.event == "forecast_missing"}
    assert reasons == {"last known price"}


class Blank(Forecast):
    """Knows nothing of customer 0, and of nobody's device in the second interval."""

    def meter_kw(self, intervals, known_at_s):
        kw = super().meter_kw(intervals, known_at_s)
        kw[:, 0] = np.nan
        return kw


def test_a_load_forecast_with_gaps_takes_the_mean_of_the_others_and_never_zero() -> None:
    engine = build(hours=1, series={"rt": REAL_TIME}, forecast=Blank())
    finished(engine)
    (step,) = [s for s in steps_of(engine, first_rt(engine)) if s.handler == "prepare"]
    assert step.degraded == "load forecast missing for 1 customers"
    estimate = next(s for s in engine.recorder.steps if s.handler == "estimate")
    assert estimate.summary["load_kw"] == [pytest.approx(1.0 + 5.0 / 3.0, abs=1e-3)]


class Absent(Forecast):
    """Is not there at all."""

    def meter_kw(self, intervals, known_at_s):
        raise TimeoutError("no forecast")


def test_a_forecast_that_fails_leaves_every_market_on_default_service_and_billed() -> None:
    engine = build(hours=1, series=SERIES, forecast=Absent())
    finished(engine)
    assert {s.degraded for s in engine.recorder.steps if s.event == "fatal"} == {"default service"}
    metered = engine.world.ledger.accounts[("flat", 0, "metered energy")].amount_uusd
    assert metered.tolist() == [132_000, 132_000, 0, 0]


def test_without_a_position_to_refine_real_time_says_so_and_bills_every_kwh() -> None:
    engine = build(hours=1, series=SERIES)
    engine.advance(start_s() - 36000 - 14400 - 7200)
    engine.post("da-2016-08-10T05:00Z", "cancel")
    finished(engine)
    reasons = {s.degraded for s in engine.recorder.steps if s.event == "position_missing"}
    assert reasons == {"no position to refine"}
    metered = engine.world.ledger.accounts[("live", 0, "metered energy")]
    assert metered.amount_uusd.tolist() == [0, 0, 210_000, 210_000]  # 2.1 kWh at 0.10
    assert metered.energy_kwh.tolist() == pytest.approx([0, 0, 2.1, 2.1])
