"""Where a run file is, or is to be: what lies there now, and who is writing it."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any, Literal

from dso.errors import RunFileError
from dso.run_file.tables import SCHEMA_VERSION

Status = Literal["absent", "empty", "stranger", "damaged", "broken off", "finished"]

ELSEWHERE = "choose another place with -o"


@contextmanager
def told(path: Path) -> Iterator[None]:
    """Turn what SQLite says of a full disk or a lost folder into one line with the next step."""
    try:
        yield
    except sqlite3.Error as error:
        raise cannot_write(path, error) from error


def cannot_write(path: Path, error: sqlite3.Error) -> RunFileError:
    """The one line for a run file that can no longer be written."""
    if not isinstance(error, sqlite3.OperationalError):
        return RunFileError(f"cannot write {path}: {error}; it is damaged, delete it and run anew")
    first = "see that nothing else holds it" if "locked" in str(error) else "make room there"
    return RunFileError(f"cannot write {path}: {error}; {first}, then go on with --resume")


def address(path: Path, mode: str) -> str:
    """A path as SQLite wants it in order to open it read-only (ro) or only if it is there (rw)."""
    return f"{path.absolute().as_uri()}?mode={mode}"


def read_facts(path: Path) -> dict[str, str]:
    """What a run was made from, from the table `run`; empty if the file is no run file."""
    try:
        return dict(_ask(path, "SELECT key, value FROM run"))
    except sqlite3.Error:
        return {}


def _ask(path: Path, query: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(address(path, "ro"), uri=True)) as db:
        return db.execute(query).fetchall()


def status_of(path: Path) -> Status:
    """What lies at a path: nothing, something that is no run file, or a run and how far it is."""
    if not path.exists():
        return "absent"
    if path.is_file() and path.stat().st_size == 0:
        return "empty"
    try:
        if not _ask(path, "SELECT name FROM sqlite_schema"):
            return "empty"  # a run was killed over its first line
        facts = dict(_ask(path, "SELECT key, value FROM run"))
    except sqlite3.OperationalError:  # a folder, or another kind of database
        return "stranger"
    except sqlite3.DatabaseError as error:
        return "damaged" if "malformed" in str(error) else "stranger"
    if facts.get("format") != "dso run":
        return "stranger"
    return "finished" if facts.get("status") == "finished" else "broken off"


def make_room(path: Path) -> None:
    """Take away what a new run replaces, a finished run at most; refuse to touch anything else.

    Raises
    ------
    RunFileError : if something else lies there, or nothing can be written there.
    """
    status = status_of(path)
    if status == "broken off":
        raise RunFileError(f"{path} is a run that broke off; go on with --resume, delete it, or {ELSEWHERE}")
    if status in ("stranger", "damaged"):
        raise RunFileError(f"{path} is there and is not a run file; {ELSEWHERE}")
    try:
        for leftover in (path, *companions(path)):
            leftover.unlink(missing_ok=True)
        path.touch()
    except OSError as error:
        raise RunFileError(f"cannot write {path}: {error.strerror}; {ELSEWHERE}") from error


def check_resumable(path: Path) -> None:
    """Refuse, with what to do instead, whatever is not a run that broke off."""
    status, version = status_of(path), read_facts(path).get("schema_version")
    if status in ("absent", "empty"):
        raise RunFileError(f"there is no run {path} to resume; run it without --resume")
    if status == "stranger":
        raise RunFileError(f"{path} is not a run file; run without --resume, and {ELSEWHERE}")
    if status == "damaged":
        raise RunFileError(f"{path} is damaged; delete it and run anew")
    if version != str(SCHEMA_VERSION):
        raise RunFileError(
            f"{path} has schema version {version}, this program writes {SCHEMA_VERSION}; "
            f"resume it with the program that began it, or {ELSEWHERE} and run anew"
        )
    if status == "finished":
        raise RunFileError(f"{path} is finished; there is nothing to resume")


def companions(path: Path) -> list[Path]:
    """The files that SQLite keeps beside a database while it is written."""
    return [path.with_name(path.name + suffix) for suffix in ("-wal", "-shm", "-journal")]


class Claim:
    """The right to write a run file: one process at a time, given up when the process ends, however it ends.

    It is a lock on an empty database beside the run file, so that the run file stays open to readers.

    Raises
    ------
    RunFileError : if another process writes the run, or nothing can be written there.
    """

    def __init__(self, path: Path) -> None:
        self._lock = path.with_name(path.name + "-lock")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            os.close(os.open(self._lock, os.O_RDWR | os.O_CREAT, 0o644))
        except OSError as error:
            why = "its folder is a file" if isinstance(error, FileExistsError) else error.strerror
            raise RunFileError(f"cannot write {path}: {why}; {ELSEWHERE}") from error
        try:
            self._db = sqlite3.connect(self._lock, isolation_level=None, timeout=0)
            self._db.execute("BEGIN EXCLUSIVE")
        except sqlite3.Error as error:
            raise RunFileError(f"{path} is being written by another run; {ELSEWHERE}") from error

    def release(self) -> None:
        """Let others write."""
        with suppress(OSError):
            self._lock.unlink(missing_ok=True)
        self._db.close()
