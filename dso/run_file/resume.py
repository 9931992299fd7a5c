"""Takes a run file, and an engine, back to the last snapshot."""

from __future__ import annotations

import io
import pickle
import sqlite3
from pathlib import Path

from dso.engine.events import OutsideMessage
from dso.engine.loop import Engine
from dso.engine.memory import read_memory
from dso.errors import RunFileError
from dso.run_file.parts import PartReader
from dso.run_file.tables import TABLES

_KEPT = ("snapshot", "replaced")
_STEPPED = tuple(t.name for t in TABLES if t.columns[0].name == "seq" and t.name not in _KEPT)


def put_back(db: sqlite3.Connection, engine: Engine, path: Path) -> tuple[int, int]:
    """Drop what was written after the snapshot, and let the engine remember.

    Messages from outside that came later stay, and are heard again after the step that they followed.

    Returns
    -------
    how many messages from outside were heard, and how many exchanges posted by the snapshot.

    Raises
    ------
    RunFileError : if the snapshot cannot be read.
    """
    row = db.execute("SELECT seq, inbox, exchange FROM snapshot").fetchone()
    if row is None:
        raise RunFileError(f"{path} holds no snapshot to go on from; delete it and run anew")
    seq, heard, exchange = row
    try:
        parts = db.execute("SELECT memory FROM snapshot ORDER BY part")
        read_memory(engine, io.BufferedReader(PartReader(parts)))
    except Exception as error:
        raise RunFileError(
            f"{path} cannot be taken up ({type(error).__name__}: {error}): was it begun by another version? "
            "Resume it with that one, or delete it and run anew"
        ) from error
    later = db.execute(
        "SELECT after_step, due_s, machine, event, payload FROM inbox WHERE number > ? ORDER BY number",
        (heard,),
    ).fetchall()
    for after_step, due_s, machine, event, payload in later:
        engine.replay.append(OutsideMessage(after_step, due_s, machine, event, pickle.loads(payload)))
    engine.replay.sort(key=lambda message: message.after_step)
    _drop_rows(db, seq)
    return heard + len(later), exchange


def _drop_rows(db: sqlite3.Connection, seq: int) -> None:
    """Take away the rows of later steps; what they took the place of comes back under its old number."""
    db.execute("BEGIN")
    for table in _STEPPED:
        db.execute(f"DELETE FROM {table} WHERE seq > ?", (seq,))
    for name, row, cells in db.execute(
        "SELECT name, row, cells FROM replaced WHERE seq <= ?", (seq,)
    ).fetchall():
        values = pickle.loads(cells)
        columns = ", ".join(["rowid", *(c.name for t in TABLES if t.name == name for c in t.columns)])
        db.execute(f"INSERT INTO {name} ({columns}) VALUES (?{', ?' * len(values)})", (row, *values))
    db.execute("DELETE FROM replaced")
    db.execute("COMMIT")
