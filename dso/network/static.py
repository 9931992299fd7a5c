"""The simplest picture of the wires: a limit at the head of the feeder, deratings, a share of losses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from dso.clock import Interval
from dso.messages import FloatArray
from dso.ports import BoolArray, Equipment, Flow, Limits, Plan

TOLERANCE = 1e-9


@dataclass(frozen=True, slots=True)
class Derate:
    """A stretch of time in which some equipment carries less than usual.

    Parameters
    ----------
    start_s, end_s : from when to when [s since the epoch], the end not included.
    import_limit_kw, export_limit_kw : what passes meanwhile [kW], 0 or more; None leaves the usual limit.
    planned : whether it is known beforehand; an unplanned one is known from its start on, with its end.

    Raises
    ------
    ValueError : it ends before it starts, or a limit is negative or no number.
    """

    start_s: int
    end_s: int
    import_limit_kw: float | None = None
    export_limit_kw: float | None = None
    planned: bool = True

    def __post_init__(self) -> None:
        if self.end_s <= self.start_s:
            raise ValueError(f"a derating must end after its start, was {self.start_s} to {self.end_s}")
        for limit in (self.import_limit_kw, self.export_limit_kw):
            if limit is not None and not limit >= 0:
                raise ValueError(f"a limit must be 0 kW or more, was {limit}")

    def covers(self, at_s: int) -> bool:
        """Whether it holds at an instant."""
        return self.start_s <= at_s < self.end_s

    def touches(self, interval: Interval) -> bool:
        """Whether it holds in some part of an interval."""
        return self.start_s < interval.end_s and interval.start_s < self.end_s

    def known(self, at_s: int) -> bool:
        """Whether the DO knows of it at an instant."""
        return self.planned or self.start_s <= at_s


@dataclass(frozen=True, slots=True)
class StaticNetwork:
    """Limits at the head of the feeder that do not depend on what flows elsewhere.

    An interval that a derating touches only in part is limited as a whole.

    Parameters
    ----------
    import_limit_kw, export_limit_kw : what may pass the head [kW], 0 or more; infinite: no limit.
    loss_frac : losses as part of the load at the meters, whichever way it flows [1], 0 to below 1.
    derates : deratings, planned or not; where several hold at once the tightest counts.
    element : the name that the limit's rent is booked under.

    Raises
    ------
    ValueError : a limit or the share of losses is out of its range.
    """

    import_limit_kw: float = np.inf
    export_limit_kw: float = np.inf
    loss_frac: float = 0.0
    derates: tuple[Derate, ...] = ()
    element: str = "substation"

    def __post_init__(self) -> None:
        if not self.import_limit_kw >= 0 or not self.export_limit_kw >= 0:
            raise ValueError(
                f"limits must be 0 kW or more, were {self.import_limit_kw} and {self.export_limit_kw}"
            )
        if not 0 <= self.loss_frac < 1:
            raise ValueError(f"loss_frac must be 0 to below 1, was {self.loss_frac}")

    def limits(self, intervals: Sequence[Interval], known_at_s: int) -> Limits:
        """What may pass in each interval, as far as is known at an instant."""
        rows = [self._limits(interval, known_at_s) for interval in intervals]
        return Limits(*np.array(rows, np.float64).reshape(-1, 2).T)

    def _limits(self, interval: Interval, known_at_s: int) -> tuple[float, float]:
        least_import, least_export = self.import_limit_kw, self.export_limit_kw
        for derate in self.derates:
            if derate.known(known_at_s) and derate.touches(interval):
                if derate.import_limit_kw is not None:
                    least_import = min(least_import, derate.import_limit_kw)
                if derate.export_limit_kw is not None:
                    least_export = min(least_export, derate.export_limit_kw)
        return least_import, least_export

    @property
    def points(self) -> tuple[str, ...]:
        """All customers sit at one point: nothing is known of the wires behind the head."""
        return ("all",)

    def violated(
        self,
        intervals: Sequence[Interval],
        load_kw: FloatArray,
        known_at_s: int,
        equipment: Sequence[Equipment],
    ) -> Limits | None:
        """Limits of all intervals if a load, (t, points) [kW], breaks one by over 1e-9 of it; else None."""
        head_kw = load_kw.sum(axis=1) + self.losses_kw(load_kw, equipment)
        changed = any(e.out or e.rating_frac for e in equipment)
        frac = np.array([self._rating_frac(e) for e in equipment]) if changed else 1.0
        return self.broken(intervals, head_kw, known_at_s, frac)

    def _rating_frac(self, equipment: Equipment) -> float:
        """The rating of the head over that as built: its limits change with it, deratings too."""
        return 0.0 if self.element in equipment.out else dict(equipment.rating_frac).get(self.element, 1.0)

    def broken(
        self,
        intervals: Sequence[Interval],
        head_kw: FloatArray,
        known_at_s: int,
        rating_frac: FloatArray | float = 1.0,
        tolerance: float = TOLERANCE,
    ) -> Limits | None:
        """The same of what passes the head, (t,) [kW], and of its rating over that as built, (t,)."""
        limits = self.limits(intervals, known_at_s)
        held = np.broadcast_to(np.asarray(rating_frac, np.float64), head_kw.shape)
        limits = Limits(_times(limits.import_kw, held), _times(limits.export_kw, held))
        over = _exceeds(head_kw, limits.import_kw, tolerance)
        return limits if (over | _exceeds(-head_kw, limits.export_kw, tolerance)).any() else None

    def reduced(self, at_s: int) -> bool:
        """Whether a derating holds at an instant."""
        return any(derate.covers(at_s) for derate in self.derates)

    def next_change_s(self, after_s: int) -> int | None:
        """When the next derating starts or ends, planned or scripted; None if none does."""
        changes = (t for derate in self.derates for t in (derate.start_s, derate.end_s) if t > after_s)
        return min(changes, default=None)

    def losses_kw(self, load_kw: FloatArray, equipment: Sequence[Equipment]) -> FloatArray:
        """Losses between the head and the meters for a load at the meters, (t,) [kW]."""
        return np.asarray(self.loss_frac * np.abs(load_kw.sum(axis=1)))

    def marginal_losses(self, load_kw: FloatArray, equipment: Sequence[Equipment]) -> FloatArray:
        """None: a share of losses is the same for all, and is in the scaling of the tariffs."""
        return np.zeros_like(load_kw)

    def energised(self, equipment: Equipment) -> BoolArray:
        """The one point, unless the head of the feeder itself is out."""
        return np.array([self.element not in equipment.out])

    def flow(self, load_kw: FloatArray, equipment: Equipment) -> Flow | None:
        """None: there is no power flow to look at."""
        return None

    def plan(self) -> Plan | None:
        """None: nothing is known of the wires behind the head."""
        return None


def _times(limit_kw: FloatArray, frac: FloatArray) -> FloatArray:
    """A limit, (t,), times a rating; no limit stays none unless nothing is left of the rating."""
    return np.asarray(np.where(frac > 0, limit_kw * np.where(frac > 0, frac, 1.0), 0.0))


def _exceeds(flow_kw: FloatArray, limit_kw: FloatArray, tolerance: float) -> np.ndarray:
    """Whether a flow is beyond its limit, (t,), by more than rounding; a limit of 0 counts as one of 1 kW."""
    return np.asarray(flow_kw > limit_kw + tolerance * np.maximum(limit_kw, 1.0))
