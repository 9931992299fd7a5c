"""The ERCOT buses and their 2016 load, hour by hour: what a DSO on one of them serves, and at which scale.

DSO+T simulates some hundred homes (with the commercial buildings that belong to them) for each bus and
multiplies them; what is left of the bus is industrial load, constant over the year:

    bus load [MW] = simulated load [kW] · scale / 1000 + industrial [MW]

How each figure was arrived at is told in docs/data-ercot.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from dso.data.tables import columns, rows

Floats = NDArray[np.float64]
Seconds = NDArray[np.int64]

KW_PER_MW = 1000.0


@dataclass(frozen=True, slots=True)
class Bus:
    """One of the eight buses, as DSO+T describes it.

    Parameters
    ----------
    number : 1 to 8.
    name : DSO+T's name of the utility at it.
    zone : its ERCOT zone.
    simulated_homes : homes that DSO+T simulates for it.
    scale : real homes for each simulated one [1].
    average_load_mw : the mean of its 2016 load in DSO+T [MW].
    industrial_frac : industrial share of its energy [1].
    """

    number: int
    name: str
    zone: str
    simulated_homes: int
    scale: float
    average_load_mw: float
    industrial_frac: float


@cache
def buses() -> dict[int, Bus]:
    """All buses by number."""
    return {
        int(row["bus"]): Bus(
            int(row["bus"]),
            row["name"],
            row["zone"],
            int(row["simulated_homes"]),
            float(row["scale"]),
            float(row["average_load_mw"]),
            float(row["industrial_frac"]),
        )
        for row in rows("ercot/buses.csv")
    }


def bus_info(bus: int) -> Bus:
    """One bus; raises ValueError for a number that is none."""
    if bus not in buses():
        raise ValueError(f"bus must be one of {', '.join(map(str, buses()))}, was {bus}")
    return buses()[bus]


@cache
def load_table() -> tuple[Seconds, Floats]:
    """Start of each hour, (hours,) [s since the epoch], and load by bus, (hours, 8) [MW]; read-only.

    It covers 2016 in UTC and in Central time: from 2016-01-01T00:00Z to 2017-01-01T06:00Z without a gap.
    """
    _, values = columns("ercot/load_2016.csv.gz")
    start_s, load_mw = values[:, 0].astype(np.int64), np.ascontiguousarray(values[:, 1:])
    start_s.flags.writeable = load_mw.flags.writeable = False
    return start_s, load_mw


def bus_load_mw(bus: int) -> tuple[Seconds, Floats]:
    """Start of each hour, (hours,) [s since the epoch], and the mean load of the bus in it, (hours,) [MW]."""
    start_s, load_mw = load_table()
    return start_s, load_mw[:, bus_info(bus).number - 1]


def industrial_mw(bus: int) -> float:
    """The constant industrial load of a bus [MW]: its industrial share of its average load."""
    info = bus_info(bus)
    return info.industrial_frac * info.average_load_mw


def bus_scale(bus: int, homes: int | None = None) -> float:
    """How many customers of the bus one simulated customer stands for [1].

    Parameters
    ----------
    bus : its number.
    homes : simulated customers; None takes DSO+T's own number.
    """
    info = bus_info(bus)
    if homes is None:
        return info.scale
    if homes < 1:
        raise ValueError(f"homes must be 1 or more, was {homes}")
    return info.scale * info.simulated_homes / homes


def simulated_load_kw(bus: int, homes: int | None = None) -> tuple[Seconds, Floats]:
    """Start of each hour, (hours,) [s], and what all simulated customers together draw in it, (hours,) [kW].

    Divided by `homes` it is the mean load of one customer, the commercial load that belongs to it included.
    """
    start_s, load_mw = bus_load_mw(bus)
    return start_s, (load_mw - industrial_mw(bus)) * KW_PER_MW / bus_scale(bus, homes)
