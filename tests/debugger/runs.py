"""Run files of small engines, whatever is made to fail in them."""

from __future__ import annotations

from pathlib import Path

from dso.engine.loop import Engine
from dso.run_file import RunReader, RunWriter


def begun(engine: Engine, path: Path) -> RunWriter:
    """Let a run file record an engine."""
    writer = RunWriter(path)
    writer.attach(engine)
    writer.begin(engine, {"resolved": "{}", "name": "small", "seed": "1"})
    return writer


def recorded(engine: Engine, path: Path) -> RunReader:
    """Run an engine to its end into a run file, opened for reading."""
    writer = begun(engine, path)
    engine.run()
    writer.finish()
    return RunReader(path)
