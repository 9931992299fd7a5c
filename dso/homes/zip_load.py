"""Loads that answer voltage: constant impedance, constant current and constant power."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from dso.messages import FloatArray

SUM_TOLERANCE = 1e-9


def zip_kw(
    nominal_kw: ArrayLike, voltage_pu: ArrayLike, z_frac: ArrayLike, i_frac: ArrayLike, p_frac: ArrayLike
) -> FloatArray:
    """What loads draw at a voltage: nominal·(z·V² + i·V + p).

    Parameters
    ----------
    nominal_kw : at nominal voltage [kW]; this and all below of shapes that broadcast.
    voltage_pu : over the nominal one [1], 0 or more.
    z_frac, i_frac, p_frac : of constant impedance, current and power [1]; they add up to 1. Fits of real
        appliances may have parts below 0 or above 1.

    Raises
    ------
    ValueError : parts do not add up to 1, or a voltage is negative or not a number.
    """
    z, i, p = (np.asarray(part, np.float64) for part in (z_frac, i_frac, p_frac))
    total, voltage = z + i + p, np.asarray(voltage_pu, np.float64)
    wrong = ~(np.abs(total - 1) <= SUM_TOLERANCE)
    if wrong.any():
        raise ValueError(f"z_frac, i_frac and p_frac must add up to 1, were {float(total[wrong][0]):g}")
    if not (voltage >= 0).all():
        raise ValueError(f"voltage_pu must be 0 or more, was {voltage.min():g}")
    return np.asarray(np.asarray(nominal_kw, np.float64) * (z * voltage**2 + i * voltage + p))
