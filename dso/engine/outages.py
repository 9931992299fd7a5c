"""What happens to the wires: put on the DO's record, told to crews, written into the run file."""

from __future__ import annotations

import difflib
import operator
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from dso.clock import iso
from dso.engine.work import Work
from dso.messages import Rejection
from dso.operators.equipment import Case, Cause
from dso.operators.reliability import Interruption, homes_at, interruptions

MOST_REPAIR_S = 366 * 86400


@dataclass(frozen=True, slots=True)
class Noted:
    """Cases whose beginning, and whose end, is on record."""

    begun: tuple[str, ...] = ()
    over: tuple[str, ...] = ()


def case_name(cause: Cause, element: str, since_s: int) -> str:
    """The name of a case, which says what it is."""
    return f"{cause} of {element} {iso(since_s)}"


def plan_script(work: Work) -> None:
    """Take what the script holds of maintenance and upgrades into the DO's plans."""
    do = work.world.distribution
    planned = [case for case in do.script if case.planned]
    for case in planned:
        work.put(do.cases, case.name, case)
    if planned:
        work.note(planned=[case.name for case in planned])
        work.say("DO", "LSE", "plans", _listed([case.name for case in planned]))


def begin_scripted(work: Work) -> None:
    """Let the failures happen whose time has come."""
    do = work.world.distribution
    for case in do.script:
        if case.since_s <= work.now_s and case.name not in do.cases:
            work.put(do.cases, case.name, case)


def report(work: Work, payload: Mapping[str, Any]) -> Rejection | None:
    """Somebody reports a failure: `element`, and `repair_s` if they know how long it will take."""
    do = work.world.distribution
    element, why = _element(work, payload)
    if why is None and any(c.element == element and _is_out(c, work.now_s) for c in do.cases.values()):
        why = f"{element} is out already"
    repair_s = operator.index(payload.get("repair_s", do.crews.repair_s))
    if why is None and not 0 <= repair_s <= MOST_REPAIR_S:
        why = f"repair_s must be 0 to {MOST_REPAIR_S}, was {repair_s}"
    if why is not None:
        return _refused(work, why)
    case = Case(case_name("failure", element, work.now_s), element, "failure", work.now_s, repair_s=repair_s)
    work.put(do.cases, case.name, case)
    return None


def restore(work: Work, payload: Mapping[str, Any]) -> Rejection | None:
    """An element is back: whatever kept it out is over, and a crew that was sent there stands down."""
    do = work.world.distribution
    element, why = _element(work, payload)
    over = [c for c in do.cases.values() if c.element == element and _is_out(c, work.now_s)]
    if why is None and not over:
        why = f"{element} is not out"
    if why is not None:
        return _refused(work, why)
    for case in over:
        work.put(do.cases, case.name, replace(case, until_s=work.now_s))
        if case.crew is not None:
            work.post(case.crew, "stand_down", {"case": case.name})
    return None


def plan_work(work: Work, payload: Mapping[str, Any]) -> Rejection | None:
    """Maintenance: `element`, out from `from_s` to `to_s`."""
    element, why = _element(work, payload)
    from_s, to_s = operator.index(payload["from_s"]), operator.index(payload["to_s"])
    if why is None and not work.now_s <= from_s < to_s:
        why = f"maintenance must begin now or later and end after that, was {iso(from_s)} to {iso(to_s)}"
    if why is not None:
        return _refused(work, why)
    case = Case(case_name("maintenance", element, from_s), element, "maintenance", from_s, to_s)
    work.put(work.world.distribution.cases, case.name, case)
    return None


def plan_upgrade(work: Work, payload: Mapping[str, Any]) -> Rejection | None:
    """An upgrade: `element` has `rating_frac` of its rating in the model from `at_s` on, or from now on."""
    element, why = _element(work, payload)
    at_s, frac = operator.index(payload.get("at_s", work.now_s)), float(payload["rating_frac"])
    if why is None and at_s < work.now_s:
        why = f"an upgrade must be commissioned now or later, was {iso(at_s)}"
    if why is None and not 0 < frac < float("inf"):
        why = f"rating_frac must be greater than 0, was {frac}"
    if why is not None:
        return _refused(work, why)
    case = Case(case_name("upgrade", element, at_s), element, "upgrade", at_s, rating_frac=frac)
    work.put(work.world.distribution.cases, case.name, case)
    return None


def _is_out(case: Case, at_s: int) -> bool:
    return case.rating_frac is None and case.holds(at_s)


def _element(work: Work, payload: Mapping[str, Any]) -> tuple[str, str | None]:
    """The element that a message names, and what is wrong with it."""
    name, known = str(payload["element"]), work.world.distribution.elements
    found = next((e for e in known if e.lower() == name.lower()), None)
    return (found, None) if found is not None else (name, unknown_element(name, known))


def unknown_element(name: str, known: Sequence[str]) -> str:
    """A sentence about an element that there is not, with the nearest that there is."""
    near = difflib.get_close_matches(name.lower(), known, n=1, cutoff=0.0)
    return f"there is no element '{name}'; did you mean '{near[0] if near else known[0]}'?"


def _refused(work: Work, why: str) -> Rejection:
    return Rejection(work.machine.name, "external", None, why)


# --- told and on record -------------------------------------------------------------------------------------


def note_changes(work: Work, noted: Noted) -> Noted:
    """Write what has begun and what is over since the last look."""
    cases = work.world.distribution.cases.values()
    begun = [c for c in cases if c.since_s <= work.now_s and c.name not in noted.begun]
    over = [
        c for c in cases if c.until_s is not None and c.until_s <= work.now_s and c.name not in noted.over
    ]
    for case in begun:
        _write_state(work, case, case.since_s, "upgraded" if case.rating_frac is not None else "out")
    for case in over:
        assert case.until_s is not None  # it is over
        _write_state(work, case, case.until_s, "in")
    write_outages(work, [*begun, *over])
    if begun or over:
        work.note(begun=[c.name for c in begun], over=[c.name for c in over])
    return Noted(noted.begun + tuple(c.name for c in begun), noted.over + tuple(c.name for c in over))


def call_crews(work: Work) -> None:
    """Call every crew if something has failed that none of them has been sent to."""
    do = work.world.distribution
    if any(c.cause == "failure" and c.until_s is None and c.crew is None for c in do.cases.values()):
        for crew in do.crews.names:
            work.post(crew, "call")


def _write_state(work: Work, case: Case, time_s: int, state: str) -> None:
    work.row(
        "equipment",
        time_s=time_s,
        element=case.element,
        kind=case.element.partition(".")[0],
        state=state,
        cause=case.cause,
        rating_frac=case.rating_frac if state == "upgraded" else 1.0 if state == "in" else 0.0,
    )


def write_outages(work: Work, cases: Iterable[Case]) -> list[tuple[Case, Interruption]]:
    """Put some outages on record as they are now; returns what each did to customers, within the study."""
    outs = [c for c in cases if c.rating_frac is None]
    if not outs:
        return []
    world, do = work.world, work.world.distribution
    place = do.points_of(np.arange(world.customers))
    until_s = min(work.now_s, world.end_s)
    homes = homes_at(place, len(do.network.points))
    every = do.cases.values()
    lasted = interruptions(every, do.network.energised, homes, world.start_s, until_s)
    struck = interruptions(every, do.network.energised, homes, world.start_s, until_s + 1)
    found = [(c, replace(lasted[c.name], customers=struck[c.name].customers)) for c in outs]
    for case, what in found:
        work.row(
            "outages",
            outage=case.name,
            element=case.element,
            cause=case.cause,
            since_s=case.since_s,
            until_s=case.until_s,
            customers=what.customers,
            customer_minutes=what.customer_minutes,
            crew=case.crew,
            crew_arrived_s=case.arrives_s,
        )
    return found


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
