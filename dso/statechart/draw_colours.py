"""The colours of drawings: light fills that stay apart for every kind of colour vision, dark text on them."""

from __future__ import annotations

from typing import NamedTuple


class Colours(NamedTuple):
    """How one owner's states look."""

    fill: str
    stroke: str
    text: str


# Blue, green, orange and grey; drawings write the owner's name too, so that no colour has to be told apart.
OWNER_COLOURS = {
    "DO": Colours("#dbe9f6", "#2b6ca3", "#10344f"),
    "MO": Colours("#e0f1dd", "#3d8b37", "#1c451a"),
    "LSE": Colours("#fdebd0", "#c77d0a", "#5c3a05"),
    "DSO": Colours("#ececec", "#6b6b6b", "#2e2e2e"),
}
NOBODY = Colours("#ffffff", "#8a8a8a", "#2e2e2e")
LIT = "#c0182b"
PASSED = "#7a0f6b"
LINE = "#4a4a4a"
DEGRADED = "#a34700"
GROUND = "#ffffff"
