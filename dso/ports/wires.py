"""What the DO asks of a model of its wires."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from dso.clock import Interval
from dso.market import Curve
from dso.messages import AS_BUILT, Equipment, FloatArray, IntArray

BoolArray = NDArray[np.bool_]

__all__ = [
    "AS_BUILT",
    "BoolArray",
    "ElementLimit",
    "Equipment",
    "Feeder",
    "Flow",
    "ImportAdder",
    "Limits",
    "NetworkModel",
    "Plan",
    "ReactiveFeeder",
    "VoltageModel",
    "VoltageNeeds",
]


@dataclass(frozen=True, slots=True, eq=False)
class ElementLimit:
    """What one element lets pass in one interval, linear in the load: weight · load ≤ bound.

    Both are per unit: of the element's rating, or of the nominal voltage. Its shadow price is in USD/h per
    unit, so shadow · weight is in USD/kWh at each service point.
    """

    interval: int  # index of the interval in its market
    element: str
    kind: Literal["ampacity", "capacity", "voltage"]
    weight: FloatArray  # (points,) [p.u. per kW]
    bound: float  # [p.u.]


@dataclass(frozen=True, slots=True, eq=False)
class Limits:
    """What may flow, per interval: through the head of the feeder, and through single elements."""

    import_kw: FloatArray  # (t,) infinite where nothing limits it
    export_kw: FloatArray  # (t,)
    elements: tuple[ElementLimit, ...] = ()

    @classmethod
    def none(cls, count: int) -> Limits:
        """No limit in any of `count` intervals."""
        return cls(np.full(count, np.inf), np.full(count, np.inf))


@dataclass(frozen=True, slots=True, eq=False)
class Flow:
    """A solved power flow."""

    head_kw: float  # at the head of the feeder, losses included
    head_kvar: float
    losses_kw: float
    loading_pu: FloatArray  # (elements,) of the rating: amps of lines and transformers, kVA of the substation
    voltage_pu: FloatArray  # (nodes,) of the nominal; NaN where dead


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """What a feeder looks like, for tables and pictures; positions and distances are NaN where not known."""

    nodes: tuple[str, ...]  # bus.phase
    at_service: BoolArray  # (nodes,)
    distance_km: FloatArray  # (nodes,) from the head along the wires
    x: FloatArray  # (nodes,) in the model's own units
    y: FloatArray  # (nodes,)
    elements: tuple[str, ...]
    ends: tuple[tuple[str, str], ...]  # (elements) the buses that each joins; the same bus twice for the head
    rating: FloatArray  # (elements,) infinite where there is none
    unit: tuple[str, ...]  # (elements) A or kVA


class Feeder(Protocol):
    """A power flow of a feeder, whose answers depend on their arguments only, never on the solve before.

    Loads are those at service points, where customers sit, at each point's power factor.
    """

    @property
    def points(self) -> tuple[str, ...]:
        """Names of the service points."""

    @property
    def base_kw(self) -> FloatArray:
        """Load that each point was designed for, (points,) [kW]."""

    @property
    def elements(self) -> tuple[str, ...]:
        """Names of the elements with a rating, the substation first; those of `Equipment` are among them."""

    @property
    def nodes(self) -> tuple[str, ...]:
        """Names of the nodes (bus.phase) whose voltage is watched."""

    @property
    def at_service(self) -> BoolArray:
        """Whether a node is at the service voltage, (nodes,); else it is on the primaries."""

    def solve(self, load_kw: FloatArray, equipment: Equipment) -> Flow:
        """Solve for a load at each service point, (points,) [kW].

        Raises
        ------
        NetworkUnavailableError : it does not converge.
        """

    def sensitivity(
        self, load_kw: FloatArray, equipment: Equipment, elements: IntArray, nodes: IntArray
    ) -> tuple[FloatArray, FloatArray]:
        """How loading, (e, points), and voltage, (n, points), change per kW at a point [p.u./kW].

        Parameters
        ----------
        load_kw, equipment : the point to linearise at; raises as `solve` does.
        elements, nodes : which elements' loading and which nodes' voltage, by index.
        """

    def marginal_losses(self, load_kw: FloatArray, equipment: Equipment) -> FloatArray:
        """How losses change per kW at each point, (points,) [kW/kW]; raises as `solve` does."""

    def energised(self, equipment: Equipment) -> BoolArray:
        """Which service points are supplied, (points,)."""

    def plan(self) -> Plan:
        """What the feeder looks like."""


@runtime_checkable
class ReactiveFeeder(Feeder, Protocol):
    """A feeder that takes `Equipment.kvar` into account, and knows what reactive power does to voltages."""

    def per_kvar(self, load_kw: FloatArray, equipment: Equipment, nodes: IntArray) -> FloatArray:
        """How voltage changes per kvar injected at each point, (n, points) [p.u./kvar], taps fixed."""


@dataclass(frozen=True, slots=True, eq=False)
class VoltageNeeds:
    """What the nodes that are watched need to be in their band, and what reactive power does to them."""

    nodes: tuple[str, ...]
    shortfall_pu: FloatArray  # (n,) by how much each must rise; negative: may fall
    room_pu: FloatArray  # (n,) by how much it may rise; negative: must fall
    per_kvar: FloatArray  # (n, points) [p.u. per kvar injected]


@runtime_checkable
class VoltageModel(Protocol):
    """A network model that can say what its voltages need."""

    def voltage_needs(self, load_kw: FloatArray, equipment: Equipment) -> VoltageNeeds | None:
        """For a load at each point, (points,) [kW]; None while all nodes are in their band.

        Raises
        ------
        NetworkUnavailableError : the model has no answer.
        """


class ImportAdder(Protocol):
    """What power through the head costs beside its price, such as the life of the substation."""

    def adder(self, interval: Interval) -> Curve:
        """What passes the head at each price, a supply: negative loads [kW over USD/kWh]."""


class NetworkModel(Protocol):
    """The DO's picture of its wires: what may flow, and what is lost."""

    @property
    def element(self) -> str:
        """The element at the head of the feeder whose rent is booked, such as `substation`."""

    @property
    def points(self) -> tuple[str, ...]:
        """Names of the service points; one where nothing is known of the wires."""

    def violated(
        self,
        intervals: Sequence[Interval],
        load_kw: FloatArray,
        known_at_s: int,
        equipment: Sequence[Equipment],
    ) -> Limits | None:
        """Limits that a schedule breaks; None if it can flow.

        Parameters
        ----------
        intervals : t of them.
        load_kw : (t, points) at the meters [kW].
        known_at_s : when it is asked; nothing that comes to light later counts.
        equipment : its state in each interval.

        Raises
        ------
        NetworkUnavailableError : the model has no answer.
        """

    def losses_kw(self, load_kw: FloatArray, equipment: Sequence[Equipment]) -> FloatArray:
        """Losses that a load, (t, points) [kW], causes between the head and the meters, (t,)."""

    def marginal_losses(self, load_kw: FloatArray, equipment: Sequence[Equipment]) -> FloatArray:
        """How losses change per kW at each point, (t, points) [kW/kW]; 0 where they are not priced."""

    def energised(self, equipment: Equipment) -> BoolArray:
        """Which service points are supplied, (points,)."""

    def flow(self, load_kw: FloatArray, equipment: Equipment) -> Flow | None:
        """The power flow of a load at each point, (points,) [kW]; None where the model has none."""

    def plan(self) -> Plan | None:
        """What the feeder looks like; None where the model does not know."""

    def reduced(self, at_s: int) -> bool:
        """Whether some equipment carries less than usual at an instant."""

    def next_change_s(self, after_s: int) -> int | None:
        """When its limits change next, as far as is planned or scripted; None if they do not."""
