"""The physics of rooftop PV."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from dso.clock import HOUR_S
from dso.homes.climate import Climate
from dso.homes.roofs import Roofs
from dso.messages import FloatArray, IntArray

STEP_S = 300  # the sun is looked at in the middle of stretches of so long


class RoofPlant:
    """PV under the true sun; it has no state, (0, n), and injects, so its power is 0 or negative.

    A setting is the least power [kW], negative: a curtailable inverter injects no more than that, and no
    more than the sun gives; NaN, and any other inverter: all that the sun gives. Without supply for part of
    the time it gives so much less.

    Parameters
    ----------
    roofs : nameplates.
    climate : the weather as it is.
    """

    kind = "pv"
    unit = "kW"

    def __init__(self, roofs: Roofs, climate: Climate) -> None:
        self.roofs, self._climate = roofs, climate
        self._tilt_deg, self._azimuth_deg, self._plane = roofs.planes()

    @property
    def customers(self) -> IntArray:
        """Index of the customer who owns each roof, (n,)."""
        return self.roofs.customers

    def start(self, at_s: int) -> FloatArray:
        """Nothing."""
        return np.zeros((0, len(self.roofs)))

    def step(
        self,
        state: FloatArray,
        from_s: int,
        to_s: int,
        setting: FloatArray | None = None,
        supplied_frac: FloatArray | None = None,
    ) -> tuple[FloatArray, FloatArray]:
        """Run inverters for a while; see `Devices`."""
        told = np.full(len(self.roofs), -np.inf) if setting is None else setting
        most = np.where(self.roofs.curtailable & ~np.isnan(told), np.maximum(-told, 0.0), np.inf)
        kwh = np.zeros(len(self.roofs))
        for begin_s in range(from_s, to_s, STEP_S):
            end_s = min(to_s, begin_s + STEP_S)
            kwh += np.minimum(self.sun_kw((begin_s + end_s) / 2), most) * ((end_s - begin_s) / HOUR_S)
        kw = -kwh * (HOUR_S / (to_s - from_s))
        return state, kw if supplied_frac is None else kw * supplied_frac

    def measured(self, state: FloatArray, at_s: int) -> Mapping[str, FloatArray]:
        """What the sun gives now, curtailed or not."""
        return {"sun_kw": self.sun_kw(at_s)}

    def sun_kw(self, at_s: float) -> FloatArray:
        """What inverters can give at an instant, (n,) [kW], 0 or more."""
        tilt, azimuth = self._tilt_deg, self._azimuth_deg
        dc = self._climate.pv_kw_per_kw(tilt, azimuth, np.array([at_s], np.float64))[:, 0]
        return self.roofs.given_kw(dc[self._plane])
