"""Electric vehicles of homes: what they can do, and how their owners use them."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dso.homes.storage import check, check_store, chosen, frozen, normal, uniform
from dso.messages import FloatArray, IntArray

Small = NDArray[np.float32]
DAY_H = 24.0
DAY_TYPES = ("working day", "weekend")  # rows of habits
_HABITS = ("leaves_h", "returns_h", "trip_km")

OWNS, MODEL, HABIT, WANT = 125, 126, 127, 128  # streams, one a purpose

# kWh usable, kW of the charger on board, kWh/km out of the battery, share; rounded from makers' and EPA's
# figures for Nissan Leaf, Chevrolet Bolt, Tesla Model 3 and Tesla Model Y. Shares are round figures.
MODELS = (
    (40.0, 6.6, 0.17, 0.15),
    (65.0, 7.2, 0.16, 0.20),
    (57.5, 7.7, 0.14, 0.30),
    (75.0, 11.5, 0.16, 0.35),
)
ONE_WAY_FRAC = 0.92  # charger and battery; round
RESERVE_FRAC = 0.2  # round
WEAR_USD_PER_KWH = 0.02  # for each kWh through the meter, either way; round
PROFIT_MARGIN_FRAC = (0.0, 0.5)
# by day type: mean and spread [h], cut off at 2.5 spreads, and at these hours
LEAVES_H, LEAVES_STD_H, LEAVES_BETWEEN_H = (7.75, 10.5), (1.0, 1.5), (5.0, 14.0)
RETURNS_H, RETURNS_STD_H, RETURNS_BY_H = (17.5, 16.5), (1.5, 2.5), 23.0
SHORTEST_TRIP_H = 1.0
# NHTS 2017: 26 miles a driver and day, and with vehicles' 10,200 miles a year 28 miles a vehicle and day
MEDIAN_KM, LOG_STD, LONGEST_KM = (38.0, 32.0), 0.6, 200.0
AT_HOME_SHARE = (0.0, 0.2)  # who stays at home all day; round
SPARE_FRAC, SPARE_H = 0.9, 4.0  # draws leave so much of what is possible


@dataclass(frozen=True, slots=True, eq=False)
class Vehicles:
    """Vehicles that are charged at home (V1G), and may give back (V2G), without self-discharge.

    Each makes one trip a day, from home and back between midnight and midnight; at home it is plugged in.
    Its owner's slider says how full it must be when it leaves: at 0 full, at 1 the usual trip's energy and
    the reserve, between in proportion.

    Parameters
    ----------
    customers : (n,) index of the customer who owns each; vehicles of one customer err from habit together.
    capacity_kwh : (n,) stored at most [kWh], above 0.
    charge_kw, discharge_kw : (n,) ratings at the meter [kW], 0 or more; discharge_kw is 0 for V1G.
    charge_frac, discharge_frac : (n,) efficiency of each way [1], above 0 and at most 1.
    reserve_kwh : (n,) never less than this is left by choice [kWh], 0 to capacity; driving may use it.
    kwh_per_km : (n,) out of the battery [kWh/km], above 0.
    wear_usd_per_kwh : (n,) degradation for each kWh through the meter [USD/kWh], 0 or more.
    profit_margin_frac : (n,) what the owner wants on top of wear [1], 0 or more.
    slider : (n,) from comfort, 0, to cost, 1.
    leaves_h, returns_h : (2, n) usual local hours of working days and weekends [h], leaves before returns.
    trip_km : (2, n) usual distance [km], 0 or more; 0: it stays at home.

    Raises
    ------
    ValueError : a value is out of its range, or shapes differ.
    """

    customers: IntArray
    capacity_kwh: FloatArray
    charge_kw: FloatArray
    discharge_kw: FloatArray
    charge_frac: FloatArray
    discharge_frac: FloatArray
    reserve_kwh: FloatArray
    kwh_per_km: FloatArray
    wear_usd_per_kwh: FloatArray
    profit_margin_frac: FloatArray
    slider: FloatArray
    leaves_h: Small
    returns_h: Small
    trip_km: Small

    def __post_init__(self) -> None:
        count = len(self.customers)
        for f in fields(self):
            shape = (len(DAY_TYPES), count) if f.name in _HABITS else (count,)
            kind: Any = np.float32 if f.name in _HABITS else np.float64
            kind = np.int64 if f.name == "customers" else kind
            object.__setattr__(self, f.name, frozen(f.name, getattr(self, f.name), kind, shape))
        check_store(self)
        check("kwh_per_km", "above 0", self.kwh_per_km, self.kwh_per_km > 0)
        check("trip_km", "0 or more", self.trip_km, self.trip_km >= 0)
        check("leaves_h", "0 or more", self.leaves_h, self.leaves_h >= 0)
        check("leaves_h", "before returns_h", self.leaves_h, self.leaves_h < self.returns_h)
        check("returns_h", "at most 24", self.returns_h, self.returns_h <= DAY_H)

    def __len__(self) -> int:
        return len(self.customers)

    def take(self, rows: ArrayLike) -> Vehicles:
        """Some of the vehicles."""
        picked = np.asarray(rows)
        return replace(self, **{f.name: getattr(self, f.name)[..., picked] for f in fields(self)})

    def trip_kwh(self, day_type: int) -> FloatArray:
        """(n,) energy of the usual trip of a day type, 0: working day, 1: weekend [kWh]."""
        return np.asarray(self.trip_km[day_type] * self.kwh_per_km)


def impossible(vehicles: Vehicles) -> list[tuple[int, str]]:
    """Vehicles that can never hold what their trips take, with the reason: row and one sentence each.

    A trip and the reserve must fit into the battery, and what a trip takes must be charged again in the hours
    of a day in which the vehicle is at home.
    """
    found: list[tuple[int, str]] = []
    for day_type, day in enumerate(DAY_TYPES):
        trip = vehicles.trip_kwh(day_type)
        hours = DAY_H - (vehicles.returns_h[day_type] - vehicles.leaves_h[day_type]).astype(np.float64)
        charged = vehicles.charge_kw * hours * vehicles.charge_frac
        left = vehicles.capacity_kwh - vehicles.reserve_kwh
        for row in np.flatnonzero((trip > 0) & (trip > left)).tolist():
            found.append((row, f"a {day}'s trip takes {trip[row]:.3g} kWh, must be at most"
                               f" {left[row]:.3g} kWh, capacity_kwh less reserve_kwh"))  # fmt: skip
        for row in np.flatnonzero(trip > charged).tolist():
            found.append((row, f"a {day}'s trip takes {trip[row]:.3g} kWh, but {hours[row]:.3g} h at home and"
                               f" {vehicles.charge_kw[row]:g} kW charge {charged[row]:.3g} kWh"))  # fmt: skip
    return sorted(found)


def draw_vehicles(
    count: int, seed: int, share: float, *, v2g_share: float = 0.0, slider: float | None = None
) -> Vehicles:
    """Vehicles of some of a DSO's customers; what one is like does not depend on who else has one.

    Four models with makers' ratings as round figures. Working days' trips begin around 7:45 and end around
    17:30, weekends' from 10:30 to 16:30; distances are lognormal around 38 and 32 km (45 and 38 km on average
    where there is a trip), a fifth of vehicles stays at home on weekends. So a vehicle drives about 42 km a
    day, NHTS' 26 to 28 miles. A fifth of the capacity is the reserve. Sliders are uniform.

    No vehicle drawn is impossible: a trip is cut to 200 km, and to 90 % of what fits beside the reserve and
    of what is charged in its hours at home less four.

    Parameters
    ----------
    count : customers that exist in all, 0 or more.
    seed : 0 or more.
    share : of customers that own one [1], 0 to 1; a higher share adds to a lower one's.
    v2g_share : of vehicles, those that can give back at their charger's rating [1], 0 to 1.
    slider : the same for all; None: drawn.

    Raises
    ------
    ValueError : a share is not 0 to 1.

    References
    ----------
    N. McGuckin and A. Fucci, Summary of Travel Trends: 2017 National Household Travel Survey, FHWA-PL-18-019:
    its daily distance; hours and spreads are round figures.
    """
    for name, part in (("share", share), ("v2g_share", v2g_share)):
        if not 0 <= part <= 1:
            raise ValueError(f"{name} must be 0 to 1, was {part}")
    owners = np.flatnonzero(np.random.default_rng([seed, OWNS]).random(count) < share)
    u = partial(uniform, seed, count=count, rows=owners)
    kwh, kw, per_km, shares = np.array(MODELS).T
    model, (least, most) = chosen(shares, u(MODEL, 0)), PROFIT_MARGIN_FRAC
    leaves, returns, km = _habits(seed, count, owners)
    charged = kw[model] * ONE_WAY_FRAC * np.maximum(DAY_H - (returns - leaves) - SPARE_H, 0.0)
    most_kwh = SPARE_FRAC * np.minimum(charged, (1 - RESERVE_FRAC) * kwh[model])
    constant = partial(np.full, len(owners))
    return Vehicles(
        customers=owners,
        capacity_kwh=kwh[model],
        charge_kw=kw[model],
        discharge_kw=np.where(u(MODEL, 1) < v2g_share, kw[model], 0.0),
        charge_frac=constant(ONE_WAY_FRAC),
        discharge_frac=constant(ONE_WAY_FRAC),
        reserve_kwh=RESERVE_FRAC * kwh[model],
        kwh_per_km=per_km[model],
        wear_usd_per_kwh=constant(WEAR_USD_PER_KWH),
        profit_margin_frac=least + (most - least) * u(WANT, 0),
        slider=u(WANT, 1) if slider is None else constant(slider),
        leaves_h=leaves.astype(np.float32),
        returns_h=returns.astype(np.float32),
        trip_km=np.minimum(km, most_kwh / per_km[model]).astype(np.float32),
    )


def _habits(seed: int, count: int, rows: np.ndarray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """(2, n) hours of leaving and returning, and distances [km], by day type; hours in quarters."""
    made = []
    for day in (0, 1):
        z = [normal(seed, HABIT, 4 * day + k, count, rows) for k in range(3)]
        stays = uniform(seed, HABIT, 4 * day + 3, count, rows) < AT_HOME_SHARE[day]
        leaves = np.clip(LEAVES_H[day] + LEAVES_STD_H[day] * z[0], *LEAVES_BETWEEN_H)
        returns = RETURNS_H[day] + RETURNS_STD_H[day] * z[1]
        leaves = np.round(4 * leaves) / 4
        returns = np.clip(np.round(4 * returns) / 4, leaves + SHORTEST_TRIP_H, RETURNS_BY_H)
        km = np.minimum(MEDIAN_KM[day] * np.exp(LOG_STD * z[2]), LONGEST_KM)
        made.append((leaves, returns, np.where(stays, 0.0, km)))
    leaves, returns, km = (np.stack(column) for column in zip(*made, strict=True))
    return leaves, returns, km
