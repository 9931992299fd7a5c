"""Houses of a Texas neighbourhood, drawn by seed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dso.homes.houses import COOLING_AT_C, HEATING_AT_C, LEAST_GAP_K, W_PER_KW, Houses
from dso.messages import FloatArray

OWNS, HOUSE, MACHINE, HABIT, WANT = range(100, 105)  # streams, one a purpose

MEAN_FLOOR_M2 = 180.0  # about 1,900 ft², a single-family home in Texas; round
FLOOR_POWER, FLOOR_M2 = 0.5, (60.0, 450.0)  # floor area grows with the root of the load; round
UA_KW_PER_K_M2, UA_SPREAD = 1.4e-3, 0.2  # a wood frame house of mean insulation, as GridLAB-D's; round
AIR_KWH_PER_K_M2, MASS_KWH_PER_K_M2, MASS_SPREAD = 2.4e-3, 0.02, 0.15  # likewise: air counts three times
HM_KW_PER_K_M2 = 0.02  # likewise: 8.3 W/(K·m²) of inner surface, 2.4 times the floor
SUN_M2_PER_M2, SUN_SPREAD = 0.02, 0.3  # windows 15 % of the floor, SHGC 0.45, half of it upright, shaded
GAINS_KW_PER_M2 = 0.0032  # people and appliances, about 14 kWh a day in 180 m²; round
DESIGN_HOT_C, DESIGN_COLD_C, DESIGN_SUN_W_PER_M2 = 38.0, -3.0, 800.0  # Austin's extremes; round
OVERSIZE = (1.1, 1.4)  # what installers add to the design load; ACCA Manual S allows up to 1.4
COOLING_COP = (2.3, 3.0)  # SEER 12 to 16 at 35 °C, less the 23 % that takes water out of air; round
HEAT_PUMP_SHARE = 0.15  # of electric heating: 1.1 of 7.3 million homes, RECS 2015, table HC6.8
HEATING_COP, BACKUP_FRAC = (2.8, 3.8), 0.5  # HSPF 7.5 to 10 at 8.3 °C; half of the design load again; round
COOLING_COP_PER_K, HEATING_COP_PER_K = -0.04, 0.06  # round
ALWAYS_SHARE, AWAY_SHARE = 0.45, 0.40  # RECS 2015: 45 % leave their thermostat alone; the rest, by night only
COOLING_C, HEATING_C = (23.5, 1.2), (20.5, 1.0)  # mean and spread; round
LEAVES_H, COMES_H, SLEEPS_H, RISES_H = (7, 10), (16, 19), (21, 24), (5, 8)  # round
AWAY_K, NIGHT_K = (1.5, 4.0), (-1.0, 1.0)  # warmer in summer when away, and by night; round
HEATING_AWAY_K, HEATING_NIGHT_K = (1.0, 3.0), (0.5, 2.5)  # colder in winter; round
RANGE_K = (1.0, 3.0)  # low and high, each; round

Range = tuple[float, float]


@dataclass(frozen=True, slots=True)
class _Draw:
    """Numbers for all customers, then of some; each column of a stream is a variable of its own."""

    seed: int
    stream: int
    count: int
    rows: NDArray[np.bool_]

    def uniform(self, column: int, between: Range = (0.0, 1.0)) -> FloatArray:
        u = np.random.default_rng([self.seed, self.stream, column]).random(self.count)[self.rows]
        return np.asarray(between[0] + (between[1] - between[0]) * u)

    def normal(self, column: int) -> FloatArray:
        z = np.random.default_rng([self.seed, self.stream, column]).standard_normal(self.count)[self.rows]
        return np.clip(z, -2.5, 2.5)

    def hours(self, column: int, between: tuple[int, int]) -> FloatArray:
        return np.floor(self.uniform(column, between))


def draw_houses(
    customer_size: FloatArray,
    seed: int,
    share: float,
    *,
    electric_heating_share: float = 0.55,
    slider: float | None = None,
) -> Houses:
    """Houses of some of a DSO's customers; what a house is like does not depend on who else has one.

    Floor area follows the root of a customer's size. Machines are sized for the house's own lowest cooling
    set-point at 38 °C and 800 W/m², and highest heating set-point at −3 °C, times 1.1 to 1.4. Set-points are
    kept all day (45 %), let go while away on working days and by night (40 %), or by night only (15 %).
    Shares of equipment and habits: EIA, Residential Energy Consumption Survey 2015, tables HC6.8 (West South
    Central) and "One in eight U.S. homes uses a programmed thermostat" (2017). Thermal figures: defaults of
    GridLAB-D's house (PNNL). Sliders are uniform.

    Parameters
    ----------
    customer_size : (customers,) load of each over the mean one's [1], above 0.
    seed : 0 or more.
    share : of customers that have such a house [1], 0 to 1; a higher share adds to a lower one's.
    electric_heating_share : of them, who heats with electricity [1], 0 to 1; the others burn gas.
    slider : the same for all; None: drawn.

    Raises
    ------
    ValueError : an argument is out of its range.
    """
    for name, part in (("share", share), ("electric_heating_share", electric_heating_share)):
        if not 0 <= part <= 1:
            raise ValueError(f"{name} must be 0 to 1, was {part}")
    size = np.asarray(customer_size, np.float64)
    if not (size > 0).all():
        raise ValueError(f"customer_size must be above 0, was {size.min()}")
    owns = np.random.default_rng([seed, OWNS]).random(len(size)) < share
    of = {stream: _Draw(seed, stream, len(size), owns) for stream in (HOUSE, MACHINE, HABIT, WANT)}
    shell = _shell(of[HOUSE], MEAN_FLOOR_M2 * size[owns] ** FLOOR_POWER)
    cooling_c, heating_c = _set_points(of[HABIT])
    want, count = of[WANT], int(owns.sum())
    return Houses(
        customers=np.flatnonzero(owns),
        **shell,
        **_machines(of[MACHINE], shell, cooling_c.min((0, 1)), heating_c.max((0, 1)), electric_heating_share),
        cooling_c=cooling_c,
        heating_c=heating_c,
        range_low_k=want.uniform(0, RANGE_K),
        range_high_k=want.uniform(1, RANGE_K),
        slider=want.uniform(2) if slider is None else np.full(count, float(slider)),
    )


def _shell(draw: _Draw, floor_m2: FloatArray) -> dict[str, FloatArray]:
    floor = np.clip(floor_m2, *FLOOR_M2)
    mass = MASS_KWH_PER_K_M2 * floor * np.exp(MASS_SPREAD * draw.normal(1))
    hours = np.arange(24)
    evening = np.exp(-(((hours - 19) / 3) ** 2)) + 0.5 * np.exp(-(((hours - 7.5) / 1.5) ** 2))
    shape = (0.6 + evening) / (0.6 + evening).mean()  # people and appliances: mornings, and evenings most
    gains = GAINS_KW_PER_M2 * floor * np.exp(0.3 * draw.normal(3))
    return {
        "ua_kw_per_k": UA_KW_PER_K_M2 * floor * np.exp(UA_SPREAD * draw.normal(0)),
        "air_kwh_per_k": AIR_KWH_PER_K_M2 * floor,
        "mass_kwh_per_k": mass,
        "hm_kw_per_k": HM_KW_PER_K_M2 * floor,
        "sun_m2": SUN_M2_PER_M2 * floor * np.exp(SUN_SPREAD * draw.normal(2)),
        "gains_kw": shape[:, None] * gains,
    }


def _machines(
    draw: _Draw,
    shell: dict[str, FloatArray],
    coolest_c: FloatArray,
    warmest_c: FloatArray,
    electric_share: float,
) -> dict[str, FloatArray]:
    ua, oversize = shell["ua_kw_per_k"], draw.uniform(0, OVERSIZE)
    sun_kw = shell["sun_m2"] * DESIGN_SUN_W_PER_M2 / W_PER_KW
    hot = oversize * (ua * (DESIGN_HOT_C - coolest_c) + sun_kw + shell["gains_kw"].max(axis=0))
    cold = oversize * ua * (warmest_c - DESIGN_COLD_C)
    electric = draw.uniform(1) < electric_share
    pump = electric & (draw.uniform(2) < HEAT_PUMP_SHARE)
    cop, none = draw.uniform(3, COOLING_COP), np.zeros_like(ua)
    warm_cop = np.where(pump, draw.uniform(4, HEATING_COP), 1.0)
    warm_slope = np.where(pump, HEATING_COP_PER_K, 0.0)
    cold_cop = warm_cop + warm_slope * (DESIGN_COLD_C - HEATING_AT_C)
    return {
        "cooling_kw": hot / (cop + COOLING_COP_PER_K * (DESIGN_HOT_C - COOLING_AT_C)),
        "heating_kw": np.where(electric, cold / cold_cop, none),
        "backup_kw": np.where(pump, BACKUP_FRAC * cold, none),
        "furnace_kw": np.where(electric, none, cold),
        "cooling_cop": cop,
        "cooling_cop_per_k": np.full_like(ua, COOLING_COP_PER_K),
        "heating_cop": warm_cop,
        "heating_cop_per_k": warm_slope,
    }


def _set_points(draw: _Draw) -> tuple[FloatArray, FloatArray]:
    """(2, 24, n) cooling and heating set-points, in half kelvins."""
    habit, hour = draw.uniform(0), np.arange(24)[:, None]
    away = (hour >= draw.hours(1, LEAVES_H)) & (hour < draw.hours(2, COMES_H)) & (habit >= ALWAYS_SHARE)
    away &= habit < ALWAYS_SHARE + AWAY_SHARE
    asleep = ((hour >= draw.hours(3, SLEEPS_H)) | (hour < draw.hours(4, RISES_H))) & (habit >= ALWAYS_SHARE)
    cooling = np.repeat((COOLING_C[0] + COOLING_C[1] * draw.normal(5))[None], 24, axis=0)
    heating = np.repeat((HEATING_C[0] + HEATING_C[1] * draw.normal(6))[None], 24, axis=0)
    cooling, heating = (
        cooling + asleep * draw.uniform(7, NIGHT_K),
        heating - asleep * draw.uniform(8, HEATING_NIGHT_K),
    )
    at_work = cooling + away * draw.uniform(9, AWAY_K), heating - away * draw.uniform(10, HEATING_AWAY_K)
    both = np.stack([at_work[0], cooling]), np.stack([at_work[1], heating])
    cooling, heating = (np.round(2 * c) / 2 for c in both)
    return np.maximum(cooling, heating + 2 * LEAST_GAP_K), heating
