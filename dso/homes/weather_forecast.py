"""What is expected of the weather: the truth, blurred the more the further ahead."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike

from dso.clock import HOUR_S
from dso.messages import FloatArray
from dso.ports import Outdoors

WARMER, BRIGHTER = 140, 141  # streams of random numbers, one a purpose
LONGEST_H = 48.0  # errors grow no more beyond
LEAST_SUN_FRAC, MOST_SUN_FRAC = 0.05, 1.95


class Sunny(Protocol):
    """Weather that is true, and what modules make of it or of other weather; see `Climate`."""

    def pv_kw_per_kw(
        self,
        tilt_deg: ArrayLike,
        azimuth_deg: ArrayLike,
        t_s: FloatArray,
        *,
        sun_frac: FloatArray | None = None,
        warmer_k: FloatArray | None = None,
    ) -> FloatArray:
        """(p, t) direct power of modules over their rating [1]."""


class WeatherForecast:
    """A stand-in for a forecast: the truth plus a seeded error that grows with lead time.

    No model of the weather is fitted: this knows the truth and hides part of it. Each hour brings news,
    independent and normal; what is known at an instant misses the news of all hours from then on, so the
    error at time t is the sum of the news from the instant of knowledge to t. It is 0 where that is past, for
    that is measured; its standard deviation on the hour is that of an hour times √(lead in hours), and grows
    no more beyond 48 h; errors of neighbouring hours are alike; and a later forecast differs from an earlier
    one by the news between, no more. Temperature has its error added; irradiance, all parts of it alike, is
    multiplied by 1 + its error, held between 0.05 and 1.95. A forecast of much sun may pass a clear sky's.

    The default of 0.35 K is 1.7 K a day ahead, that of 0.06 is 29 % of the sun: round figures, of the size
    of what weather services reach (1.5 to 2 K of 2 m temperature; 20 to 35 % of mean irradiance, R. Perez et
    al., Solar Energy 94 (2013) 305–326, doi:10.1016/j.solener.2013.05.005).

    Parameters
    ----------
    truth : the weather as it is.
    seed : 0 or more.
    outdoor_std_1h_k : standard deviation of the temperature's error an hour ahead [K], 0 or more.
    sun_std_1h_frac : of irradiance's [1], 0 or more.
    perfect : no error at all.

    Raises
    ------
    ValueError : a standard deviation is negative or not finite.
    """

    def __init__(
        self,
        truth: Outdoors,
        seed: int,
        *,
        outdoor_std_1h_k: float = 0.35,
        sun_std_1h_frac: float = 0.06,
        perfect: bool = False,
    ) -> None:
        for name, std in (("outdoor_std_1h_k", outdoor_std_1h_k), ("sun_std_1h_frac", sun_std_1h_frac)):
            if not 0 <= std < np.inf:
                raise ValueError(f"{name} must be 0 or more, was {std}")
        self.truth, self.seed = truth, seed
        self.outdoor_std_1h_k = 0.0 if perfect else outdoor_std_1h_k
        self.sun_std_1h_frac = 0.0 if perfect else sun_std_1h_frac
        self._news: dict[tuple[int, int], FloatArray] = {}

    def outdoor_c(self, t_s: FloatArray, known_at_s: int | None = None) -> FloatArray:
        """Dry-bulb temperature as expected at an instant, (t,) [°C]; as it is if `known_at_s` is None."""
        return self.truth.outdoor_c(t_s) + self.warmer_k(t_s, known_at_s)

    def sun_w_per_m2(self, t_s: FloatArray, known_at_s: int | None = None) -> FloatArray:
        """Global horizontal irradiance, (t,) [W/m²]; likewise."""
        return self.truth.sun_w_per_m2(t_s) * self.sun_frac(t_s, known_at_s)

    def pv_kw_per_kw(
        self, tilt_deg: ArrayLike, azimuth_deg: ArrayLike, t_s: FloatArray, known_at_s: int | None = None
    ) -> FloatArray:
        """Direct power of modules over their rating, (p, t) [1]; likewise. See `Climate.pv_kw_per_kw`.

        Raises
        ------
        TypeError : the truth knows no planes.
        """
        truth = self.truth
        if not hasattr(truth, "pv_kw_per_kw"):
            raise TypeError(f"truth must be a Climate for PV, was {type(truth).__name__}")
        if known_at_s is None or (self.outdoor_std_1h_k == 0 and self.sun_std_1h_frac == 0):
            return np.asarray(truth.pv_kw_per_kw(tilt_deg, azimuth_deg, t_s))
        changed = {"sun_frac": self.sun_frac(t_s, known_at_s), "warmer_k": self.warmer_k(t_s, known_at_s)}
        return np.asarray(truth.pv_kw_per_kw(tilt_deg, azimuth_deg, t_s, **changed))

    def warmer_k(self, t_s: FloatArray, known_at_s: int | None) -> FloatArray:
        """How much warmer than the truth is expected, (t,) [K]."""
        return self.outdoor_std_1h_k * self._error(t_s, known_at_s, WARMER)

    def sun_frac(self, t_s: FloatArray, known_at_s: int | None) -> FloatArray:
        """Irradiance expected over the true one, (t,) [1]."""
        error = self.sun_std_1h_frac * self._error(t_s, known_at_s, BRIGHTER)
        return np.clip(1 + error, LEAST_SUN_FRAC, MOST_SUN_FRAC)

    def _error(self, t_s: FloatArray, known_at_s: int | None, stream: int) -> FloatArray:
        """Sum of the news from an instant to others, (t,), of standard deviation 1 an hour."""
        t = np.asarray(t_s, np.float64)
        if known_at_s is None or not t.size or t.max() <= known_at_s:
            return np.zeros(t.shape)
        first = known_at_s // HOUR_S
        hours = np.maximum(t / HOUR_S - first, 0.0)
        sums = np.concatenate([[0.0], self._news_of(first, int(np.ceil(hours.max())), stream).cumsum()])
        known = known_at_s / HOUR_S - first
        lead = hours - known
        error = np.interp(hours, np.arange(len(sums)), sums) - known * sums[1]
        error = error * np.sqrt(np.minimum(1.0, LONGEST_H / np.maximum(lead, 1.0)))
        return np.where(lead > 0, error, 0.0)

    def _news_of(self, first: int, count: int, stream: int) -> FloatArray:
        """News of hours from a first one on, (count,)."""
        days = range(first // 24, (first + count) // 24 + 1)
        numbers = np.concatenate([self._news_of_day(stream, day) for day in days])
        begin = first % 24
        return np.asarray(numbers[begin : begin + count])

    def _news_of_day(self, stream: int, day: int) -> FloatArray:
        found = self._news.get((stream, day))
        if found is None:
            found = np.random.default_rng([self.seed, stream, day]).standard_normal(24)
            self._news[stream, day] = found
        return found
