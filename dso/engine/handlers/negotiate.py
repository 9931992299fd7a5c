"""Rounds: who wants what, does it fit through the wires, and is this round the last."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Literal

import numpy as np

from dso.engine.market_work import MarketWork
from dso.engine.schedule import solve
from dso.engine.words import power, price, within
from dso.errors import NetworkUnavailableError
from dso.market import Curve
from dso.messages import FloatArray, Rejection
from dso.operators.distribution import tighter
from dso.ports import Limits

SIGNAL_TOLERANCE_FRAC = 0.01  # successive rounds' prices agree within this part of the day's price range


def open_round(work: MarketWork) -> Literal["opened"]:
    """Open the next round with every tariff that still takes part."""
    number = work.subject.round + 1
    work.set(round=number, ready=frozenset())
    previous = work.subject.schedule
    for tariff in work.world.names():
        retail = None if previous is None else previous.retail_usd_per_kwh[tariff]
        facts = {"round": number, "expected_usd_per_kwh": work.subject.expected_usd_per_kwh, "retail": retail}
        work.post(work.retail_machine(tariff), "open_round", facts)
    work.note(round=number)
    return "opened"


def receive_tariff_ready(work: MarketWork, payload: dict[str, Any]) -> Rejection | None:
    """A tariff has its curve; when all have, the round goes on."""
    tariff, curves = payload["tariff"], tuple(payload["curves"])
    if len(curves) != len(work.intervals) or not all(isinstance(c, Curve) for c in curves):
        return Rejection(work.market, tariff, None, f"must offer {len(work.intervals)} curves")
    work.set_lse(tariff, curves=curves, substituted=False)
    ready = work.subject.ready | {tariff}
    work.set(ready=ready)
    work.note(tariff=tariff, outcome=payload["outcome"])
    if len(ready) == len(work.world.retailers) and work.takes("all_ready"):
        work.post(work.market, "all_ready")
    return None


def dismiss_retail(work: MarketWork) -> None:
    """End the retail machines that wait for another round: none will come."""
    if not work.subject.retail_over:
        for tariff in work.world.names():
            work.post(work.retail_machine(tariff), "cancel")
        work.set(retail_over=True)


def substitute_missing(work: MarketWork) -> None:
    """A tariff that has no curve counts at its LSE's estimate."""
    for tariff, _, record in work.retailers():
        if tariff in work.subject.ready:
            continue
        known = record.meter_kw
        load_kw = np.zeros(len(work.intervals)) if known is None else known.sum(axis=1)
        work.set_lse(tariff, curves=tuple(Curve.vertical(float(q)) for q in load_kw), substituted=True)
        work.degrade(f"{tariff} estimated")


def validate(work: MarketWork) -> Literal["limits_ok", "limits_violated", "network_unavailable"]:
    """Solve the indicative schedule and ask the DO whether it can flow."""
    substitute_missing(work)
    expected = work.subject.expected_usd_per_kwh
    assert expected is not None  # prepared before any round
    schedule = solve(work, expected)
    work.set(schedule=schedule)
    do = work.world.distribution
    head_kw = do.head_kw(schedule.points_kw, work.intervals)
    work.note(head_kw=[round(float(q), 3) for q in head_kw])
    work.say("LSE", "DO", "schedule", f"{power(head_kw)} at the head, at {price(expected)} wholesale")
    try:
        broken = do.violated(work.intervals, schedule.points_kw, work.now_s)
    except NetworkUnavailableError as error:
        work.note(network=str(error))
        if limit_statically(work, schedule.points_kw):
            work.set(schedule=solve(work, expected))
        say_static_limits(work)
        return "network_unavailable"
    work.set_do(broken=broken)
    if broken is None:
        work.say("DO", "LSE", "limits ok", f"{power(head_kw)} can flow")
    else:
        work.say("DO", "LSE", "limits violated", allowed(broken))
    return "limits_ok" if broken is None else "limits_violated"


def limit_statically(work: MarketWork, points_kw: FloatArray) -> bool:
    """Put the static limits in the place of a model that cannot answer; whether they bind."""
    broken = work.world.distribution.violated_static(work.intervals, points_kw, work.now_s)
    work.set_do(limits=tighter(work.do.limits, broken), broken=None)
    return broken is not None


def say_static_limits(work: MarketWork) -> None:
    """Put on record that the DO's model did not answer, and which limits count instead."""
    work.say("DO", "LSE", "static limits", allowed(work.do.limits))


def allowed(limits: Limits) -> str:
    """What may flow, in words: through the head, and how many elements behind it bind."""
    head = within(limits.import_kw, limits.export_kw)
    names = sorted({row.element for row in limits.elements})
    if not names:
        return head
    some = ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
    return f"{head}; {some}"


def set_limits(work: MarketWork) -> Literal["limited", "retries_exhausted"]:
    """Turn what broke into limits on what may clear."""
    retries = work.do.retries + 1
    limits = tighter(work.do.limits, work.do.broken)
    work.set_do(limits=limits, retries=retries)
    if work.subject.schedule is not None:
        reckon_loss_factor(work, work.subject.schedule.points_kw)
    work.note(
        import_limit_kw=_finite_least(limits.import_kw), export_limit_kw=_finite_least(limits.export_kw)
    )
    if limits.elements:
        work.note(elements=sorted({row.element for row in limits.elements}))
    work.say("DO", "LSE", "limits", allowed(limits))
    if retries <= work.spec.retries:
        return "limited"
    schedule, expected = work.subject.schedule, work.subject.expected_usd_per_kwh
    assert schedule is not None  # validated before
    assert expected is not None
    work.set_do(limits=pulled_in(limits, schedule.points_kw))
    work.set(schedule=solve(work, expected))
    return "retries_exhausted"


def reckon_loss_factor(work: MarketWork, points_kw: FloatArray) -> None:
    """Let what is cleared next know the losses of a schedule, (t, points), rather than of the forecast."""
    do = work.world.distribution
    if do.prices_points:
        work.set_do(loss_factor=do.loss_factor(points_kw, work.intervals))


def pulled_in(limits: Limits, points_kw: FloatArray) -> Limits:
    """Limits so far inside the true ones as a schedule, (t, points), is beyond them: the last resort.

    Bids give way first, the lowest first; what does not bid is rationed pro rata at the cap.
    """
    excess = [max(0.0, float(r.weight @ points_kw[r.interval]) - r.bound) for r in limits.elements]
    rows = zip(limits.elements, excess, strict=True)
    return replace(limits, elements=tuple(replace(r, bound=r.bound - over) for r, over in rows))


def clear(work: MarketWork) -> Literal["cleared", "no_crossing", "scarcity"]:
    """Adopt the last validated schedule."""
    schedule = work.subject.schedule
    assert schedule is not None  # validated before
    work.note(
        load_kw=[round(float(q), 3) for q in schedule.total_kw()],
        congestion_usd_per_kwh=[round(float(p), 6) for p in schedule.congestion_usd_per_kwh],
    )
    if schedule.curtailed_kw.any():
        return "scarcity"
    return "cleared" if np.abs(schedule.total_kw()).any() else "no_crossing"


def assess(work: MarketWork) -> Literal["informational", "binding"]:
    """Tell each tariff its round's result, and whether it is the last."""
    schedule = work.subject.schedule
    assert schedule is not None  # validated before
    binding = PROTOCOLS[work.spec.protocol](work)
    for tariff in work.world.names():
        result = {"price": schedule.retail_usd_per_kwh[tariff], "binding": binding}
        work.post(work.retail_machine(tariff), "round_result", result)
    work.set(previous=schedule, retail_over=binding)
    work.set_do(retries=0)
    work.note(round=work.subject.round, binding=binding)
    return "binding" if binding else "informational"


def _finite_least(values: FloatArray) -> float | None:
    least = float(values.min())
    return round(least, 3) if np.isfinite(least) else None


def _fixed(work: MarketWork) -> bool:
    return work.subject.round >= work.spec.rounds


def _gated(work: MarketWork) -> bool:
    return work.subject.round >= work.spec.most_rounds()


def _signalled(work: MarketWork) -> bool:
    """The MOs have heard enough when a round moves no price by more than a hundredth of the price range."""
    if _gated(work):
        return True
    schedule, before = work.subject.schedule, work.subject.previous
    if schedule is None or before is None:
        return False
    for tariff in work.world.operators:
        price, last = schedule.retail_usd_per_kwh[tariff], before.retail_usd_per_kwh[tariff]
        spread = max(float(np.ptp(price)), 1e-6)
        if np.abs(price - last).max() > SIGNAL_TOLERANCE_FRAC * spread:
            return False
    return True


PROTOCOLS: dict[str, Callable[[MarketWork], bool]] = {
    "fixed": _fixed,
    "gated": _gated,
    "signalled": _signalled,
}
