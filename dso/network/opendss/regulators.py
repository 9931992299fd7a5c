"""What regulators do about a change of load: each keeps the voltage that it looks at, by moving its tap.

Taps are taken as continuous. With C the voltages that the relays see, dJ = (J_P − J_t · C_t⁻¹ · C_P) dP; a
regulator at its last tap does nothing. Source: how OpenDSS's RegControl compensates for the drop,
V/PT + (R + jX) · I/CT.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from dso.messages import FloatArray
from dso.network.opendss.circuit import Circuit

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Complexes = NDArray[np.complex128]

TAPS = 16  # either way
TAP = 0.1 / TAPS  # of the ratio


@dataclass(frozen=True, slots=True, eq=False)
class Regulator:
    """One regulator as its tap stands."""

    transformer: str  # its element
    at: NDArray[np.int64]  # (k,) index of each conductor's node, −1: the ground
    relay: Complexes  # (k,) what its relay sees per volt of each conductor
    relay_per_tap: Complexes  # (k,) how that changes with the tap
    y_per_tap: Complexes  # (k, k) how its admittance does

    def seen(self, volts: Complexes) -> complex:
        """What its relay sees [V on its own basis]."""
        return complex(self.relay @ self.own(volts))

    def own(self, volts: Complexes) -> Complexes:
        """The voltage of each of its conductors."""
        return np.where(self.at >= 0, volts[self.at], 0.0)

    def row(self, volts: Complexes) -> Complexes:
        """w of the magnitude of what its relay sees."""
        seen, w = self.seen(volts), np.zeros(len(volts), np.complex128)
        held = self.at >= 0
        np.add.at(w, self.at[held], (np.conj(seen) / abs(seen) * self.relay)[held])
        return w

    def injected_per_tap(self, volts: Complexes) -> Complexes:
        """The current that one tap more draws at each node, (nodes,) [A]."""
        found = np.zeros(len(volts), np.complex128)
        held = self.at >= 0
        np.add.at(found, self.at[held], (self.y_per_tap @ self.own(volts))[held])
        return found

    def seen_per_tap(self, volts: Complexes) -> float:
        """How the magnitude of what its relay sees changes with the tap while all voltages stay."""
        seen = self.seen(volts)
        return float(np.real(np.conj(seen) / abs(seen) * (self.relay_per_tap @ self.own(volts))))


def regulators_of(circuit: Circuit, index: dict[str, int]) -> list[Regulator]:
    """The regulators that can still move, as the circuit stands."""
    active = circuit.circuit.RegControls
    seats = list(_seats(active))
    if not seats:
        return []
    here = [circuit.primitive(seat.transformer) for seat in seats]
    beside = []
    for step in (1, -1):
        with circuit.nudged([step if seat.moves else 0 for seat in seats]):
            beside.append([circuit.primitive(seat.transformer)[1] for seat in seats])
    return [
        _regulator(seat, nodes, y, _per_tap(seat.tap, y, more, less), index)
        for seat, (nodes, y), more, less in zip(seats, here, *beside, strict=True)
        if seat.moves
    ]


def _per_tap(tap: int, y: Complexes, more: Complexes, less: Complexes) -> Complexes:
    """How an admittance changes per tap: it is quadratic in 1/ratio, so three taps tell exactly.

    A plain difference would be off by a percent, which is hundreds of amps at a bus.
    """
    u, up, down = (1 / (1 + TAP * (tap + k)) for k in (0, 1, -1))
    per_u = (more - y) / (up - u) * (u - down) / (up - down) + (y - less) / (u - down) * (up - u) / (
        up - down
    )
    return np.asarray(per_u * -TAP * u**2)


@dataclass(frozen=True, slots=True)
class _Seat:
    """What a RegControl says of itself."""

    transformer: str
    winding: int
    per_volt: float  # 1/PT
    drop_per_amp: complex  # (R + jX)/CT
    tap: int
    moves: bool


def _seats(active: Any) -> Iterator[_Seat]:
    number = active.First
    while number:
        tap = int(active.TapNumber)
        drop = complex(float(active.ForwardR), float(active.ForwardX)) / float(active.CTPrimary)
        yield _Seat(
            f"transformer.{active.Transformer.lower()}",
            int(active.Winding),
            1.0 / float(active.PTratio),
            drop,
            tap,
            abs(tap) < TAPS and not active.MonitoredBus,
        )
        number = active.Next


def _regulator(
    seat: _Seat, nodes: list[str], y: Complexes, per_tap: Complexes, index: dict[str, int]
) -> Regulator:
    k = (seat.winding - 1) * (len(nodes) // 2)  # the first phase of the winding that it looks at
    relay = seat.drop_per_amp * y[k]
    relay[k] += seat.per_volt
    at = np.array([index.get(n, -1) for n in nodes], np.int64)
    return Regulator(seat.transformer, at, relay, seat.drop_per_amp * per_tap[k], per_tap)


def following(
    fixed: FloatArray, by_tap: FloatArray, relays: FloatArray, relays_by_tap: FloatArray
) -> FloatArray:
    """Changes per kW with taps that follow, (rows, points).

    Parameters
    ----------
    fixed : (rows, points) with taps fixed.
    by_tap : (rows, regulators) per tap.
    relays : (regulators, points) what the relays see, with taps fixed.
    relays_by_tap : (regulators, regulators).
    """
    if not len(relays):
        return fixed
    moved = np.linalg.lstsq(relays_by_tap, relays, rcond=None)[0]
    return np.asarray(fixed - by_tap @ moved)
