"""OpenDSS's objections in plain words."""

from __future__ import annotations

import re

from dss import DSSException


def told(error: DSSException) -> str:
    """OpenDSS's objection in one line: what, and in which line of the file."""
    text = " ".join(str(error.args[-1]).split())
    what, _, place = text.partition(" [file:")
    line = re.search(r"line: (\d+)", place)
    what = re.sub(r"^\(#\d+\)\s*", "", what).rstrip(". ")
    return f"line {line.group(1)}: {what}" if line and what else what or "it does not say why"
