"""The physics of batteries."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from dso.clock import HOUR_S
from dso.homes.batteries import Batteries
from dso.homes.storage import run
from dso.messages import FloatArray, IntArray


class BatteryPlant:
    """Batteries that follow a power; a state is (1, n), what is stored [kWh].

    A setting is a power at the meter [kW], negative: it gives back; by itself a battery does nothing. Within
    a step it stops when it is full or down to its reserve, and the power returned is the average of what
    flowed. Without supply for part of the time it runs for the rest.

    Parameters
    ----------
    batteries : nameplates.
    """

    kind = "battery"
    unit = "kW"

    def __init__(self, batteries: Batteries) -> None:
        self.batteries = batteries

    @property
    def customers(self) -> IntArray:
        """Index of the customer who owns each, (n,)."""
        return self.batteries.customers

    def start(self, at_s: int) -> FloatArray:
        """Halfway from the reserve to full."""
        return np.stack([(self.batteries.reserve_kwh + self.batteries.capacity_kwh) / 2])

    def step(
        self,
        state: FloatArray,
        from_s: int,
        to_s: int,
        setting: FloatArray | None = None,
        supplied_frac: FloatArray | None = None,
    ) -> tuple[FloatArray, FloatArray]:
        """Run batteries for a while; see `Devices`."""
        own, hours = self.batteries, (to_s - from_s) / HOUR_S
        told = np.zeros(len(own)) if setting is None else np.where(np.isnan(setting), 0.0, setting)
        kw = np.clip(told, -own.discharge_kw, own.charge_kw)
        supplied = hours if supplied_frac is None else hours * supplied_frac
        limits = own.reserve_kwh, own.capacity_kwh, own.charge_frac, own.discharge_frac
        after, kwh = run(state[0], kw, supplied, *limits)
        return after[None], kwh / hours

    def measured(self, state: FloatArray, at_s: int) -> Mapping[str, FloatArray]:
        """What is stored."""
        return {"stored_kwh": state[0].copy()}
