"""What the DO makes of a power flow: rows that name what is too much, in the band that holds, and losses."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from dso.clock import Interval
from dso.errors import NetworkUnavailableError
from dso.messages import AS_BUILT, Equipment
from dso.network.opendss import OpenDssFeeder
from dso.network.power_flow import PowerFlowNetwork
from dso.network.static import StaticNetwork

QUARTER = (Interval(0, 900),)
OHM, KV, AMPS = 1.0, 2.4, 100.0
# One phase, R only, unity power factor: V = (E + √(E² − 4RP)) / 2, I = P / V.
LINES = """Clear
New Circuit.two basekv=2.4 phases=1 bus1=head pu={pu} r1=0 x1=1e-6 r0=0 x0=1e-6
New Line.first phases=1 bus1=head.1 bus2=mid.1 r1={ohm} x1=0 r0={ohm} x0=0 c1=0 c0=0
~ length=1 units=km normamps={amps}
New Line.last phases=1 bus1=mid.1 bus2=end.1 r1={ohm} x1=0 r0={ohm} x0=0 c1=0 c0=0
~ length=1 units=km normamps={amps}
New Load.mid phases=1 bus1=mid.1 kv=2.4 kw=50 kvar=0
New Load.end phases=1 bus1=end.1 kv=2.4 kw=50 kvar=0
Set VoltageBases=[4.156921938]
CalcVoltageBases
"""


def feeder(folder: Path, *, pu: float = 1.0, ohm: float = OHM, amps: float = AMPS) -> OpenDssFeeder:
    path = folder / "own.dss"
    path.write_text(LINES.format(pu=pu, ohm=ohm, amps=amps), encoding="utf-8")
    return OpenDssFeeder(path)


def network(folder: Path, head: StaticNetwork | None = None, **given) -> PowerFlowNetwork:
    named = {k: given.pop(k) for k in ("emergency", "published") if k in given}
    return PowerFlowNetwork(head or StaticNetwork(), feeder(folder, **given), **named)


def asked(wires: PowerFlowNetwork, load_kw: list[float], state: Equipment = AS_BUILT):
    return wires.violated(QUARTER, np.array([load_kw]), 0, (state,))


def volts(kw: float, ohm: float = OHM, pu: float = 1.0) -> float:
    """At the end of one line [V]."""
    e = KV * 1e3 * pu
    return float((e + np.sqrt(e * e - 4 * ohm * kw * 1e3)) / 2)


def test_a_load_that_flows_breaks_nothing(tmp_path):
    assert asked(network(tmp_path), [40.0, 40.0]) is None


def test_a_load_beyond_an_ampacity_is_told_by_the_element_with_the_flow_of_the_hand(tmp_path):
    wires = network(tmp_path, amps=20.0)
    found = asked(wires, [60.0, 0.0])
    assert found is not None
    (row,) = found.elements
    assert (row.element, row.kind) == ("line.first", "ampacity")
    amps = 60e3 / volts(60.0)
    slope = (61e3 / volts(61.0) - 59e3 / volts(59.0)) / 2 / 20.0
    assert row.weight[0] == pytest.approx(slope, rel=1e-3)
    assert row.weight @ np.array([60.0, 0.0]) - row.bound == pytest.approx(amps / 20.0 - 1 + 5e-4, abs=1e-5)


def test_a_schedule_on_its_rows_flows_in_the_end(tmp_path):
    wires, load = network(tmp_path, amps=20.0), np.array([40.0, 40.0])
    for _ in range(3):
        found = asked(wires, load.tolist())
        if found is None:
            break
        excess = max(float(row.weight @ load) - row.bound for row in found.elements)
        load -= excess / float(found.elements[0].weight.sum())
    assert found is None
    assert load.sum() > 0.95 * 20.0 * volts(load.sum()) / 1e3


@pytest.mark.parametrize(("emergency", "breaks"), [(False, True), (True, False)])
def test_range_b_allows_what_range_a_does_not(tmp_path, emergency, breaks):
    kw = 130.0  # 2400 V less 58.9 V, and as much again
    assert 0.95 < volts(kw) / 2400 < 0.98
    wires = network(tmp_path, emergency=emergency)
    found = asked(wires, [kw - 60.0, 60.0])
    assert (found is not None) == breaks
    if found is not None:
        assert {row.kind for row in found.elements} == {"voltage"}
        assert "bus.end.1" in {row.element for row in found.elements}


def test_a_voltage_row_lets_less_load_mend_it(tmp_path):
    found = asked(network(tmp_path), [70.0, 60.0])
    assert found is not None
    worst = next(row for row in found.elements if row.element == "bus.end.1")
    assert (worst.weight > 0).all()
    assert worst.weight[1] > worst.weight[0]  # the farther, the more
    assert worst.weight @ np.array([70.0, 60.0]) > worst.bound


def test_the_head_is_held_with_losses(tmp_path):
    load = 50.0
    through_kw = load + OHM * (load * 1e3 / volts(load)) ** 2 / 1e3
    for limit, breaks in ((through_kw + 0.01, False), (through_kw - 0.01, True)):
        found = asked(network(tmp_path, StaticNetwork(limit)), [load, 0.0])
        assert (found is not None) == breaks
        if found is not None:
            assert found.import_kw == pytest.approx([limit])


def test_a_derated_element_is_held_to_what_is_left(tmp_path):
    wires = network(tmp_path, amps=50.0)
    assert asked(wires, [0.0, 60.0]) is None
    found = asked(wires, [0.0, 60.0], Equipment(rating_frac=(("line.last", 0.4),)))
    assert found is not None
    assert [row.element for row in found.elements] == ["line.last"]


def test_who_is_behind_an_element_that_is_out_is_not_supplied_and_loses_nothing(tmp_path):
    wires, state = network(tmp_path), Equipment(out=frozenset({"line.last"}))
    assert wires.energised(state).tolist() == [True, False]
    load = np.array([[50.0, 80.0]])
    by_hand = OHM * (50e3 / volts(50.0)) ** 2 / 1e3
    assert wires.losses_kw(load, (state,)) == pytest.approx([by_hand], rel=1e-4)
    flow = wires.flow(load[0], state)
    assert flow is not None
    assert flow.head_kw == pytest.approx(50.0 + by_hand, abs=1e-3)
    names = wires.feeder.nodes
    assert [n for n, v in zip(names, flow.voltage_pu, strict=True) if np.isnan(v)] == ["end.1"]


def test_with_the_head_out_nobody_is_supplied(tmp_path):
    wires, state = network(tmp_path), Equipment(out=frozenset({"substation"}))
    assert not wires.energised(state).any()
    assert wires.losses_kw(np.array([[50.0, 50.0]]), (state,)).tolist() == [0.0]


def test_a_load_without_an_answer_is_unavailable_and_its_losses_are_the_heads_share(tmp_path):
    wires = network(tmp_path, StaticNetwork(loss_frac=0.03))
    much = 1e-3 * 2400**2 / 4 + 100  # [kW] more than one line can pass on
    with pytest.raises(NetworkUnavailableError, match=r"collapses|does not converge"):
        asked(wires, [much, 0.0])
    assert wires.losses_kw(np.array([[much, 0.0]]), (AS_BUILT,)) == pytest.approx([0.03 * much])
    assert asked(wires, [40.0, 40.0]) is None  # the next one has


def test_a_source_set_too_high_is_held_against_load_only_if_it_is_not_the_feeders_own(tmp_path):
    # The middle lies 0.002 p.u. beyond 1.05 with a little load, which a quarter more would mend.
    own = {"pu": 1.06, "ohm": 4.0}
    load = [8.0, 4.0]
    assert asked(network(tmp_path, **own), load) is not None
    assert asked(network(tmp_path, published=True, **own), load) is None


def test_a_feeder_that_keeps_the_band_with_its_own_load_is_held_to_it(tmp_path):
    wires = network(tmp_path, published=True, pu=1.045)
    found = asked(wires, [-40.0, -40.0])
    assert found is not None
    assert {row.kind for row in found.elements} == {"voltage"}
    assert all((row.weight < 0).all() for row in found.elements)


def test_a_voltage_that_no_load_at_all_would_not_mend_is_no_limit(tmp_path):
    assert asked(network(tmp_path, pu=0.97), [1.0, 1.0]) is None


def test_the_order_in_which_it_is_asked_changes_nothing(tmp_path):
    out = Equipment(out=frozenset({"line.last"}))
    cases = [
        ([70.0, 60.0], AS_BUILT),
        ([10.0, 20.0], AS_BUILT),
        ([70.0, 60.0], out),
        ([90.0, 50.0], AS_BUILT),
    ]
    told = []
    for order in ((0, 1, 2, 3, 0), (3, 2, 1, 0), (2, 0, 1, 3)):
        wires = network(tmp_path)
        flows = {k: wires.flow(np.array(cases[k][0]), cases[k][1]) for k in order}
        rows = {k: asked(wires, *cases[k]) for k in order}
        told.append([_plain(flows[k], rows[k]) for k in range(4)])
    assert told[0] == told[1] == told[2]


def _plain(flow, limits) -> tuple[bytes, ...]:
    rows = () if limits is None else limits.elements
    ends = [np.array([row.bound, *row.weight]).tobytes() for row in rows]
    return (flow.voltage_pu.tobytes(), flow.loading_pu.tobytes(), np.array(flow.head_kw).tobytes(), *ends)
