"""What one LSE settles for one interval."""

from __future__ import annotations

from dataclasses import dataclass

from dso.messages import FloatArray
from dso.operators.load_serving import LoadServingEntity


@dataclass(frozen=True, slots=True, eq=False)
class Deal:
    """What one tariff's LSE settles for one interval."""

    tariff: str
    retailer: LoadServingEntity
    customers_usd: FloatArray  # (n,)
    customers_kwh: FloatArray  # (n,)
    head_kwh: float  # bought or sold at this market's wholesale price
    rent_kwh: float  # load that this market's congestion price applies to
    points_kwh: FloatArray  # (points,) the same at each service point
    network_kwh: float  # load that the distribution charge applies to
    congestion_usd_per_kwh: float
