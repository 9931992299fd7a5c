"""What a scenario may say of neighbours who exchange prices."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from dso.scenario.bidding import Bidding
from dso.scenario.quantities import Charge, Positive


class Consensus(Bidding):
    """Transactive rate whose participants find the price by exchanging prices with their neighbours."""

    kind: Literal["consensus"]
    graph: Literal["star", "ring", "complete"] = Field(
        "star", description="who talks to whom; in a star all with the LSE"
    )
    rule: Literal["tracking", "tesp"] = Field(
        "tracking",
        description="gradient tracking, or the rule of TESP, which is right on complete graphs only",
    )
    most_rounds: int = Field(
        50_000, ge=1, le=1_000_000, description="after how many a gradient tracking without agreement ends"
    )
    band_usd_per_kwh: Annotated[Positive, Field(ge=1e-9, le=1e-3)] = Field(
        1e-8, description="how far the LSE's price gives way [USD/kWh]"
    )
    fixed_usd_per_month: Charge = Field(0.0, description="fixed charge [USD/month]")
    distribution_usd_per_kwh: Charge = Field(0.04, description="d, distribution charge [USD/kWh]")
    scaling: Annotated[Positive, Field(le=100)] = Field(
        1.25, description="s, cost at the meter per wholesale cost"
    )
