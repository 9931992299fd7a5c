"""How a circuit hangs together: what joins what, with which rating, and what is supplied."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from dso.messages import FloatArray, IntArray
from dso.network.opendss.circuit import Circuit, terminal_nodes

# Kilometres of OpenDSS's units: none (taken for km), mile, kft, km, m, ft, inch, cm.
KM = {0: 1.0, 1: 1.609344, 2: 0.3048, 3: 1.0, 4: 0.001, 5: 0.0003048, 6: 0.0000254, 7: 0.00001}


@dataclass(frozen=True, slots=True, eq=False)
class Element:
    """One line, transformer or other power delivery element."""

    name: str  # line.l115
    nodes: tuple[str, ...]  # of each conductor, terminal by terminal
    terminals: int
    rated_a: FloatArray  # (conductors,) infinite where a conductor has no rating
    rating: float  # [A], or [kVA] of a transformer
    unit: str
    length_km: float

    @property
    def ends(self) -> tuple[str, str]:
        """The first two buses that it joins."""
        per = len(self.nodes) // self.terminals
        first, last = self.nodes[0], self.nodes[per if self.terminals > 1 else 0]
        return first.rpartition(".")[0], last.rpartition(".")[0]

    def joins(self) -> Iterator[tuple[str, str]]:
        """Pairs of nodes that it connects; none where it hangs between a node and the ground."""
        per = len(self.nodes) // self.terminals
        first = self.nodes[:per]
        for t in range(1, self.terminals):
            other = self.nodes[t * per : (t + 1) * per]
            if self.name.startswith("transformer."):
                yield from ((a, b) for a in first for b in other if _live(a) and _live(b))
            else:
                yield from ((a, b) for a, b in zip(first, other, strict=True) if _live(a) and _live(b))


def elements_of(circuit: Circuit) -> tuple[Element, ...]:
    """All power delivery elements in service, in OpenDSS's order."""
    active, found = circuit.circuit, []
    for name in active.PDElements.AllNames:
        active.SetActiveElement(name)
        found.append(_element(circuit, name.lower(), active.ActiveCktElement))
    return tuple(found)


def _element(circuit: Circuit, name: str, element: Any) -> Element:
    nodes, conductors = terminal_nodes(element), int(element.NumConductors)
    kind, terminals = name.partition(".")[0], int(element.NumTerminals)
    if kind == "transformer":
        rated, rating = _transformer(circuit.circuit.Transformers, name, nodes, conductors)
        return Element(name, tuple(nodes), terminals, rated, rating, "kVA", 0.0)
    if kind != "line":
        none = np.full(len(nodes), np.inf)
        return Element(name, tuple(nodes), terminals, none, np.inf, "A", 0.0)
    line = circuit.circuit.Lines
    line.Name = name.partition(".")[2]
    amps = float(line.NormAmps)
    length = float(line.Length) * KM.get(int(line.Units), 1.0)
    return Element(name, tuple(nodes), terminals, np.full(len(nodes), amps), amps, "A", length)


def _transformer(transformers: Any, name: str, nodes: list[str], conductors: int) -> tuple[FloatArray, float]:
    """Rated amps of each conductor: a winding's kVA over its voltage; a neutral has none."""
    transformers.Name = name.partition(".")[2]
    rated = np.full(len(nodes), np.inf)
    rating = np.inf
    for winding in range(transformers.NumWindings):
        transformers.Wdg = winding + 1
        kva, kv = float(transformers.kVA), float(transformers.kV)
        own = range(winding * conductors, (winding + 1) * conductors)
        live = [k for k in own if _live(nodes[k])]
        phases = max(1, len(live) if not transformers.IsDelta or len(live) > 2 else 1)
        rated[live] = kva / kv if phases == 1 else kva / (np.sqrt(3.0) * kv)
        rating = min(rating, kva)
    return rated, rating


def _live(node: str) -> bool:
    return not node.endswith(".0")


def supplied(elements: Iterable[Element], sources: Iterable[str]) -> dict[str, float]:
    """The nodes that hang on a source, with their distance from it along the wires [km]."""
    import heapq

    joined: dict[str, list[tuple[str, float]]] = defaultdict(list)
    for element in elements:
        for a, b in element.joins():
            joined[a].append((b, element.length_km))
            joined[b].append((a, element.length_km))
    found: dict[str, float] = {}
    ahead = [(0.0, node) for node in sources]
    heapq.heapify(ahead)
    while ahead:
        distance, node = heapq.heappop(ahead)
        if node in found:
            continue
        found[node] = distance
        for other, length in joined[node]:
            if other not in found:
                heapq.heappush(ahead, (distance + length, other))
    return found


def source_nodes(circuit: Circuit) -> list[str]:
    """The nodes of all voltage sources."""
    found = []
    for name in circuit.circuit.Vsources.AllNames:
        circuit.circuit.SetActiveElement(f"Vsource.{name}")
        element = circuit.circuit.ActiveCktElement
        found += terminal_nodes(element)[: int(element.NumConductors)]
    return found


def load_nodes(circuit: Circuit) -> dict[str, tuple[str, ...]]:
    """The live nodes that each load hangs between."""
    found = {}
    for name in circuit.loads:
        circuit.circuit.SetActiveElement(f"Load.{name}")
        found[name] = tuple(n for n in terminal_nodes(circuit.circuit.ActiveCktElement) if _live(n))
    return found


def first_conductors(elements: Iterable[Element]) -> IntArray:
    """Where each element's conductors begin in the list of all."""
    sizes = [len(e.nodes) for e in elements]
    return np.concatenate([[0], np.cumsum(sizes)[:-1]]).astype(np.int64) if sizes else np.zeros(0, np.int64)
