"""What the system's load and wind are forecast to be, and what they turn out to be, by seed."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from dso.clock import HOUR_S
from dso.data.ercot_load import load_table
from dso.wholesale.grid import Floats, ercot_grid, ercot_wind

LOAD_STREAM, WIND_STREAM = 1, 2
MEMORY_H = 36  # 0.85 ** 36 < 0.003


@dataclass(frozen=True, slots=True)
class ForecastError:
    """How far real time strays from the forecast; each a standard deviation relative to the forecast.

    Parameters
    ----------
    system_load_frac : an error that all buses share [1].
    bus_load_frac : an error of each bus of its own [1].
    wind_frac : an error that all wind units share [1].
    persistence : correlation of one hour's error with the hour before [1].
    """

    system_load_frac: float = 0.015
    bus_load_frac: float = 0.01
    wind_frac: float = 0.12
    persistence: float = 0.85


@dataclass(frozen=True, slots=True)
class Conditions:
    """Load by bus and the units' output limits at any time of 2016, as forecast and as it turns out.

    The error of an hour is e_h = √(1−φ²)·Σ_k φ^k·ε_{h−k}, an AR(1) process of correlation φ cut after 36
    hours, with ε drawn from a generator seeded with (seed, stream, hour): a value depends on nothing else,
    least of all on what was asked before. The actual hourly means are joined by straight lines, from the
    middle of an hour to the middle of the next.

    Parameters
    ----------
    seed : not negative.
    error : the size of the errors.
    """

    seed: int = 0
    error: ForecastError = field(default_factory=ForecastError)
    _drawn: dict[tuple[int, int], Floats] = field(default_factory=dict, repr=False, compare=False)
    _errors: dict[tuple[int, int], Floats] = field(default_factory=dict, repr=False, compare=False)

    def covers(self, start_s: int, end_s: int) -> bool:
        """Whether there are figures for this stretch of time."""
        hours_s, _ = load_table()
        return bool(hours_s[0] <= start_s and end_s <= hours_s[-1] + HOUR_S)

    def forecast(self, t_s: float) -> tuple[Floats, Floats]:
        """Forecast for the hour of an instant: load, (buses,) [MW], and most output, (units,) [MW]."""
        hour = self._position(t_s)
        return load_table()[1][hour], self._most_output(ercot_wind()[2][hour])

    def actual(self, t_s: float) -> tuple[Floats, Floats]:
        """What it turns out to be at an instant: load, (buses,) [MW], and most output, (units,) [MW]."""
        hours_s, load_mw = load_table()
        middle = (t_s - float(hours_s[0])) / HOUR_S - 0.5
        before = min(max(int(np.floor(middle)), 0), hours_s.size - 2)
        share = min(max(middle - before, 0.0), 1.0)
        load, wind = np.zeros(load_mw.shape[1]), np.zeros(ercot_wind()[1].size)
        for hour, weight in ((before, 1 - share), (before + 1, share)):
            load += weight * load_mw[hour] * (1 + self.load_error(int(hours_s[hour])))
            wind += weight * ercot_wind()[2][hour] * max(1 + self.wind_error(int(hours_s[hour])), 0.0)
        return load, self._most_output(wind)

    def load_error(self, hour_s: int) -> Floats:
        """Relative error of each bus' load in the hour that starts then, (buses,)."""
        drawn = self._persistent(LOAD_STREAM, hour_s // HOUR_S, 1 + len(ercot_grid().bus_numbers))
        errors: Floats = self.error.system_load_frac * drawn[0] + self.error.bus_load_frac * drawn[1:]
        return errors

    def wind_error(self, hour_s: int) -> float:
        """Relative error of all wind in the hour that starts then."""
        return self.error.wind_frac * float(self._persistent(WIND_STREAM, hour_s // HOUR_S, 1)[0])

    def _persistent(self, stream: int, hour: int, count: int) -> Floats:
        if (stream, hour) not in self._errors:
            phi = self.error.persistence
            drawn = [phi**k * self._draw(stream, hour - k, count) for k in range(MEMORY_H)]
            self._errors[stream, hour] = np.sqrt(1 - phi**2) * np.sum(drawn, axis=0)
        return self._errors[stream, hour]

    def _draw(self, stream: int, hour: int, count: int) -> Floats:
        if (stream, hour) not in self._drawn:
            self._drawn[stream, hour] = np.random.default_rng([self.seed, stream, hour]).standard_normal(
                count
            )
        return self._drawn[stream, hour]

    def _position(self, t_s: float) -> int:
        hours_s, _ = load_table()
        return min(max(int((t_s - float(hours_s[0])) // HOUR_S), 0), hours_s.size - 1)

    def _most_output(self, wind_mw: Floats) -> Floats:
        most = ercot_grid().units.max_mw.copy()
        most[ercot_wind()[1]] = np.minimum(wind_mw, most[ercot_wind()[1]])
        return most
