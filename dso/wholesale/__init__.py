"""The market above the DSO: a price series, a supply curve, the ERCOT system as optimal power flow.

It runs alone as well: `python -m dso.wholesale --from 2016-08-11 --hours 24`.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dso.wholesale.conditions import ForecastError
    from dso.wholesale.ercot import ErcotMarket, MarketRun
    from dso.wholesale.ercot_bid import ErcotWholesale
    from dso.wholesale.outages import Outage
    from dso.wholesale.price_series import PriceSeries
    from dso.wholesale.supply_curve import QuadraticSupply

__all__ = [
    "ErcotMarket",
    "ErcotWholesale",
    "ForecastError",
    "MarketRun",
    "Outage",
    "PriceSeries",
    "QuadraticSupply",
]

_HOME = {
    "ErcotMarket": "ercot",
    "ErcotWholesale": "ercot_bid",
    "ForecastError": "conditions",
    "MarketRun": "ercot",
    "Outage": "outages",
    "PriceSeries": "price_series",
    "QuadraticSupply": "supply_curve",
}


def __getattr__(name: str) -> Any:
    # Late, because the solver behind the power flow takes a quarter of a second to import.
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
