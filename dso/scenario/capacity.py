"""What a scenario may say of a market for a transformer's capacity."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from dso.scenario.bidding import Bidding
from dso.scenario.quantities import Charge, Name, Positive, Power


class Capacity(Bidding):
    """Double auction of those behind one transformer, whose market operator sells its capacity."""

    kind: Literal["capacity"]
    element: Name = Field(description="name of the transformer, and of its account")
    capacity_kw: Annotated[Power, Field(gt=0)] = Field(description="what it lets pass, either way [kW]")
    fixed_usd_per_month: Charge = Field(0.0, description="fixed charge [USD/month]")
    distribution_usd_per_kwh: Charge = Field(0.04, description="d, distribution charge [USD/kWh]")
    scaling: Annotated[Positive, Field(le=100)] = Field(
        1.25, description="s, cost at the meter per wholesale cost"
    )
