"""Devices that one can reckon with by hand: counters, which remember what they have drawn."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from dso.messages import FloatArray


class Counters:
    """By itself device k draws k + 1 kW, told it draws that; its state is the energy so far, and steps run.

    With `rising` it draws one kW more in each step of five minutes of an hour.
    """

    unit = "kW"

    def __init__(
        self, customers: list[int], kind: str = "counter", *, rising: bool = False, unit: str = "kW"
    ):
        self.customers, self.kind, self.unit = np.array(customers, np.int64), kind, unit
        self.rising, self.asked = rising, []

    def start(self, at_s: int) -> FloatArray:
        return np.zeros((2, len(self.customers)))

    def step(self, state, from_s, to_s, setting=None, supplied_frac=None):
        self.asked.append((from_s, to_s))
        kw = np.arange(len(self.customers)) + 1.0 + (from_s % 3600 // 300 if self.rising else 0.0)
        if setting is not None:
            kw = np.where(np.isnan(setting), kw, setting)
        if supplied_frac is not None:
            kw = kw * supplied_frac
        return state + np.array([kw * (to_s - from_s) / 3600, np.ones_like(kw)]), kw

    def measured(self, state, at_s) -> Mapping[str, FloatArray]:
        return {"drawn_kwh": state[0]}
