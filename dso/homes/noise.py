"""Seeded noise that depends on what it is for, never on when or in which order it is asked for.

Each hour has a generator of its own, `default_rng([seed, stream, hour])`, that draws for all customers; a
part that looks after some of them only takes theirs out. So neither the order of calls, nor a resumed run,
nor how customers are split over parts changes a value.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from dso.clock import HOUR_S
from dso.messages import FloatArray, IntArray

SIZE, SLIDER, FIXED, COOLING, FORECAST_ALL, FORECAST_EACH = range(1, 7)  # streams, one a purpose

CACHE_BYTES = 8_000_000  # for each cache
Key = TypeVar("Key")


class HourCache(Generic[Key]):
    """The arrays last computed, up to a number of bytes; the oldest goes first."""

    def __init__(self, entry_count: int, least: int) -> None:
        self._most = max(least, min(64, CACHE_BYTES // max(8 * entry_count, 1)))
        self._held: dict[Key, FloatArray] = {}

    def get(self, key: Key, make: Callable[[Key], FloatArray]) -> FloatArray:
        """The array of a key, made if it is not held."""
        found = self._held.get(key)
        if found is None:
            found = make(key)
            found.flags.writeable = False
            if len(self._held) >= self._most:
                del self._held[next(iter(self._held))]
            self._held[key] = found
        return found


def draw(seed: int, stream: int, hour: int, count: int, indices: IntArray | None = None) -> FloatArray:
    """Standard normal numbers of some customers at an hour, (n,), drawn for all `count` of them."""
    numbers = np.random.default_rng([seed, stream, hour]).standard_normal(count)
    return numbers if indices is None else numbers[indices]


class HourlyNoise:
    """Noise with a memory: normal, mean 0, correlated from hour to hour, linear between full hours.

    An autoregressive process of order one, cut off after `WINDOW` hours, so that each value follows from a
    few draws and not from the whole past.

    Parameters
    ----------
    count : customers that exist in all.
    indices : (n,) those that this part looks after; None for all.
    seed : 0 or more.
    stream : what the noise is for; different streams are independent.
    std_frac : its standard deviation on the hour [1], 0 to 0.2; values are cut off at `LIMIT_FRAC`.
    memory : correlation from one hour to the next [1], 0 to below 1.
    """

    WINDOW = 12
    LIMIT_FRAC = 0.6

    def __init__(
        self, count: int, indices: IntArray | None, seed: int, stream: int, std_frac: float, memory: float
    ) -> None:
        if not 0 <= std_frac <= 0.2 or not 0 <= memory < 1:
            raise ValueError(
                f"std_frac must be 0 to 0.2 and memory 0 to below 1, were {std_frac} and {memory}"
            )
        self._count, self._indices, self._seed, self._stream = count, indices, seed, stream
        weights = memory ** np.arange(self.WINDOW)
        self._weights = std_frac * weights / np.sqrt((weights**2).sum())
        size = count if indices is None else len(indices)
        self._draws: HourCache[int] = HourCache(size, self.WINDOW + 2)
        self._hours: HourCache[int] = HourCache(size, 4)

    def at(self, t_s: float) -> FloatArray:
        """Noise of each customer at an instant, (n,) [1]."""
        hour, rest_s = divmod(t_s, HOUR_S)
        part = rest_s / HOUR_S
        first = self._hours.get(int(hour), self._on_the_hour)
        if not part:
            return first
        second = self._hours.get(int(hour) + 1, self._on_the_hour)
        return np.asarray(first + part * (second - first))

    def _draw(self, hour: int) -> FloatArray:
        return draw(self._seed, self._stream, hour, self._count, self._indices)

    def _on_the_hour(self, hour: int) -> FloatArray:
        total = self._weights[0] * self._draws.get(hour, self._draw)
        for back in range(1, self.WINDOW):  # no dot product: its rounding may depend on threads
            if self._weights[back]:
                total += self._weights[back] * self._draws.get(hour - back, self._draw)
        clipped: NDArray[np.float64] = np.clip(total, -self.LIMIT_FRAC, self.LIMIT_FRAC)
        return clipped
