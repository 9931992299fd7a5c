"""What the engine asks of the parts that plug into it, as Protocols."""

from dso.ports.parties import (
    CapacityStrategy,
    Forecast,
    LoadServingStrategy,
    MarketOperatorStrategy,
    Plant,
    Population,
    Stateful,
    Tariff,
    Wholesale,
)
from dso.ports.wires import (
    AS_BUILT,
    BoolArray,
    ElementLimit,
    Equipment,
    Feeder,
    Flow,
    ImportAdder,
    Limits,
    NetworkModel,
    Plan,
)

__all__ = [
    "AS_BUILT",
    "BoolArray",
    "CapacityStrategy",
    "ElementLimit",
    "Equipment",
    "Feeder",
    "Flow",
    "Forecast",
    "ImportAdder",
    "Limits",
    "LoadServingStrategy",
    "MarketOperatorStrategy",
    "NetworkModel",
    "Plan",
    "Plant",
    "Population",
    "Stateful",
    "Tariff",
    "Wholesale",
]
