"""Electric water heaters with a tank: what they are, and what people want of them."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dso.messages import FloatArray, IntArray

SIZE, HABIT, WANT = 143, 144, 145  # streams of random numbers, one a purpose

KWH_PER_L_K = 4.186 / 3600  # heat capacity of water
TAP_C = 45.0  # mixing valves give this, or whatever the tank has if that is less
MOST_DAY_L = 2500.0
PROFILE_COUNT = 3  # usual, early, late: see `dso.homes.draws.PROFILES`

VOLUME_L = (114.0, 151.0, 189.0, 250.0)  # 30, 40, 50 and 66 gallons
VOLUME_SHARE = (0.10, 0.45, 0.35, 0.10)  # RECS 2020: small 10 %, medium (31 to 49) 45 %, large 45 %; round
RATING_KW = (3.8, 4.5, 4.5, 5.5)  # usual elements of those sizes
UA_KW_PER_K_L, UA_SPREAD = 8e-6, 0.2  # 1.5 W/K at 189 L, GridLAB-D's default is of that size; round
SET_POINT_C = (52.0, 60.0)  # 125 to 140 °F; round
INLET_C, AMBIENT_C = 22.0, 24.0  # Austin's mains over the year; indoors; round
DAY_L, DAY_SPREAD, DAY_LIMITS_L = 190.0, 0.35, (40.0, 700.0)  # 50 gallons a home; round
USE_POWER = 0.5  # use grows with the root of the load; round
LEAST_BAND_K = 5.0

_ABOVE_ZERO = ("volume_l", "rating_kw", "ua_kw_per_k")
_AT_LEAST_ZERO = ("day_l", "slider")


@dataclass(frozen=True, slots=True, eq=False)
class Tanks:
    """Tanks, each at one temperature throughout.

    People have a slider: at 0 they want the tank at its set-point, at 1 they let it cool to the lowest
    temperature at which water is still warm enough, less what one shower takes, for money.

    Parameters
    ----------
    customers : (n,) index of the customer who has each tank.
    volume_l : (n,) [L], above 0.
    rating_kw : (n,) of the element [kW], above 0.
    ua_kw_per_k : (n,) conductance to the room [kW/K], above 0.
    set_point_c : (n,) of the thermostat, and the highest that is wanted [°C]; below 100.
    lowest_c : (n,) below this water is too cold [°C]; below set_point_c.
    inlet_c : (n,) of cold water [°C]; below lowest_c, above 0.
    ambient_c : (n,) of the room [°C]; below set_point_c.
    day_l : (n,) water of `TAP_C` that a home uses a day on average [L], 0 to 2,500; kept in single precision.
    profile : (n,) when it does: 0 usual, 1 an hour earlier, 2 an hour later.
    slider : (n,) from comfort, 0, to cost, 1; or above.

    Raises
    ------
    ValueError : a value is out of its range; it names field, value and row.
    """

    customers: IntArray
    volume_l: FloatArray
    rating_kw: FloatArray
    ua_kw_per_k: FloatArray
    set_point_c: FloatArray
    lowest_c: FloatArray
    inlet_c: FloatArray
    ambient_c: FloatArray
    day_l: NDArray[np.float32]
    profile: NDArray[np.int8]
    slider: FloatArray

    def __post_init__(self) -> None:
        kinds: dict[str, type] = {"customers": np.int64, "day_l": np.float32, "profile": np.int8}
        for f in fields(self):
            value: NDArray[Any] = np.array(getattr(self, f.name), kinds.get(f.name, np.float64))
            value.flags.writeable = False
            object.__setattr__(self, f.name, value)
            if value.shape != (len(self.customers),):
                raise ValueError(f"{f.name} must be ({len(self.customers)},), was {value.shape}")
            self._all(f.name, "finite", np.isfinite(value))
        for name in _ABOVE_ZERO:
            self._all(name, "above 0", getattr(self, name) > 0)
        for name in _AT_LEAST_ZERO:
            self._all(name, "0 or more", getattr(self, name) >= 0)
        self._all("day_l", f"at most {MOST_DAY_L:g}", self.day_l <= MOST_DAY_L)
        self._all("profile", "0, 1 or 2", (self.profile >= 0) & (self.profile < PROFILE_COUNT))
        self._all("set_point_c", "below 100", self.set_point_c < 100)
        self._all("lowest_c", "below set_point_c", self.lowest_c < self.set_point_c)
        self._all(
            "inlet_c", "above 0 and below lowest_c", (self.inlet_c > 0) & (self.inlet_c < self.lowest_c)
        )
        self._all("ambient_c", "below set_point_c", self.ambient_c < self.set_point_c)

    def _all(self, name: str, what: str, good: NDArray[np.bool_]) -> None:
        if not good.all():
            row = int(np.flatnonzero(~good)[0])
            raise ValueError(f"{name} must be {what}, was {float(getattr(self, name)[row]):g} (row {row})")

    def __len__(self) -> int:
        return len(self.customers)

    def take(self, rows: ArrayLike) -> Tanks:
        """Some of the tanks."""
        picked = np.asarray(rows)
        return replace(self, **{f.name: getattr(self, f.name)[picked] for f in fields(self)})

    @property
    def kwh_per_k(self) -> FloatArray:
        """(n,) heat that warms a tank by a kelvin [kWh/K]."""
        return KWH_PER_L_K * self.volume_l

    @property
    def tap_kwh_per_l(self) -> FloatArray:
        """(n,) heat in a litre at the tap, from a tank that is hot enough [kWh/L]."""
        return KWH_PER_L_K * (np.minimum(TAP_C, self.set_point_c) - self.inlet_c)


def draw_tanks(
    customer_size: FloatArray,
    seed: int,
    share: float,
    *,
    set_point_c: float | None = None,
    volume_l: float | None = None,
    rating_kw: float | None = None,
    slider: float | None = None,
) -> Tanks:
    """Electric water heaters of some of a DSO's customers, as in EIA's Residential Energy Consumption Survey.

    What a tank is like does not depend on who else has one. Sizes: RECS 2020, in classes. Water that is used
    follows the root of a customer's size; 190 L a day on average (D. Parker, P. Fairey, J. Lutz, ASHRAE
    Transactions 121-2 (2015), rounded). Water is too cold below 45 °C. Other figures are round.

    Parameters
    ----------
    customer_size : (customers,) load of each over the mean one's [1], above 0.
    seed : 0 or more.
    share : of customers that have one [1], 0 to 1; a higher share adds to a lower one's.
    set_point_c, volume_l, rating_kw, slider : the same for all [°C], [L], [kW], [1]; None: drawn.

    Raises
    ------
    ValueError : an argument is out of its range, or a tank impossible.
    """
    if not 0 <= share <= 1:
        raise ValueError(f"share must be 0 to 1, was {share}")
    size = np.asarray(customer_size, np.float64)
    if not (size > 0).all():
        raise ValueError(f"customer_size must be above 0, was {size.min()}")
    owns = _uniform(seed, SIZE, 0, len(size)) < share

    def u(stream: int, column: int) -> FloatArray:
        return _uniform(seed, stream, column, len(size))[owns]

    def given(value: float | None, drawn: FloatArray) -> FloatArray:
        return drawn if value is None else np.full(len(drawn), float(value))

    row = np.searchsorted(np.cumsum(VOLUME_SHARE)[:-1], u(SIZE, 1), side="right")
    volume = given(volume_l, np.array(VOLUME_L)[row])
    setting = given(set_point_c, SET_POINT_C[0] + (SET_POINT_C[1] - SET_POINT_C[0]) * u(HABIT, 0))
    day_l = DAY_L * size[owns] ** USE_POWER * _spread(DAY_SPREAD, u(HABIT, 1), u(HABIT, 2))
    return Tanks(
        customers=np.flatnonzero(owns),
        volume_l=volume,
        rating_kw=given(rating_kw, np.array(RATING_KW)[row]),
        ua_kw_per_k=UA_KW_PER_K_L * volume * _spread(UA_SPREAD, u(SIZE, 2), u(SIZE, 3)),
        set_point_c=setting,
        lowest_c=np.minimum(TAP_C, setting - LEAST_BAND_K),
        inlet_c=np.full(len(volume), INLET_C),
        ambient_c=np.full(len(volume), AMBIENT_C),
        day_l=np.clip(day_l, *DAY_LIMITS_L).astype(np.float32),
        profile=np.floor(PROFILE_COUNT * u(HABIT, 3)).astype(np.int8),
        slider=given(slider, u(WANT, 0)),
    )


def _uniform(seed: int, stream: int, column: int, count: int) -> FloatArray:
    return np.random.default_rng([seed, stream, column]).random(count)


def _spread(std: float, first: FloatArray, second: FloatArray) -> FloatArray:
    """Factors with mean 1, log-normal, from two uniform numbers each (Box and Muller)."""
    normal = np.sqrt(-2 * np.log1p(-first)) * np.cos(2 * np.pi * second)
    return np.asarray(np.exp(std * np.clip(normal, -2.5, 2.5) - std**2 / 2))
