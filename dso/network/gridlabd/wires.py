"""A feeder read from a GLM: its nodes and links, what is alive, and the reduced GLM that is solved."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from dso.errors import InputError, Problem
from dso.network.gridlabd.loads import GlmPoint, service_points
from dso.network.gridlabd.text import GlmObject, read_glm

NODES = ("node", "meter", "load", "triplex_node", "triplex_meter", "triplex_load", "substation")
LINKS = (
    "overhead_line", "underground_line", "triplex_line", "transformer", "regulator", "switch", "fuse",
    "recloser", "sectionalizer", "series_reactor",
)  # fmt: skip
PARTS = (
    "line_configuration", "line_spacing", "overhead_line_conductor", "underground_line_conductor",
    "triplex_line_configuration", "triplex_line_conductor", "transformer_configuration",
    "regulator_configuration",
)  # fmt: skip
KEPT_AT_NODES = ("parent", "phases", "bustype", "nominal_voltage")
SUBSTATION = "substation"

HEAD = """// The powerflow objects of {path}, without loads; written by dso, safe to delete.
#set iteration_limit=10;
clock {{
  timezone UTC0;
  starttime '2000-01-01 00:00:00';
  stoptime '2037-12-31 00:00:00';
}}
module powerflow {{
  solver_method NR;
  NR_iteration_limit 50;
  default_maximum_voltage_error 1e-9;
}}
"""


class GlmWires:
    """The powerflow objects of a GLM, houses, markets, players and recorders left out.

    Parameters
    ----------
    path : of the GLM.
    kvar_per_kw : reactive over active power of service points where the file gives none [1].

    Raises
    ------
    InputError : the file cannot be read, or no feeder can be made of it.
    """

    def __init__(self, path: Path, kvar_per_kw: float) -> None:
        self.path = path
        objects = read_glm(path)
        self.nodes = {o.name: o for o in objects if o.cls in NODES}
        self.links = {o.name: o for o in objects if o.cls in LINKS}
        self.capacitors = {o.name: o for o in objects if o.cls == "capacitor"}
        self.parts = {o.name: o for o in objects if o.cls in PARTS}
        known = (*NODES, *LINKS, *PARTS, "capacitor")
        others = [o for o in objects if o.cls not in known]
        self.points: list[GlmPoint] = service_points(self.nodes, others, kvar_per_kw)
        self._check()
        self.swing = next(n for n, o in self.nodes.items() if _is_swing(o))

    def _check(self) -> None:
        swings = sum(map(_is_swing, self.nodes.values()))
        wrong = [] if swings == 1 else [(f"{swings} nodes with `bustype SWING`", "it needs exactly one")]
        for link in self.links.values():
            lost = [end for end in ("from", "to") if link.says.get(end) not in self.nodes]
            wrong += [(link.name, f"`{end}` names no node") for end in lost]
            part = link.says.get("configuration")
            if part is not None and part not in self.parts:
                wrong.append((link.name, f"there is no configuration {part!r}"))
        if not self.points:
            wrong.append(("", "no load and no house: it has no service points"))
        if wrong:
            places = (f"{self.path}: {where}" if where else str(self.path) for where, _ in wrong)
            raise InputError([Problem(p, what) for p, (_, what) in zip(places, wrong, strict=True)])

    def root(self, name: str) -> str:
        """The node whose voltage a node shares: its outermost parent."""
        for _ in range(len(self.nodes)):
            parent = self.nodes[name].says.get("parent")
            if parent not in self.nodes:
                return name
            name = parent
        raise InputError([Problem(f"{self.path}: {name}", "its parents go round in a circle")])

    def ends(self, link: GlmObject) -> tuple[str, str]:
        """The nodes at both ends of a link."""
        return self.root(link.says["from"]), self.root(link.says["to"])

    def alive(self, out: frozenset[str]) -> set[str]:
        """Names of the nodes with a way to the head when some elements are out."""
        if SUBSTATION in out:
            return set()
        beside: dict[str, list[str]] = defaultdict(list)
        for name, link in self.links.items():
            if name not in out and closed(link):
                a, b = self.ends(link)
                beside[a].append(b)
                beside[b].append(a)
        found, edge = {self.root(self.swing)}, [self.root(self.swing)]
        while edge:
            new = [n for n in beside[edge.pop()] if n not in found]
            found.update(new)
            edge.extend(new)
        return {name for name in self.nodes if self.root(name) in found}

    def reduced(self, out: frozenset[str]) -> str:
        """The GLM of what is alive, loads at zero, taps and capacitors under our control."""
        alive = self.alive(out)
        return HEAD.format(path=self.path.name) + "".join(
            f"object {cls} {{\n  name {_quoted(name)};\n"
            + "".join(f"  {key} {_quoted(value)};\n" for key, value in says)
            + "}\n"
            for cls, name, says in self._kept(alive, out)
        )

    def _kept(self, alive: set[str], out: frozenset[str]) -> Iterator[tuple[str, str, list[tuple[str, str]]]]:
        for name, part in self.parts.items():
            yield (
                part.cls,
                name,
                _manual(part) if part.cls == "regulator_configuration" else [*part.says.items()],
            )
        for name, node in self.nodes.items():
            if name in alive:
                cls = "meter" if node.cls == SUBSTATION else node.cls
                yield cls, name, [(k, v) for k, v in node.says.items() if _kept_at(node, k)]
        for name, link in self.links.items():
            if name in out or not closed(link) or link.says["from"] not in alive:
                continue
            yield link.cls, name, [_unblown(k, v) for k, v in link.says.items() if k != "sense_node"]
        for name, shunt in self.capacitors.items():
            if shunt.says.get("parent") in alive:
                yield shunt.cls, name, _manual(shunt)


def closed(link: GlmObject) -> bool:
    """Whether the file has a link in service."""
    return link.says.get("status", "CLOSED").upper() != "OPEN"


def _is_swing(node: GlmObject) -> bool:
    return node.says.get("bustype", "").upper() == "SWING" or (
        node.cls == SUBSTATION and "bustype" not in node.says and "parent" not in node.says
    )


def _kept_at(node: GlmObject, key: str) -> bool:
    return key in KEPT_AT_NODES or (_is_swing(node) and re.fullmatch("voltage_[ABC]", key) is not None)


def _manual(item: GlmObject) -> list[tuple[str, str]]:
    """Our own controls move it, phase by phase."""
    theirs = ("control", "control_level", "remote_sense", "time_delay", "dwell_time")
    says = [(k, v) for k, v in item.says.items() if k.lower() not in theirs]
    return [*says, ("Control" if item.cls in PARTS else "control", "MANUAL"), ("control_level", "INDIVIDUAL")]


def _unblown(key: str, value: str) -> tuple[str, str]:
    """A fuse that blows would make a solve depend on the one before."""
    return (key, "1e9") if key == "current_limit" else (key, value)


def _quoted(value: str) -> str:
    return value if re.fullmatch(r"[\w.+:-]+", value) else f'"{value}"'
