"""Customers as arrays: who there is, and how large each is."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from dso.homes.noise import SIZE, SLIDER, draw
from dso.messages import FloatArray, IntArray


@dataclass(frozen=True, slots=True, eq=False)
class Customers:
    """All customers of a DSO, or some of them, with sizes that do not depend on which.

    Sizes are lognormal and average exactly 1 over all customers.

    Parameters
    ----------
    count : customers that exist in all, 1 or more.
    seed : 0 or more.
    spread : standard deviation of the logarithm of a size [1], 0 to 2.
    indices : (n,) those meant, each 0 to count − 1; None for all.

    Raises
    ------
    ValueError : an argument is out of its range.
    """

    count: int
    seed: int
    spread: float = 0.5
    indices: IntArray | None = None
    index: IntArray = field(init=False)  # (n,)
    size: FloatArray = field(init=False)  # (n,) load over the mean customer's

    def __post_init__(self) -> None:
        if self.count < 1 or self.seed < 0 or not 0 <= self.spread <= 2:
            raise ValueError(
                "count must be 1 or more, seed 0 or more and spread 0 to 2,"
                f" were {self.count}, {self.seed} and {self.spread}"
            )
        index = np.arange(self.count) if self.indices is None else np.asarray(self.indices, np.int64)
        if index.size and not 0 <= index.min() <= index.max() < self.count:
            raise ValueError(f"indices must be 0 to {self.count - 1}, were {index.min()} to {index.max()}")
        size = np.exp(self.spread * draw(self.seed, SIZE, 0, self.count))
        size = (size / size.mean())[index]
        size.flags.writeable = index.flags.writeable = False
        object.__setattr__(self, "index", index)
        object.__setattr__(self, "size", size)

    def __len__(self) -> int:
        return len(self.index)

    def part(self, indices: IntArray) -> Customers:
        """Some of the customers, by their number among all."""
        return Customers(self.count, self.seed, self.spread, indices)


def sliders(count: int, seed: int, indices: IntArray | None = None) -> FloatArray:
    """Preferences of customers from comfort, 0, to cost, 1: seeded and uniform, (n,)."""
    values = np.random.default_rng([seed, SLIDER, 0]).random(count)
    return values if indices is None else np.asarray(values[indices])
