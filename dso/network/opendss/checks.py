"""What is wrong with a feeder, seen before it is used."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from dso.errors import InputError, Problem
from dso.network.opendss.state import State
from dso.network.services import ServicePoint
from dso.network.words import NO_IMPEDANCE

IN_PLACE_OF_0_PCT = 700  # what OpenDSS makes of a transformer with xhl=0
LEAST_OHM = 1e-9  # below, voltages are not exact enough to tell what flows


def check(state: State, master: Path, services: Sequence[ServicePoint] | None) -> None:
    """Look at a compiled feeder.

    Raises
    ------
    InputError : with everything that is wrong.
    """
    found = [*_nothing(state), *_islands(state, services is not None), *_without_impedance(state)]
    if not found and services is None and (place := state.collapsed_at()) is not None:
        found = [f"its own load is more than it can carry: the voltage collapses at {place}"]
    if found:
        raise InputError([Problem("", f"{master.name}: {what}") for what in found])


def _nothing(state: State) -> Iterator[str]:
    """What a file may lack although OpenDSS reads it."""
    if not state.load_nodes:
        yield "it has no load, so there is no place for customers"
    if not all(state.base_v[node] > 0 for node in state.sources if not node.endswith(".0")):
        yield "buses have no nominal voltage: it needs Set VoltageBases and CalcVoltageBases"


def _islands(state: State, services: bool) -> Iterator[str]:
    homeless: dict[str, None] = {}
    for name, nodes in state.load_nodes.items():
        dead = [n for n in nodes if n not in state.supply]
        if dead and not services:
            yield f"load {name} {_lacks(state, 'sits at', dead[0])}"
        elif dead:  # homes of one load share its bus and phases
            homeless[name.removeprefix("home_").rpartition("-")[0].replace("_", ".")] = None
    for place in homeless:
        yield f"homes {_lacks(state, 'are to hang at', place)}"
    for element in state.elements:
        if services and element.name.partition(".")[2].startswith(("svc_", "sec_")):
            continue  # ours: the homes behind are told of
        if element.name.startswith("line.") and any(n.endswith(".0") for n in element.nodes):
            continue  # open on purpose
        live = [n for n in element.nodes if not n.endswith(".0")]
        if live and not any(n in state.supply for n in live):
            yield f"{element.name} is an island: no line or transformer joins it to the source"


def _lacks(state: State, how: str, place: str) -> str:
    """Whether a bus is not there at all, or a phase of it."""
    bus = place.partition(".")[0]
    phases = sorted(n.rpartition(".")[2] for n in state.supply if n.rpartition(".")[0] == bus)
    if phases:
        return f"{how} {place}, but bus {bus} has phase {' and '.join(phases)} only"
    return f"{how} {place}, which no line or transformer joins to the source"


def _without_impedance(state: State) -> Iterator[str]:
    lines, transformers = state.circuit.circuit.Lines, state.circuit.circuit.Transformers
    for element in state.elements:
        kind, _, name = element.name.partition(".")
        if kind == "transformer":
            transformers.Name = name
            if transformers.Xhl >= IN_PLACE_OF_0_PCT:
                yield f"{element.name} has no impedance: xhl must be more than 0"
        if kind != "line":
            continue
        lines.Name = name
        ohms = np.abs(np.asarray(lines.Rmatrix) + 1j * np.asarray(lines.Xmatrix)) * float(lines.Length)
        own = ohms[:: int(lines.Phases) + 1]  # the diagonal: each conductor's own
        if own.min() < LEAST_OHM:
            yield f"{element.name} {NO_IMPEDANCE}"
