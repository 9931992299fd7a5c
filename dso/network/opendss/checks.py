"""What is wrong with a feeder, seen before it is used."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from dso.errors import InputError, Problem
from dso.network.opendss.state import State
from dso.network.services import ServicePoint


def check(state: State, master: Path, services: Sequence[ServicePoint] | None) -> None:
    """Look at a compiled feeder.

    Raises
    ------
    InputError : with everything that is wrong.
    """
    found = [*_islands(state, services is not None), *_without_impedance(state)]
    if found:
        raise InputError([Problem("", f"{master.name}: {what}") for what in found])


def _islands(state: State, services: bool) -> Iterator[str]:
    homeless: dict[str, None] = {}
    for name, nodes in state.load_nodes.items():
        dead = [n for n in nodes if n not in state.supply]
        if dead and not services:
            yield f"load {name} sits at {dead[0]}, which no line or transformer joins to the source"
        elif dead:  # homes of one load share its bus and phases
            homeless[name.removeprefix("home_").rpartition("-")[0].replace("_", ".")] = None
    for place in homeless:
        yield f"homes are to hang at {place}, which no line or transformer joins to the source"
    for element in state.elements:
        if services and element.name.partition(".")[2].startswith(("svc_", "sec_")):
            continue  # ours: the homes behind are told of
        live = [n for n in element.nodes if not n.endswith(".0")]
        if live and not any(n in state.supply for n in live):
            yield f"{element.name} is an island: no line or transformer joins it to the source"


def _without_impedance(state: State) -> Iterator[str]:
    lines, active = state.circuit.circuit.Lines, state.circuit.circuit
    for element in state.elements:
        if not element.name.startswith("line."):
            continue
        active.SetActiveElement(element.name)
        ohms = np.abs(lines.Rmatrix) + np.abs(lines.Xmatrix)
        if element.length_km <= 0 or not ohms.any():
            yield f"{element.name} has no impedance (length {lines.Length:g}); a switch may have a small one"
