"""The DSO as a federate of a HELICS co-simulation; `helics` is imported when one joins."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dso.federate.federate import Federate
    from dso.federate.profile import Profile
    from dso.federate.profile_file import load_profile, profiles

__all__ = ["Federate", "Profile", "load_profile", "profiles"]

_HOME = {
    "Federate": "federate",
    "Profile": "profile",
    "load_profile": "profile_file",
    "profiles": "profile_file",
}


def __getattr__(name: str) -> Any:
    # Late, because helics takes a quarter of a second to import.
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
