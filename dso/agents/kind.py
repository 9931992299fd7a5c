"""What one kind of device is to its agents: the contract between `DeviceAgents` and a kind's own file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from dso.agents.planning import Problem
from dso.clock import HOUR_S
from dso.messages import FloatArray, IntArray, Measured, Setting


@dataclass(frozen=True, slots=True)
class Window:
    """The equal intervals that a plan is made for."""

    start_s: int
    count: int
    interval_s: int = HOUR_S

    @property
    def hours(self) -> float:
        """Length of an interval [h]."""
        return self.interval_s / HOUR_S

    @property
    def end_s(self) -> int:
        """Where it ends."""
        return self.start_s + self.count * self.interval_s


class Kind(Protocol):
    """Agents of one kind of device: nameplates, what they know of its state, the problem of a plan.

    A state is (s, n), as the agent models it; row 0 is the one that is planned, in the unit of `Problem.x`.
    `who` are rows of agents, (m,); states, powers and results are then (s, m) and (m,).
    """

    @property
    def name(self) -> str:
        """Of the kind and of the population, e.g. `battery`."""

    @property
    def customers(self) -> IntArray:
        """(n,) customer behind each agent."""

    @property
    def devices(self) -> IntArray:
        """(n,) number of each agent's device."""

    @property
    def lowest_kw(self) -> FloatArray:
        """(n,) what a device can draw at least."""

    @property
    def highest_kw(self) -> FloatArray:
        """(n,) what a device can draw at most."""

    @property
    def drift(self) -> FloatArray:
        """(n,) how far row 0 may be off its plan before a new one is worth making, in its unit."""

    @property
    def relative(self) -> bool:
        """Whether `problem` divides prices by their spread over the window."""

    @property
    def outside_unit(self) -> str:
        """What `outside` counts."""

    def outside(self, state: FloatArray, hours: float) -> FloatArray:
        """(n,) discomfort of a stretch that ends in a state: how far the customer's wishes were missed."""

    def usual_state(self, at_s: int) -> FloatArray:
        """(s, n) what is assumed where nothing was measured yet."""

    def sensed(self, measured: Measured, state: FloatArray) -> FloatArray:
        """(s, n) the state that a measurement implies.

        Parameters
        ----------
        measured : of all devices of the kind; `devices` rise, and all of ours are among them.
        state : (s, n) expected at that instant; what is not measured is taken from it.
        """

    def problem(
        self, who: IntArray, state: FloatArray, price_usd_per_kwh: FloatArray, window: Window, known_at_s: int
    ) -> Problem:
        """The problem of some agents' plan from a state, at prices (T, 1), by what is known at an instant."""

    def ahead(self, state: FloatArray, kw: FloatArray, from_s: int, to_s: int, known_at_s: int) -> FloatArray:
        """(s, n) where a state goes if all devices run at (n,) average powers."""

    def reach_kw(
        self, state: FloatArray, target: FloatArray, from_s: int, to_s: int, known_at_s: int
    ) -> FloatArray:
        """(n,) average power that brings row 0 of a state to a target, (n,); not yet held to any range."""

    def range_kw(
        self, state: FloatArray, from_s: int, to_s: int, known_at_s: int
    ) -> tuple[FloatArray, FloatArray]:
        """(n,) least and most average power that device, state and comfort allow, inside its ratings."""

    def give_kw(self, spread_usd_per_kwh: float) -> FloatArray:
        """(n,) quantity given up for each USD/kWh more [kW/(USD/kWh)], 0 or more; 0: a vertical bid.

        Parameters
        ----------
        spread_usd_per_kwh : Δf, from the lowest to the highest price of the window, above 0.
        """

    def margin_usd_per_kwh(self, spread_usd_per_kwh: float) -> FloatArray:
        """(n,) half of the flat part of a bid."""

    def setting(
        self, kw: FloatArray, state: FloatArray, from_s: int, to_s: int, known_at_s: int
    ) -> Setting | None:
        """What to tell devices so that they draw (n,) on average; NaN: by themselves; None: the power."""
