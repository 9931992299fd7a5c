"""dso: an explicit state-machine engine for a Distribution System Operator in transactive-energy studies."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dso.engine.loop import Engine
    from dso.engine.step import Step
    from dso.errors import DsoError
    from dso.messages import BidRequest
    from dso.study import load, run

__all__ = ["BidRequest", "DsoError", "Engine", "Step", "load", "run"]

_HOMES = {
    "BidRequest": "dso.messages",
    "DsoError": "dso.errors",
    "Engine": "dso.engine.loop",
    "Step": "dso.engine.step",
    "load": "dso.study",
    "run": "dso.study",
}


def __getattr__(name: str) -> Any:
    """Import what is asked for when it is asked for: `import dso` stays fast."""
    from importlib import import_module

    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'dso' has no attribute {name!r}")
