"""Faults by name: what a person lets go wrong, as a message that is journalled and replayed like others."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from dso.clock import iso
from dso.engine.loop import Engine
from dso.engine.work import Behaviour, Work
from dso.errors import NetworkUnavailableError
from dso.messages import Rejection
from dso.ports import Limits
from dso.statechart import load_chart

MACHINE = "faults"
FAULTS: dict[str, str] = {
    "wholesale_silent": "the wholesale market takes bids and never answers",
    "wholesale_refuses": "the wholesale market takes no bid",
    "agents_silent": "populations' bids come for a round that is long over, and do not count",
    "meters_missing": "meters report nothing: `customers=N` of them, all if not given",
    "network_down": "the DO's network model cannot answer; static limits take its place",
    "derate": "the head of the feeder carries `kw=…` at most",
    "outage": "`element=…` is out until a crew has repaired it, for `repair_s=…` if given; off: restored",
    "forecast_breaks": "forecasting load fails; a market that is being prepared falls to default service",
}
Active = Callable[[str], Mapping[str, Any] | None]


class FaultWork(Work):
    """The turn of a message that says what goes wrong."""

    def time(self, name: str) -> int | None:
        """The end of play never comes by itself: it would be a step that the study does not have."""
        return None


def receive_fault(work: FaultWork, payload: Mapping[str, Any]) -> Rejection | None:
    """A fault begins, until an instant or for good; `off` ends it."""
    name = str(payload["name"])
    if name not in FAULTS:
        return Rejection(MACHINE, "external", None, f"there is no fault '{name}'")
    rest = {key: value for key, value in work.machine.subject.items() if key != name}
    work.machine.subject = rest if payload.get("off") else {**rest, name: dict(payload)}
    until = payload.get("until_s")
    work.note(fault=name, off=bool(payload.get("off")), until=iso(until) if until else None)
    return None


BEHAVIOUR = Behaviour(
    kind=MACHINE, work=FaultWork, handlers={}, receivers={"fault": receive_fault}, times=("end_of_play",)
)


def prepare_faults(engine: Engine) -> None:
    """Let an engine that has not begun play faults; without one it does what it would have done."""
    chart = load_chart(Path(__file__).with_name("faults.yaml"), BEHAVIOUR.vocabulary())
    engine.births = replace(
        engine.births, standing=[*engine.births.standing, (MACHINE, chart, BEHAVIOUR, {})]
    )
    engine.birth(MACHINE, chart, BEHAVIOUR, {})

    def active(name: str) -> Mapping[str, Any] | None:
        found: Mapping[str, Any] | None = engine.machines[MACHINE].subject.get(name)
        ended = found is not None and found.get("until_s") and engine.now_s >= found["until_s"]
        return None if ended else found

    world = engine.world
    world.wholesale = FaultyWholesale(world.wholesale, active)
    world.forecast = FaultyForecast(world.forecast, active)
    world.distribution.network = FaultyNetwork(world.distribution.network, active)
    if world.plant is not None:
        world.plant = FaultyPlant(world.plant, active)
    for operator in world.operators.values():
        operator.populations = tuple(FaultyPopulation(p, active) for p in operator.populations)


class _Over:
    """Something in the place of a part, which does what the part does while no fault is played."""

    def __init__(self, part: Any, active: Active) -> None:
        self.part, self.active = part, active

    def __getattr__(self, name: str) -> Any:
        return getattr(self.part, name)

    def get_state(self) -> Any:
        """What the part remembers."""
        return self.part.get_state() if hasattr(self.part, "get_state") else None

    def set_state(self, state: Any) -> None:
        """Take back what `get_state` returned."""
        if hasattr(self.part, "set_state"):
            self.part.set_state(state)


class FaultyWholesale(_Over):
    """A wholesale market that may be silent or refuse."""

    def refuses(self, bid: Any) -> Any:
        """Why it will not take a bid, or None if it does."""
        return "it is closed" if self.active("wholesale_refuses") else self.part.refuses(bid)

    def clear(self, bid: Any) -> Any:
        """Its answer, None if it is silent."""
        return None if self.active("wholesale_silent") else self.part.clear(bid)


class FaultyForecast(_Over):
    """A forecast that may break."""

    def meter_kw(self, intervals: Any, known_at_s: int) -> Any:
        """What the part forecasts."""
        if self.active("forecast_breaks"):
            raise RuntimeError("a fault is played: forecast_breaks")
        return self.part.meter_kw(intervals, known_at_s)


class FaultyNetwork(_Over):
    """A network model that may be down, and wires that may carry less."""

    def violated(self, intervals: Any, load_kw: Any, known_at_s: int, equipment: Any) -> Limits | None:
        """Limits that a schedule breaks."""
        if self.active("network_down"):
            raise NetworkUnavailableError("a fault is played: network_down")
        broken: Limits | None = self.part.violated(intervals, load_kw, known_at_s, equipment)
        derate = self.active("derate")
        if derate is None:
            return broken
        head_kw = load_kw.sum(axis=1) + self.part.losses_kw(load_kw, equipment)
        if not (head_kw > derate["kw"] * (1 + 1e-9)).any():
            return broken
        usual = broken or Limits.none(len(intervals))
        return replace(usual, import_kw=np.minimum(usual.import_kw, derate["kw"]))

    def reduced(self, at_s: int) -> bool:
        """Whether some equipment carries less than usual."""
        return self.active("derate") is not None or bool(self.part.reduced(at_s))


class FaultyPlant(_Over):
    """A feeder whose meters may not report."""

    def deliver(self, order: Any) -> Any:
        """Run one interval and read the meters that report."""
        reading, fault = self.part.deliver(order), self.active("meters_missing")
        if fault is None:
            return reading
        meter_kwh = reading.meter_kwh.copy()
        meter_kwh[: int(fault.get("customers", len(meter_kwh)))] = np.nan
        return replace(reading, meter_kwh=meter_kwh)


class FaultyPopulation(_Over):
    """Agents who may be silent."""

    def bid(self, request: Any) -> Any:
        """Bids, or some that do not count."""
        bids = self.part.bid(request)
        return replace(bids, round=-1) if self.active("agents_silent") else bids
