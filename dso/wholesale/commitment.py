"""Which units run on an operating day: one documented rule instead of a unit-commitment programme."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dso.wholesale.dcopf import OptimalPowerFlow
from dso.wholesale.grid import Floats

RESERVE_FRAC = 0.15  # as TESP's case asks for, reserveUp and reserveDown
ALWAYS_ON = ("nuclear", "wind")
USED_MW = 1e-6

Flags = NDArray[np.bool_]


def commit(
    flow: OptimalPowerFlow, load_mw: Floats, most_mw: Floats, reserve_frac: float = RESERVE_FRAC
) -> Flags:
    """The units that run all day: those that the cheapest dispatch of any hour, with reserve, uses.

    Each hour of the day is dispatched with the forecast load of every bus raised by the reserve, any unit
    allowed and none obliged to a least output. Where no line is full that is the merit order, taken until
    load and reserve are covered; where one is, it also takes what has to run behind it. Nuclear and wind
    always run. Start-up costs and minimum run times play no part.

    Parameters
    ----------
    flow : the system.
    load_mw : (h, n) forecast load of each bus in each hour of the day [MW].
    most_mw : (h, u) what each unit could give in each hour [MW].
    reserve_frac : reserve above the load [1].

    Returns
    -------
    (u,) whether each unit runs.
    """
    running = flow.grid.units.fuelled(*ALWAYS_ON)
    none = np.zeros(running.size)
    for load, most in zip(load_mw, most_mw, strict=True):
        running |= flow.solve(load * (1 + reserve_frac), none, most).generation_mw > USED_MW
    return running
