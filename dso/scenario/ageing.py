"""What a scenario may say of the life of the substation's transformer."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from dso.scenario.part import Part
from dso.scenario.quantities import Positive

Rise = Annotated[Positive, Field(le=200)]
Exponent = Annotated[float, Field(gt=0.5, le=2, allow_inf_nan=False)]


class Ageing(Part):
    """The substation's transformer ages with its load (IEEE C57.91); an import pays for its life."""

    rated_kva: Annotated[Positive, Field(le=1e6)] = Field(description="rating of the transformer [kVA]")
    cost_usd: Annotated[Positive, Field(le=1e9)] = Field(description="of a new one, installed [USD]")
    ambient_c: Annotated[float, Field(ge=-60, le=60, allow_inf_nan=False)] | None = Field(
        None, description="temperature of the air [°C]; not given: the weather's"
    )
    power_factor: Annotated[Positive, Field(le=1)] = Field(0.95, description="of what passes")
    top_oil_rise_k: Rise = Field(55.0, description="of the oil over the air at rated load [K]")
    hot_spot_rise_k: Rise = Field(25.0, description="of the hottest spot over the oil at rated load [K]")
    loss_ratio: Annotated[Positive, Field(le=100)] = Field(
        4.87, description="R, losses from load at rated load per no-load losses"
    )
    oil_exponent: Exponent = Field(0.8, description="n, 0.8 natural cooling … 1 forced and directed oil")
    winding_exponent: Exponent = Field(0.8, description="m, likewise")
