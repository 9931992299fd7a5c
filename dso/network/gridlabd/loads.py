"""Which objects of a GLM are service points, and how a load there is shared among phases."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

from dso.network.gridlabd.text import GlmObject
from dso.network.gridlabd.values import quantity, real

PHASES = "A|B|C|AN|BN|CN|AB|BC|CA|12|1|2"
OWN = re.compile(
    rf"(constant_power|power|base_power|constant_current|current|constant_impedance|impedance)_({PHASES})"
    r"(_real|_reac)?"
)
TRIPLEX = ("triplex_node", "triplex_meter", "triplex_load")


@dataclass(frozen=True, slots=True)
class GlmPoint:
    """One service point: where its load is written, and how much of it on which phase.

    Parameters
    ----------
    name : of the object in the GLM.
    base_kw : what it draws in the file at nominal voltage; a house or a schedule alone counts as 1 kW.
    writes : property, share of the load there [1], reactive over active power [1], for each phase.
    """

    name: str
    base_kw: float
    writes: tuple[tuple[str, float, float], ...]

    def settings(self, load_kw: float) -> list[tuple[str, str, str]]:
        """Object, property and value in VA for each phase."""
        watts = [1e3 * load_kw * share for _, share, _ in self.writes]
        return [
            (self.name, key, f"{p:.17g}{p * ratio:+.17g}j")
            for (key, _, ratio), p in zip(self.writes, watts, strict=True)
        ]

    def va(self, load_kw: float) -> complex:
        """All of its load [VA]."""
        return sum((1e3 * load_kw * share * (1 + 1j * ratio) for _, share, ratio in self.writes), 0j)


def service_points(
    nodes: dict[str, GlmObject], others: Sequence[GlmObject], kvar_per_kw: float
) -> list[GlmPoint]:
    """Nodes with a load of their own or with a house, in the order of the file.

    Parameters
    ----------
    nodes : all nodes, meters and loads, by name.
    others : objects that are not modelled, houses among them.
    kvar_per_kw : reactive over active power where the file gives none [1].
    """
    housed = {o.says.get("parent", "") for o in others if o.cls == "house"}
    points = []
    for name, node in nodes.items():
        own = _own_load(node, kvar_per_kw)
        if own or name in housed:
            shares = own or _evenly(node, kvar_per_kw)
            points.append(GlmPoint(name, sum(s.real for s in shares.values()) / 1e3, _writes(node, shares)))
    return points


def is_load(key: str) -> bool:
    """Whether a property is a part of an own load."""
    return OWN.fullmatch(key) is not None or key.startswith(("power_pf_", "power_fraction_", "base_power_"))


def _own_load(node: GlmObject, kvar_per_kw: float) -> dict[str, complex]:
    """Power at the nominal voltage [VA] for each phase that has some."""
    volts = real(node.says.get("nominal_voltage"), 1.0)
    own: dict[str, complex] = {}
    for key, text in node.says.items():
        match = OWN.fullmatch(key)
        if match:
            power = _power(match, text, volts, node, kvar_per_kw)
            if power:
                own[match[2]] = own.get(match[2], 0j) + power
    return own


def _power(match: re.Match[str], text: str, volts: float, node: GlmObject, kvar_per_kw: float) -> complex:
    kind, phase, part = match[1], match[2], match[3]
    value = quantity(text)
    if value is None:  # a schedule: what it is worth is known in the simulation only
        return 0j if part == "_reac" else 1e3 * (1 + 1j * kvar_per_kw)
    across = volts * {"12": 2.0, "AB": math.sqrt(3), "BC": math.sqrt(3), "CA": math.sqrt(3)}.get(phase, 1.0)
    if part:
        value = value * (1j if part == "_reac" else 1)
    if kind == "base_power":
        factor = real(node.says.get(f"power_pf_{phase}"), 1.0)
        return value * (1 + 1j * math.copysign(math.tan(math.acos(min(abs(factor), 1.0))), factor))
    if kind.endswith("impedance"):
        return across**2 / value.conjugate() if value else 0j
    if kind.endswith("current"):
        return across * (value * _turned(phase)).conjugate()
    return value


def _turned(phase: str) -> complex:
    """Turns a current so that its angle is the one to the voltage of its phase."""
    degrees = {"A": 0, "B": 120, "C": -120, "AB": -30, "BC": 90, "CA": -150}.get(phase.rstrip("N"), 0)
    return complex(math.cos(math.radians(degrees)), math.sin(math.radians(degrees)))


def _evenly(node: GlmObject, kvar_per_kw: float) -> dict[str, complex]:
    """A load of equal parts, where a house stands and nothing is written."""
    phases = node.says.get("phases", "")
    names = ["12"] if node.cls in TRIPLEX or "S" in phases else [p for p in "ABC" if p in phases]
    return dict.fromkeys(names, 1e3 / len(names) * (1 + 1j * kvar_per_kw))


def _writes(node: GlmObject, own: dict[str, complex]) -> tuple[tuple[str, float, float], ...]:
    prefix = "constant_power" if node.cls in ("load", "triplex_load") else "power"
    total = sum(s.real for s in own.values())
    if total <= 0 or any(s.real < 0 for s in own.values()):  # no shares to read off: reactive or mixed
        return tuple((f"{prefix}_{p}", 1 / len(own), 0.0) for p in own)
    return tuple(
        (f"{prefix}_{p}", s.real / total, s.imag / s.real if s.real else 0.0) for p, s in own.items()
    )
