"""Agents of rooftop PV: they bid what they expect the sun to give."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from dso.clock import HOUR_S, Interval
from dso.homes.roofs import Roofs
from dso.homes.weather_forecast import WeatherForecast
from dso.messages import Award, BidRequest, Bids, FloatArray, IntArray, Measured, PriceSignal, Setting

SAMPLE_S = 900  # the sun of an interval is averaged over instants so far apart
FADES_S = HOUR_S  # in which a surprise counts for 1/e
MOST_FRAC = 2.0  # of what was expected; more is not believed to last
DARK_KW = 0.01


@dataclass(frozen=True, slots=True, eq=False)
class Surprise:
    """What was measured over what was expected; replaced as a whole, never changed."""

    at_s: int = 0
    over_frac: FloatArray | None = None  # (n,) less 1; None: nothing was measured yet


class RooftopPv:
    """A population of PV: production is a vertical bid, a negative load.

    What is expected follows from the forecast of irradiance through pvlib, as the modules themselves do. For
    what is delivered it is multiplied by what was last measured over what was expected then; that fades
    with an hour, and is not used in the dark. Where the inverter takes orders the bid has all of it above
    price 0, and none below.

    Parameters
    ----------
    roofs : nameplates.
    devices : (n,) number of each agent's device.
    forecast : the weather expected.

    Raises
    ------
    ValueError : devices are not one a roof.
    """

    name = "pv"
    kind = "pv"

    def __init__(self, roofs: Roofs, devices: IntArray, forecast: WeatherForecast) -> None:
        self.roofs, self._forecast = roofs, forecast
        self.devices: IntArray = np.asarray(devices, np.int64)
        if self.devices.shape != roofs.customers.shape:
            raise ValueError(f"devices must be one a roof, {len(roofs)}, were {self.devices.shape}")
        self._tilt_deg, self._azimuth_deg, self._plane = roofs.planes()
        self._surprise = Surprise()

    @property
    def customers(self) -> IntArray:
        """(n,) customer who owns each roof."""
        return self.roofs.customers

    @property
    def lowest_kw(self) -> FloatArray:
        """(n,) all that the inverter can inject, negative."""
        return -self.roofs.inverter_kw

    @property
    def highest_kw(self) -> FloatArray:
        """(n,) zeros."""
        return np.zeros(len(self.roofs))

    def bid(self, request: BidRequest) -> Bids:
        """Bids of two points, (t, n, 2): vertical at the expected production, or at price 0."""
        given = self.expected_kw(request.intervals, request.known_at_s)
        if request.physical:
            given = self._corrected(given, request.intervals)
        quantity = np.stack([-given, np.where(self.roofs.curtailable, 0.0, -given)], axis=-1)
        price = np.where(self.roofs.curtailable, 0.0, request.expected_usd_per_kwh[:, None])
        both = np.repeat(price[..., None], 2, axis=-1)
        return Bids(self.name, request.market, request.round, self.customers, quantity, both)

    def expected_kw(self, intervals: Sequence[Interval], known_at_s: int) -> FloatArray:
        """Average production that the forecast of an instant makes expect, (t, n) [kW], 0 or more."""
        counts = [max(1, -(-interval.duration_s // SAMPLE_S)) for interval in intervals]
        instants = [
            interval.start_s + interval.duration_s * (np.arange(count) + 0.5) / count
            for interval, count in zip(intervals, counts, strict=True)
        ]
        t_s, first = np.concatenate(instants), np.cumsum([0, *counts[:-1]])
        dc = self._forecast.pv_kw_per_kw(self._tilt_deg, self._azimuth_deg, t_s, known_at_s)
        mean = np.add.reduceat(dc, first, axis=1) / np.array(counts)
        return self.roofs.given_kw(mean.T[:, self._plane])

    def hear(self, signal: PriceSignal) -> None:
        """Prices change nothing: all is offered."""

    def sense(self, measured: Measured) -> None:
        """Learn how production differs from what was expected."""
        rows = np.searchsorted(measured.devices, self.devices)
        sun_kw, at_s = measured.values["sun_kw"][rows], measured.at_s
        dc = self._forecast.pv_kw_per_kw(self._tilt_deg, self._azimuth_deg, np.array([float(at_s)]), at_s)
        expected = self.roofs.given_kw(dc[self._plane, 0])
        light = np.isfinite(sun_kw) & (expected > DARK_KW)
        over = np.where(light, sun_kw / np.where(light, expected, 1.0), 1.0)
        self._surprise = replace(self._surprise, at_s=at_s, over_frac=np.clip(over, 0.0, MOST_FRAC) - 1)

    def _corrected(self, given_kw: FloatArray, intervals: Sequence[Interval]) -> FloatArray:
        """(t, n) what is expected, with the last surprise fading."""
        surprise = self._surprise
        if surprise.over_frac is None:
            return given_kw
        lead_s = np.array([max(0, i.start_s + i.duration_s // 2 - surprise.at_s) for i in intervals])
        factor = 1 + np.exp(-lead_s / FADES_S)[:, None] * surprise.over_frac
        return np.asarray(np.minimum(given_kw * factor, self.roofs.inverter_kw))

    def set_points_kw(self, award: Award, interval_index: int) -> FloatArray:
        """What was awarded, within the inverter's rating, (n,) [kW]."""
        return np.asarray(np.clip(award.quantity_kw[interval_index], self.lowest_kw, self.highest_kw))

    def setting(self, award: Award, interval_index: int) -> Setting:
        """What was awarded where an inverter takes orders and the price is not above 0; else NaN: all."""
        awarded = self.set_points_kw(award, interval_index)
        held = self.roofs.curtailable & (award.price_usd_per_kwh[interval_index] <= 0)
        return Setting(self.kind, self.devices, "kW", np.where(held, awarded, np.nan))

    def get_state(self) -> Any:
        """What it remembers; the same object as long as nothing has changed."""
        return self._surprise

    def set_state(self, state: Any) -> None:
        """Take back what `get_state` returned."""
        self._surprise = state
