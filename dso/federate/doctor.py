"""Do both sides agree? HELICS JSON configurations and profiles, compared before anything is started."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dso.errors import InputError, Problem
from dso.federate.configs import config_of
from dso.federate.interfaces import HELICS_TYPES
from dso.federate.profile_file import load_profile, profiles
from dso.federate.units import UNITS, measures

WAIT = "wait_for_current_time_update"
OURS = {"double_vector": "vector", "int64": "int", "integer": "int", "": "any"}


@dataclass(frozen=True, slots=True)
class Side:
    """One federate's configuration, and where it stands."""

    where: str
    config: dict[str, Any]

    @property
    def name(self) -> str:
        """What the federate is called."""
        return str(self.config.get("name", "?"))

    def topics(self, kind: str) -> Iterator[dict[str, Any]]:
        """Its publications, subscriptions or endpoints."""
        listed = self.config.get(kind, [])
        yield from (each for each in listed if isinstance(each, dict))

    def key(self, topic: dict[str, Any]) -> str:
        """The name under which others know a topic: one that is not global bears its federate's."""
        key = str(topic.get("key", topic.get("name", "")))
        return key if topic.get("global", self.config.get("globals", False)) else f"{self.name}/{key}"


def examine(given: Sequence[str], *, customers: int = 1, devices: int = 1) -> list[Problem]:
    """Everything in which the sides of a federation do not fit.

    Parameters
    ----------
    given : HELICS JSON files of federates, profiles by name or file; a profile stands for the DSO's side.
    customers, devices : how many, where a profile has a topic for each.

    Raises
    ------
    InputError : a file that cannot be read.
    """
    sides = [side for each in given for side in _sides(each, customers, devices)]
    found = [*_names(sides), *_waits(sides), *_twice(sides)]
    for side in sides:
        found += _subscriptions(side, sides)
        found += _periods(side, sides)
    return found


def _sides(given: str, customers: int, devices: int) -> list[Side]:
    path = Path(given)
    if given in profiles() or path.suffix in (".yaml", ".yml"):
        profile = load_profile(given)
        return [Side(given, config_of(profile, "dso", customers=customers, devices=devices))]
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError([Problem(given, f"cannot be read: {error.strerror}")]) from None
    except ValueError as error:
        raise InputError([Problem(given, f"must be HELICS JSON: {error}")]) from None
    if not isinstance(data, dict):
        raise InputError([Problem(given, "must be a JSON object")])
    if "name" in data:
        return [Side(given, data)]
    inside = [each for each in data.values() if isinstance(each, dict) and "name" in each]
    if not inside:
        raise InputError([Problem(given, "must be a federate's configuration, with its name")])
    return [Side(f"{given} ({each['name']})", each) for each in inside]  # of dso federate --print-config


def _names(sides: Sequence[Side]) -> Iterator[Problem]:
    seen: dict[str, str] = {}
    for side in sides:
        if side.name in seen:
            yield Problem(side.where, f"is called {side.name}, so is {seen[side.name]}; names must differ")
        seen[side.name] = side.where


def _waits(sides: Sequence[Side]) -> Iterator[Problem]:
    waiting = [side.where for side in sides if side.config.get(WAIT)]
    for where in waiting[1:]:
        yield Problem(
            where, f"sets {WAIT}, so does {waiting[0]}; one may, the others take timing.current_values: after"
        )


def _twice(sides: Sequence[Side]) -> Iterator[Problem]:
    seen: dict[str, str] = {}
    for side in sides:
        for kind in ("publications", "endpoints"):
            for topic in side.topics(kind):
                key = side.key(topic)
                if key in seen:
                    yield Problem(side.where, f"{kind[:-1]} {key} is in {seen[key]} as well")
                seen[key] = side.where


def _subscriptions(side: Side, sides: Sequence[Side]) -> Iterator[Problem]:
    published = {
        other.key(topic): (other, topic) for other in sides for topic in other.topics("publications")
    }
    for topic in side.topics("subscriptions"):
        key = str(topic.get("key", ""))
        found = published.get(key)
        if found is None:
            close = _close(key, list(published))
            yield Problem(side.where, f"subscribes to {key}, which nobody publishes{close}")
            continue
        other, theirs = found
        mine, its = _type(topic), _type(theirs)
        if "any" not in (mine, its) and its not in [_ours(t) for t in HELICS_TYPES.get(mine, (mine,))]:
            yield Problem(side.where, f"{key} is {mine} here, {its} in {other.where}")
        a, b = (
            str(topic.get("unit", topic.get("units", ""))),
            str(theirs.get("unit", theirs.get("units", ""))),
        )
        if a and b and a != b and not _same_measure(a, b):
            yield Problem(side.where, f"{key} is in {a} here, in {b} in {other.where}")


def _type(topic: dict[str, Any]) -> str:
    return _ours(str(topic.get("type", "")))


def _ours(kind: str) -> str:
    return OURS.get(kind, kind)


def _same_measure(a: str, b: str) -> bool:
    return a in UNITS and b in UNITS and measures(a) == measures(b)


def _close(key: str, known: list[str]) -> str:
    from difflib import get_close_matches

    close = get_close_matches(key, known, n=1)
    return f"; is {close[0]} meant?" if close else ""


def _periods(side: Side, sides: Sequence[Side]) -> Iterator[Problem]:
    """A federate that acts less often than others expect hears them late."""
    period = side.config.get("period", 0)
    if not isinstance(period, int | float) or period < 0:
        yield Problem(side.where, f"period must be a number of seconds, was {period!r}")
        return
    own = [
        p for p in (s.config.get("period", 0) for s in sides if s is not side) if isinstance(p, int | float)
    ]
    for other in own:
        if period > other > 0 and (period / other) % 1:
            yield Problem(side.where, f"period {period:g} s is no multiple of another federate's {other:g} s")
            return
