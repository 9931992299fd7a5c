"""A feeder with some elements out, solved by GridLAB-D."""

from __future__ import annotations

from collections import defaultdict
from functools import partial

import numpy as np
from numpy.typing import NDArray

from dso.messages import FloatArray
from dso.network.gridlabd.controls import (
    ROUNDS,
    Control,
    capacitor_controls,
    move_all,
    regulator_controls,
)
from dso.network.gridlabd.process import GlmProcess, Read, Setting
from dso.network.gridlabd.ratings import Watched
from dso.network.gridlabd.wires import NODES, GlmWires, closed

Values = NDArray[np.complex128]
STEP_KW = 0.05  # of a finite difference: what it leaves out is as small as what a solve leaves open


class GlmModel:
    """The part of a feeder that is alive when some elements are out.

    Parameters
    ----------
    wires : the whole feeder.
    watched : the voltages to read.
    out : elements out of service.

    Raises
    ------
    MissingExtraError, InputError : as `GlmProcess`.
    """

    def __init__(self, wires: GlmWires, watched: list[Watched], out: frozenset[str]) -> None:
        self.wires = wires
        self.alive = wires.alive(out)
        self.links = [
            n for n, o in wires.links.items() if n not in out and closed(o) and o.says["from"] in self.alive
        ]
        self.points = [i for i, p in enumerate(wires.points) if p.name in self.alive]
        self.at_head = np.array(
            [wires.root(wires.points[i].name) == wires.root(wires.swing) for i in self.points], np.bool_
        )
        self.nodes = [i for i, w in enumerate(watched) if w.node in self.alive]
        self._reads, self.index = self._plan([watched[i] for i in self.nodes])
        self.process = GlmProcess(wires.reduced(out), self._reads, list(NODES), wires.path)

    def _plan(self, watched: list[Watched]) -> tuple[list[Read], dict[tuple[str, str], int]]:
        """What to read by class and property, and where each object's is among the values."""
        groups: dict[tuple[str, str], list[str]] = defaultdict(list)
        for one in watched:
            groups[one.cls, one.key].append(one.node)
        head = self.wires.root(self.wires.swing)
        for link in self.links:
            cls = self.wires.links[link].cls
            ends = ("current_in", "current_out") if cls == "regulator" else ("current_in",)
            powers = ("power_in", "power_out") if head in self.wires.ends(self.wires.links[link]) else ()
            for key in (*(f"{end}_{p}" for end in ends for p in "ABC"), *powers):
                groups[cls, key].append(link)
        reads = [(cls, key, names) for (cls, key), names in groups.items()]
        places = ((name, key) for _, key, names in reads for name in names)
        return reads, {place: i for i, place in enumerate(places)}

    def at_head_va(self, load_kw: FloatArray) -> complex:
        """Load at the head itself, which flows through no link [VA]."""
        here = [
            self.wires.points[i].va(float(load_kw[i]))
            for i, at in zip(self.points, self.at_head, strict=True)
            if at
        ]
        return sum(here, 0j)

    def _controls(self) -> list[Control]:
        """Regulators and capacitors as the file has them."""
        wires, found = self.wires, []
        seen = {name for name, key in self.index if key.startswith("voltage_")}
        for name in self.links:
            link = wires.links[name]
            config = wires.parts.get(link.says.get("configuration", ""))
            if link.cls == "regulator" and config is not None:
                found += regulator_controls(link, config, wires.ends(link)[1], seen)
        roots = {n: wires.root(n) for n in self.alive if wires.root(n) in seen}
        for shunt in wires.capacitors.values():
            if shunt.says.get("parent") in self.alive:
                found += capacitor_controls(shunt, wires.root(shunt.says["parent"]), roots)
        return found

    def solve(self, load_kw: FloatArray) -> Values:
        """What is read once regulators and capacitors rest, for a load at each point, (points,) [kW].

        Raises
        ------
        NetworkUnavailableError : it does not converge.
        """
        controls = self._controls()
        loads = [s for i in self.points for s in self.wires.points[i].settings(float(load_kw[i]))]
        values = self.process.solve([*loads, *(c.setting for c in controls)], True)
        for _ in range(ROUNDS):
            if not move_all(controls, partial(self._read, values)):
                break
            values = self.process.solve([c.setting for c in controls], False)
        return values

    def _read(self, values: Values, name: str, key: str) -> complex:
        return complex(values[self.index[name, key]])

    def perturbed(self, load_kw: FloatArray) -> Values:
        """What is read as it is, then with `STEP_KW` more at each live point; taps as solved.

        Raises
        ------
        NetworkUnavailableError : it does not converge.
        """
        self.solve(load_kw)
        rows = [self.process.solve([], False)]
        undo: list[Setting] = []
        for i in self.points:
            point = self.wires.points[i]
            more = point.settings(float(load_kw[i]) + STEP_KW)
            rows.append(self.process.solve([*undo, *more], False))
            undo = point.settings(float(load_kw[i]))
        return np.array(rows)
