"""The L, B, A and S cases of the shared TENT file, on the engine; `dso_should` wins over `then`.

Minutes count from the clearing of the first market. docs/tent-cases.md says where and why ours differs.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dso.clock import Interval, to_epoch_s
from dso.engine.loop import Engine
from dso.engine.series import MarketTimes, SeriesSpec
from dso.messages import WholesaleBid, WholesaleResult
from dso.wholesale.price_series import PriceSeries
from dso.wholesale.supply_curve import QuadraticSupply
from tests.engine.small import DAY_AHEAD, NO_PLANT, REAL_TIME, Devices, build, start_s, steps_of

FILE = Path(__file__).parents[1] / "data" / "cases" / "tent_market.json"
DATA = json.loads(FILE.read_text(encoding="utf-8"))
CASES: dict[str, Any] = {case["id"]: case for case in DATA["cases"]}
LIFE = sorted(case for case in CASES if case[0] in "LBAS")
MINUTE_S = 60

TENT_STATES = {
    "inactive": "Inactive",
    "active": "Active",
    "negotiation": "Negotiation",
    "market_lead": "MarketLead",
    "delivery_lead": "DeliveryLead",
    "delivery": "Delivery",
    "reconcile": "Reconcile",
    "expired": "Expired",
}

WHY_OURS = {
    "L03": "the test puts the predecessor into Active by hand, four hours after its delivery began; ours is "
    "where its own clock says. There is no flag `newest`: a series counts its markets.",
    "S03": "a real-time market needs nothing before its own activation, and the cleared day-ahead price that "
    "it then needs (A09) does not exist when the day-ahead market is spawned.",
}


def profile(name: str = "P", **changes: int) -> SeriesSpec:
    """A series with a profile's lead times: one round, a physical market that nobody refines."""
    lead = {key: value * MINUTE_S for key, value in {**DATA["profiles"][name], **changes}.items()}
    return SeriesSpec(
        name="p",
        intervals=DATA["profiles"][name]["intervals_to_clear"],
        interval_s=lead["interval_duration"],
        clearing_interval_s=lead["clearing_interval"],
        activation_lead_s=lead["activation_lead"],
        negotiation_lead_s=lead["negotiation_lead"],
        market_lead_s=lead["market_lead"],
        delivery_lead_s=lead["delivery_lead"],
        bid_window_s=60,
        round_length_s=120,
        round_interval_s=300,
        wholesale_result_lead_s=300,
        meter_wait_s=600,
        reconcile_s=3600,
    )


@dataclass(frozen=True, slots=True)
class Study:
    """An engine over one series, asked in minutes from the clearing of its first market."""

    engine: Engine
    spec: SeriesSpec

    @property
    def clearing_s(self) -> int:
        return start_s() - self.spec.delivery_lead_s

    def name(self, number: int = 0) -> str:
        return MarketTimes(self.spec, start_s() + number * self.spec.clearing_interval_s).market

    def poll(self, minute: float) -> None:
        self.engine.advance(self.clearing_s + round(minute * MINUTE_S))

    def state(self, number: int = 0) -> str | None:
        """A market's state in TENT's words, None before it is spawned."""
        machine = self.engine.markets.get(self.name(number))
        if machine is not None:
            return TENT_STATES[machine.state.partition(".")[0]]
        steps = steps_of(self.engine, self.name(number))
        return TENT_STATES[steps[-1].destination] if steps else None

    def spawned(self) -> list[int]:
        """When each market was spawned, in minutes."""
        return [self.minute(s.time_s) for s in self.engine.recorder.steps if s.event == "spawn"]

    def minute(self, t_s: int) -> int:
        return (t_s - self.clearing_s) // MINUTE_S


def study(spec: SeriesSpec | None = None, days: int = 1, **parts: Any) -> Study:
    """One series, by default of profile P."""
    spec = spec or profile()
    return Study(build(hours=24 * days, series={spec.name: spec}, **parts), spec)


def same_state(case: str, minute: float, state: str, **parts: Any) -> None:
    found = study(**parts)
    found.poll(minute)
    assert found.state() == state, case


def l01(case: Any) -> None:
    found = study(days=2)
    before = 1
    found.poll(case["when"]["poll_at"])
    assert found.state() == case["then"]["state"]
    assert len(found.engine.markets) == case["then"]["markets"]
    assert len(found.spawned()) - before == case["then"]["spawned"]


def l03(case: Any) -> None:
    found, then = study(days=2), case["then"]
    found.poll(1440 + case["when"]["poll_at"])
    assert len(found.engine.markets) == then["markets"]
    assert found.state(1) == then["child_state"]
    child, parent = (found.engine.markets[found.name(k)].subject.times for k in (1, 0))
    assert len(child.intervals) == then["child_intervals"]
    assert (child.spec.name == parent.spec.name) is then["same_series_name"]
    assert "L03" in WHY_OURS
    assert found.state(0) == "Delivery"


def state_at(case: Any) -> None:
    same_state(case["id"], case["when"]["poll_at"], case["then"]["state"])


def l13(case: Any) -> None:
    """Nobody reads the meters: it waits, until they are read."""
    found = study(plant=NO_PLANT)
    found.poll(case["when"]["poll_at"])
    assert found.state() == case["then"]["state"] == "Reconcile"
    for k in range(24):
        kwh = {"meter_kwh": np.ones(4), "device_kwh": np.zeros(4), "head_kwh": 4.0}
        found.engine.post(found.name(), "readings", interval=k, **kwh)
    found.poll(case["when"]["poll_at"])
    assert found.state() == "Expired"


def l15(case: Any) -> None:
    found = study()
    found.poll(case["when"]["poll_at"])
    assert found.state() == case["then"]["state"]
    assert len(found.engine.markets) == case["then"]["markets"]
    found.engine.post(found.name(), "fatal")
    found.poll(case["when"]["poll_at"])
    assert found.state() == "Expired"
    assert found.engine.recorder.steps[-1].rejected == "there is no such machine, or it is over"


def b12(case: Any) -> None:
    found = study(days=2)
    found.poll(case["when"]["poll_at"] - 1 / MINUTE_S)
    assert found.spawned() == [-620]
    found.poll(case["when"]["poll_at"])
    assert found.spawned() == [-620, 820]


def a01(case: Any) -> None:
    found = study()
    found.poll(case["when"]["poll_at"])
    assert found.state() == case["then"]["state"]
    tops = [
        (TENT_STATES[s.entered[0]], found.minute(s.time_s))
        for s in steps_of(found.engine, found.name())
        if s.entered and "." not in s.entered[0] and s.source is not None
    ]
    assert tops == [
        ("Active", -620),
        ("Negotiation", -610),
        ("MarketLead", -600),
        ("DeliveryLead", 0),
        ("Delivery", 10),
        ("Reconcile", 1450),
        ("Expired", 1450),
    ]
    assert len(tops) == case["then"]["transition_hooks"]
    times = [s.time_s for s in found.engine.recorder.steps]
    assert times == sorted(times)


def a03(case: Any) -> None:
    lead = case["given"]["leads"]
    minutes = {"activation_lead_s": lead["activation"], "negotiation_lead_s": lead["negotiation"]}
    minutes |= {"market_lead_s": lead["market"], "delivery_lead_s": 0}
    minutes |= {"interval_s": 5, "clearing_interval_s": case["given"]["clearing_interval"]}
    seconds = {key: value * MINUTE_S for key, value in minutes.items()}
    found = study(replace(profile(), intervals=1, wholesale_result_lead_s=0, **seconds))
    found.poll(-7 - 1 / MINUTE_S)
    parent = found.engine.markets[found.name()]
    before = (parent.state, parent.subject, dict(parent.armed))
    assert found.engine.next_time() == found.clearing_s - 7 * MINUTE_S
    step = found.engine.step()
    assert step is not None
    assert (step.event, step.machine) == ("spawn", found.name(1))
    assert (parent.state, parent.subject, dict(parent.armed)) == before
    found.poll(case["when"]["poll_at"])
    assert found.state() == case["then"]["state"]
    # The market that comes after it was spawned at −7, and by −2 the one after that is due.
    assert found.spawned() == [-12, -7, -2]
    events = [s.event for s in steps_of(found.engine, found.name())]
    assert "all_ready" in events  # its negotiation was not skipped
    assert "cleared" in events


def hour_market(case: Any) -> SeriesSpec:
    """A04: no activation lead, negotiation and market lead of 15 min, delivery lead of 5 min."""
    lead = {key: value * MINUTE_S for key, value in case["given"]["leads"].items()}
    return replace(
        profile(),
        intervals=1,
        interval_s=3600,
        clearing_interval_s=86400,
        activation_lead_s=lead["activation"],
        negotiation_lead_s=lead["negotiation"],
        market_lead_s=lead["market"],
        delivery_lead_s=lead["delivery"],
    )


def silent(case: Any) -> Study:
    """One participant outside the process that never bids for its customers."""
    return study(hour_market(case), populations=(), outside={"downstream": np.array([2, 3])})


def a04(case: Any) -> None:
    found, states = silent(case), []
    for minute in case["when"]["poll_at"]:
        found.poll(minute)
        states.append(found.state())
    assert states == [None, "Negotiation", "MarketLead", "DeliveryLead", "Delivery", "Expired"]
    retail = steps_of(found.engine, f"{found.name()}/live")
    assert [s.degraded for s in retail if s.degraded] == ["missing bids estimated"]
    gate = next(s for s in steps_of(found.engine, found.name()) if s.handler == "bid_wholesale")
    # Two flat customers of 1 kW, two participants of 1 kW with a silent device of 1 kW: 6 kW at any price.
    assert gate.summary["most_kw"] == gate.summary["least_kw"] == [6.0]


def a05(case: Any) -> None:
    found = silent(CASES["A04"])
    found.poll(CASES["A04"]["when"]["poll_at"][-1])
    minute = case["given"]["bid_arrives"]
    bid = {"customers": [2], "quantity_kw": [[[1.0]]], "price_usd_per_kwh": [[[0.2]]], "sender": "downstream"}
    accounts = dict(found.engine.world.ledger.balance_uusd)
    found.engine.post(f"{found.name()}/live", "bids", at=found.clearing_s + minute * MINUTE_S, **bid)
    found.poll(minute)
    assert found.engine.recorder.steps[-1].rejected is not None
    rejection = found.engine.recorder.rejections[-1]
    assert (rejection.market, rejection.sender) == (found.name(), "downstream")
    assert found.state() == case["then"]["state"]
    assert found.engine.world.ledger.balance_uusd == accounts


class FiftyKw:
    """One flat customer of 50 kW, three of nothing."""

    def meter_kw(self, intervals, known_at_s):
        return np.tile([50.0, 0.0, 0.0, 0.0], (len(intervals), 1))

    def device_kw(self, intervals, known_at_s):
        return np.zeros((len(intervals), 4))


def a07(case: Any) -> None:
    """Supply from 0.10 USD/kWh at 0 kW to 0.20 at 100 kW, a load of 50 kW: 0.15 and 50 kW."""
    (low, _), (high, most) = case["given"]["supply"]
    supply = QuadraticSupply(0.0, (high - low) / most, low, most_kw=most)
    found = study(
        wholesale=supply,
        forecast=FiftyKw(),
        populations=(),
        tariffs=("flat",),
        enrolled={"flat": [0, 1, 2, 3], "live": []},
    )
    found.poll(0)
    result = found.engine.markets[found.name()].subject.priced
    assert result.price_usd_per_kwh == pytest.approx([0.15] * 24)
    assert result.quantity_kw == pytest.approx([50.0] * 24)


class Surprise(PriceSeries):
    """Expects one price, clears at another."""

    def __init__(self, expected: float, cleared: float) -> None:
        super().__init__([start_s() - 864000], [cleared], step_s=8640000)
        self.guess = expected

    def expected_usd_per_kwh(self, intervals, known_at_s):
        return np.full(len(intervals), self.guess)

    def clear(self, bid: WholesaleBid) -> WholesaleResult:
        price = np.array([self.price_of(i) for i in bid.intervals])
        return WholesaleResult(bid.market, price, np.full(len(price), 6.0))


def a09(case: Any) -> None:
    wholesale = Surprise(case["given"]["da_forecast"], case["given"]["da_clears_at"])
    engine = build(wholesale=wholesale)
    engine.advance(start_s())
    reckoned = {
        s.machine[:2]: s.summary["expected_usd_per_kwh"]
        for s in engine.recorder.steps
        if s.handler == "prepare"
    }
    assert reckoned == {"da": [0.035] * 24, "rt": [0.2]}


def a11(case: Any) -> None:
    hours = [Interval(0, minutes * MINUTE_S).hours for minutes in case["when"]["duration_hours_of"]]
    assert hours == [0.25, 1.0, 1.5, 24.0]


def s01(case: Any) -> None:
    given, then = case["given"], case["then"]
    spec = replace(profile(), intervals=given["intervals"], interval_s=given["interval"] * MINUTE_S)
    clearing = to_epoch_s(datetime.fromisoformat(given["clearing"]).replace(tzinfo=UTC))
    intervals = MarketTimes(spec, clearing + given["delivery_lead"] * MINUTE_S).intervals
    assert len(intervals) == then["count"]
    midnight = clearing
    found = [
        f"{(i.start_s - midnight) // 3600:02d}:{(i.start_s - midnight) % 3600 // 60:02d}" for i in intervals
    ]
    assert found == then["starts"]
    assert {i.duration_s for i in intervals} == {3600}


def s03(case: Any) -> None:
    assert "S03" in WHY_OURS
    quarter = replace(
        REAL_TIME, interval_s=case["given"]["rt_interval"] * MINUTE_S, clearing_interval_s=15 * MINUTE_S
    )
    engine = build(hours=24, series={"da": DAY_AHEAD, "rt": quarter})
    steps = engine.advance(start_s() + 86400)
    spawned = [s for s in steps if s.event == "spawn"]
    assert [s.machine[:2] for s in spawned].count("rt") == case["then"]["real_time"] == 96
    for number, step in enumerate(s for s in spawned if s.machine.startswith("rt")):
        assert step.time_s == MarketTimes(quarter, start_s() + number * 900).activation_s
    day_ahead = next(s for s in spawned if s.machine.startswith("da"))
    assert day_ahead.time_s < min(s.time_s for s in spawned if s.machine.startswith("rt"))


RUN = {
    "L01": l01,
    "L03": l03,
    "L13": l13,
    "L15": l15,
    "B12": b12,
    "A01": a01,
    "A03": a03,
    "A04": a04,
    "A05": a05,
    "A07": a07,
    "A09": a09,
    "A11": a11,
    "S01": s01,
    "S03": s03,
} | dict.fromkeys(("L05", "L07", "L09", "L11", "B02", "B04", "B06", "B08", "B10"), state_at)


@pytest.mark.parametrize("case", LIFE)
def test_a_market_lives_as_tent_says_or_for_a_written_reason_otherwise(case: str) -> None:
    RUN[case](CASES[case])


def test_every_case_of_the_file_is_tested_here_or_with_the_market_maths() -> None:
    maths = (Path(__file__).parents[1] / "market" / "test_tent_cases.py").read_text(encoding="utf-8")
    elsewhere = {case for case in CASES if case[0] in "VKNQ"}
    assert set(RUN) | elsewhere == set(CASES)
    assert [case for case in sorted(elsewhere) if case not in maths and case.lower() not in maths] == []


@pytest.mark.parametrize("case", sorted(WHY_OURS))
def test_the_page_on_tents_cases_names_each_that_differs(case: str) -> None:
    page = Path(__file__).parents[2] / "docs" / "tent-cases.md"
    assert case in page.read_text(encoding="utf-8")


def test_a_market_that_has_converged_waits_in_negotiation_for_the_gate() -> None:
    """L05: agreed at once at −610, in market lead only at −600."""
    found = study(populations=(Devices(),))
    found.poll(-605)
    assert found.engine.markets[found.name()].state == "negotiation.agreed"
