"""Meters that report late, twice, in part, or not at all."""

from __future__ import annotations

import numpy as np
import pytest

from dso.engine.loop import Engine
from tests.engine.small import NO_PLANT, REAL_TIME, Plant, Wires, build, first_rt, rows_of, start_s, steps_of

SERIES = {"rt": REAL_TIME}
NAN = float("nan")
HOURS = 300 / 3600
AS_SCHEDULED = {
    "meter_kwh": np.array([1.0, 1.0, 2.0, 2.0]) * HOURS,
    "device_kwh": np.array([0.0, 0.0, 1.0, 1.0]) * HOURS,
    "head_kwh": 6.0 * HOURS,
}


def engine_outside() -> Engine:
    """Meters are read by somebody outside."""
    return build(hours=1, series=SERIES, plant=NO_PLANT)


def post(engine: Engine, at_s: int, **changes) -> None:
    engine.post(first_rt(engine), "readings", at=at_s, **{"interval": 0, **AS_SCHEDULED, **changes})


def settled(engine: Engine) -> dict[str, list[int]]:
    return {
        e.customers.tariff: e.customers.amount_uusd.tolist()
        for e in engine.recorder.exchanges
        if e.market == first_rt(engine) and e.customers is not None
    }


def degraded(engine: Engine) -> list[str]:
    return [s.degraded for s in steps_of(engine, first_rt(engine)) if s.degraded]


def test_readings_in_time_settle_the_market_at_the_end_of_delivery() -> None:
    engine = engine_outside()
    post(engine, start_s() + 300)
    engine.advance(start_s() + 300)
    assert steps_of(engine, first_rt(engine))[-1].destination == "expired"
    assert settled(engine) == {"flat": [10_000, 10_000], "live": [16_667, 16_667]}


def test_late_readings_within_the_wait_are_taken() -> None:
    engine = engine_outside()
    engine.advance(start_s() + 400)
    assert engine.markets[first_rt(engine)].state == "reconcile.awaiting_meters"
    post(engine, start_s() + 400)
    engine.advance(start_s() + 400)
    steps = steps_of(engine, first_rt(engine))
    assert [s.event for s in steps[-5:]] == ["readings", "all_readings", "consistent", "settled", "balanced"]
    assert degraded(engine) == []


def test_readings_that_never_come_are_estimated_by_schedule_and_billed() -> None:
    engine = engine_outside()
    engine.advance(start_s() + 300 + 120)
    assert degraded(engine) == ["readings estimated"]
    assert settled(engine) == {"flat": [10_000, 10_000], "live": [16_667, 16_667]}
    row = next(r for r in rows_of(engine, "readings") if r["market"] == first_rt(engine))
    assert (row["estimated_values"], row["meter_kwh"], row["head_kwh"]) == (4, pytest.approx(0.5), 0.5)


def test_readings_after_the_market_is_over_change_nothing() -> None:
    engine = engine_outside()
    engine.advance(start_s() + 300 + 120)
    accounts = dict(engine.world.ledger.balance_uusd)
    post(engine, start_s() + 300 + 121, head_kwh=99.0)
    engine.advance(start_s() + 300 + 121)
    step = engine.recorder.steps[-1]
    assert step.rejected == "there is no such machine, or it is over"
    assert engine.world.ledger.balance_uusd == accounts


@pytest.mark.parametrize("missing", [NAN, np.inf, -np.inf])
def test_one_meter_without_a_number_waits_and_is_estimated_alone(missing: float) -> None:
    engine = engine_outside()
    post(
        engine,
        start_s() + 300,
        meter_kwh=np.array([1.5 * HOURS, missing, 2 * HOURS, 2 * HOURS]),
        head_kwh=6.5 * HOURS,
    )
    engine.advance(start_s() + 301)
    assert engine.markets[first_rt(engine)].state == "reconcile.awaiting_meters"
    engine.advance(start_s() + 300 + 120)
    assert degraded(engine) == ["readings estimated"]
    assert settled(engine)["flat"] == [15_000, 10_000]
    row = next(r for r in rows_of(engine, "readings") if r["market"] == first_rt(engine))
    assert row["estimated_values"] == 1


def test_a_second_message_with_all_meters_completes_one_with_a_gap() -> None:
    engine = engine_outside()
    post(engine, start_s() + 300, meter_kwh=np.array([NAN, 1, 2, 2]) * HOURS)
    post(engine, start_s() + 360)
    engine.advance(start_s() + 360)
    assert steps_of(engine, first_rt(engine))[-1].destination == "expired"
    assert degraded(engine) == []


def test_duplicate_readings_are_refused_and_the_first_count() -> None:
    engine = engine_outside()
    post(engine, start_s() + 250)
    post(engine, start_s() + 260, meter_kwh=np.full(4, 9.0))
    engine.advance(start_s() + 300)
    refused = [s.rejected for s in engine.recorder.steps if s.rejected]
    assert refused == ["duplicate readings of an interval"]
    assert engine.recorder.rejections[0].sender == "feeder"
    assert settled(engine)["flat"] == [10_000, 10_000]


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"interval": 1}, "readings cannot be read: IndexError: interval 1 of 1"),
        ({"interval": -1}, "readings cannot be read: IndexError: interval -1 of 1"),
        ({"interval": 0.5}, "readings cannot be read: TypeError: "),
        ({"meter_kwh": [1.0, 2.0]}, "readings must hold 4 meters and 4 devices, held (2,) and (4,)"),
        ({"device_kwh": [1.0]}, "readings must hold 4 meters and 4 devices, held (4,) and (1,)"),
        ({"head_kwh": NAN}, "the head meter's reading must be a number"),
        ({"head_kwh": None}, "readings cannot be read: TypeError: "),
        ({"meter_kwh": "much"}, "readings cannot be read: ValueError: "),
    ],
)
def test_readings_that_make_no_sense_are_refused_and_the_wait_goes_on(changes: dict, why: str) -> None:
    engine = engine_outside()
    post(engine, start_s() + 310, **changes)
    engine.advance(start_s() + 310)
    refused = [s.rejected for s in engine.recorder.steps if s.rejected]
    assert len(refused) == 1
    assert refused[0].startswith(why)
    assert engine.markets[first_rt(engine)].state == "reconcile.awaiting_meters"


def test_readings_for_a_market_that_only_holds_a_position_are_not_taken() -> None:
    engine = build(hours=1)
    engine.advance(start_s() + 60)
    market = next(name for name in engine.markets if name.startswith("da"))
    engine.post(market, "readings", interval=0, **AS_SCHEDULED)
    step = engine.advance(start_s() + 60)[-1]
    assert step.rejected == "not taken in delivery.holding"


class Unruly(Plant):
    """Devices of which one does not follow its set-point."""

    def deliver(self, order):
        reading = super().deliver(order)
        reading.device_kwh[2] += 0.5 * HOURS
        return reading


def test_participants_at_odds_with_their_awards_are_suspected_and_still_billed() -> None:
    wires = Wires()
    engine = build(hours=1, series=SERIES, wires=wires, plant=Unruly(wires, 0.0))
    engine.run()
    (checked,) = [s for s in steps_of(engine, first_rt(engine)) if s.handler == "check_signals"]
    assert (checked.summary["checked"], checked.summary["off"]) == (2, 1)
    assert degraded(engine) == ["signals at odds with meters"]
    assert settled(engine)["live"] == [16_667, 16_667]


def test_what_nobody_was_told_to_do_is_no_reason_for_suspicion() -> None:
    """A market that breaks before delivery runs at default service: no set-point, no suspicion."""
    wires = Wires()
    engine = build(hours=1, series=SERIES, wires=wires, plant=Unruly(wires, 0.0))
    engine.advance(start_s() - 1)
    engine.post(first_rt(engine), "fatal", at=start_s() - 1)
    engine.advance(start_s() + 300)
    (checked,) = [s for s in steps_of(engine, first_rt(engine)) if s.handler == "check_signals"]
    assert checked.summary == {"checked": 0, "off": 0}
