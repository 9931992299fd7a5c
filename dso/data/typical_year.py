"""Weather of a typical year, looked up for any simulated instant.

A typical year has no date of its own: month, day and hour of the simulated instant, in the station's local
standard time (no daylight saving), pick the value. 29 February takes 28 February's.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dso.clock import DAY_S, HOUR_S, iso
from dso.errors import InputError, Problem

Floats = NDArray[np.float64]
Seconds = NDArray[np.int64]

HOURS = 8760
FIRST_OF_MARCH = 59  # days after New Year, in a year of 365 days


@dataclass(frozen=True, slots=True, eq=False)
class Weather:
    """Hourly weather of a typical year of 365 days; hours that it does not hold are NaN.

    Position h stands for the instant h hours after New Year, local standard time. Temperature and wind are
    those of the instant; irradiance is the mean of the hour that ends then, as in TMY3 files.

    Parameters
    ----------
    name : of the station, for messages.
    utc_offset_s : local standard time minus UTC [s], negative west of Greenwich.
    temperature : (8760,) dry-bulb temperature [°C].
    ghi_w_per_m2, dni_w_per_m2, dhi_w_per_m2 : (8760,) global horizontal, direct normal and diffuse horizontal
        irradiance [W/m²].
    wind_m_per_s : (8760,) wind speed [m/s].
    latitude_deg, longitude_deg : of the station, north and east positive [°]; NaN: not known.
    """

    name: str
    utc_offset_s: int
    temperature: Floats
    ghi_w_per_m2: Floats
    dni_w_per_m2: Floats
    dhi_w_per_m2: Floats
    wind_m_per_s: Floats
    latitude_deg: float = math.nan
    longitude_deg: float = math.nan

    def temperature_c(self, t_s: Seconds | Floats) -> Floats:
        """Dry-bulb temperature, by linear interpolation between the hours.

        Parameters
        ----------
        t_s : (...,) instants [s since the epoch].

        Raises
        ------
        InputError : the weather does not cover an instant.
        """
        t = np.asarray(t_s, np.float64)
        hour = typical_hour(t + self.utc_offset_s)
        before = np.floor(hour).astype(np.int64) % HOURS
        part = hour - np.floor(hour)
        after = np.where(part > 0, (before + 1) % HOURS, before)  # on the hour the next one is not needed
        value = (1 - part) * self.temperature[before] + part * self.temperature[after]
        missing = np.isnan(value)
        if missing.any():
            raise self._uncovered(float(t[missing].min()))
        return np.asarray(value)

    def _uncovered(self, t_s: float) -> InputError:
        held = np.flatnonzero(np.isfinite(self.temperature))
        span = " to ".join(month_day_hour(int(h)) for h in held[[0, -1]]) if held.size else "nothing"
        what = (
            f"the weather of {self.name} must cover {iso(int(t_s))}, but holds {span} (local standard time);"
            " give the path of a TMY3 file, which holds the whole year"
        )
        return InputError([Problem("weather", what)])


def typical_hour(local_s: Floats) -> Floats:
    """Hours since New Year of a year of 365 days, (...,), for instants in local standard time [s]."""
    day = np.floor(local_s / DAY_S).astype(np.int64)
    date = day.astype("datetime64[D]")
    year = date.astype("datetime64[Y]")
    next_year = (year + np.timedelta64(1, "Y")).astype("datetime64[D]").astype(np.int64)
    first = year.astype("datetime64[D]").astype(np.int64)
    of_year = day - first
    leap = next_year - first == 366
    of_year = np.where(leap & (of_year >= FIRST_OF_MARCH), of_year - 1, of_year)
    return np.asarray(of_year * 24 + (local_s - day * DAY_S) / HOUR_S)


def month_day_hour(hour: int) -> str:
    """The MM-DDTHH:00 that a position of a typical year stands for."""
    moment = np.datetime64("2001-01-01T00", "h") + np.timedelta64(hour, "h")
    return f"{str(moment)[5:]}:00"
