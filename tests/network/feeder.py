"""Compile a feeder and read what the tests compare."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from dss import DSS


def solved(master: Path, commands: Iterable[str] = ()) -> Any:
    """The circuit of a file, solved after some commands, and the engine that it lives in."""
    engine = DSS.NewContext()
    engine.AllowChangeDir = False
    engine.AllowForms = False
    for command in (f'Compile "{master}"', *commands, "Solve"):
        engine.Text.Command = command
    assert engine.ActiveCircuit.Solution.Converged
    return engine


def voltages(engine: Any) -> dict[str, float]:
    """Per unit, by node, the source of the transmission grid left out."""
    circuit = engine.ActiveCircuit
    pairs = zip(circuit.AllNodeNames, circuit.AllBusVmagPu, strict=True)
    return {name: float(pu) for name, pu in pairs if not name.startswith("sourcebus")}


def taps(engine: Any) -> dict[str, int]:
    controls = engine.ActiveCircuit.RegControls
    return {control.Name: control.TapNumber for control in controls}


def losses_kw(engine: Any) -> float:
    return float(engine.ActiveCircuit.Losses[0]) / 1e3


def loadings(engine: Any) -> dict[str, float]:
    """Amps over rated amps of each line and transformer, the most loaded phase of its first end."""
    circuit, result = engine.ActiveCircuit, {}
    for _ in circuit.PDElements:
        element = circuit.ActiveCktElement
        if not element.Name.startswith("Capacitor."):
            amps = np.asarray(element.CurrentsMagAng)[::2][: element.NumConductors]
            result[element.Name] = float(amps.max() / element.NormalAmps)
    return result
