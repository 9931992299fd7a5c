"""What a scenario may say of what happens to the wires: failures, maintenance, upgrades, crews, assets."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, Any

from pydantic import Field

from dso.scenario.part import Part
from dso.scenario.place import Location
from dso.scenario.quantities import Duration, Moment, NotNegative, Positive

Cost = Annotated[NotNegative, Field(le=1e9)]
Element = Annotated[str, Field(min_length=1, max_length=200)]


class Failure(Part):
    """An element that fails, which nobody knows beforehand; a crew repairs it."""

    element: Element = Field(description="name of the element, such as substation or line.l67")
    at: Moment = Field(description="when it fails")
    repair: Duration | None = Field(None, description="how long a crew works on it; not given: crews.repair")


class Maintenance(Part):
    """An element that is taken out of service by schedule; all markets know it."""

    element: Element = Field(description="name of the element")
    from_: Moment = Field(alias="from", description="when it is taken out")
    to: Moment = Field(description="when it is back")


class Upgrade(Part):
    """An element that gets another rating in mid-run."""

    element: Element = Field(description="name of the element")
    at: Moment = Field(description="when it is commissioned")
    rating_frac: Annotated[Positive, Field(le=100)] = Field(
        description="its rating from then on over that in the model"
    )
    cost_usd: Cost = Field(0.0, description="what it costs [USD]")


class RandomFailures(Part):
    """Failures drawn by the study's seed, each element by itself."""

    rate_per_year: Annotated[NotNegative, Field(le=1e4)] = Field(
        description="failures of one element in a year, on average"
    )
    elements: tuple[Element, ...] = Field(
        (), description="which elements may fail; not given: all", strict=False
    )


class Crews(Part):
    """Who repairs what has failed."""

    count: int = Field(1, ge=1, le=100, description="crews, each with one job at a time")
    travel: Duration = Field(
        1800, description="how long a crew travels", json_schema_extra={"default": "30 min"}
    )
    repair: Duration = Field(7200, description="how long it works", json_schema_extra={"default": "2 h"})


class Asset(Part):
    """A line of the DO's asset register."""

    element: Element = Field(description="name of the element")
    rating_kva: Annotated[Positive, Field(le=1e6)] | None = Field(None, description="its rating [kVA]")
    installed: int | None = Field(None, ge=1880, le=2100, description="year in which it was installed")
    cost_usd: Cost | None = Field(None, description="of a new one, installed [USD]")


class Wires(Part):
    """What happens to the wires, whatever their model."""

    outages: tuple[Failure, ...] = Field((), description="elements that fail", strict=False)
    maintenance: tuple[Maintenance, ...] = Field((), description="elements out by schedule", strict=False)
    upgrades: tuple[Upgrade, ...] = Field((), description="elements that get another rating", strict=False)
    failures: RandomFailures | None = Field(None, description="elements that fail by chance")
    crews: Crews = Field(Crews(), description="who repairs")
    assets: tuple[Asset, ...] = Field((), description="the DO's asset register", strict=False)


LISTS = ("outages", "maintenance", "upgrades", "assets")


def wires_moments(network: Any) -> Iterator[tuple[Location, datetime]]:
    """Every instant that is named, as far as it is known."""
    for name in LISTS:
        for k, part in enumerate(getattr(network, name, ())):
            for field, attribute in (("at", "at"), ("from", "from_"), ("to", "to")):
                if hasattr(part, attribute):
                    yield ("network", name, k, field), getattr(part, attribute)


def named_elements(network: Wires) -> Iterator[tuple[Location, str]]:
    """Every element that is named, with where it stands below `network`."""
    for name in LISTS:
        for k, part in enumerate(getattr(network, name)):
            yield (name, k, "element"), part.element
    if network.failures is not None:
        for k, element in enumerate(network.failures.elements):
            yield ("failures", "elements", k), element
