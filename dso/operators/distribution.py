"""DO: the wires, their limits, and the meters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from dso.clock import Interval
from dso.messages import Equipment, FloatArray, IntArray, MeterReading
from dso.operators.equipment import (
    Case,
    Crews,
    equipment_during,
    equipment_in,
    next_change_s,
    supplied_frac,
)
from dso.operators.meter_data import metered_kw
from dso.ports import (
    BoolArray,
    ElementLimit,
    ImportAdder,
    Limits,
    NetworkModel,
    VoltageModel,
    VoltageNeeds,
)

SAME_ROW = 0.9  # cosine between two rows of one element from which on they are of the same phase

Injected = tuple[tuple[str, float], ...]


@dataclass(frozen=True, slots=True, eq=False)
class DoRecord:
    """What the DO knows of one market."""

    limits: Limits
    retries: int = 0
    broken: Limits | None = None  # what the last schedule that was looked at would break
    marginal: FloatArray | None = None  # (t, points) marginal losses at the forecast [kW/kW]
    loss_factor: FloatArray | None = None  # (t,) power at the head per power at the meters, at the forecast
    equipment: tuple[Equipment, ...] | None = None  # its state in each interval when the losses were reckoned
    interval_index: int = -1  # the interval that is being delivered
    ordered: tuple[int, ...] = ()  # intervals for which a delivery was ordered
    readings: tuple[MeterReading | None, ...] = ()
    estimated: int = 0  # meter values that the DO had to fill in
    filled: tuple[BoolArray | None, ...] = ()  # (customers,) which values of each interval those are
    dark: BoolArray | None = None  # (t, customers) who was foreseen to have no supply; None: nobody
    # By tariff and (start, length) of an interval [s]: points with the reactive power bought there [kvar].
    reactive: Mapping[str, Mapping[tuple[int, int], Injected]] = field(default_factory=dict)


@dataclass(slots=True)
class DistributionOperator:
    """The distribution owner and operator, with its records by market.

    Parameters
    ----------
    network : its picture of the wires.
    fallback : the static limits, for when the picture cannot answer.
    point_of : (customers,) index of the service point that each customer sits at; None: all at the only one.
    adder : what an import costs beside its price, such as the substation's life; None: nothing.
    crews : who repairs.
    script : failures, maintenance and upgrades that will be; of failures it learns when they begin.
    records : by market.
    cases : what it knows to be, to have been or to come, by name.
    last_kw : under `kw` what each customer drew in the last interval that was read; NaN: none was.
    """

    network: NetworkModel
    fallback: NetworkModel
    point_of: IntArray | None = None
    adder: ImportAdder | None = None
    crews: Crews = field(default_factory=Crews)
    script: tuple[Case, ...] = ()
    records: dict[str, DoRecord] = field(default_factory=dict)
    cases: dict[str, Case] = field(default_factory=dict)
    last_kw: dict[str, FloatArray] = field(default_factory=dict)

    @property
    def prices_points(self) -> bool:
        """Whether prices differ from service point to service point."""
        return self.point_of is not None and len(self.network.points) > 1

    def points_of(self, customers: IntArray) -> IntArray:
        """Index of the service point of each of some customers, (n,)."""
        return np.zeros(len(customers), np.int64) if self.point_of is None else self.point_of[customers]

    def at_points(self, kw: FloatArray, customers: IntArray) -> FloatArray:
        """The sum at each service point, (t, points), of what some customers draw, (t, n)."""
        if self.point_of is None:
            return np.asarray(kw.sum(axis=1)[:, None])
        count, at = len(self.network.points), self.point_of[customers]
        return np.array([np.bincount(at, row, count) for row in kw], np.float64).reshape(-1, count)

    def all_at_points(self, kw: FloatArray) -> FloatArray:
        """The same of all customers in one interval, (customers,) to (points,)."""
        return np.asarray(self.at_points(kw[None, :], np.arange(len(kw)))[0])

    @property
    def elements(self) -> tuple[str, ...]:
        """Names of the elements that may be out, the head of the feeder first."""
        plan = self.network.plan()
        known = () if plan is None else plan.elements
        return (self.network.element, *(name for name in known if name != self.network.element))

    def equipment(self, intervals: Sequence[Interval]) -> tuple[Equipment, ...]:
        """The state to plan each interval with: out is what is known to be out in any part of it."""
        cases = self.cases.values()
        return self._with_bought(intervals, [equipment_in(cases, interval) for interval in intervals])

    def equipment_during(self, interval: Interval) -> Equipment:
        """The state as it was in an interval that is over: out is what was out throughout."""
        return self._with_bought((interval,), [equipment_during(self.cases.values(), interval)])[0]

    def _with_bought(
        self, intervals: Sequence[Interval], states: Sequence[Equipment]
    ) -> tuple[Equipment, ...]:
        bought = [by_interval for r in self.records.values() for by_interval in r.reactive.values()]
        return tuple(_with_kvar(e, interval, bought) for e, interval in zip(states, intervals, strict=True))

    def dark(self, intervals: Sequence[Interval], customers: int) -> BoolArray | None:
        """Who is known to be without supply in some part of each interval, (t, customers); None: nobody."""
        states = self.equipment(intervals)
        if not any(e.out for e in states):
            return None
        place = self.points_of(np.arange(customers))
        return np.array([~self.network.energised(e)[place] for e in states])

    def darkened_by(self, equipment: Equipment, customer: int) -> list[str]:
        """The elements out of service that each by itself, or else together, leave a customer dark."""
        point = self.points_of(np.array([customer]))[0]
        out = sorted(equipment.out)
        alone = [e for e in out if not self.network.energised(Equipment(frozenset({e})))[point]]
        return alone or out

    def supplied_frac(self, interval: Interval, customers: int) -> FloatArray | None:
        """Part of an interval that is over in which each customer had supply; None: all of it."""
        at_points = supplied_frac(self.cases.values(), interval, self.network.energised)
        return None if at_points is None else at_points[self.points_of(np.arange(customers))]

    def next_change_s(self, after_s: int) -> int | None:
        """When limits or equipment change next, as far as is planned or scripted; None if they do not."""
        instants = (self.network.next_change_s(after_s), next_change_s(self.script, after_s))
        return min((t for t in instants if t is not None), default=None)

    def device_kw(self, market: str, devices: IntArray) -> FloatArray:
        """What the meters of some devices say, (t, n) [kW]; NaN where none was read or dark."""
        readings = self.records[market].readings
        return metered_kw(readings, devices)

    def voltage_needs(
        self, points_kw: FloatArray, intervals: Sequence[Interval]
    ) -> tuple[VoltageNeeds | None, ...]:
        """What voltages need for a load at each point, (t, points), per interval; None while in their band.

        Raises
        ------
        NetworkUnavailableError : the model has no answer.
        """
        model = self.network
        if not isinstance(model, VoltageModel):
            return (None,) * len(intervals)
        states = self.equipment(intervals)
        return tuple(model.voltage_needs(own, e) for own, e in zip(points_kw, states, strict=True))

    def losses_kw(self, points_kw: FloatArray, intervals: Sequence[Interval]) -> FloatArray:
        """Losses between the head and the meters, (t,) [kW], for a load at each point, (t, points)."""
        return self.network.losses_kw(points_kw, self.equipment(intervals))

    def losses_during_kw(self, points_kw: FloatArray, interval: Interval) -> float:
        """The same of one interval that is over, for what was metered at each point, (points,)."""
        return float(self.network.losses_kw(points_kw[None, :], (self.equipment_during(interval),))[0])

    def head_kw(self, points_kw: FloatArray, intervals: Sequence[Interval]) -> FloatArray:
        """What passes the head of the feeder, (t,) [kW]: losses enter here, once."""
        return np.asarray(points_kw.sum(axis=1) + self.losses_kw(points_kw, intervals))

    def marginal_losses(self, points_kw: FloatArray, intervals: Sequence[Interval]) -> FloatArray:
        """How losses change per kW at each point, (t, points) [kW/kW]; raises what the model raises."""
        return np.asarray(self.network.marginal_losses(points_kw, self.equipment(intervals)))

    def loss_factor(self, points_kw: FloatArray, intervals: Sequence[Interval]) -> FloatArray:
        """Power at the head per power at the meters, (t,); of a unit load where there is none."""
        total = points_kw.sum(axis=1)
        nothing = np.abs(total) < 1e-9
        load = np.where(nothing[:, None], 1.0 / points_kw.shape[1], points_kw)
        factor = 1.0 + self.losses_kw(load, intervals) / load.sum(axis=1)
        dead = [not self.network.energised(e).any() if e.out else False for e in self.equipment(intervals)]
        return np.asarray(np.where(nothing & np.array(dead, bool), 1.0, factor))

    def violated(
        self, intervals: Sequence[Interval], points_kw: FloatArray, known_at_s: int
    ) -> Limits | None:
        """Limits that a schedule breaks, (t, points), or None; raises what the network model raises."""
        states = self.equipment(intervals)
        return self.network.violated(intervals, self._lit(points_kw, states), known_at_s, states)

    def violated_static(
        self, intervals: Sequence[Interval], points_kw: FloatArray, known_at_s: int
    ) -> Limits | None:
        """The same by the static limits, for when the model cannot answer."""
        states = self.equipment(intervals)
        return self.fallback.violated(intervals, self._lit(points_kw, states), known_at_s, states)

    def _lit(self, points_kw: FloatArray, states: Sequence[Equipment]) -> FloatArray:
        """A load at each point, (t, points), without those that have no supply."""
        if not any(e.out for e in states):
            return points_kw
        return np.asarray(points_kw * np.array([self.network.energised(e) for e in states]))


def _with_kvar(
    state: Equipment, interval: Interval, bought: Sequence[Mapping[tuple[int, int], Injected]]
) -> Equipment:
    """A state of the equipment with the reactive power that was bought for an interval."""
    key = interval.start_s, interval.duration_s
    kvar = tuple(pair for by_interval in bought for pair in by_interval.get(key, ()))
    return replace(state, kvar=state.kvar + kvar) if kvar else state


def tighter(a: Limits, b: Limits | None) -> Limits:
    """The tighter of two limits in each interval; of an element's rows the newer, linear at a newer point."""
    if b is None:
        return a
    rows = [row for row in a.elements if not any(_alike(row, newer) for newer in b.elements)]
    return Limits(
        np.minimum(a.import_kw, b.import_kw), np.minimum(a.export_kw, b.export_kw), (*rows, *b.elements)
    )


def _alike(row: ElementLimit, newer: ElementLimit) -> bool:
    """Whether a newer row says of an element what an older one did; another phase is something else."""
    if (row.interval, row.element, row.kind) != (newer.interval, newer.element, newer.kind):
        return False
    size = float(np.linalg.norm(row.weight) * np.linalg.norm(newer.weight))
    return float(row.weight @ newer.weight) >= SAME_ROW * size
