"""What all storage has in common: its maths, and the checks of its nameplates. Agents and plant share it."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from dso.messages import FloatArray


def after_power(
    stored_kwh: FloatArray,
    kw: FloatArray,
    hours: float | FloatArray,
    charge_frac: FloatArray,
    discharge_frac: FloatArray,
) -> FloatArray:
    """(n,) what is stored after some time [h] at a power at the meter [kW], limits aside [kWh]."""
    rate = np.maximum(kw, 0.0) * charge_frac + np.minimum(kw, 0.0) / discharge_frac
    return np.asarray(stored_kwh + rate * hours)


def energy_between(
    before_kwh: FloatArray, after_kwh: FloatArray, charge_frac: FloatArray, discharge_frac: FloatArray
) -> FloatArray:
    """(n,) energy at the meter that leads from one stored energy to another [kWh]; negative: given back."""
    change = after_kwh - before_kwh
    return np.asarray(np.maximum(change, 0.0) / charge_frac + np.minimum(change, 0.0) * discharge_frac)


def run(
    stored_kwh: FloatArray,
    kw: FloatArray,
    hours: float | FloatArray,
    reserve_kwh: FloatArray,
    capacity_kwh: FloatArray,
    charge_frac: FloatArray,
    discharge_frac: FloatArray,
) -> tuple[FloatArray, FloatArray]:
    """What is stored at the end, and the energy that flowed at the meter, each (n,) [kWh].

    Charging stops when full, discharging at the reserve; what is stored beyond either stays.
    """
    wanted = after_power(stored_kwh, kw, hours, charge_frac, discharge_frac)
    low, high = np.minimum(reserve_kwh, stored_kwh), np.maximum(capacity_kwh, stored_kwh)
    after = np.clip(wanted, low, high)
    return after, energy_between(stored_kwh, after, charge_frac, discharge_frac)


# --- nameplates -------------------------------------------------------------------------------------------


def frozen(name: str, value: Any, kind: DTypeLike, shape: tuple[int, ...]) -> NDArray[Any]:
    """A read-only copy of a field.

    Raises
    ------
    ValueError : its shape is another, or a value is not finite.
    """
    array = np.array(value, kind)
    array.flags.writeable = False
    if array.shape != shape:
        raise ValueError(f"{name} must be {shape}, was {array.shape}")
    check(name, "finite", array, np.isfinite(array))
    return array


def check(name: str, what: str, value: NDArray[Any], good: NDArray[np.bool_]) -> None:
    """Nothing, where all values are good.

    Raises
    ------
    ValueError : which names the first that is not, with its row.
    """
    if not good.all():
        where = tuple(int(i) for i in np.argwhere(~good)[0])
        raise ValueError(f"{name} must be {what}, was {float(value[where]):g} (row {where[-1]})")


def check_store(store: Any) -> None:
    """Nothing, where energies, ratings, efficiencies, costs and slider of a store are possible.

    Raises
    ------
    ValueError : which names the first that is not, with its row.
    """
    check("capacity_kwh", "above 0", store.capacity_kwh, store.capacity_kwh > 0)
    for name in ("charge_kw", "discharge_kw", "reserve_kwh", "wear_usd_per_kwh", "profit_margin_frac"):
        check(name, "0 or more", getattr(store, name), getattr(store, name) >= 0)
    for name in ("charge_frac", "discharge_frac"):
        value = getattr(store, name)
        check(name, "a fraction above 0 and at most 1", value, (value > 0) & (value <= 1))
    check("slider", "0 to 1", store.slider, (store.slider >= 0) & (store.slider <= 1))
    within = store.reserve_kwh <= store.capacity_kwh
    check("reserve_kwh", "at most capacity_kwh", store.reserve_kwh, within)


# --- draws ------------------------------------------------------------------------------------------------


def uniform(seed: int, stream: int, column: int, count: int, rows: NDArray[Any]) -> FloatArray:
    """Numbers 0 to 1 of some of `count` customers; none depends on who else is meant, or on `count`."""
    return np.asarray(np.random.default_rng([seed, stream, column]).random(count)[rows])


def normal(seed: int, stream: int, column: int, count: int, rows: NDArray[Any]) -> FloatArray:
    """Standard normal numbers, cut off at 2.5; likewise."""
    drawn = np.random.default_rng([seed, stream, column]).standard_normal(count)[rows]
    return np.asarray(np.clip(drawn, -2.5, 2.5))


def chosen(shares: ArrayLike, u: FloatArray) -> NDArray[np.int64]:
    """Which of several kinds each is, (n,), by their shares, from numbers 0 to 1."""
    edges = np.cumsum(np.asarray(shares, np.float64))
    return np.asarray(np.minimum(np.searchsorted(edges / edges[-1], u, side="right"), len(edges) - 1))
