"""What the links of a GLM carry, and which voltages are watched."""

from __future__ import annotations

import math
from dataclasses import dataclass

from dso.network.gridlabd.loads import TRIPLEX
from dso.network.gridlabd.text import GlmObject
from dso.network.gridlabd.values import real
from dso.network.gridlabd.wires import GlmWires

LINE_AMPS = 1000.0  # what GridLAB-D takes where a conductor says nothing
SERVICE_V = 1000.0  # below it a node is at the service voltage
CONDUCTORS = ("conductor_A", "conductor_B", "conductor_C", "conductor_1", "conductor_2")


@dataclass(frozen=True, slots=True)
class Watched:
    """A voltage that is watched: the property of a node, and what is nominal [V]."""

    node: str
    cls: str
    key: str
    nominal_v: float
    at_service: bool

    @property
    def name(self) -> str:
        """Node and phase, such as `n13.A`."""
        return f"{self.node}.{self.key.removeprefix('voltage_')}"


def rated_amps(wires: GlmWires, link: GlmObject) -> float:
    """The current that a link may carry on each phase [A]; infinite where nothing says it."""
    part = wires.parts.get(link.says.get("configuration", ""))
    if link.cls.endswith("_line"):
        return _line_amps(wires, link, part)
    if link.cls == "transformer" and part is not None:
        kva = real(part.says.get("power_rating"), 0.0, unit=1e3) / 1e3
        phases = max(sum(p in link.says.get("phases", "") for p in "ABC"), 1)
        volts = real(wires.nodes[link.says["from"]].says.get("nominal_voltage"), 0.0)
        return 1e3 * kva / (phases * volts) if kva > 0 and volts > 0 else math.inf
    own = link.says.get("current_limit") or link.says.get("continuous_rating")
    return real(own, math.inf)


def _line_amps(wires: GlmWires, link: GlmObject, part: GlmObject | None) -> float:
    key = "rating.summer.continuous"
    holders = [part] if part is not None else []
    holders += [wires.parts[h.says[c]] for h in holders for c in CONDUCTORS if h.says.get(c) in wires.parts]
    said = [link.says.get("continuous_rating"), *(h.says.get(key) for h in holders)]
    return min((real(text, math.inf) for text in said if text), default=LINE_AMPS)


def watched(wires: GlmWires) -> list[Watched]:
    """All voltages of nodes that are not just a part of another one."""
    return [w for name, node in wires.nodes.items() if wires.root(name) == name for w in _of_node(node)]


def _of_node(node: GlmObject) -> list[Watched]:
    volts = real(node.says.get("nominal_voltage"), 1.0)
    phases = node.says.get("phases", "")
    if node.cls in TRIPLEX:
        return [Watched(node.name, node.cls, f"voltage_{p}", volts, True) for p in "12"]
    cls = "meter" if node.cls == "substation" else node.cls
    service = volts < SERVICE_V
    if "D" in phases:  # between lines: where no neutral is, only that is defined
        return [
            Watched(node.name, cls, f"voltage_{p}", volts * math.sqrt(3), service) for p in ("AB", "BC", "CA")
        ]
    return [Watched(node.name, cls, f"voltage_{p}", volts, service) for p in "ABC" if p in phases]
