"""The DO's wires by power flow: every interval is solved, and what breaks a limit becomes a row of limits."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np

from dso.clock import Interval
from dso.errors import NetworkUnavailableError
from dso.messages import AS_BUILT, Equipment, FloatArray, IntArray
from dso.network.static import StaticNetwork
from dso.network.voltage_needs import voltage_needs
from dso.ports import BoolArray, ElementLimit, Feeder, Flow, Limits, Plan, ReactiveFeeder, VoltageNeeds

Kind = Literal["ampacity", "capacity", "voltage"]

TOLERANCE_PU = 1e-6  # beyond a limit by less is rounding
NEAR_PU = 0.005  # loading so near to its limit is given a row, too, lest the next schedule breaks it
REACH_FRAC = 0.5  # a voltage that less than this part of the load's effect would mend is a matter of markets
LOADING_MARGIN_PU, VOLTAGE_MARGIN_PU = 5e-4, 1e-4  # rows aim so far inside, for they are straight
MOST_ELEMENTS, MOST_NODES = 40, 20  # rows of one interval, the worst first
LEVELS, STEP_PU = 11, 0.00625  # parts of a published load that are looked at; a regulator's step
HEAD_TOLERANCE = 1e-5  # of the head's limit: losses are found step by step
DIGITS = 9  # loads are rounded to a microwatt, so that who asks again for the same is told the same


@dataclass(frozen=True, slots=True)
class Band:
    """Voltages that are allowed, ANSI C84.1-2020 for 120 to 600 V services and for primaries above 600 V."""

    primary: tuple[float, float]
    service: tuple[float, float]


RANGE_A = Band((0.975, 1.05), (0.95, 1.05))
RANGE_B = Band((0.95, 1.058), (0.917, 1.058))


class PowerFlowNetwork:
    """Any feeder as the DO's picture of its wires.

    Lines and transformers carry 100 % of their rating, the substation likewise; voltages stay in ANSI C84.1
    range A, or in range B while something is out of service or the study says so. A voltage on which the
    whole load has next to no effect, such as that at a regulator, becomes no limit: no market could keep it.

    Parameters
    ----------
    head : limits and deratings at the head; its share of losses counts where there is no power flow.
    feeder : the model that is solved.
    emergency : whether range B is enough at all times.
    published : whether `Feeder.base_kw` is the load that the feeder was published with. If it leaves the band
        upwards with parts of that, its regulators are set so, which no market can mend: then what they make
        of it, and a step more, is allowed.
    """

    def __init__(
        self, head: StaticNetwork, feeder: Feeder, *, emergency: bool = False, published: bool = False
    ) -> None:
        self.head, self.feeder, self.emergency, self.published = head, feeder, emergency, published
        self.element = head.element
        self.points = feeder.points

    def limits(self, intervals: Sequence[Interval], known_at_s: int) -> Limits:
        """What may pass the head in each interval, as far as is known at an instant."""
        return self.head.limits(intervals, known_at_s)

    def violated(
        self,
        intervals: Sequence[Interval],
        load_kw: FloatArray,
        known_at_s: int,
        equipment: Sequence[Equipment],
    ) -> Limits | None:
        """Limits that a load at each point, (t, points) [kW], breaks; None if it can flow.

        Raises
        ------
        NetworkUnavailableError : an interval has no power flow.
        """
        rows: list[ElementLimit] = []
        head_kw = np.empty(len(intervals))
        for t, state in enumerate(equipment):
            own = _rounded(load_kw[t])
            flow = self.feeder.solve(own, state)
            head_kw[t] = flow.head_kw
            rows += self._rows(t, own, state, flow)
        limits = self.head.broken(intervals, head_kw, known_at_s, tolerance=HEAD_TOLERANCE)
        if limits is None and not rows:
            return None
        held = limits or Limits.none(len(intervals))
        return Limits(held.import_kw, held.export_kw, tuple(rows))

    def _rows(self, t: int, load_kw: FloatArray, state: Equipment, flow: Flow) -> list[ElementLimit]:
        """Rows of an interval in which something breaks that load can mend, linear at what was solved."""
        low, high = self._allowed(state, flow.voltage_pu)
        over, under, above = flow.loading_pu - 1.0, low - flow.voltage_pu, flow.voltage_pu - high
        if not (_breaks(over) or _breaks(under) or _breaks(above)):
            return []
        elements = _worst(over, MOST_ELEMENTS, -NEAR_PU)
        nodes = _worst(np.fmax(under, above), MOST_NODES, TOLERANCE_PU)
        loading, voltage = self.feeder.sensitivity(load_kw, state, elements, nodes)
        kept = [
            self._voltage_row(t, k, w, load_kw, flow, low, high) for k, w in zip(nodes, voltage, strict=True)
        ]
        rows = [row for row in kept if row is not None]
        if not rows and not _breaks(over):
            return []
        for k, weight in zip(elements.tolist(), loading, strict=True):
            bound = 1.0 - LOADING_MARGIN_PU - float(flow.loading_pu[k]) + float(weight @ load_kw)
            name = self.feeder.elements[k]
            kind: Kind = "capacity" if name == self.element else "ampacity"
            rows.append(ElementLimit(t, name, kind, weight, bound))
        return rows

    def _voltage_row(
        self,
        t: int,
        node: int,
        weight: FloatArray,
        load_kw: FloatArray,
        flow: Flow,
        low: FloatArray,
        high: FloatArray,
    ) -> ElementLimit | None:
        """The row of a voltage beyond its band; None where load has next to no say, but regulators have.

        Load has one if without it the voltage were in its band, and more than a regulator's step away.
        """
        volts = float(flow.voltage_pu[node])
        falls = volts < low[node]
        way, aim = (-1.0, low[node] + VOLTAGE_MARGIN_PU) if falls else (1.0, high[node] - VOLTAGE_MARGIN_PU)
        beyond, caused = abs(aim - volts), way * float(weight @ load_kw)
        by_load = beyond < caused and caused > STEP_PU
        if not (by_load or beyond < REACH_FRAC * float(np.abs(weight) @ np.abs(load_kw))):
            return None
        bound = way * (float(aim) - volts + float(weight @ load_kw))
        return ElementLimit(t, f"bus.{self.feeder.nodes[node]}", "voltage", way * weight, bound)

    def _band(self, state: Equipment) -> tuple[FloatArray, FloatArray]:
        band = RANGE_B if self.emergency or state.out else RANGE_A
        low = np.where(self.feeder.at_service, band.service[0], band.primary[0])
        return low, np.where(self.feeder.at_service, band.service[1], band.primary[1])

    def _allowed(self, state: Equipment, volts: FloatArray) -> tuple[FloatArray, FloatArray]:
        """The band, and more above for a feeder that leaves it with parts of its own load."""
        low, high = self._band(state)
        if self.published and _breaks(volts - high) and _breaks(self._own_pu - high):
            high = np.fmax(high, self._own_pu + STEP_PU)
        return low, high

    @cached_property
    def _own_pu(self) -> FloatArray:
        """The highest voltage of each node at parts of the published load."""
        highest = np.full(len(self.feeder.nodes), -np.inf)
        for part in np.linspace(0.0, 1.0, LEVELS):
            with suppress(NetworkUnavailableError):
                own = self.feeder.solve(_rounded(self.feeder.base_kw * part), AS_BUILT)
                highest = np.fmax(highest, own.voltage_pu)
        return highest

    def voltage_needs(self, load_kw: FloatArray, equipment: Equipment) -> VoltageNeeds | None:
        """What voltages need to be in their band; None while they are, or the feeder cannot tell.

        Raises
        ------
        NetworkUnavailableError : it has no power flow.
        """
        if not isinstance(self.feeder, ReactiveFeeder):
            return None
        own = _rounded(load_kw)
        band = self._allowed(equipment, self.feeder.solve(own, equipment).voltage_pu)
        return voltage_needs(self.feeder, own, equipment, *band)

    def losses_kw(self, load_kw: FloatArray, equipment: Sequence[Equipment]) -> FloatArray:
        """Losses for a load at each point, (t,) [kW]; where there is no power flow, the head's share."""
        return np.array([self._losses(own, e) for own, e in zip(load_kw, equipment, strict=True)])

    def _losses(self, load_kw: FloatArray, state: Equipment) -> float:
        if self.element in state.out:
            return 0.0
        own = np.where(self.feeder.energised(state), _rounded(load_kw), 0.0)
        try:
            return self.feeder.solve(own, state).losses_kw
        except NetworkUnavailableError:
            return float(self.head.losses_kw(own[None, :], (state,))[0])

    def marginal_losses(self, load_kw: FloatArray, equipment: Sequence[Equipment]) -> FloatArray:
        """How losses change per kW at each point, (t, points); raises NetworkUnavailableError."""
        rows = zip(load_kw, equipment, strict=True)
        return np.array([self.feeder.marginal_losses(_rounded(own), e) for own, e in rows])

    def energised(self, equipment: Equipment) -> BoolArray:
        """Which service points are supplied, (points,); none while the head itself is out."""
        return self.feeder.energised(equipment) & (self.element not in equipment.out)

    def flow(self, load_kw: FloatArray, equipment: Equipment) -> Flow | None:
        """The power flow of a load at each point; raises NetworkUnavailableError."""
        return self.feeder.solve(_rounded(load_kw), equipment)

    def plan(self) -> Plan | None:
        """What the feeder looks like."""
        return self.feeder.plan()

    def reduced(self, at_s: int) -> bool:
        """Whether a derating of the head holds at an instant."""
        return self.head.reduced(at_s)

    def next_change_s(self, after_s: int) -> int | None:
        """When the next derating of the head starts or ends; None if none does."""
        return self.head.next_change_s(after_s)


def _rounded(load_kw: FloatArray) -> FloatArray:
    return np.asarray(np.round(load_kw, DIGITS) + 0.0)


def _breaks(beyond: FloatArray) -> bool:
    return bool((beyond > TOLERANCE_PU).any())


def _worst(beyond: FloatArray, most: int, least: float) -> IntArray:
    """Which are beyond their limit by more than `least`; the worst first."""
    found = np.flatnonzero(beyond > least)
    return found[np.argsort(-beyond[found], kind="stable")][:most].astype(np.int64)
