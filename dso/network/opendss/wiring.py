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

Coils = tuple[tuple[str, str], ...]  # the two nodes of each phase of a winding


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
    coils: tuple[Coils, ...] = ()  # of a transformer, winding by winding

    @property
    def ends(self) -> tuple[str, str]:
        """The first two buses that it joins."""
        per = len(self.nodes) // self.terminals
        first, last = self.nodes[0], self.nodes[per if self.terminals > 1 else 0]
        return first.rpartition(".")[0], last.rpartition(".")[0]

    def feeds(self) -> Iterator[tuple[tuple[str, ...], str]]:
        """What it connects: nodes that must be supplied, and one that is then.

        A conductor passes on its own phase; a transformer's coil that is supplied at both ends, or at one and
        grounded at the other, supplies the coils of its other windings.
        """
        if self.coils:
            for phase in zip(*self.coils, strict=True):
                for a, coil in enumerate(phase):
                    needed = tuple(filter(_live, coil))
                    others = (n for b, other in enumerate(phase) if b != a for n in other if _live(n))
                    yield from ((needed, other) for other in others if needed)
            return
        per = len(self.nodes) // self.terminals
        for t in range(1, self.terminals):
            for one, other in zip(self.nodes[:per], self.nodes[t * per : (t + 1) * per], strict=True):
                if _live(one) and _live(other):
                    yield (one,), other
                    yield (other,), one


def elements_of(circuit: Circuit) -> tuple[Element, ...]:
    """All power delivery elements in service, in OpenDSS's order."""
    active, found = circuit.circuit, []
    for name in active.PDElements.AllNames:
        active.SetActiveElement(name)
        found.append(_element(circuit, name.lower(), active.ActiveCktElement))
    return tuple(found)


def _element(circuit: Circuit, name: str, element: Any) -> Element:
    kind, terminals = name.partition(".")[0], int(element.NumTerminals)
    nodes = terminal_nodes(element)
    if kind != "capacitor":  # which its control may close again
        nodes = _joined(element, nodes)
    if kind == "transformer":
        rated, rating, coils = _transformer(circuit.circuit.Transformers, name, nodes, element)
        return Element(name, tuple(nodes), terminals, rated, rating, "kVA", 0.0, coils)
    if kind != "line":
        none = np.full(len(nodes), np.inf)
        return Element(name, tuple(nodes), terminals, none, np.inf, "A", 0.0)
    line = circuit.circuit.Lines
    line.Name = name.partition(".")[2]
    amps = float(line.NormAmps)
    length = float(line.Length) * KM.get(int(line.Units), 1.0)
    return Element(name, tuple(nodes), terminals, np.full(len(nodes), amps), amps, "A", length)


def _joined(element: Any, nodes: list[str]) -> list[str]:
    """Nodes with the ground in the place of those at which a conductor is open."""
    per = len(nodes) // int(element.NumTerminals)
    if not any(element.IsOpen(t + 1, 0) for t in range(len(nodes) // per)):
        return nodes
    return [
        f"{n.rpartition('.')[0]}.0" if element.IsOpen(k // per + 1, k % per + 1) else n
        for k, n in enumerate(nodes)
    ]


def _transformer(
    transformers: Any, name: str, nodes: list[str], element: Any
) -> tuple[FloatArray, float, tuple[Coils, ...]]:
    """Rated amps of each conductor, a winding's kVA over its voltage, a neutral has none; and its coils."""
    transformers.Name = name.partition(".")[2]
    conductors, phases = int(element.NumConductors), int(element.NumPhases)
    rated = np.full(len(nodes), np.inf)
    rating, coils = np.inf, []
    for winding in range(transformers.NumWindings):
        transformers.Wdg = winding + 1
        kva, kv = float(transformers.kVA), float(transformers.kV)
        first = winding * conductors
        rated[first : first + phases] = kva / kv if phases == 1 else np.sqrt(3.0) * kva / (phases * kv)
        own = nodes[first : first + conductors]
        coils.append(tuple(coils_of(own, phases, bool(transformers.IsDelta))))
        rating = min(rating, kva)
    return rated, rating, tuple(coils)


def coils_of(nodes: list[str], phases: int, delta: bool) -> list[tuple[str, str]]:
    """The two nodes of each phase of a winding or a load."""
    around = max(phases, 3)
    return [(nodes[k], nodes[(k + 1) % around] if delta else nodes[-1]) for k in range(phases)]


def _live(node: str) -> bool:
    return not node.endswith(".0")


def supplied(elements: Iterable[Element], sources: Iterable[str]) -> dict[str, float]:
    """The nodes that hang on a source, with their distance from it along the wires [km]."""
    import heapq

    waiting: dict[str, list[tuple[tuple[str, ...], str, float]]] = defaultdict(list)
    for element in elements:
        for needed, given in element.feeds():
            for node in needed:
                waiting[node].append((needed, given, element.length_km))
    found: dict[str, float] = {}
    ahead = [(0.0, node) for node in sources]
    heapq.heapify(ahead)
    while ahead:
        distance, node = heapq.heappop(ahead)
        if node in found:
            continue
        found[node] = distance
        for needed, given, length in waiting[node]:
            if given not in found and all(other in found for other in needed):
                heapq.heappush(ahead, (distance + length, given))
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


def load_coils(circuit: Circuit) -> list[tuple[int, float, str, str]]:
    """The parts of each load, one for each phase: number of the load, share of it, its two nodes."""
    found = []
    for number, name in enumerate(circuit.loads):
        circuit.circuit.SetActiveElement(f"Load.{name}")
        element = circuit.circuit.ActiveCktElement
        nodes, phases = terminal_nodes(element), int(element.NumPhases)
        circuit.circuit.Loads.Name = name
        delta = bool(circuit.circuit.Loads.IsDelta)
        found += [(number, 1.0 / phases, a, b) for a, b in coils_of(nodes, phases, delta)]
    return found


def first_conductors(elements: Iterable[Element]) -> IntArray:
    """Where each element's conductors begin in the list of all."""
    sizes = [len(e.nodes) for e in elements]
    return np.concatenate([[0], np.cumsum(sizes)[:-1]]).astype(np.int64) if sizes else np.zeros(0, np.int64)
