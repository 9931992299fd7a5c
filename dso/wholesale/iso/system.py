"""A transmission system with what its units can do in time, and how injections flow through it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.sparse.csgraph import connected_components

from dso.data.tables import rows
from dso.wholesale.grid import Floats, Grid, Ints, ercot_grid, ercot_wind

Flags = NDArray[np.bool_]

MIN_PER_H = 60.0


@dataclass(frozen=True, slots=True)
class Technology:
    """What the units of one kind can do in time."""

    ramp_frac_per_min: float  # of the rating; 0: without limit
    min_up_h: int
    min_down_h: int


# Ramps: column 17 of TESP's `gen` (case_config_8bus.json), the same share of Pmax for all units of a kind.
# Least times: TESP sets none (its tso_psst.py writes 0 for all). These are those of the like units of
# RTS-GMLC (RTS_Data/SourceData/gen.csv, National Renewable Energy Laboratory), rounded up to whole hours:
# coal steam U155 8/8, gas CC U355 8/4.5, oil steam U12 4/2, gas CT U55 2.2/2.2, oil CT U20 1/1 h.
TECHNOLOGIES = {
    ("coal", "steam"): Technology(0.03, 8, 8),
    ("gas", "combined_cycle"): Technology(0.054, 8, 5),
    ("gas", "steam"): Technology(0.096, 4, 2),
    ("gas", "turbine"): Technology(1.0, 3, 3),
    ("gas", "engine"): Technology(1.0, 1, 1),
    ("nuclear", "steam"): Technology(0.002, 24, 48),
    ("wind", "wind_turbine"): Technology(0.0, 0, 0),
}


@dataclass(frozen=True, slots=True, eq=False)
class Abilities:
    """What each unit can do in time, and what that costs."""

    ramp_mw_per_min: Floats  # (u,) inf: without limit
    min_up_h: Ints  # (u,)
    min_down_h: Ints  # (u,)
    startup_usd: Floats  # (u,)
    no_load_usd_per_h: Floats  # (u,) cost of running at all
    always_on: Flags  # (u,) no choice: runs whatever it costs

    @classmethod
    def free(cls, units: int) -> Abilities:
        """No limits in time, no cost of starting."""
        zero, none = np.zeros(units), np.zeros(units, np.int64)
        return cls(np.full(units, np.inf), none, none, zero, zero, np.zeros(units, bool))


@dataclass(frozen=True, eq=False)
class System:
    """A grid, what its units can do in time, and which of them are wind."""

    grid: Grid
    abilities: Abilities
    wind: Ints  # (w,) positions of the units whose output is a forecast

    @cached_property
    def islands(self) -> Ints:
        """Which island each bus belongs to, (n,)."""
        lines, n = self.grid.lines, self.grid.size
        joined = np.zeros((n, n))
        joined[lines.from_bus, lines.to_bus] = 1.0
        return np.asarray(connected_components(joined, directed=False)[1], np.int64)

    @cached_property
    def limited(self) -> Ints:
        """Positions of the lines that have a limit, (k,)."""
        return np.flatnonzero(np.isfinite(self.grid.lines.limit_mw))

    @cached_property
    def shift_factors(self) -> Floats:
        """Flow of each line for a MW injected at each bus, (l, n); only of injections that add up to zero.

        F = B·C·(CᵀBC)⁺ with the incidence C and the susceptances B.
        """
        lines = self.grid.lines
        incidence = np.eye(self.grid.size)[lines.from_bus] - np.eye(self.grid.size)[lines.to_bus]
        weighted = lines.susceptance_mw[:, None] * incidence
        factors: Floats = weighted @ np.linalg.pinv(incidence.T @ weighted)
        return np.where(np.abs(factors) < 1e-12, 0.0, factors)


@cache
def ercot_system(*, minimum_times: bool = True) -> System:
    """The ERCOT test system of 8 buses (docs/data-ercot.md) with its units' ramps, times and start-up costs.

    Parameters
    ----------
    minimum_times : whether units keep least times on and off; TESP's do not.

    References
    ----------
    TESP, case_config_8bus.json (Battelle), for ramps and start-up costs; RTS-GMLC, gen.csv, for the times.
    """
    grid, table = ercot_grid(), rows("ercot/units.csv")
    kinds = [TECHNOLOGIES[row["fuel"], row["kind"]] for row in table]
    ramp = np.array([kind.ramp_frac_per_min for kind in kinds]) * grid.units.max_mw
    abilities = Abilities(
        np.where(ramp > 0, ramp, np.inf),
        np.array([kind.min_up_h * minimum_times for kind in kinds]),
        np.array([kind.min_down_h * minimum_times for kind in kinds]),
        np.array([float(row["startup_usd"]) for row in table]),
        np.zeros(len(table)),
        grid.units.fuelled("nuclear", "wind"),
    )
    return System(grid, abilities, ercot_wind()[1])
