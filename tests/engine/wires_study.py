"""A small study on which something happens to the wires: two service points, crews, a plant that obeys."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from dso.engine.handlers import CREW
from dso.engine.handlers.crew import CrewSubject
from dso.engine.loop import Engine
from dso.messages import Deliver, MeterReading
from dso.network.static import StaticNetwork
from dso.operators.equipment import Case, Crews
from dso.ports import Plan
from dso.statechart import load_chart
from tests.engine.small import CHARTS, REAL_TIME, Plant, Wires, build, start_s

SERIES = {"rt": REAL_TIME}
CREW_DAY = Crews(count=1, travel_s=300, repair_s=600)


class Branch(Wires):
    """The head, and behind it a line to customers 1 and 3; customers 0 and 2 sit before it."""

    points = ("near", "far")

    def energised(self, equipment):
        head = "substation" not in equipment.out
        return np.array([head, head and "line.far" not in equipment.out])

    def __init__(self) -> None:
        super().__init__()
        self.point_of = np.array([0, 1, 0, 1])

    def plan(self):
        none = np.zeros(0)
        names, ends = ("substation", "line.far"), (("head", "head"), ("head", "far"))
        return Plan((), none, none, none, none, names, ends, np.full(2, np.inf), ("kVA", "A"))


class Rated(Wires):
    """A head whose limit changes with its rating."""

    def violated(self, intervals, load_kw, known_at_s, equipment):
        model = StaticNetwork(self.import_limit_kw)
        return model.violated(intervals, load_kw, known_at_s, equipment)


class Obedient(Plant):
    """Who has no supply draws nothing."""

    def deliver(self, order: Deliver) -> MeterReading:
        reading = super().deliver(order)
        self.orders.append(order)
        if order.supplied_frac is None:
            return reading
        kwh = reading.meter_kwh * order.supplied_frac
        return MeterReading(order.interval, kwh, reading.device_kwh * order.supplied_frac, float(kwh.sum()))


def failure(element: str, after_s: int, repair_s: int = 600) -> Case:
    """A failure so many seconds after the start."""
    return Case(f"{element} fails", element, "failure", start_s() + after_s, repair_s=repair_s)


def study(*script: Case, crews: Crews = CREW_DAY, branch: bool = False, **parts) -> Engine:
    """An hour of real-time markets with a script."""
    wires = parts.pop("wires", None) or (Branch() if branch else Wires())
    plant = parts.pop("plant", None) or Obedient(wires, parts.pop("surplus_kw", 0.0))
    plant.orders = []
    engine = build(**{"hours": 1, "series": SERIES, **parts}, wires=wires, plant=plant, start=False)
    do = engine.world.distribution
    do.script, do.crews = tuple(script), crews
    chart = load_chart(CHARTS / "crew.yaml", CREW.vocabulary())
    crew_machines = [(name, chart, CREW, CrewSubject()) for name in crews.names]
    engine.births = replace(engine.births, standing=[*engine.births.standing, *crew_machines])
    engine.start()
    return engine
