"""What load costs a transformer in life: hot spot, ageing, and the price of one kWh more (IEEE C57.91).

Steady state only: each loading is held until temperatures have settled. For intervals shorter than the oil's
time constant, some hours, this puts the cost of a short peak too high, never too low.

References
----------
IEEE Std C57.91-2011, Guide for Loading Mineral-Oil-Immersed Transformers and Step-Voltage Regulators,
clauses 5 and 7; the adder over loading as in DSO+T (see docs/references.md).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from dso.errors import CurveError
from dso.market.curve import Curve, Floats

NORMAL_LIFE_H = 180_000.0  # 20.55 years at a hot spot of 110 °C
REFERENCE_K = 383.0  # 110 °C
ZERO_C_K = 273.0  # as the standard rounds it
AGEING_K = 15_000.0  # activation energy of the paper per gas constant
MOST_LOADING_PU = 1.5  # beyond it the guide's formulas are not meant to be used


@dataclass(frozen=True, slots=True)
class Thermal:
    """How warm a transformer gets; the defaults are those of one with natural cooling, 65 °C average rise.

    Parameters
    ----------
    top_oil_rise_k : of the oil over the air at rated load [K].
    hot_spot_rise_k : of the hottest spot over the oil at rated load [K].
    loss_ratio : R, losses from load at rated load per no-load losses [1].
    oil_exponent, winding_exponent : n and m, how the rises follow losses and load [1].

    Raises
    ------
    CurveError : a value that is not above 0, or exponents at which a kWh more could cost less than the last.
    """

    top_oil_rise_k: float = 55.0
    hot_spot_rise_k: float = 25.0
    loss_ratio: float = 4.87
    oil_exponent: float = 0.8
    winding_exponent: float = 0.8

    def __post_init__(self) -> None:
        values = (self.top_oil_rise_k, self.hot_spot_rise_k, self.loss_ratio)
        if not all(np.isfinite(v) and v > 0 for v in values):
            raise CurveError(f"a transformer's rises and loss ratio must be above 0, were {values}")
        exponents = (self.oil_exponent, self.winding_exponent)
        if not all(0.5 < e <= 2 for e in exponents):
            raise CurveError(f"a transformer's exponents must be above 0.5 and at most 2, were {exponents}")


def hot_spot_c(loading_pu: ArrayLike, ambient_c: float, thermal: Thermal | None = None) -> Floats:
    """Temperature of the hottest spot, θ_A + Δθ_TO·((K²R + 1)/(R + 1))ⁿ + Δθ_H·K²ᵐ.

    Parameters
    ----------
    loading_pu : K, of the rating, either way [1].
    ambient_c : θ_A, of the air [°C].
    thermal : how warm it gets; the usual one if not given.
    """
    t = thermal or Thermal()
    k = np.abs(np.asarray(loading_pu, np.float64))
    oil = t.top_oil_rise_k * ((k**2 * t.loss_ratio + 1) / (t.loss_ratio + 1)) ** t.oil_exponent
    return np.asarray(ambient_c + oil + t.hot_spot_rise_k * k ** (2 * t.winding_exponent))


def ageing_factor(hot_spot: ArrayLike) -> Floats:
    """How many hours of life an hour takes, F_AA = exp(15000/383 − 15000/(θ_H + 273)); 1 at 110 °C.

    Parameters
    ----------
    hot_spot : θ_H [°C].
    """
    absolute_k = np.asarray(hot_spot, np.float64) + ZERO_C_K
    return np.asarray(np.exp(AGEING_K / REFERENCE_K - AGEING_K / absolute_k))


def ageing_usd_per_h(
    loading_pu: ArrayLike, cost_usd: float, ambient_c: float, thermal: Thermal | None = None
) -> Floats:
    """What an hour at a loading costs in life, cost · F_AA/180,000 h [USD/h].

    Parameters
    ----------
    loading_pu : K, of the rating [1].
    cost_usd : of a new transformer, installed [USD].
    ambient_c : of the air [°C].
    thermal : how warm it gets.
    """
    return cost_usd * ageing_factor(hot_spot_c(loading_pu, ambient_c, thermal)) / NORMAL_LIFE_H


def marginal_usd_per_kwh(
    loading_pu: ArrayLike,
    rated_kva: float,
    cost_usd: float,
    ambient_c: float,
    power_factor: float = 0.95,
    thermal: Thermal | None = None,
) -> Floats:
    """What one kWh more costs in life: the derivative of `ageing_usd_per_h` by the load [USD/kWh].

    With T = θ_H + 273, dF/dK = F_AA·15000/T²·dθ_H/dK, where dθ_H/dK is
    Δθ_TO·n·((K²R + 1)/(R + 1))ⁿ⁻¹·2KR/(R + 1) + Δθ_H·2m·K²ᵐ⁻¹.

    Parameters
    ----------
    loading_pu : K, of the rating, 0 or more [1].
    rated_kva, power_factor : which turn a loading into a load [kVA, 1].
    cost_usd, ambient_c, thermal : as in `ageing_usd_per_h`.
    """
    t = thermal or Thermal()
    k, r = np.asarray(loading_pu, np.float64), t.loss_ratio
    oil = ((k**2 * r + 1) / (r + 1)) ** (t.oil_exponent - 1) * 2 * k * r / (r + 1)
    winding = 2 * t.winding_exponent * k ** (2 * t.winding_exponent - 1)
    kelvin_per_pu = t.top_oil_rise_k * t.oil_exponent * oil + t.hot_spot_rise_k * winding
    hot = hot_spot_c(k, ambient_c, t)
    per_pu = ageing_factor(hot) * AGEING_K / (hot + ZERO_C_K) ** 2 * kelvin_per_pu
    return np.asarray(cost_usd / NORMAL_LIFE_H * per_pu / (rated_kva * power_factor))


def ageing_curve(
    rated_kva: float,
    cost_usd: float,
    ambient_c: float,
    power_factor: float = 0.95,
    points: int = 31,
    thermal: Thermal | None = None,
) -> Curve:
    """What a transformer lets pass at each price of its life, a supply: negative loads over USD/kWh.

    It is linear between vertices at equal steps of loading from 0 to 1.5 p.u., and lets no more pass; export
    is its mirror image, at negative prices.

    Parameters
    ----------
    rated_kva, cost_usd, ambient_c, power_factor, thermal : as in `marginal_usd_per_kwh`.
    points : how many vertices a side has, 2 at least.

    Raises
    ------
    CurveError : a rating, cost or number of points out of range.
    """
    if not (rated_kva > 0 and cost_usd > 0 and 0 < power_factor <= 1 and points >= 2):
        raise CurveError(
            "a transformer's rating and cost must be above 0, its power factor at most 1, and its curve "
            f"needs 2 points, were {rated_kva} kVA, {cost_usd} USD, {power_factor}, {points}"
        )
    loading = np.linspace(0.0, MOST_LOADING_PU, points)
    price = marginal_usd_per_kwh(loading, rated_kva, cost_usd, ambient_c, power_factor, thermal)
    load_kw = loading * rated_kva * power_factor
    both = np.concatenate((-price[:0:-1], price)), np.concatenate((load_kw[:0:-1], 0.0 - load_kw))
    return Curve(*both)
