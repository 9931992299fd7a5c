"""Compile a user's OpenDSS file, or say in plain words why that cannot be."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from dss import DSS, DSSException

from dso.errors import InputError, Problem
from dso.network.words import refused

READS = re.compile(r"\s*(?:redirect|compile)\s+[\"'(\[{]?([^\"')\]}!]+?)[\"')\]}]?\s*(?:[!/].*)?$", re.I)


def compiled(master: Path) -> Any:
    """An engine of its own with a circuit.

    Raises
    ------
    InputError : OpenDSS cannot read the file, or it makes no circuit.
    """
    _no_circle(master, ())
    engine: Any = DSS.NewContext()
    engine.AllowChangeDir = False  # a library must not move its process
    engine.AllowForms = engine.AllowEditor = False  # nor open windows, which Show would
    try:
        engine.Text.Command = f'Compile "{master}"'
        empty = engine.NumCircuits == 0
    except DSSException as error:
        raise InputError([Problem("", refused(master, error))]) from error
    if empty:
        raise InputError([Problem("", f"{master.name} makes no circuit: it must begin with New Circuit")])
    return engine


def _no_circle(file: Path, above: tuple[Path, ...]) -> None:
    """OpenDSS follows files that read each other until its process breaks."""
    own = file.resolve()
    if own in above:
        ring = " reads ".join(path.name for path in (*above[above.index(own) :], own))
        raise InputError([Problem("", f"{above[0].name} has no end: {ring}")])
    try:
        lines = file.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return  # OpenDSS will say so, with the line
    for line in lines:
        if found := READS.match(line):
            _no_circle(file.parent / found[1].strip().replace("\\", "/"), (*above, own))
