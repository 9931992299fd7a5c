"""DO: the wires, their limits, and the meters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from dso.clock import Interval
from dso.messages import AS_BUILT, Equipment, FloatArray, IntArray, MeterReading
from dso.ports import ElementLimit, ImportAdder, Limits, NetworkModel, VoltageModel, VoltageNeeds

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
    records : by market.
    """

    network: NetworkModel
    fallback: NetworkModel
    point_of: IntArray | None = None
    adder: ImportAdder | None = None
    records: dict[str, DoRecord] = field(default_factory=dict)

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

    def equipment(self, intervals: Sequence[Interval]) -> tuple[Equipment, ...]:
        """The state of the equipment in each interval, as far as is known."""
        bought = [by_interval for r in self.records.values() for by_interval in r.reactive.values()]
        return tuple(_with_kvar(AS_BUILT, interval, bought) for interval in intervals)

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

    def head_kw(self, points_kw: FloatArray, intervals: Sequence[Interval]) -> FloatArray:
        """What passes the head of the feeder, (t,) [kW]: losses enter here, once."""
        return np.asarray(points_kw.sum(axis=1) + self.losses_kw(points_kw, intervals))

    def marginal_losses(self, points_kw: FloatArray, intervals: Sequence[Interval]) -> FloatArray:
        """How losses change per kW at each point, (t, points) [kW/kW]; raises what the model raises."""
        return np.asarray(self.network.marginal_losses(points_kw, self.equipment(intervals)))

    def loss_factor(self, points_kw: FloatArray, intervals: Sequence[Interval]) -> FloatArray:
        """Power at the head per power at the meters, (t,); of a unit load where there is none."""
        total = points_kw.sum(axis=1)
        load = np.where((np.abs(total) < 1e-9)[:, None], 1.0 / points_kw.shape[1], points_kw)
        return np.asarray(1.0 + self.losses_kw(load, intervals) / load.sum(axis=1))

    def violated(
        self, intervals: Sequence[Interval], points_kw: FloatArray, known_at_s: int
    ) -> Limits | None:
        """Limits that a schedule breaks, (t, points), or None; raises what the network model raises."""
        return self.network.violated(intervals, points_kw, known_at_s, self.equipment(intervals))

    def violated_static(
        self, intervals: Sequence[Interval], points_kw: FloatArray, known_at_s: int
    ) -> Limits | None:
        """The same by the static limits, for when the model cannot answer."""
        return self.fallback.violated(intervals, points_kw, known_at_s, self.equipment(intervals))


def _with_kvar(
    state: Equipment, interval: Interval, bought: Sequence[Mapping[tuple[int, int], Injected]]
) -> Equipment:
    """A state of the equipment with the reactive power that was bought for an interval."""
    key = interval.start_s, interval.duration_s
    kvar = tuple(pair for by_interval in bought for pair in by_interval.get(key, ()))
    return replace(state, kvar=state.kvar + kvar) if kvar else state


def tighter(a: Limits, b: Limits | None) -> Limits:
    """The tighter of two limits in each interval; of an element the newer, linear at a newer point."""
    if b is None:
        return a
    rows: dict[tuple[int, str, str], ElementLimit] = {
        (r.interval, r.element, r.kind): r for r in (*a.elements, *b.elements)
    }
    return Limits(
        np.minimum(a.import_kw, b.import_kw), np.minimum(a.export_kw, b.export_kw), tuple(rows.values())
    )
