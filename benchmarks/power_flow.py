"""What the DO's power flow costs: beside dss-python by hand, in the demo, and on 8,500 nodes.

python -m benchmarks.power_flow
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from dso.clock import Interval
from dso.messages import AS_BUILT
from dso.network.feeder_files import feeder_file
from dso.network.feeder_loads import loads_of
from dso.network.opendss import OpenDssFeeder
from dso.network.opendss.circuit import TOLERANCE_PU
from dso.network.power_flow import PowerFlowNetwork
from dso.network.service_equipment import dss_name, service_dss
from dso.network.services import ServicePoint, services_for
from dso.network.static import StaticNetwork

ROOT = Path(__file__).parents[1]
HOMES, REPEATS = 700, 300
ASKED_BY_HAND, ASKED_DEMO = 1.5, 2.0
LARGE = ROOT.parent / "shared" / "data" / "ieee" / "8500-Node" / "Master.dss"
ALONE = """
import sys, time
from dso.study import run
start = time.process_time()
run(sys.argv[1], sys.argv[2])
print(time.process_time() - start)
"""


class ByHand:
    """The same writes, reset, solve and reads, as one would write them with dss-python.

    `taps_of` tells the taps to begin with: the product's own, so that OpenDSS has the same to do.
    """

    def __init__(
        self,
        master: Path,
        services: tuple[ServicePoint, ...],
        taps_of: Callable[[np.ndarray], tuple[int, ...]],
    ) -> None:
        from dss import DSS

        self.dss = DSS.NewContext()
        self.dss.AllowChangeDir = self.dss.AllowForms = False
        self.taps_of = taps_of
        self.dss.Text.Command = f'Compile "{master}"'
        self.dss.Text.Command = "BatchEdit Load..* enabled=no"
        self.dss.Text.Command = f"Set Tolerance={TOLERANCE_PU:g}"
        for line in service_dss(services, 5.0):
            self.dss.Text.Command = line
        self.circuit = self.dss.ActiveCircuit
        self.loads, self.regulators = self.circuit.Loads, self.circuit.RegControls
        self.numbers = []
        for point in services:
            self.loads.Name = f"home_{dss_name(point.name)}"
            self.loads.PF = 1 / np.hypot(1.0, point.kvar_per_kw)
            self.numbers.append(self.loads.idx)
        self.circuit.Solution.Solve()
        self.names = [r.Transformer for r in self.regulators]

    def validate(self, load_kw: np.ndarray) -> float:
        """Something of all that is read, for a load at the service points."""
        loads = self.loads
        for number, kw in zip(self.numbers, load_kw.tolist(), strict=True):
            loads.idx = number
            loads.kW = kw
        self.put(self.taps_of(load_kw))
        self.dss.Text.Command = "Reset Controls"
        self.dss.Text.Command = "Set mode=snapshot"
        self.dss.YMatrix.SolutionInitialized = False
        self.circuit.Solution.Solve()
        volts = np.asarray(self.circuit.YNodeVarray).view(np.complex128)
        amps = np.asarray(self.circuit.PDElements.AllCurrents).view(np.complex128)
        losses, power = self.circuit.Losses, self.circuit.TotalPower
        return float(np.abs(volts).min() + np.abs(amps).max() + losses[0] + power[0])

    def put(self, taps: tuple[int, ...]) -> None:
        """Move taps the quickest way that there is."""
        transformers = self.circuit.Transformers
        for name, tap in zip(self.names, taps, strict=True):
            transformers.Name, transformers.Wdg = name, 2
            transformers.Tap = 1 + 0.00625 * tap


class ByHandByNumber(ByHand):
    """The same, with taps moved by their number, which is the nearest way."""

    def put(self, taps: tuple[int, ...]) -> None:
        """Move taps through their controls; OpenDSS lists all buses anew."""
        left = self.regulators.First
        for tap in taps if left else ():
            self.regulators.TapNumber = tap
            left = self.regulators.Next


def beside_by_hand() -> dict[str, Any]:
    """Validation of a market's interval without violation, its loads different each time."""
    master = feeder_file("ieee123", Path())
    services = services_for(loads_of(master), HOMES)
    feeder = OpenDssFeeder(master, services)
    network = PowerFlowNetwork(StaticNetwork(), feeder)
    starts = feeder._built.circuit._start_for  # so that OpenDSS has the same to do
    quick, plain = ByHand(master, services, starts), ByHandByNumber(master, services, starts)
    homes = np.array([s.homes for s in services], float)
    draw = np.random.default_rng(1)
    loads = [homes * draw.uniform(3.6, 4.6) * draw.uniform(0.95, 1.05, len(homes)) for _ in range(REPEATS)]
    interval = (Interval(0, 300),)
    taken = []
    for load in loads:  # in turn, so that all meet the same disturbances
        at = [time.perf_counter()]
        assert network.violated(interval, load[None, :], 0, (AS_BUILT,)) is None
        at.append(time.perf_counter())
        for hand in (quick, plain):
            hand.validate(load)
            at.append(time.perf_counter())
        taken.append(np.diff(at))
    own_ms, hand_ms, plain_ms = (float(ms) * 1e3 for ms in np.median(taken, axis=0))
    return {
        "own_ms": round(own_ms, 3),
        "hand_ms": round(hand_ms, 3),
        "plain_ms": round(plain_ms, 3),
        "ratio": round(own_ms / hand_ms, 2),
    }


def demo() -> dict[str, Any]:
    """CPU of the demo with its feeder and with static limits in its place."""
    study = yaml.safe_load((ROOT / "examples" / "demo.yaml").read_text(encoding="utf-8"))
    held = {k: v for k, v in study["network"].items() if k not in ("kind", "feeder")}
    with tempfile.TemporaryDirectory() as folder:
        static = Path(folder) / "static.yaml"
        static.write_text(json.dumps({**study, "network": {"kind": "static", **held}}, default=str))
        feeder = ROOT / "examples" / "demo.yaml"
        feeder_s, static_s = (_run_s(p, Path(folder) / f"{k}.dso") for k, p in enumerate((feeder, static)))
    return {
        "feeder_s": round(feeder_s, 1),
        "static_s": round(static_s, 1),
        "ratio": round(feeder_s / static_s, 2),
    }


def _run_s(scenario: Path, target: Path) -> float:
    command = [sys.executable, "-c", ALONE, str(scenario), str(target)]
    return float(subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()[-1])


def large() -> dict[str, Any] | None:
    """IEEE's 8,500 nodes by path: each load of the file is a service point."""
    if not LARGE.is_file():
        return None
    begin = time.perf_counter()
    feeder = OpenDssFeeder(LARGE)
    built_s = time.perf_counter() - begin
    loads = [feeder.base_kw * share for share in np.linspace(0.4, 0.9, 11)]
    for load in loads:  # once, so that the taps to begin with are known
        feeder.solve(load, AS_BUILT)
    begin = time.perf_counter()
    flows = [feeder.solve(load * 1.001, AS_BUILT) for load in loads]
    solve_s = (time.perf_counter() - begin) / len(loads)
    rows = np.arange(1, 11)
    took = []
    for load in loads:
        begin = time.perf_counter()
        feeder.sensitivity(load * 1.001, AS_BUILT, rows, rows)
        took.append(time.perf_counter() - begin)
    return {
        "points": len(feeder.points),
        "elements": len(feeder.elements),
        "nodes": len(feeder.nodes),
        "built_s": round(built_s, 2),
        "solve_s": round(solve_s, 3),
        "slopes_s": round(float(np.median(took)), 2),
        "losses_frac": round(flows[-1].losses_kw / flows[-1].head_kw, 4),
        "lowest_pu": round(float(np.nanmin(flows[-1].voltage_pu)), 4),
        "peak_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3),
    }


def main() -> None:
    """Measure, tell, and end with a line of JSON."""
    hand, study, many = beside_by_hand(), demo(), large()
    print(
        f"Validation of IEEE 123 with {HOMES} homes, no violation: {hand['own_ms']} ms; the same\n"
        f"writes, tap resets, solve and reads by hand through dss-python {hand['hand_ms']} ms: "
        f"{hand['ratio']} × (asked: ≤ {ASKED_BY_HAND}).\n\n"
        f"Three days of the demo, solved in every market: {study['feeder_s']} s of CPU; with static limits\n"
        f"in its place {study['static_s']} s: {study['ratio']} × (asked: ≤ {ASKED_DEMO}).\n"
    )
    if many is None:
        print("IEEE's 8,500-node feeder is not at hand here.")
    else:
        print(
            f"IEEE's 8,500 nodes by path: {many['points']:,} service points, {many['elements']:,} rated\n"
            f"elements, {many['nodes']:,} nodes; built in {many['built_s']} s, a solve {many['solve_s']} s, "
            f"first-order changes of 20 rows {many['slopes_s']} s, {many['peak_mb']} MB.\n"
            f"At 90 % of its published load {many['losses_frac']:.1%} are lost, the lowest voltage is "
            f"{many['lowest_pu']} p.u."
        )
    print(
        json.dumps(
            {"hand": {**hand, "asked": ASKED_BY_HAND}, "demo": {**study, "asked": ASKED_DEMO}, "large": many}
        )
    )


if __name__ == "__main__":
    main()
