"""Service points: which homes hang on which rated transformer, at which bus and phase."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ServicePoint:
    """One service transformer with its secondary, and the homes behind it.

    Parameters
    ----------
    name : unique, e.g. `48.1-2`: bus, phase or phases, number of the transformer there.
    bus : the primary bus.
    phases : (1,) line to neutral, (1, 2) between two lines.
    kv : voltage across its primary [kV].
    rated_kva : of the transformer [kVA].
    homes : how many hang on it.
    kvar_per_kw : reactive over active power of its homes [1].
    secondary_m : length of its secondary [m].
    """

    name: str
    bus: str
    phases: tuple[int, ...]
    kv: float
    rated_kva: float
    homes: int
    kvar_per_kw: float = 0.3
    secondary_m: float = 30.0
