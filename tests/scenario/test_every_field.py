"""Each field of the model wrong in each way that its type allows: new fields are tested as they are added."""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import cache
from types import UnionType
from typing import Annotated, Any, Literal, NamedTuple, Union, get_args, get_origin

import annotated_types
import pytest
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from dso.errors import Problem, ScenarioError
from dso.scenario.load import parse_scenario
from dso.scenario.model import Scenario
from dso.scenario.part import Part
from dso.scenario.quantities import Duration, Length, Moment
from tests.scenario.examples import WHOLESALES, changed, everything, without

JARGON = (
    "Input should", "Value error", "pydantic", "http", "type=", "valid", "Traceback", "None", "tuple", "dict",
    "instance of", "Field required", "Extra inputs", "<", "bool", "datetime",
)  # fmt: skip
DURATIONS = (Duration, Length)
NOT_DURATIONS = [
    "5 MW",
    "4 furlongs",
    "30",
    "",
    "-5 min",
    "900000 d",
    "1.5 s",
    30,
    1.5,
    -1,
    True,
    [],
    {},
    math.nan,
]
NOT_MOMENTS = ["noon", "", "12:30", "0001-01-01", "2016-08-10T12:00:00.5", 5, 1.5, True, [], {}]
NOT_TEXT = [5, 1.5, True, [], {}]
NOT_NUMBERS = ["5 MW", "30", "", True, [], {}, math.nan, math.inf, -math.inf]
NOT_PARTS = [5, "text", True, [{}]]


class Place(NamedTuple):
    """One field of one scenario."""

    wholesale: str
    path: tuple[str | int, ...]
    part: type[BaseModel]
    field: FieldInfo

    def __str__(self) -> str:
        return f"{self.wholesale}:{written(self.path)}"


def written(path: tuple[str | int, ...]) -> str:
    return "".join(f"[{p}]" if isinstance(p, int) else f".{p}" for p in path).lstrip(".")


def members(annotation: Any) -> list[Any]:
    """The types that may stand in a place, without `None` and what restricts them."""
    if get_origin(annotation) is Annotated:
        return members(get_args(annotation)[0])
    if get_origin(annotation) in (Union, UnionType):
        return [m for arg in get_args(annotation) for m in members(arg)]
    return [] if annotation is type(None) else [annotation]


def is_part(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, BaseModel)


def chosen(annotation: Any, data: Any) -> Any:
    """The part of a union that data stand for."""
    parts = [m for m in members(annotation) if is_part(m)]
    if len(parts) > 1:
        parts = [
            p for p in parts if get_args(p.model_fields["kind"].annotation)[0] == data.get("kind", "static")
        ]
    return parts[0] if parts else None


def walk(part: type[BaseModel], data: Any, path: tuple[str | int, ...], wholesale: str) -> Iterator[Place]:
    for name, field in part.model_fields.items():
        key = field.alias or name
        here = (*path, key)
        yield Place(wholesale, here, part, field)
        given = data.get(key)
        inner = chosen(field.annotation, given)
        if isinstance(given, dict) and inner is not None:
            yield from walk(inner, given, here, wholesale)
        if get_origin(field.annotation) is tuple:
            item = get_args(field.annotation)[0]
            plain = not any(is_part(m) for m in members(item))
            for k, each in enumerate([] if plain else given or []):
                yield from walk(chosen(item, each), each, (*here, k), wholesale)


def all_places() -> Iterator[Place]:
    for wholesale in WHOLESALES:
        places = list(walk(Scenario, everything(wholesale), (), wholesale))
        yield from (
            places if wholesale == "ercot" else (p for p in places if p.path[0] in ("network", "wholesale"))
        )


PLACES = list(all_places())


def restrictions(place: Place) -> list[Any]:
    """What restricts a field, however deep it is written."""
    found, waiting = list(place.field.metadata), [place.field.annotation]
    while waiting:
        annotation = waiting.pop()
        if get_origin(annotation) is Annotated:
            found += [
                m for a in get_args(annotation)[1:] for m in (a.metadata if isinstance(a, FieldInfo) else [a])
            ]
        waiting += get_args(annotation) if get_origin(annotation) not in (tuple, Literal) else []
    return [r for m in found for r in (m if isinstance(m, annotated_types.GroupedMetadata) else [m])]


def out_of_range(place: Place, whole: bool) -> Iterator[float]:
    for limit in restrictions(place):
        step = 1 if whole else 1e-6
        if isinstance(limit, annotated_types.Ge):
            yield limit.ge - step * max(1, abs(limit.ge))
        if isinstance(limit, annotated_types.Gt):
            yield limit.gt
        if isinstance(limit, annotated_types.Le):
            yield limit.le + step * max(1, abs(limit.le))
        if isinstance(limit, annotated_types.Lt):
            yield limit.lt


def uses(place: Place, kinds: tuple[Any, ...]) -> bool:
    """Whether a field is written with one of our own types, which are told apart by what restricts them."""
    wanted = {repr(get_args(kind)[1:][0]) for kind in kinds}
    return any(repr(r) in wanted for r in restrictions(place))


@cache
def scenario_of(wholesale: str) -> dict[str, Any]:
    return everything(wholesale)


def wrong_values(place: Place) -> Iterator[Any]:
    annotation = place.field.annotation
    if type(None) not in get_args(annotation):
        yield None
    kinds = members(annotation)
    if uses(place, DURATIONS):
        yield from NOT_DURATIONS
    elif uses(place, (Moment,)):
        yield from NOT_MOMENTS
    elif float in kinds:
        yield from [*NOT_NUMBERS, 1e300, *out_of_range(place, whole=False)]
    elif int in kinds:
        yield from [*NOT_NUMBERS, 1.5, 10**30, *out_of_range(place, whole=True)]
    elif bool in kinds:
        yield from [5, 0, 1, "yes", "true", [], {}]
    elif any(get_origin(k) is Literal for k in kinds):
        yield from ["nonsense", "", 7, [], {"nonsense": 1}]
    elif str in kinds:
        yield from NOT_TEXT
    elif any(is_part(k) for k in kinds):
        yield from NOT_PARTS
    elif get_origin(annotation) is tuple:
        numbers = members(get_args(annotation)[0]) == [int]
        yield from [5, "text", {}, {"a": 1}, [-5] if numbers else [5], [[]]]
    elif get_origin(annotation) is dict:
        yield from [5, "text", []]
    else:
        raise AssertionError(f"{place}: no wrong values are known for {annotation}; add them to this test")


def problems(data: Any) -> list[tuple[str, str]]:
    with pytest.raises(ScenarioError) as caught:
        parse_scenario(data)
    for problem in caught.value.problems:
        line = str(problem)
        assert "\n" not in line
        assert not [word for word in JARGON if word in line], line
        assert len(line) < 300, line
    return [(p.where.removeprefix("scenario").strip(), p.what) for p in caught.value.problems]


@pytest.mark.parametrize("wholesale", WHOLESALES)
def test_the_examples_are_fit_to_run(wholesale):
    parse_scenario(everything(wholesale))


def test_every_part_is_in_an_example():
    def below(part: type[BaseModel]) -> set[type[BaseModel]]:
        return {part} | {b for sub in part.__subclasses__() for b in below(sub)}

    leaves = {part for part in below(Part) if not part.__subclasses__()}
    assert leaves == {place.part for place in PLACES}


@pytest.mark.parametrize("place", PLACES, ids=str)
def test_a_wrong_value_is_told_at_its_field(place):
    for value in wrong_values(place):
        found = problems(changed(scenario_of(place.wholesale), place.path, value))
        at = [where for where, _ in found if where.startswith(written(place.path))]
        assert at, f"{value!r}: {found}"


def must_be_said(place: Place) -> bool:
    return place.field.is_required() and place.path != ("network", "kind")  # static, unless it says so


@pytest.mark.parametrize("place", [p for p in PLACES if must_be_said(p)], ids=str)
def test_a_missing_field_is_told(place):
    found = problems(without(scenario_of(place.wholesale), place.path))
    assert any(where == written(place.path) and what.startswith("is missing") for where, what in found)


@pytest.mark.parametrize("place", PLACES, ids=str)
def test_a_misspelt_field_is_told_which_is_meant(place):
    *before, name = place.path
    misspelt = (*before, f"{name}q")
    found = problems(changed(scenario_of(place.wholesale), misspelt, 1))
    assert (written(misspelt), f"is not known here; did you mean {name}?") in found


NUMBERS = [place for place in PLACES if float in members(place.field.annotation)]


@pytest.mark.parametrize("place", NUMBERS, ids=str)
def test_a_whole_number_may_stand_for_any_number(place):
    told: tuple[Problem, ...] = ()
    try:
        parse_scenario(changed(scenario_of(place.wholesale), place.path, 1))
    except ScenarioError as error:  # 1 may be out of range or break a sum; it is a number for all that
        told = error.problems
    assert not [problem for problem in told if "must be a number" in problem.what]
