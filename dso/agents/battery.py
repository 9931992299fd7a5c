"""Agents of batteries: buy where it is cheap, keep, and give back where it is dear."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from dso.agents.kind import Window
from dso.agents.planning import Problem
from dso.agents.planning.formulations import QUADRATIC_USD_PER_KW2H, battery_problem
from dso.clock import HOUR_S
from dso.homes.batteries import Batteries
from dso.homes.storage import energy_between, run
from dso.messages import FloatArray, IntArray, Measured, Setting

DRIFT_FRAC = 0.05  # of the capacity


class BatteryAgents:
    """One agent for each battery; a state is (1, n), what is stored [kWh].

    They know their batteries as they are. What is stored stays between the reserve and the capacity; below
    the reserve the only bid is what leads back to it.

    Parameters
    ----------
    batteries : what agents know of them.
    devices : (n,) number of each agent's device.

    Raises
    ------
    ValueError : there is not one device for each battery.
    """

    name = "battery"
    relative = False
    outside_unit = "none"

    def __init__(self, batteries: Batteries, devices: IntArray) -> None:
        self.batteries = batteries
        self.devices: IntArray = np.asarray(devices, np.int64)
        if self.devices.shape != batteries.customers.shape:
            raise ValueError(f"devices must be one a battery, {len(batteries)}, were {self.devices.shape}")

    @property
    def customers(self) -> IntArray:
        """(n,) customer who owns each battery."""
        return self.batteries.customers

    @property
    def lowest_kw(self) -> FloatArray:
        """(n,) all that it can give back, negative."""
        return np.asarray(0.0 - self.batteries.discharge_kw)

    @property
    def highest_kw(self) -> FloatArray:
        """(n,) what it charges with at most."""
        return self.batteries.charge_kw

    @property
    def drift(self) -> FloatArray:
        """(n,) how far what is stored may be off its plan [kWh]."""
        return DRIFT_FRAC * self.batteries.capacity_kwh

    def usual_state(self, at_s: int) -> FloatArray:
        """(1, n) halfway from the reserve to full."""
        return np.stack([(self.batteries.reserve_kwh + self.batteries.capacity_kwh) / 2])

    def sensed(self, measured: Measured, state: FloatArray) -> FloatArray:
        """(1, n) what is stored, as measured; where that is missing, as expected."""
        stored = measured.values["stored_kwh"][np.searchsorted(measured.devices, self.devices)]
        return np.where(np.isfinite(stored), stored, state[0])[None]

    def outside(self, state: FloatArray, hours: float) -> FloatArray:
        """(n,) zeros: nobody minds what is in a battery."""
        return np.zeros(state.shape[1])

    def problem(
        self, who: IntArray, state: FloatArray, price_usd_per_kwh: FloatArray, window: Window, known_at_s: int
    ) -> Problem:
        """See `battery_problem`."""
        own = self.batteries
        made = battery_problem(
            price_usd_per_kwh,
            np.minimum(state[0], own.capacity_kwh[who]),
            own.capacity_kwh[who],
            own.reserve_kwh[who],
            own.charge_kw[who],
            own.discharge_kw[who],
            own.charge_frac[who],
            own.discharge_frac[who],
            wear_usd_per_kwh=own.wear_usd_per_kwh[who],
            profit_margin_frac=own.profit_margin_frac[who],
            interval_h=window.hours,
        )
        return two_way(made, own.discharge_frac[who], window.hours) if own.discharge_kw.any() else made

    def ahead(self, state: FloatArray, kw: FloatArray, from_s: int, to_s: int, known_at_s: int) -> FloatArray:
        """(1, n) what is stored after average powers, as far as reserve and capacity allow."""
        own, hours = self.batteries, (to_s - from_s) / HOUR_S
        limits = own.reserve_kwh, own.capacity_kwh, own.charge_frac, own.discharge_frac
        return run(state[0], kw, hours, *limits)[0][None]

    def reach_kw(
        self, state: FloatArray, target: FloatArray, from_s: int, to_s: int, known_at_s: int
    ) -> FloatArray:
        """(n,) power that brings what is stored to a target."""
        own, hours = self.batteries, (to_s - from_s) / HOUR_S
        return energy_between(state[0], target, own.charge_frac, own.discharge_frac) / hours

    def range_kw(
        self, state: FloatArray, from_s: int, to_s: int, known_at_s: int
    ) -> tuple[FloatArray, FloatArray]:
        """(n,) powers that end at the reserve and at the capacity, within ratings."""
        own, span = self.batteries, (from_s, to_s, known_at_s)
        bounds = (self.reach_kw(state, bound, *span) for bound in (own.reserve_kwh, own.capacity_kwh))
        least, most = (np.clip(kw, -own.discharge_kw, own.charge_kw) for kw in bounds)
        return least, most

    def give_kw(self, spread_usd_per_kwh: float) -> FloatArray:
        """(n,) both ratings times the slider over Δf."""
        own = self.batteries
        return np.asarray(own.slider * (own.charge_kw + own.discharge_kw) / spread_usd_per_kwh)

    def margin_usd_per_kwh(self, spread_usd_per_kwh: float) -> FloatArray:
        """(n,) wear and the profit wanted on top of it."""
        return self.batteries.wear_usd_per_kwh * (1 + self.batteries.profit_margin_frac)

    def setting(
        self, kw: FloatArray, state: FloatArray, from_s: int, to_s: int, known_at_s: int
    ) -> Setting | None:
        """None: it is told the power."""
        return None


def two_way(problem: Problem, discharge_frac: FloatArray, interval_h: float) -> Problem:
    """A problem with a second control, which nobody may use, where it had none.

    In a population in which some can give back, the plan of one that cannot then does not depend, to the last
    bit, on whose problems are written down with it. With one control a plan takes half the time.
    """
    if problem.b_v is not None:
        return problem
    curvature = 2 * QUADRATIC_USD_PER_KW2H * interval_h
    return replace(
        problem, b_v=-interval_h / discharge_frac, p_v=0.0, r_v=curvature, v_high=0.0, cross=curvature
    )
