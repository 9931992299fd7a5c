"""What the wires still carry beside a schedule: what an LSE asks the DO before it procures."""

from __future__ import annotations

import numpy as np

from dso.engine.market_work import MarketWork
from dso.engine.words import power
from dso.errors import NetworkUnavailableError
from dso.messages import FloatArray

BEYOND_ALL_LIMITS_KW = 1e12


def ask_for_room(work: MarketWork, points_kw: FloatArray) -> None:
    """The LSEs ask the DO what it still carries beside their schedule; both are put on record.

    Parameters
    ----------
    points_kw : (t, points) the schedule at the meters.
    """
    do = work.world.distribution
    head_kw = do.head_kw(points_kw, work.intervals)
    work.say("LSE", "DO", "capacity request", f"{power(head_kw)} at the head")
    room_kw = np.maximum(_import_limit_kw(work) - head_kw, 0.0)
    work.note(room_kw=[round(float(q), 3) if np.isfinite(q) else None for q in room_kw])
    loaded = _most_loaded(work, points_kw, int(np.argmax(head_kw)))
    left = f"{power(room_kw)} left" if np.isfinite(room_kw).any() else "no limit at the head"
    work.say("DO", "LSE", "capacity", left + loaded)


def _import_limit_kw(work: MarketWork) -> FloatArray:
    """What may come in through the head in each interval, (t,), as far as is known; infinite: no limit."""
    do, known = work.world.distribution, work.do.limits.import_kw
    beyond = np.full((len(work.intervals), len(do.network.points)), BEYOND_ALL_LIMITS_KW)
    try:
        static = do.violated_static(work.intervals, beyond, work.now_s)
    except NetworkUnavailableError:
        return known
    return known if static is None else np.minimum(known, static.import_kw)


def _most_loaded(work: MarketWork, points_kw: FloatArray, t: int) -> str:
    """The element that carries most of its rating in an interval; nothing where no power flow tells."""
    do = work.world.distribution
    (state,), plan = do.equipment(work.intervals[t : t + 1]), do.network.plan()
    try:
        flow = do.network.flow(points_kw[t], state)
    except NetworkUnavailableError:
        return ""
    if flow is None or plan is None or not np.isfinite(flow.loading_pu).any():
        return ""
    most = int(np.nanargmax(flow.loading_pu))
    return f"; {plan.elements[most]} carries {flow.loading_pu[most]:.0%}"
