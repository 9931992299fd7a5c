"""A feeder as OpenDSS solves it, behind the DO's port."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from dso.errors import InputError, NetworkUnavailableError
from dso.messages import Equipment, FloatArray, IntArray
from dso.network.opendss.checks import check
from dso.network.opendss.state import State, StateSolve
from dso.network.services import ServicePoint
from dso.ports import BoolArray, Flow, Plan

if TYPE_CHECKING:
    from dso.network.opendss.linear import Complexes

SUBSTATION = "substation"
STATES, SOLVES = 4, 128  # how many are remembered: circuits without something, and solved points


class OpenDssFeeder:
    """A feeder of an OpenDSS file; what it answers does not depend on what was solved before.

    Every solve begins with capacitors as in the file, and with taps that the amount of load alone decides.
    What is out of service, and what it leaves without supply, is missing in a circuit of its own.

    Parameters
    ----------
    master : the file.
    services : homes on transformers of their own, in the place of the file's loads; None: each is a point.
    substation_kva : rating of the head of the feeder [kVA]; None: of the transformer at the source, or none.

    Raises
    ------
    InputError : with everything that is wrong with the file or the service points.
    """

    def __init__(
        self,
        master: Path,
        services: Sequence[ServicePoint] | None = None,
        *,
        substation_kva: float | None = None,
    ) -> None:
        self._master, self._services = master, services
        self._built = State.of(master, services)
        check(self._built, master, services)
        self._states: OrderedDict[frozenset[str], State] = OrderedDict({frozenset(): self._built})
        self._solves: OrderedDict[tuple[bytes, frozenset[str], tuple[tuple[str, float], ...]], StateSolve] = (
            OrderedDict()
        )
        self._rated = tuple(k for k, e in enumerate(self._built.elements) if np.isfinite(e.rating))
        self.substation_kva = substation_kva if substation_kva is not None else _first_kva(self._built)
        self.elements: tuple[str, ...] = (SUBSTATION, *(self._built.elements[k].name for k in self._rated))
        self.points: tuple[str, ...] = (
            tuple(self._built.circuit.loads) if services is None else tuple(point.name for point in services)
        )
        self.nodes: tuple[str, ...] = tuple(n for n in self._built.supply if self._built.base_v[n] > 0)
        self.at_service: BoolArray = np.array([self._built.base_v[n] < 1000 for n in self.nodes])
        self.base_kw: FloatArray = self._built.circuit.base_kw
        self._base_v = np.array([self._built.base_v[n] for n in self.nodes])
        self._places: dict[frozenset[str], tuple[IntArray, IntArray]] = {
            frozenset(): self._built.places(self.nodes, self.elements[1:])
        }

    # --- what the DO asks ---------------------------------------------------------------------------------

    def solve(self, load_kw: FloatArray, equipment: Equipment) -> Flow:
        """Solve for a load at each service point; raises NetworkUnavailableError if it does not converge."""
        found = self._solved(load_kw, equipment)
        if equipment not in found.flows:
            found.flows[equipment] = Flow(
                float(found.solved.head_kva.real),
                float(found.solved.head_kva.imag),
                float(found.solved.losses_kva.real),
                self._loading(found, equipment),
                self._voltage(found, equipment.out),
            )
        return found.flows[equipment]

    def sensitivity(
        self, load_kw: FloatArray, equipment: Equipment, elements: IntArray, nodes: IntArray
    ) -> tuple[FloatArray, FloatArray]:
        """How loading, (e, points), and voltage, (n, points), change per kW at a point [p.u./kW].

        Regulators follow, as if their taps were continuous.
        """
        found = self._solved(load_kw, equipment)
        names = [self.elements[k] for k in elements]
        rows = [self._loading_row(found, int(k)) for k in elements]
        rows += [found.voltage_row(self.nodes[k]) for k in nodes]
        all_rows = found.per_kw_regulated(rows, [*names, *(None for _ in nodes)], len(self.points))
        loading, voltage = all_rows[: len(names)], all_rows[len(names) :]
        loading[elements == 0] += self._head_share(found)
        loading /= self._rating_frac(equipment)[elements][:, None]
        return loading, voltage

    def per_kvar(self, load_kw: FloatArray, equipment: Equipment, nodes: IntArray) -> FloatArray:
        """How voltage changes per kvar injected at each point, (n, points) [p.u./kvar], taps fixed."""
        found = self._solved(load_kw, equipment)
        rows = [found.voltage_row(self.nodes[k]) for k in nodes]
        return np.asarray(found.per_kvar(rows, len(self.points)))

    def marginal_losses(self, load_kw: FloatArray, equipment: Equipment) -> FloatArray:
        """How losses change per kW at each point, (points,) [kW/kW]."""
        found = self._solved(load_kw, equipment)
        return np.asarray(found.per_kw([found.losses_row()[0]], len(self.points))[0])

    def energised(self, equipment: Equipment) -> BoolArray:
        """Which service points are supplied, (points,)."""
        return self._state(equipment).alive

    def plan(self) -> Plan:
        """What the feeder looks like."""
        return self._plan

    @cached_property
    def _plan(self) -> Plan:
        built = self._built
        elements = [built.elements[k] for k in self._rated]
        distance = np.array([built.supply[n] for n in self.nodes])
        xy = np.array([built.position(n) for n in self.nodes]).reshape(-1, 2)
        head = _head_bus(built)
        return Plan(
            self.nodes,
            self.at_service,
            distance,
            xy[:, 0],
            xy[:, 1],
            self.elements,
            ((head, head), *(e.ends for e in elements)),
            np.array([self.substation_kva, *(e.rating for e in elements)]),
            ("kVA", *(e.unit for e in elements)),
        )

    # --- how it answers -----------------------------------------------------------------------------------

    def _state(self, equipment: Equipment) -> State:
        """The circuit without what is out of service."""
        out = frozenset(name.lower() for name in equipment.out)
        found = self._states.get(out)
        if found is None:
            alive = self._built.alive_without(out)
            try:
                found = State.of(self._master, self._services, self._built.dead_with(out), alive)
            except InputError as error:  # the file is sound; what is left of it is not
                raise NetworkUnavailableError(f"without {', '.join(sorted(out))}: {error}") from error
            self._states[out] = found
            self._places[out] = found.places(self.nodes, self.elements[1:])
            if len(self._states) > STATES:
                self._states.popitem(last=False)
        self._states.move_to_end(out)
        return found

    def _solved(self, load_kw: FloatArray, equipment: Equipment) -> StateSolve:
        load_kw = np.ascontiguousarray(load_kw, np.float64)
        key = (load_kw.tobytes(), equipment.out, equipment.kvar)
        found = self._solves.get(key)
        if found is None:
            found = self._state(equipment).solve(load_kw, self._injected(equipment))
            self._solves[key] = found
            if len(self._solves) > SOLVES:
                self._solves.popitem(last=False)
        return found

    def _injected(self, equipment: Equipment) -> FloatArray | None:
        """Reactive power at each service point beside its loads, (points,) [kvar]; None: nothing."""
        if not equipment.kvar:
            return None
        kvar = np.zeros(len(self.points))
        for name, injected in equipment.kvar:
            kvar[self.points.index(name)] += injected
        return kvar

    def _loading(self, found: StateSolve, equipment: Equipment) -> FloatArray:
        head = abs(found.solved.head_kva) / self.substation_kva
        own = found.loading(self._places[equipment.out][1])
        return np.concatenate([[head], own]) / self._rating_frac(equipment)

    def _rating_frac(self, equipment: Equipment) -> FloatArray:
        frac = np.ones(len(self.elements))
        for name, value in equipment.rating_frac:
            if name in self.elements:
                frac[self.elements.index(name)] = value
        return frac

    def _loading_row(self, found: StateSolve, element: int) -> Complexes:
        """w of an element's loading; of the head that part which losses cause."""
        if element:
            return found.loading_row(self.elements[element])
        active, reactive = found.losses_row()
        head = found.solved.head_kva
        return np.asarray((head.real * active + head.imag * reactive) / (abs(head) * self.substation_kva))

    def _head_share(self, found: StateSolve) -> FloatArray:
        """How the loading of the head changes with the load itself, (points,)."""
        head = found.solved.head_kva
        share = np.zeros(len(self.points))
        per_kw = head.real + head.imag * found.state.circuit.kvar_per_kw
        share[found.state.alive] = per_kw / (abs(head) * self.substation_kva)
        return share

    def _voltage(self, found: StateSolve, out: frozenset[str]) -> FloatArray:
        return found.voltage_pu(self._places[out][0], self._base_v)


def _first_kva(state: State) -> float:
    """The rating of the transformer or regulator at the source, infinite where there is none."""
    sources = set(state.sources)
    at_source = [e for e in state.elements if e.name.startswith("transformer.") and sources & set(e.nodes)]
    return float(sum(e.rating for e in at_source)) if at_source else float("inf")


def _head_bus(state: State) -> str:
    return state.sources[0].rpartition(".")[0]
