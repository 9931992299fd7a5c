"""A repair crew: what it is sent to, and what it brings back into service."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from dso.clock import iso
from dso.engine.work import Work
from dso.messages import Rejection
from dso.operators.equipment import Case, next_job


@dataclass(frozen=True, slots=True)
class CrewSubject:
    """What a crew is at."""

    job: str | None = None  # name of the case


class CrewWork(Work):
    """A handler's turn on a crew."""

    @property
    def case(self) -> Case | None:
        """What the crew is sent to; None: nothing."""
        subject: CrewSubject = self.machine.subject
        return self.world.distribution.cases.get(subject.job or "")

    def time(self, name: str) -> int | None:
        """The instants of a crew's day."""
        case = self.case
        if name == "duty_end":
            return self.world.books_close_s()
        return None if case is None else {"arrival": case.arrives_s, "repaired": case.expected_s}[name]


def take_job(work: CrewWork) -> Literal["job_taken", "nothing_to_do"]:
    """Take the oldest failure that no other crew has."""
    do = work.world.distribution
    case = next_job(do.cases.values(), work.machine.name)
    work.machine.subject = CrewSubject(None if case is None else case.name)
    if case is None:
        return "nothing_to_do"
    sent = replace(case, crew=work.machine.name, arrives_s=work.now_s + do.crews.travel_s)
    work.put(do.cases, case.name, sent)
    assert sent.arrives_s is not None  # put before
    assert sent.expected_s is not None
    work.note(job=case.name, arrives=iso(sent.arrives_s), expected=iso(sent.expected_s))
    return "job_taken"


def restore(work: CrewWork) -> Literal["restored"]:
    """Bring the element back into service and tell the DO."""
    case = work.case
    if case is not None and case.until_s is None:
        work.put(work.world.distribution.cases, case.name, replace(case, until_s=work.now_s))
        work.note(restored=case.element)
    work.machine.subject = CrewSubject()
    work.post("dso", "restored", {})
    return "restored"


def receive_stand_down(work: CrewWork, payload: Mapping[str, Any]) -> Rejection | None:
    """Somebody else has mended what the crew is sent to."""
    if work.machine.subject.job != payload["case"]:
        return Rejection(work.machine.name, "dso", None, "this crew is not sent there")
    return None
