"""What the feeder of a GLM looks like: which nodes its links join, how far out they are."""

from __future__ import annotations

import heapq
from collections import defaultdict

import numpy as np

from dso.messages import FloatArray
from dso.network.gridlabd.flow import GlmFigures
from dso.network.gridlabd.text import GlmObject
from dso.network.gridlabd.values import real
from dso.network.gridlabd.wires import GlmWires, closed
from dso.ports.wires import Plan

KM = {"": 3.048e-4, "ft": 3.048e-4, "m": 1e-3, "km": 1.0, "mile": 1.609344, "mi": 1.609344, "yd": 9.144e-4}


def plan(figures: GlmFigures) -> Plan:
    """What the feeder looks like; positions are those of nodes with `longitude` and `latitude`."""
    wires, watched = figures.wires, figures.watched
    far = _distances_km(wires)
    nodes = [wires.nodes[w.node] for w in watched]
    joined = [(wires.swing, wires.swing), *map(wires.ends, wires.links.values())]
    return Plan(
        nodes=tuple(w.name for w in watched),
        at_service=np.array([w.at_service for w in watched]),
        distance_km=np.array([far.get(w.node, np.nan) for w in watched]),
        x=_degrees(nodes, "longitude"),
        y=_degrees(nodes, "latitude"),
        elements=figures.elements,
        ends=tuple(joined),
        rating=figures.rated / np.array([1e3, *[1.0] * len(wires.links)]),
        unit=("kVA", *["A"] * len(wires.links)),
    )


def _degrees(nodes: list[GlmObject], key: str) -> FloatArray:
    return np.array([real(node.says.get(key), np.nan) for node in nodes])


def _distances_km(wires: GlmWires) -> dict[str, float]:
    """From the head along closed links, by node."""
    beside: dict[str, list[tuple[str, float]]] = defaultdict(list)
    for link in filter(closed, wires.links.values()):
        a, b = wires.ends(link)
        km = length_km(link)
        beside[a].append((b, km))
        beside[b].append((a, km))
    found: dict[str, float] = {}
    edge = [(0.0, wires.root(wires.swing))]
    while edge:
        far, name = heapq.heappop(edge)
        if name not in found:
            found[name] = far
            for other, km in beside[name]:
                heapq.heappush(edge, (far + km, other))
    return found


def length_km(link: GlmObject) -> float:
    """Of a line, in feet where it names no unit; 0 of what is no line [km]."""
    text = link.says.get("length", "0")
    number = text.rstrip("abcdefghijklmnopqrstuvwxyz ")
    return real(number, 0.0) * KM.get(text[len(number) :].strip(), KM[""])
