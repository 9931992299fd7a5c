"""Hot water that people use: what is expected by the clock on the wall, and each draw as it happens."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dso.clock import HOUR_S
from dso.homes.local_time import LocalTime
from dso.homes.tanks import Tanks
from dso.messages import FloatArray

EVENTS = 142  # stream of random numbers
SLOTS = 4  # most draws that begin in an hour
SHORT_L, LONG_L, LONG_SHARE = (1.0, 3.0), (20.0, 60.0), 0.2  # hands and dishes; showers; round figures
MEAN_L = (1 - LONG_SHARE) * sum(SHORT_L) / 2 + LONG_SHARE * sum(LONG_L) / 2  # 9.6
LONG_MEAN_L = sum(LONG_L) / 2
LONG_VOLUME_FRAC = LONG_SHARE * LONG_MEAN_L / MEAN_L  # of all water
FLOW_L_PER_S = 0.1  # of a shower, 1.6 gallons a minute; round

# Part of a day's hot water by local hour, all uses together; it adds up to 0.999. R. Hendron, C. Engebrecht,
# Building America House Simulation Protocols, NREL/TP-550-49426 (2010), combined domestic hot water.
_DAY = (
    *(0.006, 0.003, 0.001, 0.001, 0.003, 0.022, 0.075, 0.079, 0.076, 0.067, 0.061, 0.048),
    *(0.042, 0.037, 0.037, 0.033, 0.044, 0.058, 0.069, 0.065, 0.059, 0.048, 0.042, 0.023),
)
USUAL_EARLY_LATE = 0, -1, 1  # hours by which profiles are shifted
PROFILES: FloatArray = np.stack([np.roll(_DAY, shift) for shift in USUAL_EARLY_LATE]) / sum(_DAY)
PROFILES.flags.writeable = False


def use_frac(local_time: LocalTime, from_s: float, to_s: float) -> FloatArray:
    """Part of a day's hot water expected over a stretch of time, by profile, (3,) [1].

    An hour of UTC counts as the local hour that its middle lies in.
    """
    hours = np.arange(int(from_s // HOUR_S), int(-(-to_s // HOUR_S)))
    part = np.minimum(to_s, (hours + 1.0) * HOUR_S) - np.maximum(from_s, hours * float(HOUR_S))
    return np.asarray((_by_hour(local_time, hours) * (part / HOUR_S)).sum(axis=1))


def expected_l(tanks: Tanks, local_time: LocalTime, from_s: float, to_s: float) -> FloatArray:
    """Hot water that people are expected to use over a stretch of time, (n,) [L]."""
    return np.asarray(tanks.day_l * use_frac(local_time, from_s, to_s)[tanks.profile])


class HotWater:
    """Draws as they happen, each at a time of its own, of short and long ones; on average the profile.

    In each hour up to four draws begin, each with a chance that makes the expected use of the hour that of
    the profile; 1 to 3 L (80 %) or 20 to 60 L (20 %), 6 L a minute. Where four a hour are not enough, draws
    are longer. Each hour has a generator of its own that draws for all customers in their order, so neither
    other tanks nor the order of questions changes a draw.

    Parameters
    ----------
    tanks : whose water.
    local_time : by which people live.
    seed : 0 or more.
    """

    def __init__(self, tanks: Tanks, local_time: LocalTime, seed: int) -> None:
        self._tanks, self._local_time, self._seed = tanks, local_time, seed
        self._held: dict[int, NDArray[np.float32]] = {}

    def litres(self, from_s: float, to_s: float) -> FloatArray:
        """What is drawn over a stretch of time, (n,) [L], as warm as it leaves the tap."""
        total = np.zeros(len(self._tanks))
        for hour in range(int(from_s // HOUR_S) - 1, int(-(-to_s // HOUR_S))):
            begins, litres = self._events(hour)
            begins_s = begins - np.float32(from_s - hour * HOUR_S)
            ends_s = np.minimum(begins_s + litres / np.float32(FLOW_L_PER_S), np.float32(to_s - from_s))
            total += FLOW_L_PER_S * np.maximum(ends_s - np.maximum(begins_s, 0), 0).sum(axis=0)
        return total

    def _events(self, hour: int) -> NDArray[np.float32]:
        """Seconds into the hour at which draws begin, and litres, (2, SLOTS, n)."""
        found = self._held.get(hour)
        if found is None:
            found = self._drawn(hour)
            if len(self._held) > 2:
                del self._held[next(iter(self._held))]
            self._held[hour] = found
        return found

    def _drawn(self, hour: int) -> NDArray[np.float32]:
        tanks = self._tanks
        count = int(tanks.customers.max(initial=-1)) + 1
        numbers = np.random.default_rng([self._seed, EVENTS, hour]).random((count, 3, SLOTS), np.float32)
        happens, when, size = np.moveaxis(numbers[tanks.customers], 0, -1)
        expected = tanks.day_l * _by_hour(self._local_time, np.array([hour]))[tanks.profile, 0]
        chance = expected / (SLOTS * MEAN_L)
        litres = np.where(happens < chance, np.maximum(chance, 1.0) * _size_l(size), 0.0)
        return np.stack([HOUR_S * when, litres.astype(np.float32)])


def _by_hour(local_time: LocalTime, hours: NDArray[np.int64]) -> FloatArray:
    """(3, hours) part of a day's use in hours since the epoch."""
    local = local_time.hour((hours + 0.5) * HOUR_S).astype(np.int64)
    return np.asarray(PROFILES[:, local])


def _size_l(u: NDArray[np.float32]) -> FloatArray:
    """Litres of draws of which all of 0 to 1 are as likely."""
    long = LONG_L[0] + (LONG_L[1] - LONG_L[0]) * u / LONG_SHARE
    short = SHORT_L[0] + (SHORT_L[1] - SHORT_L[0]) * (u - LONG_SHARE) / (1 - LONG_SHARE)
    return np.where(u < LONG_SHARE, long, short)
