"""The weather that there is, at any instant: temperature, sun, and the sun on a roof."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TypeVar

import numpy as np
from numpy.typing import ArrayLike

from dso.clock import DAY_S, iso
from dso.data.typical_year import Weather, typical_hour
from dso.errors import InputError, Problem
from dso.homes.sun import Sky, dc_kw_per_kw, joined, plane_w_per_m2, sun_position
from dso.messages import FloatArray, IntArray

NODE_S = 300  # between instants that are worked out; the rest is linear between them
NODES = DAY_S // NODE_S  # in a day
DAYS_KEPT = 8
BY_HOUR = ("temperature", "wind_m_per_s")
BY_HALF_HOUR = ("ghi_w_per_m2", "dni_w_per_m2", "dhi_w_per_m2")

Planes = tuple[tuple[float, float], ...]  # tilt and azimuth of each
Key = TypeVar("Key")
Value = TypeVar("Value")


class Climate:
    """The truth about the weather: a typical year, looked up for instants.

    Temperature and wind are linear between hours. Irradiance of TMY3 is the mean of the hour that ends at
    the stamp; here it is linear between half hours, continuous, never negative, and its mean over each such
    hour is the file's: at an hour's ends it is the mean of the two hours that meet there, but at most twice
    the lesser, and in the middle whatever keeps the energy. Instants are UTC seconds, so no clock on any wall
    plays a part.

    Parameters
    ----------
    weather : of a typical year; its offset from UTC is a multiple of 5 min.
    latitude_deg, longitude_deg : of the place, north and east positive [°]; only planes need them, NaN: not
        known.
    """

    def __init__(
        self, weather: Weather, latitude_deg: float = math.nan, longitude_deg: float = math.nan
    ) -> None:
        self.weather, self.latitude_deg, self.longitude_deg = weather, latitude_deg, longitude_deg
        self._half_hours = {name: half_hours(getattr(weather, name)) for name in BY_HALF_HOUR}
        self._days: dict[int, dict[str, FloatArray]] = {}
        self._skies: dict[int, Sky] = {}
        self._yields: dict[tuple[int, Planes], FloatArray] = {}

    def outdoor_c(self, t_s: FloatArray, known_at_s: int | None = None) -> FloatArray:
        """Dry-bulb temperature, (t,) [°C]; `known_at_s` plays no part.

        Raises
        ------
        InputError : the weather does not cover an instant.
        """
        return self._at(t_s, "temperature")

    def sun_w_per_m2(self, t_s: FloatArray, known_at_s: int | None = None) -> FloatArray:
        """Global horizontal irradiance, (t,) [W/m²]; likewise."""
        return self._at(t_s, "ghi_w_per_m2")

    def plane_w_per_m2(self, tilt_deg: float, azimuth_deg: float, t_s: FloatArray) -> FloatArray:
        """Irradiance on a plane, (t,) [W/m²].

        Parameters
        ----------
        tilt_deg, azimuth_deg : of the plane, from horizontal and clockwise from north [°].
        t_s : (t,) instants [s since the epoch].

        Raises
        ------
        InputError : the weather does not cover an instant, or latitude and longitude are not known.
        MissingExtraError : pvlib is not installed.
        """
        nodes, part = _nodes(t_s)
        skies = (self._sky_at(nodes + k) for k in (0, 1))
        before, after = (plane_w_per_m2(sky, tilt_deg, azimuth_deg)["poa_global"] for sky in skies)
        self._check(t_s, self.sun_w_per_m2(t_s))
        return _mixed(before, after, part)

    def pv_kw_per_kw(
        self,
        tilt_deg: ArrayLike,
        azimuth_deg: ArrayLike,
        t_s: FloatArray,
        *,
        sun_frac: FloatArray | None = None,
        warmer_k: FloatArray | None = None,
    ) -> FloatArray:
        """Direct power of modules for each kW of their rating, before any loss, (p, t) [1].

        Parameters
        ----------
        tilt_deg, azimuth_deg : (p,) of planes [°].
        t_s : (t,) instants [s since the epoch].
        sun_frac, warmer_k : (t,) of weather that is not the truth: its irradiance over the true one [1], and
            how much warmer it is [K]; both or neither.

        Raises
        ------
        InputError, MissingExtraError : as `plane_w_per_m2`.
        """
        planes = tuple((float(a), float(b)) for a, b in np.broadcast(tilt_deg, azimuth_deg))
        nodes, part = _nodes(t_s)
        if sun_frac is None or warmer_k is None:
            before, after = (self._yield_at(nodes + k, planes) for k in (0, 1))
        else:
            skies = (self._sky_at(nodes + k).changed(sun_frac, warmer_k) for k in (0, 1))
            before, after = (_yields(sky, planes) for sky in skies)
        found = _mixed(before, after, part)
        self._check(t_s, found.sum(axis=0))
        return found

    # --- what is worked out a day at a time -----------------------------------------------------------------

    def _at(self, t_s: FloatArray, name: str) -> FloatArray:
        nodes, part = _nodes(t_s)
        before, after = (_by_day(nodes + k, lambda day: self._day(day)[name]) for k in (0, 1))
        found = _mixed(before, after, part)
        self._check(t_s, found)
        return found

    def _day(self, day: int) -> dict[str, FloatArray]:
        return _kept(self._days, day, self._weather_of)

    def _weather_of(self, day: int) -> dict[str, FloatArray]:
        hour = typical_hour(_nodes_of(day) + self.weather.utc_offset_s)
        table = {name: _linear(getattr(self.weather, name), hour) for name in BY_HOUR}
        return table | {name: _linear(values, 2 * hour) for name, values in self._half_hours.items()}

    def _sky_at(self, nodes: IntArray) -> Sky:
        days, places = np.unique(nodes // NODES, return_inverse=True)
        skies = [_kept(self._skies, int(day), self._sky_of) for day in days.tolist()]
        return joined(skies).at(places * NODES + nodes % NODES)

    def _sky_of(self, day: int) -> Sky:
        if not (math.isfinite(self.latitude_deg) and math.isfinite(self.longitude_deg)):
            what = f"latitude and longitude must be known for planes, were not for {self.weather.name}"
            raise InputError([Problem("weather", what)])
        t_s = _nodes_of(day)
        weather = self._day(day)
        return Sky(
            *sun_position(t_s, self.latitude_deg, self.longitude_deg),
            *(weather[name] for name in (*BY_HALF_HOUR, *BY_HOUR)),
        )

    def _yield_at(self, nodes: IntArray, planes: Planes) -> FloatArray:
        def of(key: tuple[int, Planes]) -> FloatArray:
            return _yields(_kept(self._skies, key[0], self._sky_of), planes)

        return _by_day(nodes, lambda day: _kept(self._yields, (day, planes), of))

    def _check(self, t_s: FloatArray, found: FloatArray) -> None:
        missing = np.isnan(found)
        if missing.any():
            first_s = float(np.broadcast_to(t_s, missing.shape)[missing].min())
            self.weather.temperature_c(np.array([first_s]))  # says so itself where that is missing
            what = f"the irradiance of {self.weather.name} must cover {iso(int(first_s))}, but does not"
            raise InputError([Problem("weather", what)])


def half_hours(means: FloatArray) -> FloatArray:
    """(17520,) values at half hours since New Year between which a line keeps the mean of each hour.

    Parameters
    ----------
    means : (8760,) of the hours that end so many hours after New Year, 0 or more; NaN: not known.
    """
    after = np.roll(means, -1)
    ends = np.minimum((means + after) / 2, 2 * np.minimum(means, after))
    ends = np.where(np.isnan(means), after, np.where(np.isnan(after), means, ends))
    middles = 2 * means - (np.roll(ends, 1) + ends) / 2
    return np.stack([ends, np.roll(middles, -1)], axis=1).ravel()


def _nodes_of(day: int) -> FloatArray:
    """Instants of a day's nodes, (NODES,)."""
    return np.asarray(day * DAY_S + NODE_S * np.arange(NODES), np.float64)


def _nodes(t_s: FloatArray) -> tuple[IntArray, FloatArray]:
    """Numbers of the nodes before instants, and how far instants are from there to the next."""
    position = np.asarray(t_s, np.float64) / NODE_S
    nodes = np.floor(position).astype(np.int64)
    return nodes, position - nodes


def _mixed(before: FloatArray, after: FloatArray, part: FloatArray) -> FloatArray:
    """Between nodes; on a node the next one is not needed."""
    return np.where(part > 0, (1 - part) * before + part * after, before)


def _by_day(nodes: IntArray, of: Callable[[int], FloatArray]) -> FloatArray:
    """Values at nodes, (..., t), from those of each day, (..., NODES)."""
    days, places = np.unique(nodes // NODES, return_inverse=True)
    if len(days) == 1:
        return np.asarray(of(int(days[0]))[..., nodes % NODES])
    tables = np.concatenate([of(int(day)) for day in days], axis=-1)
    return np.asarray(tables[..., places * NODES + nodes % NODES])


def _linear(values: FloatArray, position: FloatArray) -> FloatArray:
    """Values of a cyclic series between its members; on a member the next one is not needed."""
    before = np.floor(position).astype(np.int64)
    part, count = position - before, len(values)
    return _mixed(values[before % count], values[(before + 1) % count], part)


def _yields(sky: Sky, planes: Planes) -> FloatArray:
    """(p, t) direct power over rating; NaN where the weather is not known."""
    count = len(sky.ghi_w_per_m2)
    every = sky.at(np.tile(np.arange(count), len(planes)))
    tilt, azimuth = (np.repeat(column, count) for column in np.array(planes).T)
    known = np.isfinite(every.ghi_w_per_m2 + every.dni_w_per_m2 + every.dhi_w_per_m2 + every.outdoor_c)
    found = np.where(known, dc_kw_per_kw(every, tilt, azimuth), np.nan)
    return found.reshape(len(planes), count)


def _kept(held: dict[Key, Value], key: Key, make: Callable[[Key], Value]) -> Value:
    """What is held for a key, made if it is not; the oldest goes first."""
    found = held.get(key)
    if found is None:
        found = make(key)
        if len(held) >= DAYS_KEPT:
            del held[next(iter(held))]
        held[key] = found
    return found
