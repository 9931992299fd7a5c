"""Feeders that come with the package, and a user's own."""

from __future__ import annotations

from pathlib import Path

import dso.data
from dso.errors import InputError, Problem

FEEDERS = Path(dso.data.__file__).parent / "feeders"

FILES = {"ieee13": "ieee13.dss", "ieee123": "ieee123_homes.dss"}

# As many homes as a shipped feeder carries at the design peak of 5 kW each: docs/data-feeders.md.
HOMES = {"ieee13": 500, "ieee123": 700}


def shipped_feeders() -> tuple[str, ...]:
    """Names of the feeders that come with the package."""
    return tuple(FILES)


def feeder_file(name_or_path: str, folder: Path) -> Path:
    """The OpenDSS file of a feeder; `ieee123` has its regulators set for homes.

    Parameters
    ----------
    name_or_path : a shipped feeder's name, or the path of a file.
    folder : what a path is relative to, such as the scenario's folder.

    Raises
    ------
    InputError : it is neither.
    """
    if name_or_path in FILES:
        return FEEDERS / FILES[name_or_path]
    path = folder / name_or_path
    if path.is_file():
        return path
    shipped = " or ".join(shipped_feeders())
    what = f"a feeder must be {shipped} or an OpenDSS file, was {name_or_path!r}; there is no file {path}"
    raise InputError([Problem("", what)])
