"""Rounds: how many there are, what participants hear, and what happens when there is too little for all."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from dso.ledger import rent_account
from dso.messages import Bids
from tests.engine.small import (
    HOUR_AHEAD,
    REAL_TIME,
    Devices,
    Plant,
    TwoPrices,
    Wires,
    build,
    first_rt,
    rows_of,
    start_s,
    steps_of,
)

MARKET = "da-2016-08-10T05:00Z"
FOUR_ROUNDS = replace(HOUR_AHEAD, negotiation_lead_s=4 * 3600)  # a round an hour


def rounds(engine) -> list[tuple[int, bool, int]]:
    """Number, whether it binds, and hours after the first, of each round of the hour-ahead market."""
    found = [s for s in steps_of(engine, MARKET) if s.handler == "assess"]
    return [(s.summary["round"], s.summary["binding"], (s.time_s - found[0].time_s) // 3600) for s in found]


def negotiated(**changes):
    series = {"da": replace(FOUR_ROUNDS, **changes), "rt": REAL_TIME}
    engine = build(hours=1, series=series, populations=(changing := Restless(changes.get("protocol")),))
    engine.advance(start_s() - 36000 - 14400)
    return engine, changing


class Restless(Devices):
    """Wants less in the first two rounds than it does then, if prices are to move."""

    def __init__(self, protocol: str | None) -> None:
        super().__init__()
        self.moves = protocol == "signalled"

    def bid(self, request) -> Bids:
        bids = super().bid(request)
        share = {1: 0.25, 2: 0.5}.get(request.round, 1.0) if self.moves else 1.0
        return replace(bids, quantity_kw=bids.quantity_kw * share)


def test_a_fixed_number_of_rounds_of_which_the_last_one_binds() -> None:
    engine, _ = negotiated(rounds=3)
    assert rounds(engine) == [(1, False, 0), (2, False, 1), (3, True, 2)]


def test_rounds_by_time_go_on_as_long_as_one_fits_before_the_gate() -> None:
    engine, _ = negotiated(protocol="gated")
    assert rounds(engine) == [(1, False, 0), (2, False, 1), (3, False, 2), (4, True, 3)]


def test_rounds_by_signal_end_when_a_round_moves_no_price() -> None:
    """Nothing limits, so λ is the same whatever is bid: the second round is enough."""
    engine, _ = negotiated(protocol="signalled")
    assert rounds(engine) == [(1, False, 0), (2, True, 1)]


def test_rounds_by_signal_go_on_while_prices_move() -> None:
    """5 kW for 4 + 2·share·(2 − 10·λ): λ = 0.10 (no limit binds), 0.10, 0.15, 0.15 as the share grows."""
    series = {"da": replace(FOUR_ROUNDS, protocol="signalled"), "rt": REAL_TIME}
    populations = (Restless("signalled"),)
    engine = build(hours=1, series=series, populations=populations, wires=Wires(import_limit_kw=4.8))
    engine.advance(start_s() - 36000 - 14400)
    # 0.8 kW are left for 2·share·(2 − 10·λ): share 1/4 wants 0.5 (λ 0.10), 1/2 gets λ 0.12, 1 gets 0.16.
    assert [r[:2] for r in rounds(engine)] == [(1, False), (2, False), (3, False), (4, True)]
    prices = [signal.price_usd_per_kwh[0] for signal in populations[0].heard if signal.market == MARKET]
    assert prices == pytest.approx([0.10, 0.12, 0.16, 0.16])


def test_participants_hear_each_round_and_then_the_price_that_counts() -> None:
    engine, devices = negotiated(rounds=2)
    engine.advance(start_s() - 36000)
    heard = [(s.round, s.binding) for s in devices.heard if s.market == MARKET]
    assert heard == [(1, False), (2, False), (2, True)]


def test_a_second_round_asks_at_the_price_of_the_first() -> None:
    asked = []

    class Listening(Devices):
        def bid(self, request) -> Bids:
            asked.append((request.market[:2], request.round, float(request.expected_usd_per_kwh[0])))
            return super().bid(request)

    series = {"da": replace(FOUR_ROUNDS, rounds=2), "rt": REAL_TIME}
    wires = Wires(import_limit_kw=5.0)
    engine = build(hours=1, series=series, populations=(Listening(),), wires=wires)
    engine.advance(start_s() - 36000)
    assert asked == [("da", 1, pytest.approx(0.10)), ("da", 2, pytest.approx(0.15))]


def test_rounds_that_do_not_fit_before_the_gate_are_cut_off_by_it() -> None:
    engine, _ = negotiated(rounds=9)
    assert [r[0] for r in rounds(engine)] == [1, 2, 3, 4]
    (gate,) = [s for s in steps_of(engine, MARKET) if s.event == "@gate"]
    assert (gate.source, gate.degraded) == ("negotiation.resting", "negotiation unfinished at the gate")


def test_too_little_for_those_who_cannot_wait_is_rationed_at_the_cap() -> None:
    """3 kW for 4 kW that answer to no price: μ = 5 − 0.12 (the dearer tariff), each load cut pro rata."""
    wires = Wires(import_limit_kw=3.0)
    engine = build(hours=1, series={"rt": REAL_TIME}, wires=wires, plant=Plant(wires, 0.0))
    engine.run()
    assert "rationed at the price cap" in [s.degraded for s in steps_of(engine, first_rt(engine))]
    flat, live = [r for r in rows_of(engine, "prices") if r["market"] == first_rt(engine)]
    assert (flat["congestion_usd_per_kwh"], live["retail_usd_per_kwh"]) == pytest.approx((4.88, 4.98))
    assert (flat["load_kw"], live["load_kw"]) == pytest.approx((1.5, 1.5))
    assert engine.world.ledger.total_uusd() == 0
    # Metered are 4 kW without devices, whatever was awarded: μ · 4 kWh.
    assert engine.world.ledger.balance_uusd[rent_account("substation")] == pytest.approx(-19_520_000, abs=12)


def test_nobody_who_wants_anything_is_no_crossing_and_still_settled() -> None:
    class Nothing:
        def meter_kw(self, intervals, known_at_s):
            return np.zeros((len(intervals), 4))

        device_kw = meter_kw

    plant = Plant(Wires(), 0.0, base_kw=0.0)
    silent = {"populations": (), "outside": {}, "forecast": Nothing(), "plant": plant}
    engine = build(hours=1, series={"rt": REAL_TIME}, tariffs=("flat",), **silent)
    engine.advance(start_s())
    events = [s.event for s in steps_of(engine, first_rt(engine))]
    assert "no_crossing" in events
    engine.run()
    assert engine.world.ledger.total_uusd() == 0


@pytest.mark.parametrize("price", [-0.2, 0.0, 3.0])
def test_any_wholesale_price_clears(price: float) -> None:
    """λ = 1.25·w + 0.04; a device takes 2 kW below 0, nothing above 0.2."""
    engine = build(hours=1, series={"rt": REAL_TIME}, wholesale=TwoPrices(price, price))
    engine.run()
    retail = 1.25 * price + 0.04
    device = min(max(2 - 10 * retail, 0.0), 2.0)
    live = next(r for r in rows_of(engine, "prices") if r["tariff"] == "live")
    assert (live["retail_usd_per_kwh"], live["load_kw"]) == pytest.approx((retail, 2 + 2 * device))
    assert [s for s in engine.recorder.steps if s.error or s.degraded] == []
