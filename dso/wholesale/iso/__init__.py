"""A market operator: unit commitment a day ahead, optimal power flow in real time, bids of many DSOs."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dso.wholesale.iso.bids import Bid, BidBook, Participant, collect
    from dso.wholesale.iso.demand import Demand
    from dso.wholesale.iso.market_operator import Iso
    from dso.wholesale.iso.matpower import from_matpower
    from dso.wholesale.iso.results import (
        DayAheadResult,
        DayAheadState,
        RealTimeResult,
        RealTimeState,
        Trade,
    )
    from dso.wholesale.iso.stub import StubIso
    from dso.wholesale.iso.system import System, ercot_system

_HOME = {
    "Bid": "bids",
    "BidBook": "bids",
    "DayAheadResult": "results",
    "DayAheadState": "results",
    "Demand": "demand",
    "Iso": "market_operator",
    "Participant": "bids",
    "RealTimeResult": "results",
    "RealTimeState": "results",
    "StubIso": "stub",
    "System": "system",
    "Trade": "results",
    "collect": "bids",
    "ercot_system": "system",
    "from_matpower": "matpower",
}

__all__ = [
    "Bid",
    "BidBook",
    "DayAheadResult",
    "DayAheadState",
    "Demand",
    "Iso",
    "Participant",
    "RealTimeResult",
    "RealTimeState",
    "StubIso",
    "System",
    "Trade",
    "collect",
    "ercot_system",
    "from_matpower",
]


def __getattr__(name: str) -> Any:
    # Late, because the solver takes a while to import.
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
