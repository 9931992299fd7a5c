"""A scenario some of whose fields are wrong: what is right can still be checked against the rest."""

from __future__ import annotations

from operator import getitem
from typing import Annotated, Any

from pydantic import BaseModel, TypeAdapter

from dso.scenario.model import Scenario
from dso.scenario.part import Part
from dso.scenario.place import Location
from dso.scenario.shape import bare, choices, is_part, item_of

_ANNOTATED: Any = Annotated  # with what is only known at run time


def partial_scenario(data: dict[str, Any], bad: set[Location]) -> Scenario:
    """The scenario without its wrong fields: asking for one of them raises AttributeError.

    Parameters
    ----------
    data : as read.
    bad : where errors stand in it.
    """
    scenario: Scenario = _part(Scenario, data, bad, ())
    return scenario


def _part(model: type[BaseModel], data: dict[str, Any], bad: set[Location], at: Location) -> Any:
    made = model.model_construct()
    for name, field in model.model_fields.items():
        key = field.alias or name
        here = (*at, key)
        if here in bad:
            made.__dict__.pop(name, None)
        elif key in data:
            annotation = getitem(_ANNOTATED, (field.annotation, None, *field.metadata))
            made.__dict__[name] = _value(annotation, data[key], bad, here)
    return made


def _value(annotation: Any, data: Any, bad: set[Location], at: Location) -> Any:
    kind = _kind(annotation, data)
    if isinstance(data, dict) and is_part(kind):
        return _part(kind, data, bad, at)
    item = item_of(annotation)
    if item is not None and isinstance(data, list):
        return tuple(_value(item, each, bad, (*at, k)) for k, each in enumerate(data))
    if any(place[: len(at)] == at for place in bad):
        return Part.model_construct()  # not even its kind is known: it has no field
    return TypeAdapter(annotation).validate_python(data)


def _kind(annotation: Any, data: Any) -> Any:
    options = choices(annotation)
    if not options or not isinstance(data, dict):
        return bare(annotation)
    parts = [option for option in options.values() if is_part(option)]
    if "kind" not in data:  # the one that need not be named, or the only one
        unnamed = [
            p for p in parts if "kind" not in p.model_fields or not p.model_fields["kind"].is_required()
        ]
        return unnamed[0] if unnamed else None
    return options.get(str(data["kind"]), parts[0] if len(parts) == 1 else None)
