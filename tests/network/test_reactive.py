"""Reactive power injected at service points: what it does to a feeder, and what a market is told of it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from dso.messages import AS_BUILT, Equipment
from dso.network.opendss import OpenDssFeeder
from dso.network.power_flow import PowerFlowNetwork
from dso.network.static import StaticNetwork
from dso.ports import ReactiveFeeder, VoltageModel

WEAK = Path(__file__).parents[2] / "examples" / "voltage.dss"
PHASE_3, FAR_3 = 5, 8  # the middle's and the far end's load of phase 3


@pytest.fixture(scope="module")
def feeder() -> OpenDssFeeder:
    return OpenDssFeeder(WEAK)


def load(feeder: OpenDssFeeder, kw: float = 60.0) -> np.ndarray:
    return np.full(len(feeder.points), kw)


def injecting(feeder: OpenDssFeeder, point: int, kvar: float) -> Equipment:
    return Equipment(kvar=((feeder.points[point], kvar),))


def test_a_kvar_lifts_the_voltage_as_the_first_order_says(feeder) -> None:
    nodes = np.arange(len(feeder.nodes))
    slope = feeder.per_kvar(load(feeder), AS_BUILT, nodes)
    for point in (PHASE_3, FAR_3):
        ends = [feeder.solve(load(feeder), injecting(feeder, point, kvar)).voltage_pu for kvar in (-5.0, 5.0)]
        assert slope[:, point] == pytest.approx((ends[1] - ends[0]) / 10, rel=0.02, abs=2e-7)
    # The far end's own voltage rises by about X/V² of its phase: 12 km, (0.85·2 + 2.0)/3 = 1.23 Ω/km, 7.2 kV.
    far = feeder.nodes.index("far.3")
    assert slope[far, FAR_3] == pytest.approx(12 * 1.2333 / 7200**2 * 1e3, rel=0.1)


def test_what_is_injected_leaves_no_trace_in_the_next_solve(feeder) -> None:
    before = feeder.solve(load(feeder, 41.0), AS_BUILT)
    fresh = OpenDssFeeder(WEAK)
    fresh.solve(load(fresh, 41.0), injecting(fresh, FAR_3, 50.0))
    after = fresh.solve(load(fresh, 41.0), AS_BUILT)
    assert after.voltage_pu.tolist() == before.voltage_pu.tolist()
    assert (after.head_kw, after.head_kvar) == (before.head_kw, before.head_kvar)


def test_load_keeps_its_own_reactive_power_beside_what_is_injected(feeder) -> None:
    own = feeder.solve(load(feeder), AS_BUILT)
    less = feeder.solve(load(feeder), injecting(feeder, FAR_3, 20.0))
    # A third of each kW, so 20 kvar of 60 kW: with 20 injected the head gives 20 less, and less for losses.
    assert own.head_kvar - less.head_kvar == pytest.approx(20.0, abs=2.0)
    assert own.head_kvar - less.head_kvar > 20.0
    assert less.losses_kw < own.losses_kw


def test_prices_of_power_rest_on_what_is_injected(feeder) -> None:
    """The sensitivity to load is taken about the point that was solved, with its reactive power."""
    state = injecting(feeder, FAR_3, 30.0)
    nodes = np.array([feeder.nodes.index("far.3")])
    _, slope = feeder.sensitivity(load(feeder), state, np.zeros(0, np.int64), nodes)
    more, less = load(feeder), load(feeder)
    more[FAR_3] += 0.5
    less[FAR_3] -= 0.5
    ends = [feeder.solve(kw, state).voltage_pu[nodes[0]] for kw in (less, more)]
    assert slope[0, FAR_3] == pytest.approx(ends[1] - ends[0], rel=0.02)


def test_a_network_says_what_its_nodes_need_and_nothing_while_they_are_in_their_band(feeder) -> None:
    network = PowerFlowNetwork(StaticNetwork(), feeder)
    assert isinstance(feeder, ReactiveFeeder)
    assert isinstance(network, VoltageModel)
    assert network.voltage_needs(load(feeder, 10.0), AS_BUILT) is None
    need = network.voltage_needs(load(feeder, 110.0), AS_BUILT)
    assert need is not None
    worst = need.nodes[int(np.argmax(need.shortfall_pu))]
    assert worst.startswith("far.")
    volts = feeder.solve(load(feeder, 110.0), AS_BUILT).voltage_pu[feeder.nodes.index(worst)]
    assert need.shortfall_pu.max() == pytest.approx(0.975 - volts, abs=3e-4)  # range A, and a margin


def test_what_a_market_buys_for_it_brings_the_nodes_back(feeder) -> None:
    from dso.market.voltage import clear_voltage

    network, kw = PowerFlowNetwork(StaticNetwork(), feeder), load(feeder, 105.0)
    need = network.voltage_needs(kw, AS_BUILT)
    assert need is not None
    most, price = np.full(len(feeder.points), 100.0), np.full(len(feeder.points), 0.01)
    found = clear_voltage(price, most, need.per_kvar, need.shortfall_pu, need.room_pu)
    assert found.outcome == "bought"
    bought = Equipment(kvar=tuple(zip(feeder.points, found.quantity.tolist(), strict=True)))
    assert network.voltage_needs(kw, bought) is None
