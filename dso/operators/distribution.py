"""DO: the wires, their limits, and the meters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from dso.clock import Interval
from dso.messages import FloatArray, MeterReading
from dso.ports import Limits, NetworkModel


@dataclass(frozen=True, slots=True, eq=False)
class DoRecord:
    """What the DO knows of one market."""

    limits: Limits
    retries: int = 0
    broken: Limits | None = None  # what the last schedule that was looked at would break
    interval_index: int = -1  # the interval that is being delivered
    ordered: tuple[int, ...] = ()  # intervals for which a delivery was ordered
    readings: tuple[MeterReading | None, ...] = ()
    estimated: int = 0  # meter values that the DO had to fill in


@dataclass(slots=True)
class DistributionOperator:
    """The distribution owner and operator, with its records by market."""

    network: NetworkModel
    fallback: NetworkModel
    records: dict[str, DoRecord] = field(default_factory=dict)

    def head_kw(self, load_kw: FloatArray) -> FloatArray:
        """What passes the head of the feeder for a load at the meters, (t,) [kW]: losses enter here, once."""
        return np.asarray(load_kw + self.network.losses_kw(load_kw))

    def loss_frac(self, load_kw: FloatArray) -> FloatArray:
        """Losses per kW of load, (t,); of a unit load where there is none."""
        load = np.where(np.abs(load_kw) < 1e-9, 1.0, load_kw)
        return np.asarray(self.network.losses_kw(load) / load)

    def violated(self, intervals: Sequence[Interval], head_kw: FloatArray, known_at_s: int) -> Limits | None:
        """Limits that a schedule at the head breaks, or None; raises what the network model raises."""
        return self.network.violated(intervals, head_kw, known_at_s)

    def violated_static(
        self, intervals: Sequence[Interval], head_kw: FloatArray, known_at_s: int
    ) -> Limits | None:
        """The same by the static limits, for when the model cannot answer."""
        return self.fallback.violated(intervals, head_kw, known_at_s)


def tighter(a: Limits, b: Limits | None) -> Limits:
    """The tighter of two limits in each interval; the first where there is no other."""
    if b is None:
        return a
    return Limits(np.minimum(a.import_kw, b.import_kw), np.minimum(a.export_kw, b.export_kw))
