"""What the mean customer draws if nobody tells it a price, and how much of that is cooling."""

from __future__ import annotations

import numpy as np

from dso.clock import HOUR_S, iso
from dso.data.ercot_load import simulated_load_kw
from dso.data.typical_year import Weather
from dso.errors import InputError, Problem
from dso.messages import FloatArray, IntArray

BALANCE_C = (65 - 32) / 1.8  # 65 °F, the base of cooling degree days in the US


class LoadShape:
    """The mean customer's load from a series of hourly means, split by temperature.

    Cooling is `slope · max(0, T − balance)`, but never more than `cooling_most_frac` of the load at the time;
    the rest is fixed. The slope is such that at `design_c` cooling is `cooling_frac` of the highest load of
    the series. Between the middles of the hours the load is linear, so that each hour keeps its mean within
    a fraction of a percent.

    The default, 40 % of the peak, is a round figure for a hot August afternoon in Texas, not a measurement:
    over the whole year 18 % of a Texas home's energy is air conditioning (EIA, RECS 2009, household energy
    use in Texas), nearly all of it in the hot half of the year and on its afternoons.

    Parameters
    ----------
    start_s : (h,) start of each hour, one after the other [s since the epoch].
    mean_kw : (h,) mean load of the hour for one customer [kW], 0 or more.
    weather : that covers the study's time.
    cooling_frac : cooling share of the peak at the design temperature [1], 0 to 1.
    design_c : the design temperature [°C], above the balance temperature.
    balance_c : the temperature above which there is cooling [°C].
    cooling_most_frac : the highest share that cooling may have at any time [1], 0 to 1.

    Raises
    ------
    ValueError : an argument is out of its range.
    """

    def __init__(
        self,
        start_s: IntArray,
        mean_kw: FloatArray,
        weather: Weather,
        *,
        cooling_frac: float = 0.4,
        design_c: float = 37.0,
        balance_c: float = BALANCE_C,
        cooling_most_frac: float = 0.6,
    ) -> None:
        if len(start_s) == 0 or len(start_s) != len(mean_kw) or (np.diff(start_s) != HOUR_S).any():
            raise ValueError("start_s must be consecutive hours, as many as mean_kw has")
        if not np.isfinite(mean_kw).all() or mean_kw.min() < 0:
            raise ValueError("mean_kw must be finite and 0 or more")
        if design_c <= balance_c or not 0 <= cooling_frac <= 1 or not 0 <= cooling_most_frac <= 1:
            raise ValueError("design_c must exceed balance_c; shares of cooling must be 0 to 1")
        self._middle_s, self._mean_kw = start_s + HOUR_S / 2, np.asarray(mean_kw, np.float64)
        self._span_s = int(start_s[0]), int(start_s[-1]) + HOUR_S
        self.weather, self.balance_c, self.design_c = weather, balance_c, design_c
        self.cooling_most_frac = cooling_most_frac
        self.slope_kw_per_k = float(cooling_frac * self._mean_kw.max() / (design_c - balance_c))

    @property
    def peak_kw(self) -> float:
        """The mean customer's highest hour of the series [kW]."""
        return float(self._mean_kw.max())

    def total_kw(self, t_s: FloatArray) -> FloatArray:
        """The mean customer's whole load at instants, (t,) [kW]; raises InputError outside the series."""
        t = np.asarray(t_s, np.float64)
        first_s, last_s = self._span_s
        if t.size and not first_s <= t.min() <= t.max() <= last_s:
            what = (
                f"the load covers {iso(first_s)} to {iso(last_s)}, the study asks for {iso(int(t.min()))}"
                f" to {iso(int(t.max()))}; move the study into it or give a load series of its own"
            )
            raise InputError([Problem("load", what)])
        return np.asarray(np.interp(t, self._middle_s, self._mean_kw))

    def split_kw(self, t_s: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Fixed load and cooling of the mean customer at instants, each (t,) [kW]."""
        total = self.total_kw(t_s)
        degrees = np.maximum(0.0, self.weather.temperature_c(t_s) - self.balance_c)
        cooling = np.minimum(self.slope_kw_per_k * degrees, self.cooling_most_frac * total)
        return np.asarray(total - cooling), np.asarray(cooling)


def ercot_shape(bus: int, weather: Weather, *, cooling_frac: float = 0.4) -> LoadShape:
    """The mean customer of an ERCOT bus in 2016, the commercial load that belongs to a home included.

    Parameters
    ----------
    bus : 1 to 8.
    weather : that covers the study's time.
    cooling_frac : see `LoadShape`.
    """
    start_s, load_kw = simulated_load_kw(bus, homes=1)
    return LoadShape(start_s, load_kw, weather, cooling_frac=cooling_frac)
