"""Read what load a feeder was published with, by bus and phase."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from dso.network.compiled import compiled
from dso.network.services import NodeLoad


def loads_of(master: Path) -> tuple[NodeLoad, ...]:
    """The spot loads of an OpenDSS file, one for each bus and phase or pair of phases, in the file's order.

    A load on several phases is shared out evenly: to line and neutral if it is a wye, to pairs of lines if a
    delta. Loads at the same place are added up.

    Raises
    ------
    InputError : OpenDSS cannot compile the file.
    """
    engine = compiled(master)
    return _added_up(_spot_loads(engine.ActiveCircuit))


def _spot_loads(circuit: Any) -> Iterator[NodeLoad]:
    loads = circuit.Loads
    index = loads.First
    while index:
        place = circuit.ActiveCktElement.BusNames[0]
        bus, *named = place.split(".")
        nodes = tuple(int(node) for node in named if node != "0") or (1, 2, 3)[: loads.Phases]
        share = _places(nodes, loads.Phases, loads.IsDelta)
        kv = loads.kV / math.sqrt(3) if loads.Phases > 1 and not loads.IsDelta else loads.kV
        for phases in share:
            yield NodeLoad(bus, phases, kv, loads.kW / len(share), loads.kvar / len(share))
        index = loads.Next


def _places(nodes: tuple[int, ...], phases: int, delta: bool) -> list[tuple[int, ...]]:
    """Where the parts of a load hang: one for each of its phases."""
    if phases == 1:
        return [nodes]
    if not delta:
        return [(node,) for node in nodes[:phases]]
    return [(nodes[k], nodes[(k + 1) % len(nodes)]) for k in range(phases)]


def _added_up(parts: Iterator[NodeLoad]) -> tuple[NodeLoad, ...]:
    places: dict[tuple[str, tuple[int, ...]], NodeLoad] = {}
    for part in parts:
        here = (part.bus, part.phases)
        before = places.get(here)
        kw, kvar = (before.kw, before.kvar) if before else (0.0, 0.0)
        places[here] = NodeLoad(part.bus, part.phases, part.kv, kw + part.kw, kvar + part.kvar)
    return tuple(places.values())
