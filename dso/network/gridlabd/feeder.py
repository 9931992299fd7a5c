"""The DO's power flow by GridLAB-D, on the GLM that the physical simulation runs on."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from dso.errors import InputError, Problem
from dso.messages import FloatArray, IntArray
from dso.network.gridlabd.flow import GlmFigures
from dso.network.gridlabd.model import STEP_KW
from dso.network.gridlabd.models import GlmModels, Memory
from dso.network.gridlabd.plan import plan
from dso.network.gridlabd.process import require_gridlabd
from dso.network.gridlabd.ratings import watched
from dso.network.gridlabd.wires import GlmWires
from dso.ports import BoolArray, Equipment, Flow
from dso.ports.wires import Plan

Slopes = tuple[FloatArray, FloatArray, FloatArray]  # loading, voltage, losses per kW, each (…, points)


class GridLabDFeeder:
    """A feeder of a GLM, its powerflow objects alone.

    Loads, nodes and meters with a load of their own or with a house are the service points, by their names.
    Their loads are of constant power; the file's own are replaced. All links are elements; those without a
    rating, such as switches and regulators, are never loaded. Each solve starts from the taps and switches in
    the file and moves regulators, and capacitors controlled by voltage, until they rest. So it answers the
    same, bit for bit, whatever was solved before. Slopes cost one more power flow for each point.

    Parameters
    ----------
    path : of the GLM.
    substation_kva : rating of the substation [kVA]; None: never loaded.
    kvar_per_kw : reactive over active power of points where the file gives none [1].

    Raises
    ------
    MissingExtraError : GridLAB-D is not installed.
    InputError : the file is no feeder, or GridLAB-D does not take it.
    """

    def __init__(self, path: Path, substation_kva: float | None = None, kvar_per_kw: float = 0.3) -> None:
        require_gridlabd()
        if substation_kva is not None and not substation_kva > 0:
            raise InputError([Problem("substation_kva", f"must be above 0 kVA, was {substation_kva}")])
        self._wires = GlmWires(path, kvar_per_kw)
        self._watched = watched(self._wires)
        self._figures = GlmFigures(
            self._wires, self._watched, np.inf if substation_kva is None else substation_kva
        )
        self._points = tuple(p.name for p in self._wires.points)
        self._nodes = tuple(w.name for w in self._watched)
        self._models = GlmModels(self._wires, self._watched)
        self._slopes: Memory[tuple[frozenset[str], bytes], Slopes] = Memory(8)
        self._models.model(frozenset())  # so that a file it does not take is refused now

    @property
    def points(self) -> tuple[str, ...]:
        """Names of the service points: objects of the GLM."""
        return self._points

    @property
    def elements(self) -> tuple[str, ...]:
        """Names of the links, `substation` before them."""
        return self._figures.elements

    @property
    def nodes(self) -> tuple[str, ...]:
        """Names of the nodes whose voltage is watched, such as `n13.A` or `l1_tm.1`."""
        return self._nodes

    @property
    def at_service(self) -> BoolArray:
        """Whether a node is triplex or below 1 kV, (nodes,)."""
        return np.array([w.at_service for w in self._watched])

    @property
    def base_kw(self) -> FloatArray:
        """What the file has at each point, (points,) [kW]; 1 where it has no more than a house."""
        return np.array([p.base_kw for p in self._wires.points])

    def plan(self) -> Plan:
        """What the feeder looks like."""
        return plan(self._figures)

    def close(self) -> None:
        """Ends the processes that GridLAB-D runs in; the next solve starts new ones."""
        self._models.close()

    def solve(self, load_kw: FloatArray, equipment: Equipment) -> Flow:
        """Solve for a load at each service point, (points,) [kW].

        Raises
        ------
        NetworkUnavailableError : it does not converge, or GridLAB-D has ended.
        """
        out = self._out(equipment)
        if not self._wires.alive(out):
            return self._dead()
        return self._flow(out, load_kw, equipment)

    def sensitivity(
        self, load_kw: FloatArray, equipment: Equipment, elements: IntArray, nodes: IntArray
    ) -> tuple[FloatArray, FloatArray]:
        """How loading and voltage change per kW, taps as solved: (e, points), (n, points) [p.u./kW].

        Parameters
        ----------
        load_kw, equipment : the point to linearise at; raises as `solve` does.
        elements, nodes : which elements' loading and which nodes' voltage, by index.
        """
        loading, voltage, _ = self._slopes_at(load_kw, equipment)
        return loading[elements], voltage[nodes]

    def marginal_losses(self, load_kw: FloatArray, equipment: Equipment) -> FloatArray:
        """How losses change per kW, 0 at dead points, (points,) [kW/kW]; raises as `solve` does."""
        return self._slopes_at(load_kw, equipment)[2]

    def energised(self, equipment: Equipment) -> BoolArray:
        """Which service points have a way to the head, (points,)."""
        alive = self._wires.alive(self._out(equipment))
        return np.array([p in alive for p in self._points])

    def _out(self, equipment: Equipment) -> frozenset[str]:
        """The elements that are out; those that nobody knows are a mistake."""
        named = {*equipment.out, *(name for name, _ in equipment.rating_frac)}
        unknown = sorted(named.difference(self.elements))
        if unknown:
            raise InputError(
                [Problem(f"equipment {name!r}", f"is not in {self._wires.path}") for name in unknown]
            )
        return equipment.out

    def _flow(self, out: frozenset[str], load_kw: FloatArray, equipment: Equipment) -> Flow:
        model, values = self._models.model(out), self._models.solved(out, load_kw)
        head_va = complex(self._figures.head_va(model, values)) + model.at_head_va(load_kw)
        loading = self._figures.loading_pu(model, values) / self._figures.fractions(equipment.rating_frac)
        return Flow(
            head_kw=head_va.real / 1e3,
            head_kvar=head_va.imag / 1e3,
            losses_kw=head_va.real / 1e3 - float(load_kw[model.points].sum()),
            loading_pu=loading,
            voltage_pu=self._figures.voltage_pu(model, values),
        )

    def _dead(self) -> Flow:
        return Flow(0.0, 0.0, 0.0, np.zeros(len(self.elements)), np.full(len(self.nodes), np.nan))

    def _slopes_at(self, load_kw: FloatArray, equipment: Equipment) -> Slopes:
        """How loading, voltage and losses change per kW at each point."""
        out = self._out(equipment)
        slopes = self._slopes.get((out, load_kw.tobytes()), lambda: self._differences(out, load_kw))
        return slopes[0] / self._figures.fractions(equipment.rating_frac)[:, None], *slopes[1:]

    def _differences(self, out: frozenset[str], load_kw: FloatArray) -> Slopes:
        points = len(self.points)
        loading, voltage = np.zeros((len(self.elements), points)), np.zeros((len(self.nodes), points))
        losses = np.zeros(points)
        if self._wires.alive(out):
            model, figures = self._models.model(out), self._figures
            rows = self._models.perturbed(out, load_kw)
            loaded, volts = figures.loading_pu(model, rows), figures.voltage_pu(model, rows)
            head_kw = figures.head_va(model, rows).real / 1e3
            through = np.where(
                model.at_head, 0.0, 1.0
            )  # what is drawn at the head itself flows through no link
            loading[:, model.points] = (loaded[1:] - loaded[0]).T / STEP_KW
            voltage[:, model.points] = (volts[1:] - volts[0]).T / STEP_KW
            losses[model.points] = (head_kw[1:] - head_kw[0]) / STEP_KW - through
        return loading, voltage, losses
