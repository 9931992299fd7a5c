"""Devices that draw what they are told: those of participants from outside, whose physics is not ours."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from dso.messages import FloatArray, IntArray


@dataclass(frozen=True, slots=True, eq=False)
class FollowerPlant:
    """Power as told, within ratings; without a setting always the same power.

    Parameters
    ----------
    kind : its name.
    customers : (n,) whose.
    lowest_kw, highest_kw : (n,) ratings.
    alone_kw : (n,) what each draws if nobody tells it anything.
    """

    kind: str
    customers: IntArray
    lowest_kw: FloatArray
    highest_kw: FloatArray
    alone_kw: FloatArray
    unit = "kW"

    def start(self, at_s: int) -> FloatArray:
        """Nothing is remembered, (0, n)."""
        return np.zeros((0, len(self.customers)))

    def step(
        self,
        state: FloatArray,
        from_s: int,
        to_s: int,
        setting: FloatArray | None = None,
        supplied_frac: FloatArray | None = None,
    ) -> tuple[FloatArray, FloatArray]:
        """Draw what was told; see `dso.plant.device.Devices`."""
        kw = self.alone_kw
        if setting is not None:
            kw = np.where(np.isnan(setting), kw, np.clip(setting, self.lowest_kw, self.highest_kw))
        return state, np.array(kw) if supplied_frac is None else kw * supplied_frac

    def measured(self, state: FloatArray, at_s: int) -> Mapping[str, FloatArray]:
        """Its meter says everything there is."""
        return {}
