"""OpenDSS's objections in plain words; its own never reach a user."""

from __future__ import annotations

import re
from pathlib import Path

from dss import DSSException

NO_IMPEDANCE = "has no impedance; a switch may have a small one"
PLACE = re.compile(r'\[file: "(.+?)", line: (\d+)\]')
SAYINGS = (
    (r'Matrix Inversion Error for (\w+) "(.+?)"', rf"{{0}}.{{1}} {NO_IMPEDANCE}"),
    (r'Object Type "(.+?)" not found', "there is no kind of element called {0}"),
    (r'Unknown parameter "(.+?)" for Set', "there is no option called {0}"),
    (r'Unknown parameter "(.+?)" \(value .*\) for object "(.+?)"', "{1} has no property {0}"),
    (r'^(\S+)\.\w+: (\w+) object "(.+?)" not found', "{0} names {1} {2}, which there is not"),
    (r'Redirect file not found: "(.+?)"', "there is no file {0}"),
    (r'Unable to open file "(.+?)"', "there is no file {0}"),
    (r'file "(.+?)" could not be opened', "there is no file {0}"),
    (r'Duplicate new element definition: "(.+?)"', "{0} is defined twice"),
    (r'Invalid inline math entry: "(.+?)"', "{0} is not a number"),
    (r"(?i)create a (?:new )?circuit|no active circuit", "it must begin with New Circuit"),
    (r'(\w+): "(.+?)".*Transformer Element is not set', "{0}.{1} names a transformer that there is not"),
)


def refused(master: Path, error: DSSException) -> str:
    """The same about a file that is read: with its name, or that of the file that it reads."""
    what = told(error)
    return what if PLACE.search(str(error.args[-1])) else f"{master.name}: {what}"


def told(error: DSSException) -> str:
    """OpenDSS's objection in one line: where, and what; the line itself where there are no words for it."""
    text = str(error.args[-1])
    place = PLACE.search(text)
    what = _said(" ".join(PLACE.sub("", text).split()))
    if place is None:
        return what or f"OpenDSS refuses it (its error {error.args[0]})"
    file, line = Path(place[1]), int(place[2])
    return f"{file.name}:{line}: {what or _quoted(file, line)}"


def _said(text: str) -> str | None:
    for pattern, saying in SAYINGS:
        if found := re.search(pattern, text):
            return saying.format(*found.groups())
    return None


def _quoted(file: Path, line: int) -> str:
    try:
        own = file.read_text(encoding="utf-8", errors="replace").splitlines()[line - 1].strip()
    except (OSError, IndexError):
        return "OpenDSS refuses this line"
    return f"OpenDSS refuses the line {own[:80]!r}"
