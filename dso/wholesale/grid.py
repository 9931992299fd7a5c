"""A transmission system as arrays: its buses, lines and units."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dso.data.tables import columns, rows

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

BASE_MVA = 100.0


@dataclass(frozen=True, slots=True, eq=False)
class Lines:
    """Lines as arrays; `susceptance_mw` is the flow for one radian between the ends."""

    from_bus: Ints  # (l,) position of the bus, not its number
    to_bus: Ints  # (l,)
    susceptance_mw: Floats  # (l,) [MW/rad]
    limit_mw: Floats  # (l,) either way

    @classmethod
    def of(
        cls, from_bus: ArrayLike, to_bus: ArrayLike, reactance_pu: ArrayLike, limit_mw: ArrayLike
    ) -> Lines:
        """Lines from reactances in per unit of 100 MVA."""
        return cls(
            np.asarray(from_bus, np.int64),
            np.asarray(to_bus, np.int64),
            BASE_MVA / np.asarray(reactance_pu, float),
            np.asarray(limit_mw, float),
        )


@dataclass(frozen=True, slots=True, eq=False)
class Units:
    """Generating units as arrays; the cost of an hour at P MW is square·P² + linear·P [USD]."""

    number: Ints  # (u,) the source's own number
    bus: Ints  # (u,) position of the bus
    fuel: tuple[str, ...]  # (u,)
    min_mw: Floats  # (u,) least output while running
    max_mw: Floats  # (u,)
    square_usd_per_mw2h: Floats  # (u,)
    linear_usd_per_mwh: Floats  # (u,)

    @property
    def average_usd_per_mwh(self) -> Floats:
        """Cost of a MWh at full output, (u,) [USD/MWh]."""
        return self.square_usd_per_mw2h * self.max_mw + self.linear_usd_per_mwh

    def fuelled(self, *fuels: str) -> NDArray[np.bool_]:
        """Which units burn one of these, (u,)."""
        return np.array([fuel in fuels for fuel in self.fuel])


@dataclass(frozen=True, slots=True, eq=False)
class Grid:
    """One transmission system; buses are positions 0 … n−1 in all arrays, `bus_numbers` are their names."""

    bus_numbers: tuple[int, ...]
    lines: Lines
    units: Units

    @property
    def size(self) -> int:
        """The number of buses."""
        return len(self.bus_numbers)


@cache
def ercot_grid() -> Grid:
    """The ERCOT test system of 8 buses, 13 lines and 110 units (docs/data-ercot.md)."""
    numbers = tuple(int(row["bus"]) for row in rows("ercot/buses.csv"))
    at = {number: k for k, number in enumerate(numbers)}
    lines, units = rows("ercot/lines.csv"), rows("ercot/units.csv")
    return Grid(
        numbers,
        Lines.of(
            [at[int(row["from_bus"])] for row in lines],
            [at[int(row["to_bus"])] for row in lines],
            [float(row["reactance_pu"]) for row in lines],
            [float(row["limit_mw"]) for row in lines],
        ),
        Units(
            np.array([int(row["unit"]) for row in units]),
            np.array([at[int(row["bus"])] for row in units]),
            tuple(row["fuel"] for row in units),
            *(
                np.array([float(row[name]) for row in units])
                for name in ("min_mw", "max_mw", "cost_usd_per_mw2h", "cost_usd_per_mwh")
            ),
        ),
    )


@cache
def ercot_wind() -> tuple[Ints, Ints, Floats]:
    """Start of each hour, (h,) [s]; position of each wind unit, (w,); forecast output, (h, w) [MW]."""
    header, values = columns("ercot/wind_2016.csv.gz")
    number = {int(n): k for k, n in enumerate(ercot_grid().units.number)}
    units = np.array([number[int(name.removeprefix("unit").removesuffix("_mw"))] for name in header[1:]])
    return values[:, 0].astype(np.int64), units, np.ascontiguousarray(values[:, 1:])
