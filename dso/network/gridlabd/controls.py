"""Regulators and capacitors, moved between solves from the state that the file gives them.

GridLAB-D moves them one step in each delay, so that their state would depend on all solves before. Here a
regulator moves as many taps as bring it just into its band; one that would hunt between two taps stays.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from dso.network.gridlabd.text import GlmObject
from dso.network.gridlabd.values import quantity, real

ROUNDS = 20
Reader = Callable[[str, str], complex]  # object and property to what was read


@dataclass(slots=True)
class Control:
    """One tap or one capacitor's switch: moved by what is sensed."""

    name: str
    key: str  # the property set
    position: int  # a tap, or 1 for closed
    lowest: int
    highest: int
    sense: Callable[[Reader], float]
    low: float
    high: float
    step: float  # what one tap does to what is sensed; 0 for a capacitor
    leader: str = ""  # property of the bank's leader, which the others follow
    last: int = 0
    held: bool = False

    def move(self, read: Reader) -> bool:
        """Whether it moves, given what was solved."""
        sensed = self.sense(read)
        short = self.low - sensed if sensed < self.low else min(self.high - sensed, 0.0)
        if self.held or short == 0:
            return False
        if self.step == 0:
            wanted = self.highest if short > 0 else self.lowest
        else:
            wanted = self.position + int(math.copysign(math.ceil(abs(short) / self.step), short))
        wanted = min(max(wanted, self.lowest), self.highest)
        change = wanted - self.position
        if change * self.last < 0 and abs(change) <= 1:
            self.held = True
            return False
        self.position, self.last = wanted, change or self.last
        return change != 0

    @property
    def setting(self) -> tuple[str, str, str]:
        """Object, property and value."""
        text = str(self.position) if self.step else ("OPEN", "CLOSED")[self.position]
        return self.name, self.key, text


def move_all(controls: list[Control], read: Reader) -> bool:
    """Whether any of them moves, given what was solved; those of a bank follow its leader."""
    moved = [c.move(read) for c in controls if not c.leader]
    leaders = {(c.name, c.key): c for c in controls if not c.leader}
    for control in controls:
        if control.leader:
            control.position = leaders[control.name, control.leader].position
    return any(moved)


def regulator_controls(link: GlmObject, config: GlmObject, to_node: str, nodes: set[str]) -> list[Control]:
    """One control for each phase of a regulator.

    Parameters
    ----------
    link, config : the regulator and its configuration.
    to_node : the node that it regulates.
    nodes : names of the nodes whose voltage is read.
    """
    says = {k.lower(): v for k, v in config.says.items()}
    kind = says.get("control", "OUTPUT_VOLTAGE").upper()
    raises, lowers = int(real(says.get("raise_taps"), 16)), int(real(says.get("lower_taps"), 16))
    centre, width = real(says.get("band_center"), 0.0), real(says.get("band_width"), 0.0)
    phases = [p for p in "ABC" if p in link.says.get("phases", "")]
    node = link.says.get("sense_node", to_node) if kind == "REMOTE_NODE" else to_node
    fixed = (
        kind not in ("OUTPUT_VOLTAGE", "LINE_DROP_COMP", "REMOTE_NODE") or node not in nodes or centre <= 0
    )
    low, high = (-math.inf, math.inf) if fixed else (centre - width / 2, centre + width / 2)
    leader = _leader(says, phases, "pt_phase")

    def control(phase: str) -> Control:
        drop = _line_drop(says, phase, node, link.name) if kind == "LINE_DROP_COMP" and not fixed else None
        tap = real(link.says.get(f"tap_{phase}"), real(says.get(f"tap_pos_{phase.lower()}"), 0.0))
        step = (centre or 1.0) * real(says.get("regulation"), 0.1) / max(raises, 1)
        follows = f"tap_{leader}" if leader and phase != leader else ""
        sense = drop or _voltage(node, phase)
        return Control(link.name, f"tap_{phase}", int(tap), -lowers, raises, sense, low, high, step, follows)

    return [control(phase) for phase in phases]


def capacitor_controls(shunt: GlmObject, at: str, nodes: dict[str, str]) -> list[Control]:
    """One control for each phase of a capacitor; only those by voltage move.

    Parameters
    ----------
    shunt : the capacitor.
    at : the node whose voltage it has.
    nodes : the node whose voltage is read, by the name of each node.
    """
    says = {k.lower(): v for k, v in shunt.says.items()}
    by_voltage = says.get("control", "MANUAL").upper() == "VOLT"
    low, high = real(says.get("voltage_set_low"), 0.0), real(says.get("voltage_set_high"), math.inf)
    if not by_voltage:
        low, high = -math.inf, math.inf
    node = nodes.get(says.get("remote_sense", ""), at)
    connected = says.get("phases_connected", says.get("phases", "ABC"))
    phases = [p for p in "ABC" if p in connected and quantity(says.get(f"capacitor_{p.lower()}"))]
    leader = _leader(says, phases, "pt_phase")
    return [
        Control(
            shunt.name,
            f"switch{p}",
            int(says.get(f"switch{p.lower()}", "OPEN").upper() == "CLOSED"),
            0,
            1,
            _voltage(node, p),
            low,
            high,
            0.0,
            f"switch{leader}" if leader and p != leader else "",
        )
        for p in phases
    ]


def _leader(says: dict[str, str], phases: list[str], key: str) -> str:
    """The phase that a bank follows; empty where each phase is on its own."""
    if says.get("control_level", "INDIVIDUAL").upper() != "BANK" or not phases:
        return ""
    return next((p for p in says.get(key, "A").strip('"') if p in phases), phases[0])


def _voltage(node: str, phase: str) -> Callable[[Reader], float]:
    return lambda read: abs(read(node, f"voltage_{phase}"))


def _line_drop(says: dict[str, str], phase: str, node: str, link: str) -> Callable[[Reader], float]:
    """The voltage at the far end of the line that the compensator stands for, on the meter's side."""
    pt = real(says.get("power_transducer_ratio"), 1.0)
    ct = real(says.get("current_transducer_ratio"), 1.0)
    parts = (real(says.get(f"compensator_{c}_setting_{phase.lower()}"), 0.0) for c in "rx")
    ohms = complex(*parts) / ct
    return lambda read: abs(read(node, f"voltage_{phase}") / pt - ohms * read(link, f"current_out_{phase}"))
