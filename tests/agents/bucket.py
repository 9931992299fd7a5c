"""The simplest device that remembers: a bucket of energy without losses, for tests that one can work out."""

from __future__ import annotations

import numpy as np

from dso.agents.kind import Window
from dso.agents.planning import Problem
from dso.messages import Measured, Setting

RATING_KW, SIZE_KWH = 2.0, 10.0


class Buckets:
    """Filled at up to 2 kW, holds 10 kWh, and `need_kwh` must be in it at the end of the window."""

    name = "bucket"
    outside_unit = "kWh short"
    relative = False

    def __init__(self, need_kwh: list[float], *, give: float = 10.0) -> None:
        self.need_kwh = np.array(need_kwh)
        count = len(need_kwh)
        self.customers, self.devices = np.arange(count), np.arange(count)
        self.lowest_kw, self.highest_kw = np.zeros(count), np.full(count, RATING_KW)
        self.drift, self.give = np.full(count, 0.01), give
        self.asked: list[int] = []  # agents in each problem

    def usual_state(self, at_s):
        return np.zeros((1, len(self.customers)))

    def sensed(self, measured: Measured, state):
        return measured.values["stored_kwh"][None, np.searchsorted(measured.devices, self.devices)]

    def problem(self, who, state, price_usd_per_kwh, window: Window, known_at_s):
        self.asked.append(len(who))
        lowest = np.zeros((window.count, len(who)))
        lowest[-1] = self.need_kwh[who]
        return Problem(
            x_start=state[0], p_u=price_usd_per_kwh, u_low=0.0, u_high=RATING_KW, r_u=0.01, x_low=lowest,
            x_high=SIZE_KWH,
        )  # fmt: skip

    def ahead(self, state, kw, from_s, to_s, known_at_s):
        return state + kw * (to_s - from_s) / 3600

    def reach_kw(self, state, target, from_s, to_s, known_at_s):
        return (target - state[0]) / ((to_s - from_s) / 3600)

    def range_kw(self, state, from_s, to_s, known_at_s):
        hours = (to_s - from_s) / 3600
        return np.zeros(state.shape[1]), np.clip((SIZE_KWH - state[0]) / hours, 0.0, RATING_KW)

    def give_kw(self, spread_usd_per_kwh):
        return np.full(len(self.customers), self.give)

    def margin_usd_per_kwh(self, spread_usd_per_kwh):
        return np.zeros(len(self.customers))

    def setting(self, kw, state, from_s, to_s, known_at_s) -> Setting | None:
        return None

    def outside(self, state, hours):
        return np.zeros(state.shape[1])
