"""A market on IEEE 123 with flexible load behind one lateral: what is cleared flows, and little is lost.

The homes of the published feeder stay at 2.5 kW; ninety more at the end of a lateral have each a device of up
to 7 kW. Behind 6.3 the conductor is what binds; behind 71.1, far from the head, it is the voltage of another
phase, which the regulators raise with it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.optimize import linprog

from dso.market import Book
from dso.messages import AS_BUILT, BidRequest, Bids
from dso.network.feeder_files import feeder_file
from dso.network.feeder_loads import loads_of
from dso.network.opendss import OpenDssFeeder
from dso.network.power_flow import RANGE_A, PowerFlowNetwork
from dso.network.services import ServiceRule, fitted, largest_remainder, services_at
from dso.network.static import StaticNetwork
from tests.engine.small import HOUR_AHEAD, REAL_TIME, build, rows_of, steps_of

HOMES, FLEXIBLE, DEVICE_KW = 500, 90, 7.0
WHOLESALE = 0.048
MARKET_ROUNDS = replace(HOUR_AHEAD, rounds=1, retries=8)


@dataclass(frozen=True)
class Site:
    """The feeder with its homes, and who sits where."""

    feeder: OpenDssFeeder
    master: Path
    services: tuple[Any, ...]
    point_of: np.ndarray
    flexible: np.ndarray
    behind: tuple[str, ...]  # buses at and behind the lateral's loads


LATERALS = {
    "6.3": ("4", "5", "6"),
    "71.1": ("68", "69", "70", "71"),
}  # and the buses behind it


@pytest.fixture(scope="module", params=LATERALS)
def site(request) -> Site:
    master = feeder_file("ieee123", Path())
    loads = loads_of(master)
    homes = largest_remainder([load.kw for load in loads], HOMES)
    end = next(k for k, load in enumerate(loads) if load.name == request.param)
    homes[end] += FLEXIBLE
    services = services_at(loads, homes, ServiceRule(homes_most=3))
    point_of = np.repeat(np.arange(len(services)), [s.homes for s in services])
    at_end = np.flatnonzero([services[p].name.startswith(request.param) for p in point_of])
    flexible = at_end[-FLEXIBLE:]
    peak = np.full(len(point_of), 5.0)
    peak[flexible] += DEVICE_KW
    services = fitted(services, point_of, peak)
    feeder = OpenDssFeeder(master, services)
    return Site(feeder, master, services, point_of, flexible, LATERALS[request.param])


class Homes:
    """2.5 kW each, and nobody knows a device's need."""

    def __init__(self, count: int) -> None:
        self.count = count

    def meter_kw(self, intervals, known_at_s):
        return np.full((len(intervals), self.count), 2.5)

    def device_kw(self, intervals, known_at_s):
        return np.zeros((len(intervals), self.count))


class Chargers:
    """Each takes up to 7 kW, the less the dearer; what it is worth to them differs."""

    name = "devices"

    def __init__(self, customers: np.ndarray) -> None:
        self.customers = self.devices = customers
        self.lowest_kw, self.highest_kw = np.zeros(len(customers)), np.full(len(customers), DEVICE_KW)
        draw = np.random.default_rng(3)
        self.top, self.foot = draw.uniform(0.2, 0.6, len(customers)), draw.uniform(0.02, 0.15, len(customers))

    def bid(self, request: BidRequest) -> Bids:
        t = len(request.intervals)
        quantity = np.tile([0.0, DEVICE_KW], (t, len(self.customers), 1))
        price = np.tile(np.stack([self.top, self.foot], axis=1), (t, 1, 1))
        return Bids(self.name, request.market, request.round, self.customers, quantity, price)

    def hear(self, signal):
        pass

    def set_points_kw(self, award, interval_index):
        return award.quantity_kw[interval_index]


class Metered:
    """Homes and devices just as scheduled; the head by the DO's own model."""

    def __init__(self, network, point_of) -> None:
        self.network, self.point_of = network, point_of

    def deliver(self, order):
        from dso.messages import MeterReading

        device = np.nan_to_num(order.device_set_point_kw)
        kw = 2.5 + device
        points = np.bincount(self.point_of, kw, len(self.network.points))
        head = kw.sum() + self.network.losses_kw(points[None, :], (AS_BUILT,))[0]
        hours = order.interval.hours
        return MeterReading(order.interval, kw * hours, device * hours, head * hours)


@pytest.fixture(scope="module")
def studied(site: Site):
    network = PowerFlowNetwork(StaticNetwork(loss_frac=0.03), site.feeder)
    count = len(site.point_of)
    schedules = []

    class Watching(PowerFlowNetwork):
        point_of = site.point_of

        def violated(self, intervals, load_kw, known_at_s, equipment):
            found = super().violated(intervals, load_kw, known_at_s, equipment)
            schedules.append((load_kw.copy(), found))
            return found

    watching = Watching(network.head, site.feeder)
    others = np.setdiff1d(np.arange(count), site.flexible)
    engine = build(
        hours=1,
        wires=watching,
        series={"da": MARKET_ROUNDS, "rt": replace(REAL_TIME, retries=8)},
        forecast=Homes(count),
        populations=(Chargers(site.flexible),),
        plant=Metered(watching, site.point_of),
        enrolled={"flat": others.tolist(), "live": site.flexible.tolist()},
        price=WHOLESALE,
        start=False,
        customers=count,
    )
    engine.start()
    kept = {}

    def look(engine, market):
        kept.setdefault("records", engine.world.distribution.records[market])
        kept.setdefault("mo", engine.world.operators["live"].records[market])

    while (step := engine.step()) is not None:
        if step.machine.startswith("da-") and step.destination.endswith("publishing"):
            look(engine, step.machine)
    return engine, schedules, kept


def separate_flow(site: Site, load_kw: np.ndarray):
    """A power flow of its own, from a circuit compiled anew, with taps free."""
    again = OpenDssFeeder(site.master, site.services)
    return again, again.solve(load_kw, AS_BUILT)


def last_schedule(schedules, which=-1):
    return schedules[which][0][0]


def test_unlimited_the_lateral_is_overloaded(site, studied) -> None:
    _, schedules, _ = studied
    first, found = schedules[0]
    assert found is not None
    assert any(row.element.startswith("line.l") for row in found.elements)
    assert first[0].sum() > last_schedule(schedules).sum() + 50.0


def test_what_is_cleared_flows_in_a_separate_power_flow(site, studied) -> None:
    engine, schedules, _ = studied
    for load_kw, found in schedules:
        if found is not None:
            continue
        feeder, flow = separate_flow(site, load_kw[0])
        low = np.where(feeder.at_service, RANGE_A.service[0], RANGE_A.primary[0])
        assert np.nanmax(flow.loading_pu) <= 1.005
        assert (flow.voltage_pu >= low - 1e-3).all()
        assert (flow.voltage_pu <= 1.05 + 1e-3).all()
    outcomes = [s.event for s in engine.recorder.steps if s.rejected is None]
    assert "retries_exhausted" not in outcomes
    assert outcomes.count("limits_ok") >= 1


def test_at_most_a_hundredth_of_what_flexibility_adds_is_lost(site, studied) -> None:
    """HiGHS under the same rows, with each bid in forty blocks; base prices with marginal losses."""
    _, _, kept = studied
    record, mo = kept["records"], kept["mo"]
    book: Book = mo.books[0]
    place = site.point_of[mo.bidders]
    base = (1.25 * WHOLESALE + 0.04 + WHOLESALE * record.marginal[0])[place]
    rows = [r for r in record.limits.elements if r.interval == 0]
    fixed = np.bincount(site.point_of, np.full(len(site.point_of), 2.5), len(site.services))
    weight, bound = np.array([r.weight for r in rows]), np.array([r.bound for r in rows])
    top, foot = book.price_usd_per_kwh[:, 0], book.price_usd_per_kwh[:, 1]
    blocks = 40
    middle = (np.arange(blocks) + 0.5) / blocks
    worth = (top[:, None] + (foot - top)[:, None] * middle).ravel() - np.repeat(base, blocks)
    answer = linprog(
        -worth,
        A_ub=np.repeat(weight[:, place], blocks, axis=1),
        b_ub=bound - weight @ fixed,
        bounds=(0.0, DEVICE_KW / blocks),
        method="highs",
    )
    assert answer.status == 0
    best_kw = answer.x.reshape(-1, blocks).sum(axis=1)
    got_kw = mo.device_kw[0, mo.bidders]
    share = got_kw / DEVICE_KW
    got = float(((top - base) * got_kw + (foot - top) * share * got_kw / 2).sum())
    assert got >= 0.99 * float(-answer.fun)
    assert got_kw.sum() == pytest.approx(best_kw.sum(), rel=0.01)
    assert np.abs(got_kw - best_kw).max() <= DEVICE_KW / blocks + 0.01 * DEVICE_KW


def test_prices_rise_behind_the_lateral_only_and_the_books_balance(site, studied) -> None:
    engine, _, _ = studied
    audit = rows_of(engine, "audit")[0]
    assert audit["money_uusd"] == 0
    assert audit["markets_unbalanced"] == 0
    prices = rows_of(engine, "point_prices")[0]
    wires = prices["congestion_usd_per_kwh"] + prices["voltage_usd_per_kwh"]
    behind = np.array([s.bus in site.behind for s in site.services])
    assert wires[behind].max() > 0.02
    assert wires[behind].min() > 0.02
    if "6" in site.behind:  # what it carries others do not notice
        assert wires[behind].min() > 20 * np.abs(wires[~behind]).max()
    else:  # load on the phase whose voltage rises too far is welcome
        assert wires[~behind].min() < -0.02
    rents = {a: v for a, v in engine.world.ledger.balance_uusd.items() if a.startswith(("rent:", "voltage"))}
    assert rents
    assert all(v < 0 for v in rents.values())
    assert engine.world.ledger.balance_uusd["marginal-loss surplus"] < 0


def test_without_limits_prices_differ_by_losses_only(site, studied) -> None:
    engine, _, _ = studied
    binding = {(r["market"], r["interval_start"]) for r in rows_of(engine, "constraints")}
    free = [r for r in rows_of(engine, "point_prices") if (r["market"], r["interval_start"]) not in binding]
    for row in free:
        assert not row["congestion_usd_per_kwh"].any()
        assert not row["voltage_usd_per_kwh"].any()
        assert (row["losses_usd_per_kwh"] > 0).all()


def test_the_turn_is_a_handful_of_rounds(studied) -> None:
    engine, _, _ = studied
    for market in {r["market"] for r in rows_of(engine, "markets")}:
        assert sum(s.event == "limits_violated" for s in steps_of(engine, market)) <= 8
