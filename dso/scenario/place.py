"""Where something stands in a scenario's file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

Location = tuple[str | int, ...]  # ("series", 0, "interval")


@dataclass(frozen=True, slots=True)
class Source:
    """A file's name and the line of each of its fields, as far as they are known."""

    name: str
    lines: Mapping[Location, int] = field(default_factory=dict)

    def at(self, location: Location) -> str:
        """File, line and path of a field; of one that is missing, the line of what it is missing from."""
        path = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in location)
        line = self.line(location)
        return f"{self.name}{f':{line}' if line else ''} {path.lstrip('.')}".rstrip()

    def line(self, location: Location) -> int | None:
        """Line of a field, or of what it is missing from."""
        ways = (location[:length] for length in range(len(location), -1, -1))
        return next((self.lines[way] for way in ways if way in self.lines), None)
