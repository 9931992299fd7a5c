"""Prices of a day whose units are chosen: every hour's dispatch with exact squares, and the ramps between."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dso.wholesale.grid import Floats, Ints
from dso.wholesale.iso.day_programme import Day, Stacked, stack, whole
from dso.wholesale.iso.dispatch import Dispatch, Prices, as_dispatch, interval_programme
from dso.wholesale.iso.qp import How, Optimum, solve
from dso.wholesale.iso.system import MIN_PER_H, Flags, System
from dso.wholesale.iso.unit_state import UnitState

SLACK_MW = 1e-6


@dataclass(frozen=True, slots=True, eq=False)
class _Ramps:
    """How far each unit that a ramp may hold can rise and fall into each hour; hours before the first too."""

    units: Ints  # (k,)
    rise_mw: Floats  # (h, k)
    fall_mw: Floats  # (h, k)
    before_mw: Floats  # (k,) output before the first hour; NaN: not known


def price_day(
    system: System,
    day: Day,
    on: Flags,
    state: UnitState,
    *,
    prices: Prices,
    time_limit_s: float,
    way: How = "qp",
) -> tuple[Dispatch, ...]:
    """The dispatch of each hour with the units given; its duals are the day-ahead prices.

    The hours are solved one by one. Where the units' ramps allow what comes out, it is the optimum of the
    whole day, too; else all hours are solved as one.

    Parameters
    ----------
    system, day : what is to be served, and by what.
    on : (h, u) which units run.
    state : of the units before the day.
    prices : cap and floor.
    time_limit_s : wall time for each call of the solver [s].
    way : "tangents" leaves HiGHS' QP solver out.

    Raises
    ------
    DsoError : the solver found no optimum.
    """
    least, most = np.where(on, day.min_mw(system), 0.0), np.where(on, day.max_mw, 0.0)
    ramps = _ramps(system, on, state, least)
    found = []
    for t, pieces in enumerate(day.pieces):
        programme = interval_programme(system, day.load_mw[t], least[t], most[t], pieces, prices)
        found.append(solve(programme, time_limit_s=time_limit_s, way=way))
    given = np.array([optimum.x[: on.shape[1]] for optimum in found])
    if _breaks(ramps, given):
        stacked = stack(system, day, least, most, prices)
        _add_ramps(stacked, ramps, on.shape[1])
        found = _cut(stacked, solve(whole(stacked), time_limit_s=time_limit_s, way=way))
    return tuple(as_dispatch(system, p, hour) for p, hour in zip(day.pieces, found, strict=True))


def _ramps(system: System, on: Flags, state: UnitState, least: Floats) -> _Ramps:
    """A unit that starts or stops may be at its least output, or as far as its ramp goes, beside it."""
    able, units = system.abilities, system.grid.units
    ramp = able.ramp_mw_per_min * MIN_PER_H
    held = np.flatnonzero(ramp < units.max_mw)
    was = np.vstack((state.on, on[:-1]))[:, held]
    edge = np.maximum(ramp[held], least.max(axis=0)[held])
    rise = np.where(was, ramp[held], edge)
    fall = np.where(on[:, held], ramp[held], edge)
    return _Ramps(held, rise, fall, state.output_mw[held])


def _breaks(ramps: _Ramps, given: Floats) -> bool:
    change = np.diff(np.vstack((ramps.before_mw, given[:, ramps.units])), axis=0)
    change = np.nan_to_num(change, nan=0.0)
    return bool(((change > ramps.rise_mw + SLACK_MW) | (-change > ramps.fall_mw + SLACK_MW)).any())


def _add_ramps(stacked: Stacked, ramps: _Ramps, units: int) -> None:
    at = stacked.output(units)[:, ramps.units]
    known = np.isfinite(ramps.before_mw)
    if known.any():
        before = ramps.before_mw[known]
        low, high = before - ramps.fall_mw[0, known], before + ramps.rise_mw[0, known]
        stacked.rows.add(low, high, (at[0, known], 1.0))
    for t in range(1, len(at)):
        stacked.rows.add(-ramps.fall_mw[t], ramps.rise_mw[t], (at[t], 1.0), (at[t - 1], -1.0))


def _cut(stacked: Stacked, found: Optimum) -> list[Optimum]:
    """The solution of the whole day, hour by hour."""
    parts = []
    for programme, start, row in zip(stacked.programmes, stacked.first, stacked.first_row, strict=True):
        x = found.x[start : start + programme.cost.size]
        dual = found.dual[row : row + programme.row_lower.size]
        parts.append(Optimum(x, dual, programme.value(x), found.how, found.residual))
    return parts
