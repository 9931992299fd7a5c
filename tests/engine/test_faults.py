"""Whatever breaks, once or for ever: the market is served, billed or disputed, and the run ends."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dso.engine.handlers import MARKET, RETAIL
from dso.engine.loop import Engine
from dso.engine.step import Step
from dso.engine.work import Behaviour, outcomes_of
from dso.errors import EngineError
from dso.tariffs.capacity import CapacityTariff
from dso.tariffs.consensus import ConsensusTariff
from dso.tariffs.voltage import VoltageTariff
from tests.engine.small import (
    HOUR_AHEAD,
    NO_PLANT,
    REAL_TIME,
    Plant,
    Wires,
    build,
    first_rt,
    rows_of,
    start_s,
    steps_of,
)

SERIES = {"da": HOUR_AHEAD, "rt": REAL_TIME}
TIGHT_KW = 5.0  # so that limits are set and prices are made again


class Bomb:
    """A handler or receiver that breaks at its n-th call, or from then on."""

    def __init__(self, inner, *, at: int = 1, always: bool = False) -> None:
        self.inner, self.at, self.always, self.calls = inner, at, always, 0
        self.outcomes = outcomes_of(inner) if not always or hasattr(inner, "__annotations__") else frozenset()

    def __call__(self, work, *payload):
        self.calls += 1
        if self.calls == self.at or (self.always and self.calls > self.at):
            self.inner(work, *payload)  # what it has done is to be undone
            raise RuntimeError("bang")
        return self.inner(work, *payload)


def wired(behaviour: Behaviour, handler: str, **how) -> Behaviour:
    return replace(
        behaviour, handlers={**behaviour.handlers, handler: Bomb(behaviour.handlers[handler], **how)}
    )


class MovingWires(Wires):
    """Wires that carry less once real-time markets look at them a second time."""

    def __init__(self) -> None:
        super().__init__()
        self.looks = 0

    def violated(self, intervals, load_kw, known_at_s, equipment):
        self.looks += 1
        self.import_limit_kw = TIGHT_KW
        return super().violated(intervals, load_kw, known_at_s, equipment)


BEHIND = CapacityTariff("live", 1.25, 0.04, 10.0, element="t1", capacity_kw=3.5)


def circumstances(handler: str) -> dict:
    """What it takes for a handler to be called at all."""
    if handler == "fall_back_on_price":
        return {"wholesale": NoAnswer()}
    if handler == "estimate_readings":
        return {"plant": DeafPlant(Wires())}
    if handler == "set_limits":
        return {"wires": Wires(import_limit_kw=TIGHT_KW)}
    if handler == "sell_capacity":
        return {"live": BEHIND}
    if handler in ("call_for_offers", "buy_adjustments"):
        return {"live": VoltageTariff("live", 1.25, 0.04, 10.0)}
    if handler in ("exchange_prices", "offer_agreed"):
        return {"live": ConsensusTariff("live", 1.25, 0.04, 10.0)}
    return {}


class NoAnswer:
    """A wholesale market that takes bids and never answers."""

    def expected_usd_per_kwh(self, intervals, known_at_s):
        import numpy as np

        return np.full(len(intervals), 0.048)

    def refuses(self, bid):
        return None

    def clear(self, bid):
        return None


class DeafPlant(Plant):
    """One meter does not report."""

    def deliver(self, order):
        reading = super().deliver(order)
        reading.meter_kwh[1] = float("nan")
        return reading


def finished(engine: Engine, *, archived: bool = True) -> dict:
    """Run to the end and check what must hold whatever broke; returns the audit's row."""
    engine.run()
    assert engine.machines == {}
    assert engine.next_time() is None
    assert engine.world.ledger.total_uusd() == 0
    if archived:
        assert engine.world.open_markets == engine.world.posted == {}
    (audit,) = rows_of(engine, "audit")
    assert audit["money_uusd"] == 0
    return audit


def errors_of(engine: Engine) -> list[Step]:
    return [s for s in engine.recorder.steps if s.error is not None]


NEVER_IN_A_DAY = {
    "reprice_limited",
    "reverse_postings",
    "withdraw",
    "release",
    "default_service",
}  # have their own tests


@pytest.mark.parametrize("handler", sorted(set(MARKET.handlers) - NEVER_IN_A_DAY))
def test_a_market_whose_handler_breaks_once_is_served_and_the_others_go_on(handler: str) -> None:
    bombed = wired(MARKET, handler, at=2)
    engine = build(hours=1, series=SERIES, handlers=bombed, **circumstances(handler))
    audit = finished(engine)
    (step,) = errors_of(engine)
    assert step.error == "RuntimeError: bang"
    assert step.entered == ()
    broken = [s for s in steps_of(engine, step.machine) if s.sequence > step.sequence]
    assert broken[0].event == "fatal"
    assert broken[0].destination in ("defaulting.serving", "reconcile.disputed")
    assert broken[0].degraded in ("default service", "settlement broke")
    assert broken[-1].destination == "expired"
    assert audit["intervals_delivered"] == 12
    assert audit["delivered_exactly_once"]
    assert sorted(engine.world.plant.delivered) == [start_s() + 300 * k for k in range(12)]
    others = {r["market"] for r in rows_of(engine, "markets")} - {step.machine}
    assert len(others) == 12
    clean = {s.machine for s in engine.recorder.steps if s.event == "fatal"}
    assert clean == {step.machine}


@pytest.mark.parametrize("handler", sorted(set(MARKET.handlers) - NEVER_IN_A_DAY))
def test_a_market_handler_that_always_breaks_ends_no_run_and_strands_no_machine(handler: str) -> None:
    bombed = wired(MARKET, handler, always=True)
    engine = build(hours=1, series=SERIES, handlers=bombed, **circumstances(handler))
    archived = handler != "archive"  # whose work it is to forget and to count them
    audit = finished(engine, archived=archived)
    assert errors_of(engine)
    if archived:
        assert audit["intervals_delivered"] == 12
        assert audit["delivered_exactly_once"]
    assert len(engine.world.plant.delivered) == 12
    assert len({s.machine for s in engine.recorder.steps if s.destination == "expired"}) == 13


@pytest.mark.parametrize("handler", sorted(set(MARKET.handlers) - NEVER_IN_A_DAY))
def test_even_when_the_default_service_breaks_too_meters_are_billed_or_disputed(handler: str) -> None:
    bombed = wired(wired(MARKET, handler, at=2), "default_service", always=True)
    engine = build(hours=1, series=SERIES, handlers=bombed, **circumstances(handler))
    finished(engine)
    assert len({s.machine for s in engine.recorder.steps if s.destination == "expired"}) == 13


@pytest.mark.parametrize("handler", ["prepare", "clear", "reprice", "dispatch"])
def test_customers_of_a_market_that_broke_before_delivery_are_billed_by_the_meter(handler: str) -> None:
    """No hour-ahead position: 0.1 kWh a 5 min and customer at λ = 0.10 or at the flat rate of 0.12."""
    engine = build(hours=1, series={"rt": REAL_TIME}, handlers=wired(MARKET, handler, at=3))
    finished(engine)
    broken = errors_of(engine)[0].machine
    assert broken == first_rt(engine, 2)
    billed = {
        e.customers.tariff: e.customers
        for e in engine.recorder.exchanges
        if e.market == broken and e.customers is not None
    }
    # 1.1 kW and a device that runs as it would, 1 kW: 0.175 kWh; the price is the wholesale one, so 0.10.
    assert billed["flat"].amount_uusd.tolist() == [11_000, 11_000]
    assert billed["live"].amount_uusd.tolist() == [17_500, 17_500]


@pytest.mark.parametrize("handler", sorted(RETAIL.handlers))
def test_a_tariff_whose_retail_handler_breaks_is_estimated_and_billed(handler: str) -> None:
    engine = build(
        hours=1, series=SERIES, retail_handlers=wired(RETAIL, handler, at=2), **circumstances(handler)
    )
    audit = finished(engine)
    (step,) = errors_of(engine)
    retail = [s for s in steps_of(engine, step.machine) if s.sequence > step.sequence]
    assert [(s.event, s.destination, s.degraded) for s in retail] == [("fatal", "done", "tariff estimated")]
    market = step.machine.partition("/")[0]
    assert steps_of(engine, market)[-1].destination == "expired"
    assert not [s for s in steps_of(engine, market) if s.event == "fatal"]
    assert audit["delivered_exactly_once"]
    assert audit["markets_unbalanced"] == 0


def test_a_tariff_that_broke_counts_at_its_estimate_and_not_at_zero() -> None:
    engine = build(hours=1, series={"rt": REAL_TIME}, retail_handlers=wired(RETAIL, "aggregate", at=1))
    engine.advance(start_s())
    (validated,) = [s for s in steps_of(engine, first_rt(engine)) if s.event == "@round_close"]
    assert validated.summary["head_kw"] == [6.0]  # 2 kW flat, 2 · (1 + 1) kW at the forecast
    assert validated.degraded == "live estimated; substituted what was missing"


def test_what_a_broken_handler_did_is_undone() -> None:
    engine = build(hours=1, series={"rt": REAL_TIME}, handlers=wired(MARKET, "reprice"))
    market = first_rt(engine)
    engine.advance(start_s() - 1)
    machine, before = engine.markets[market], engine.markets[market].subject
    records = {t: r.records[market] for t, r in engine.world.retailers.items()}
    posted = len(engine.queue)
    step = next(s for s in iter(engine.step, None) if s.machine == market and s.error)
    assert step.error == "RuntimeError: bang"
    assert (machine.state, machine.subject.priced, machine.subject.schedule) == (
        "market_lead.bought",
        before.priced,
        before.schedule,
    )
    after = {t: r.records[market] for t, r in engine.world.retailers.items()}
    assert all(after[t] is records[t] for t in records)
    assert len(engine.queue) <= posted + 1
    assert engine.recorder.steps[-1].summary == {}


def test_a_priced_position_stands_when_its_market_breaks_for_the_wholesale_market_has_sold_it() -> None:
    engine = build(hours=1, series=SERIES, handlers=wired(MARKET, "publish", at=1))
    finished(engine)
    assert errors_of(engine)[0].machine.startswith("da")
    paid = engine.world.ledger.accounts[("live", 0, "day-ahead energy")].amount_uusd
    assert paid.tolist() == [0, 0, 200_000, 200_000]  # 2 kWh at 0.10
    first = next(
        e for e in engine.recorder.exchanges if e.kind == "metered energy" and e.customers.tariff == "live"
    )
    assert first.customers.energy_kwh.tolist() == pytest.approx([0.1 / 12, 0.1 / 12])  # beyond the position


def test_a_position_that_was_never_priced_is_one_of_zero() -> None:
    engine = build(hours=1, series=SERIES, handlers=wired(MARKET, "procure_local", at=1))
    finished(engine)
    assert ("live", 0, "day-ahead energy") not in engine.world.ledger.accounts
    metered = engine.world.ledger.accounts[("live", 0, "metered energy")].energy_kwh
    assert metered.tolist() == pytest.approx([0, 0, 2.1, 2.1])


def test_an_error_of_the_engine_itself_ends_the_run() -> None:
    class Broken(Bomb):
        def __call__(self, work, *payload):
            raise EngineError("no such time")

    handlers = {**MARKET.handlers, "validate": Broken(MARKET.handlers["validate"])}
    engine = build(hours=1, series=SERIES, handlers=replace(MARKET, handlers=handlers))
    with pytest.raises(EngineError, match=r"broke in negotiation.gathering on all_ready and cannot go on"):
        engine.run()


@pytest.mark.parametrize("minute", [-1, 2, 5])
def test_fatal_from_outside_defaults_a_market_and_disputes_one_that_reconciles(minute: int) -> None:
    wires = Wires()
    plant = DeafPlant(wires) if minute == 5 else None
    engine = build(hours=1, series=SERIES, wires=wires, plant=plant)
    market = first_rt(engine)
    engine.advance(start_s() + 60 * minute)
    engine.post(market, "fatal")
    audit = finished(engine)
    assert audit["delivered_exactly_once"]
    states = [s.destination for s in steps_of(engine, market)]
    assert ("reconcile.disputed" if minute == 5 else "defaulting.serving") in states
    assert states[-1] == "expired"


def test_a_cancelled_market_that_would_deliver_is_served_by_default_and_billed() -> None:
    engine = build(hours=1, series=SERIES)
    market = first_rt(engine, 3)
    engine.advance(start_s() + 3 * 300 - 100)
    assert engine.markets[market].state == "negotiation.agreed"
    engine.post(market, "cancel")
    engine.advance(start_s() + 3 * 300 - 100)
    assert engine.markets[market].state == "defaulting.waiting_out"
    assert not [name for name in engine.machines if name.startswith(f"{market}/")]
    audit = finished(engine)
    assert audit["delivered_exactly_once"]
    assert (steps_of(engine, market)[-1].destination, steps_of(engine, market)[-1].degraded) == (
        "expired",
        None,
    )
    reasons = [s.degraded for s in steps_of(engine, market) if s.degraded]
    assert reasons == ["cancelled, default service"]


def test_a_cancelled_position_is_released_with_its_retail_machines() -> None:
    engine = build(hours=1, series=SERIES)
    market = "da-2016-08-10T05:00Z"
    engine.advance(engine.next_time() + 60)
    assert engine.markets[market].state == "active.waiting"
    engine.post(market, "cancel")
    engine.advance(engine.now_s)
    assert not [name for name in engine.machines if name.startswith(market)]
    audit = finished(engine)
    assert audit["delivered_exactly_once"]
    ended = {r["market"]: r["end_state"] for r in rows_of(engine, "markets")}
    assert [name for name, end in ended.items() if end == "cancelled"] == [market]


def test_no_retail_machine_outlives_the_gate_of_its_market() -> None:
    """The hour-ahead market's second round has no room any more: its tariffs are told at the gate."""
    short = replace(HOUR_AHEAD, negotiation_lead_s=1800)
    engine = build(hours=1, series={"da": short, "rt": REAL_TIME})
    times = engine.queue.next_due_s()
    assert times is not None
    engine.advance(start_s() - 36000 - 14400)
    assert [name for name in engine.machines if "/" in name and name.startswith("da")] == []
    market = next(name for name in engine.markets if name.startswith("da"))
    (gate,) = [s for s in steps_of(engine, market) if s.event == "@gate"]
    assert gate.degraded == "negotiation unfinished at the gate"
    finished(engine)


def test_limits_that_break_after_the_wholesale_result_are_priced_again() -> None:
    wires = Wires()
    engine = build(hours=1, series={"rt": REAL_TIME}, wires=wires, plant=Plant(wires, 0.0))
    engine.advance(start_s() - 20)
    wires.import_limit_kw = TIGHT_KW
    engine.advance(start_s())
    events = [s.event for s in steps_of(engine, first_rt(engine))]
    at = events.index("infeasible")
    assert events[at : at + 4] == ["infeasible", "repriced", "feasible", "published"]
    price = next(r for r in rows_of(engine, "prices") if r["tariff"] == "live")
    assert price["retail_usd_per_kwh"] == pytest.approx(0.15)  # 4 + 2·(2 − 10·λ) = 5
    assert price["load_kw"] == pytest.approx(3.0)
    assert price["head_kw"] == pytest.approx(4.0)  # what was bought before the limit


@pytest.mark.parametrize("always", [False, True])
def test_a_market_whose_second_pricing_breaks_is_still_served(always: bool) -> None:
    wires = Wires()
    handlers = wired(MARKET, "reprice_limited", always=always)
    engine = build(hours=1, series={"rt": REAL_TIME}, wires=wires, handlers=handlers)
    engine.advance(start_s() - 20)
    wires.import_limit_kw = TIGHT_KW
    audit = finished(engine)
    assert audit["delivered_exactly_once"]
    assert errors_of(engine)


def test_limits_that_nothing_can_meet_end_in_an_emergency_after_the_retries() -> None:
    class Shrinking(Wires):
        """Whatever is scheduled is too much by a tenth."""

        def violated(self, intervals, load_kw, known_at_s, equipment):
            self.import_limit_kw = float(load_kw.max()) * 0.9
            return super().violated(intervals, load_kw, known_at_s, equipment)

    engine = build(hours=1, series={"rt": REAL_TIME}, wires=Shrinking())
    audit = finished(engine)
    assert audit["delivered_exactly_once"]
    degraded = [s.degraded for s in steps_of(engine, first_rt(engine)) if s.degraded]
    assert "hard limit" in degraded
    assert "emergency curtailment" in degraded


def test_where_the_do_cannot_look_the_static_limits_hold() -> None:
    from dso.errors import NetworkUnavailableError

    class Blind(Wires):
        def violated(self, intervals, load_kw, known_at_s, equipment):
            raise NetworkUnavailableError("no power flow")

    engine = build(hours=1, series={"rt": REAL_TIME}, wires=Blind())
    engine.world.distribution.fallback = Wires(import_limit_kw=TIGHT_KW)
    audit = finished(engine)
    assert audit["delivered_exactly_once"]
    steps = steps_of(engine, first_rt(engine))
    assert [s.degraded for s in steps if s.event == "network_unavailable"] == [
        "static limits",
        "static limits",
    ]
    prices = [r["retail_usd_per_kwh"] for r in rows_of(engine, "prices") if r["tariff"] == "live"]
    assert prices == pytest.approx([0.15] * 12)


def test_an_outage_sends_a_ready_market_back_to_the_do_and_only_markets_that_still_deliver_are_told() -> None:
    wires = Wires()
    engine = build(
        hours=1, series={"rt": replace(REAL_TIME, delivery_lead_s=120)}, wires=wires, plant=NO_PLANT
    )
    engine.advance(start_s() + 300 - 60)
    ready = first_rt(engine, 1)
    assert engine.markets[ready].state == "delivery_lead.ready"
    wires.import_limit_kw, wires.is_reduced = TIGHT_KW, True
    engine.post("dso", "outage")
    steps = engine.advance(start_s() + 300 - 60)
    told = [s.machine for s in steps if s.event == "outage" and s.machine != "dso"]
    assert told == [first_rt(engine), ready, first_rt(engine, 2)]
    assert [s.rejected for s in steps if s.rejected] == []
    assert [s.event for s in steps if s.machine == ready] == [
        "outage",
        "infeasible",
        "repriced",
        "feasible",
        "published",
    ]
    assert engine.machines["dso"].state == "operating.reduced"
    engine.advance(start_s() + 300 + 30)
    assert engine.markets[first_rt(engine)].state == "reconcile.awaiting_meters"
    wires.is_reduced = False
    engine.post("dso", "restored")
    steps = engine.advance(start_s() + 300 + 30)
    assert first_rt(engine) not in [s.machine for s in steps]
    assert engine.machines["dso"].state == "operating.normal"
    finished(engine)
