"""Which units run on an operating day: one documented rule instead of a unit-commitment programme."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dso.wholesale.grid import Floats, Units

RESERVE_FRAC = 0.15  # as TESP's case asks for, reserveUp and reserveDown
ALWAYS_ON = ("nuclear", "wind")

Flags = NDArray[np.bool_]


def commit(units: Units, load_mw: Floats, wind_mw: Floats, reserve_frac: float = RESERVE_FRAC) -> Flags:
    """The units that run all day.

    Nuclear and wind always run. The others are taken in the order of their cost of a MWh at full output
    until, in every hour, what they can give together with the wind forecast covers the forecast load and the
    reserve on top of it. A unit whose least output would push the sum of all least outputs above the day's
    least load is passed over.

    Parameters
    ----------
    units : all units.
    load_mw : (h,) forecast system load of each hour of the day [MW].
    wind_mw : (h,) forecast wind of each hour [MW].
    reserve_frac : reserve above the load [1].

    Returns
    -------
    (u,) whether each unit runs.
    """
    running = units.fuelled(*ALWAYS_ON)
    firm = running & ~units.fuelled("wind")
    needed_mw = float(np.max(load_mw * (1 + reserve_frac) - wind_mw)) - units.max_mw[firm].sum()
    least_mw, valley_mw = units.min_mw[firm].sum(), float(load_mw.min())
    for unit in np.argsort(units.average_usd_per_mwh, kind="stable"):
        if needed_mw <= 0:
            break
        if running[unit] or least_mw + units.min_mw[unit] > valley_mw:
            continue
        running[unit] = True
        needed_mw -= units.max_mw[unit]
        least_mw += units.min_mw[unit]
    return running
