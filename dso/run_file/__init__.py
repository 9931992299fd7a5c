"""One run is one SQLite file: what is in it, how it is written, how a broken run is taken up again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dso.run_file.reader import RunReader
from dso.run_file.tables import SCHEMA_VERSION, TABLES, VIEWS

if TYPE_CHECKING:
    from dso.run_file.writer import RunWriter

__all__ = ["SCHEMA_VERSION", "TABLES", "VIEWS", "RunReader", "RunWriter"]


def __getattr__(name: str) -> Any:
    """The writer brings the engine along: a command that only reads is three times faster without."""
    if name == "RunWriter":
        from dso.run_file.writer import RunWriter

        return RunWriter
    raise AttributeError(name)
