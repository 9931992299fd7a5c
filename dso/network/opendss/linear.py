"""First-order changes at a solved point: adjoint solves with the system's Y, taps as solved.

Y·V + conj(S/V) = I of the sources, with S the load of each node, so Y·dV − D·conj(dV) = −conj(dS/V) with
D = conj(S)/conj(V)². A real quantity with dJ = Re(w·dV) changes by −Re(λ·conj(dS/V)), where λ solves
Yᵀλ = w + conj(D·λ); the last term is small beside the first, and a few sweeps settle it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from dso.messages import FloatArray, IntArray

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Complexes = NDArray[np.complex128]

SWEEPS, SETTLED = 30, 1e-10


@dataclass(frozen=True, slots=True, eq=False)
class Loads:
    """Where the coils of loads hang: from a node to another one, or to the ground."""

    plus: IntArray  # (coils,) index of the node, −1: the ground
    minus: IntArray  # (coils,) of the other one
    point: IntArray  # (coils,) at which service point
    of: IntArray  # (coils,) of which load
    share: FloatArray  # (coils,) what part of it

    def across(self, values: Complexes) -> Complexes:
        """The difference of a nodal quantity over each load."""
        grounded = np.append(values, 0.0)
        return np.asarray(grounded[self.plus] - grounded[self.minus])

    def into(self, values: Complexes, count: int) -> Complexes:
        """A quantity of each load, put at its nodes."""
        found = np.zeros(count + 1, np.complex128)
        np.add.at(found, self.plus, values)
        np.subtract.at(found, self.minus, values)
        return found[:count]


class Linear:
    """A circuit about one solved point.

    Parameters
    ----------
    factored : LU factors of Y without loads, of the state of taps that was solved.
    loads : where loads hang.
    volts : (nodes,) as solved [V].
    load_va : (loads,) as solved [VA].
    """

    def __init__(self, factored: Any, loads: Loads, volts: Complexes, load_va: Complexes) -> None:
        self._factored, self._loads, self._count = factored, loads, len(volts)
        across = loads.across(volts)
        self._across = across
        self._adjoints: dict[bytes, Complexes] = {}
        self._feedback = np.conj(load_va[loads.of] * loads.share) / np.conj(across) ** 2

    def change_per_kw(self, w: Complexes, kvar_per_kw: FloatArray, points: int) -> FloatArray:
        """How quantities with dJ = Re(w·dV) change per kW at each point, (rows, points).

        Parameters
        ----------
        w : (rows, nodes).
        kvar_per_kw : (loads,) reactive power that comes with each kW.
        points : how many there are.
        """
        return self._changes(w, 1e3 * (1 - 1j * kvar_per_kw)[self._loads.of], points)

    def change_per_kvar(self, w: Complexes, points: int) -> FloatArray:
        """The same per kvar injected at each point, (rows, points): load that is −1j kVA."""
        return self._changes(w, np.full(len(self._across), 1e3j), points)

    def change_per_current(self, w: Complexes, drawn: Complexes) -> FloatArray:
        """The same per unit of currents that are drawn, (rows, k); `drawn` is (k, nodes) [A]."""
        return np.array([-np.real(drawn @ self._adjoint(own)) for own in w]).reshape(len(w), len(drawn))

    def _changes(self, w: Complexes, ds: NDArray[Any], points: int) -> FloatArray:
        """`ds` : (coils,) conj(dS) of the load that each is a part of [VA]."""
        out = np.zeros((len(w), points))
        per_volt = ds * self._loads.share / np.conj(self._across)
        for row, own in enumerate(w):
            adjoint = self._adjoint(own)
            change = -np.real(self._loads.across(adjoint) * per_volt)
            out[row] = np.bincount(self._loads.point, change, points)
        return out

    def _adjoint(self, w: Complexes) -> Complexes:
        key = w.tobytes()
        if key not in self._adjoints:
            self._adjoints[key] = self._solved_adjoint(w)
        return self._adjoints[key]

    def _solved_adjoint(self, w: Complexes) -> Complexes:
        found: Complexes = self._factored.solve(w, trans="T")
        least = SETTLED * max(float(np.abs(found).max(initial=0.0)), 1e-300)
        for _ in range(SWEEPS):
            fed = np.conj(self._feedback * self._loads.across(found))
            following = self._factored.solve(w + self._loads.into(fed, self._count), trans="T")
            moved = float(np.abs(following - found).max(initial=0.0))
            found = following
            if moved <= least:
                break
        return found
