"""A session put away: what it was made from, what a person posted, and how far it had come."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from dso.debugger.session import StepSession
from dso.debugger.source import Source
from dso.engine.events import OutsideMessage
from dso.errors import InputError, Problem

FORMAT = "dso session 1"


def save(session: StepSession, path: Path) -> None:
    """Write a session as JSON; it is taken up by stepping to the same place again.

    Raises
    ------
    InputError : the file cannot be written, or a message cannot be written as JSON.
    """
    source, history = session.source, session.history
    messages = [[m.after_step, m.due_s, m.machine, m.event, dict(m.payload)] for m in history.posted]
    held = {
        "format": FORMAT,
        "name": source.name,
        "scenario": source.text,
        "folder": _relative(source.folder, path),
        "seed": source.seed,
        "run": None if source.run is None else _relative(source.run, path),
        "posted": messages,
        "steps": session.engine.steps,
        "checksum": history.checksum,
        "breakpoints": [[b.kind, b.what] for b in session.breakpoints],
        "market": session.focus,
    }
    try:
        path.write_text(json.dumps(held, ensure_ascii=False, indent=1), encoding="utf-8")
    except OSError as error:
        raise _wrong(f"cannot write {path}: {error.strerror}") from error
    except TypeError as error:
        raise _wrong(f"a message that was posted cannot be saved: {error}") from error


def load(path: Path) -> StepSession:
    """A session as it was saved.

    Raises
    ------
    InputError : the file cannot be read, is no saved session, or its steps come out otherwise than then.
    """
    held = _read(path)
    where = path.absolute().parent
    run = None if held["run"] is None else where / held["run"]
    session = StepSession(Source(held["name"], held["scenario"], where / held["folder"], held["seed"], run))
    for row in held["posted"]:
        session.history.posted.append(OutsideMessage(*row))
    session.history.hear_again(all_posted=True)
    session.goto_step(held["steps"])
    if session.history.checksum != held["checksum"]:
        session.close()
        raise _wrong(
            f"{path}: its steps come out otherwise than they were saved; was it saved by another version?"
        )
    for kind, what in held["breakpoints"]:
        session.break_at(kind, what)
    session.focus = held["market"]
    return session


def _read(path: Path) -> dict[str, Any]:
    try:
        held = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise _wrong(f"cannot read {path}: {error.strerror}") from error
    except ValueError as error:
        raise _wrong(f"{path} is no saved session: {error}") from error
    if not isinstance(held, dict) or held.get("format") != FORMAT:
        raise _wrong(f"{path} is no saved session")
    return held


def _relative(folder: Path, path: Path) -> str:
    return os.path.relpath(folder.absolute(), path.absolute().parent)


def _wrong(what: str) -> InputError:
    return InputError([Problem("", what)])
