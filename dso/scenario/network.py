"""What a scenario may say of the wires."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag

from dso.scenario.ageing import Ageing
from dso.scenario.equipment import Wires
from dso.scenario.part import Part
from dso.scenario.quantities import Moment, NotNegative, Positive, Power


class Derate(Part):
    """A stretch of time in which less can pass."""

    from_: Moment = Field(alias="from", description="when it begins")
    to: Moment = Field(description="when it ends")
    import_limit_kw: Power | None = Field(None, description="limit in that time [kW]")
    export_limit_kw: Power | None = Field(None, description="limit in that time [kW]")
    planned: bool = Field(False, description="whether it is known beforehand")


class Head(Wires):
    """What may pass the head of the feeder, whatever lies behind it."""

    import_limit_kw: Power | None = Field(None, description="what may be imported [kW]; not given: no limit")
    export_limit_kw: Power | None = Field(None, description="what may be exported [kW]; not given: no limit")
    loss_frac: Annotated[NotNegative, Field(lt=1)] = Field(0.0, description="losses per load")
    derates: tuple[Derate, ...] = Field((), description="stretches of time with other limits", strict=False)


class StaticNetwork(Head):
    """The head of the feeder as two limits and a share of losses."""

    kind: Literal["static"] = "static"
    ageing: Ageing | None = Field(None, description="the substation's life as a part of an import's price")


class PowerFlow(Head):
    """A feeder that is solved; where it cannot be, what is said of its head counts."""

    customers: str | None = Field(
        None, description="CSV with `customer` and `point`; not given: spread as the feeder's load is"
    )
    substation_kva: Annotated[Positive, Field(le=1e6)] | None = Field(
        None, description="rating of the substation [kVA]; not given: the feeder's own"
    )
    emergency: bool = Field(False, description="whether ANSI range B is enough, or range A must be kept")


class OpenDssNetwork(PowerFlow):
    """A feeder as OpenDSS solves it."""

    kind: Literal["opendss"]
    feeder: str = Field(min_length=1, description="ieee13, ieee123, or the path of an OpenDSS file")
    services: bool = Field(
        True, description="whether homes hang on service transformers of their own, or on the file's loads"
    )


class GridLabDNetwork(PowerFlow):
    """A feeder as GridLAB-D solves it (extra `gridlabd`)."""

    kind: Literal["gridlabd"]
    glm: str = Field(min_length=1, description="path of a GLM; only its powerflow objects count")


def _kind(given: Any) -> str:
    """Which network it is; static unless it says so."""
    found = given.get("kind", "static") if isinstance(given, dict) else getattr(given, "kind", "static")
    return str(found)


Network = Annotated[
    Annotated[StaticNetwork, Tag("static")]
    | Annotated[OpenDssNetwork, Tag("opendss")]
    | Annotated[GridLabDNetwork, Tag("gridlabd")],
    Discriminator(_kind),
]
