"""What a scenario may say of a market for voltage."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from dso.scenario.bidding import Bidding
from dso.scenario.quantities import Charge, Fraction, Positive, Power


class Voltage(Bidding):
    """Double auction whose participants also sell reactive power, which keeps the voltage in its band."""

    kind: Literal["voltage"]
    inverter_frac: Fraction = Field(1.0, description="part of those who take part that has an inverter")
    inverter_kvar: Annotated[Power, Field(gt=0)] = Field(3.0, description="what each can inject [kvar]")
    usd_per_kvarh: Charge = Field(
        0.01, description="what they ask on average, each 50 to 150 % of it [USD/kvarh]"
    )
    fixed_usd_per_month: Charge = Field(0.0, description="fixed charge [USD/month]")
    distribution_usd_per_kwh: Charge = Field(0.04, description="d, distribution charge [USD/kWh]")
    scaling: Annotated[Positive, Field(le=100)] = Field(
        1.25, description="s, cost at the meter per wholesale cost"
    )
