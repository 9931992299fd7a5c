"""What the native profile adds to a bare HELICS loop that moves the same bytes, each market step.

python -m benchmarks.federate [customers]

Two federates over zmq in two processes, 10,000 set-points out and 20,000 readings back each step. The
bare loop is pyhelics alone; ours is the DSO's side of the native profile (stamps, checks, arrays) without the
engine, against the same bare partner. The two take turns, and the median step of each counts.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import helics as h
import numpy as np

from dso.clock import Interval
from dso.federate import load_profile
from dso.federate.broker import free_port, open_broker
from dso.federate.fault import Faults
from dso.federate.link import Link
from dso.federate.native_feeder import NativeFeeder, order_stamp, stamp
from dso.federate.outside import Ordered
from dso.messages import Deliver

ROOT = Path(__file__).parents[1]
CUSTOMERS, STEPS, ROUNDS, ASKED_MS = 10_000, 60, 3, 2.0
START_S, STEP_S = 1_470_787_200, 300


def partner(broker: str, customers: int) -> None:
    """The feeder, bare: at each step it has seen the set-points and tells readings."""
    federate = _bare("feeder", broker)
    publish = {
        key: federate.register_global_publication(f"feeder/{key}", kind, unit)
        for key, kind, unit in (
            ("names", "json", ""),
            ("readings", "json", ""),
            ("meter/energy", "vector", "kWh"),
            ("device/energy", "vector", "kWh"),
            ("head/energy", "double", "kWh"),
        )
    }
    points = federate.register_subscription("dso/device/set_point", "")
    federate.enter_executing_mode()
    values = np.linspace(0.0, 1.0, customers).tolist()
    for k in range(STEPS):
        federate.request_time(k * STEP_S + 1)
        assert len(points.vector) == customers
        federate.request_time((k + 1) * STEP_S)
        publish["meter/energy"].publish(values)
        publish["device/energy"].publish(values)
        publish["head/energy"].publish(1.0)
        publish["readings"].publish(json.dumps(stamp(Interval(START_S + k * STEP_S, STEP_S))))
    federate.disconnect()


def bare_steps(broker: str, customers: int) -> list[float]:
    """The DSO's side as one writes it without us [s a step]."""
    federate = _bare("dso", broker, wait=True)
    order = federate.register_global_publication("dso/order", "json", "")
    points = federate.register_global_publication("dso/device/set_point", "vector", "kW")
    read = [
        federate.register_subscription(f"feeder/{key}", "")
        for key in ("meter/energy", "device/energy", "head/energy", "readings")
    ]
    federate.enter_executing_mode()
    values, took = np.linspace(0.0, 2.0, customers), []
    for k in range(STEPS):
        begin = time.perf_counter()
        points.publish(values.tolist())
        interval = Interval(START_S + k * STEP_S, STEP_S)
        order.publish(json.dumps(order_stamp(k, Deliver("rt", interval, values))))
        federate.request_time((k + 1) * STEP_S)
        meters, devices = np.asarray(read[0].vector), np.asarray(read[1].vector)
        head, said = read[2].double, json.loads(read[3].string)
        took.append(time.perf_counter() - begin)
        assert meters.size == devices.size == customers
        assert head == 1.0
        assert said["duration_s"] == STEP_S
    federate.disconnect()
    return took


def our_steps(broker: str, customers: int) -> list[float]:
    """The same with the native profile [s a step]."""
    profile = load_profile("native")
    link = Link("dso", broker=broker, peers=("feeder",), wait=True)
    faults = Faults("feeder", "feeder", "stop", link.state_of)
    feeder = NativeFeeder(profile, link, faults, customers, customers, {})
    link.enter_initializing()
    link.enter_executing()
    values, took = np.linspace(0.0, 2.0, customers), []
    for k in range(STEPS):
        begin = time.perf_counter()
        interval = Interval(START_S + k * STEP_S, STEP_S)
        ordered = Ordered(0, Deliver("rt", interval, values))
        feeder.order(ordered)
        link.request((k + 1) * STEP_S)
        (reading,) = feeder.readings(interval.end_s, {interval.end_s: ordered})
        took.append(time.perf_counter() - begin)
        assert reading.interval == interval
    link.disconnect()
    return took


def _bare(name: str, broker: str, *, wait: bool = False) -> Any:
    info = h.helicsCreateFederateInfo()
    info.core_type = "zmq"
    info.core_init = f"-f 1 --loglevel=none --broker_address={broker}"
    h.helicsFederateInfoSetFlagOption(info, h.HELICS_FLAG_UNINTERRUPTIBLE, True)
    if wait:
        h.helicsFederateInfoSetFlagOption(info, h.HELICS_FLAG_WAIT_FOR_CURRENT_TIME_UPDATE, True)
    return h.helicsCreateCombinationFederate(name, info)


def one(what: str, customers: int) -> float:
    """The median step of one federation [ms]."""
    port = free_port()
    broker = open_broker(2, port)
    address = f"tcp://127.0.0.1:{port}"
    command = [sys.executable, "-m", "benchmarks.federate", "partner", address, str(customers)]
    other = subprocess.Popen(command, cwd=ROOT)
    took = {"bare": bare_steps, "native": our_steps}[what](address, customers)
    other.wait(30)
    broker.wait_for_disconnect(2000)
    return statistics.median(took[5:]) * 1e3


def main(customers: int = CUSTOMERS) -> None:
    """Both in turn, and what the one adds to the other."""
    found: dict[str, list[float]] = {"bare": [], "native": []}
    for _ in range(ROUNDS):
        for what, took in found.items():
            took.append(one(what, customers))
    bare, native = (statistics.median(found[what]) for what in ("bare", "native"))
    print(f"{customers:,} meters and set-points a step over zmq, medians of {ROUNDS} × {STEPS} steps")
    print(f"  bare pyhelics loop   {bare:6.2f} ms")
    print(f"  native profile       {native:6.2f} ms, {native - bare:+.2f} ms (asked: {ASKED_MS:g} at most)")
    added = round(native - bare, 2)
    facts = {"customers": customers, "bare_ms": round(bare, 2), "native_ms": round(native, 2)}
    print(json.dumps({**facts, "added_ms": added, "asked_ms": ASKED_MS, "met": added <= ASKED_MS}))


if __name__ == "__main__":
    if sys.argv[1:2] == ["partner"]:
        partner(sys.argv[2], int(sys.argv[3]))
    else:
        main(*map(int, sys.argv[1:]))
