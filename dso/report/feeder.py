"""The feeder of a run as its run file describes it: nodes, elements with a rating, service points."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import numpy as np

from dso.messages import FloatArray
from dso.ports import BoolArray
from dso.run_file import RunReader

PHASES = {"1": "a", "2": "b", "3": "c", "A": "a", "B": "b", "C": "c"}
TWO_LINES = "between lines"
_SERVICE = re.compile(
    r"^(?P<bus>.+?)\.(?P<phases>[123](?:\.[123])*)-\d+$"
)  # 48.1-2: bus, phases, number there
_LOAD = re.compile(r"^.*\d[abc]$")  # 634a: how IEEE's feeders name the loads of single phases


@dataclass(frozen=True, slots=True, eq=False)
class FeederPlan:
    """What a feeder looks like; positions and distances are NaN where they are not known."""

    nodes: tuple[str, ...]
    bus: tuple[str, ...]  # (nodes,)
    phase: tuple[str, ...]  # (nodes,) a, b, c, TWO_LINES, or nothing where it is not known
    at_service: BoolArray  # (nodes,)
    distance_km: FloatArray  # (nodes,)
    x: FloatArray  # (nodes,)
    y: FloatArray  # (nodes,)
    elements: tuple[str, ...]
    ends: tuple[tuple[str, str], ...]  # (elements,)
    rating: FloatArray  # (elements,)
    unit: tuple[str, ...]  # (elements,)
    points: tuple[str, ...]
    point_km: FloatArray  # (points,)
    point_phase: tuple[str, ...]  # (points,)


def feeder_plan(reader: RunReader) -> FeederPlan | None:
    """The feeder of a run; None where the run has none."""
    points = tuple(r["point"] for r in reader.rows("SELECT point FROM points ORDER BY number"))
    nodes = reader.rows("SELECT * FROM nodes ORDER BY number")
    if not points or not nodes:
        return None
    elements = reader.rows("SELECT * FROM elements ORDER BY number")
    bus = [r["node"].rpartition(".")[0] or r["node"] for r in nodes]
    phase_at = _service_phases(points)
    distance = _column(nodes, "distance_km")
    phase = tuple(_phases(nodes, bus, phase_at))
    places = _places(points, [r["node"] for r in nodes], bus)
    return FeederPlan(
        nodes=tuple(r["node"] for r in nodes),
        bus=tuple(bus),
        phase=phase,
        at_service=np.array([bool(r["at_service"]) for r in nodes]),
        distance_km=distance,
        x=_column(nodes, "x"),
        y=_column(nodes, "y"),
        elements=tuple(r["element"] for r in elements),
        ends=tuple((r["from_bus"], r["to_bus"]) for r in elements),
        rating=_column(elements, "rating"),
        unit=tuple(r["unit"] for r in elements),
        points=points,
        point_km=np.array([np.nan if k is None else distance[k] for k in places]),
        point_phase=tuple(
            _point_phase(point, None if k is None else phase[k])
            for point, k in zip(points, places, strict=True)
        ),
    )


def _column(rows: list[dict[str, Any]], name: str) -> FloatArray:
    return np.array([np.nan if r[name] is None else r[name] for r in rows], np.float64)


def _service_phases(points: tuple[str, ...]) -> dict[str, str]:
    """Phase of the primary behind each service bus, whose own node is .1 whatever the phase."""
    return {bus: phase for point in points if (phase := _named_phase(point)) for bus in _service_buses(point)}


def _service_buses(point: str) -> tuple[str, str]:
    """Buses that OpenDSS has behind a service point: at its transformer, and at its homes."""
    name = re.sub(r"[^a-z0-9_-]", "_", point.lower())
    return f"home_{name}", f"svc_{name}"


def _named_phase(point: str) -> str:
    found = _SERVICE.match(point)
    if found is None:
        return point[-1] if _LOAD.match(point) else ""
    return PHASES[found["phases"]] if len(found["phases"]) == 1 else TWO_LINES


def _point_phase(point: str, of_node: str | None) -> str:
    return _named_phase(point) or of_node or ""


def _phases(nodes: list[dict[str, Any]], bus: list[str], behind: dict[str, str]) -> list[str]:
    """A number is a phase on the primaries and where there are three; in a home 1 and 2 are its legs."""
    three = {b for r, b in zip(nodes, bus, strict=True) if r["node"].endswith(".3")}
    found = []
    for row, b in zip(nodes, bus, strict=True):
        end = row["node"].rpartition(".")[2]
        leg = row["at_service"] and b not in three and end.isdigit()
        found.append(behind.get(b) or ("" if leg else PHASES.get(end, "")))
    return found


def _places(points: tuple[str, ...], nodes: list[str], bus: list[str]) -> list[int | None]:
    """A node at each service point: at its homes, at the point itself, or on the bus that feeds it."""
    at_bus = {b: k for k, b in reversed(list(enumerate(bus)))}
    at_node = {n: k for k, n in enumerate(nodes)}
    found = []
    for point in points:
        primary = point.partition(".")[0]
        buses = (*_service_buses(point), point, primary, point.rstrip("abc"))
        known = [at_node.get(point), *(at_bus.get(b) for b in buses)]
        found.append(next((k for k in known if k is not None), None))
    return found
