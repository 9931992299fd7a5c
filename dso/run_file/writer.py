"""Writes a run file: every step durable before the next one begins."""

from __future__ import annotations

import json
import pickle
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from dso.engine.memory import recall, remember
from dso.engine.loop import Engine, OutsideMessage
from dso.engine.step import Effects, Step
from dso.errors import RunFileError
from dso.messages import ValueExchange
from dso.run_file.tables import SCHEMA_VERSION, TABLES, VIEWS

_BY_NAME = {table.name: table for table in TABLES}
_INSERT = {table.name: table.insert() for table in TABLES}
_COLUMNS = {table.name: tuple(c.name for c in table.columns) for table in TABLES}
_STEPPED = tuple(t.name for t in TABLES if t.columns[0].name == "seq" and t.name != "snapshot")


@contextmanager
def _told(path: Path) -> Iterator[None]:
    """Turn what SQLite says of a full disk or a locked folder into one line with the next step."""
    try:
        yield
    except sqlite3.Error as error:
        hint = "make room or choose another place with -o, then run again with --resume"
        raise RunFileError(f"cannot write {path}: {error}; {hint}") from error


class RunWriter:
    """The recorder of a run: one transaction a step.

    Parameters
    ----------
    path : the run file.
    resume : take up an unfinished file instead of making a new one.

    Raises
    ------
    RunFileError : if the file cannot be made, or is none that can be resumed.
    """

    def __init__(self, path: Path, *, resume: bool = False) -> None:
        self.path = path
        self.snapshots = 0
        self._exchange = 0
        self._heard = 0
        if resume:
            self._check_resumable()
        else:
            self._make_room()
        with _told(path):
            self._db = sqlite3.connect(path, isolation_level=None)
            self._db.execute("PRAGMA journal_mode=WAL")
            self._db.execute("PRAGMA synchronous=NORMAL")
            self._db.execute("PRAGMA wal_autocheckpoint=8000")
            if not resume:
                self._create()

    # --- beginning ----------------------------------------------------------------------------------------

    def _make_room(self) -> None:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            for leftover in (self.path, *_companions(self.path)):
                leftover.unlink(missing_ok=True)
        except OSError as error:
            raise RunFileError(f"cannot write {self.path}: {error.strerror}; choose another place with -o") from error

    def _check_resumable(self) -> None:
        if not self.path.exists():
            raise RunFileError(f"there is no run {self.path} to resume; run it without --resume")
        status = read_facts(self.path).get("status")
        if status == "finished":
            raise RunFileError(f"{self.path} is finished; there is nothing to resume")
        if status is None:
            raise RunFileError(f"{self.path} is not a run file; run without --resume to replace it")

    def _create(self) -> None:
        self._db.execute("BEGIN")
        for table in TABLES:
            self._db.execute(table.create())
        for name, (_, query) in VIEWS.items():
            self._db.execute(f"CREATE VIEW {name} AS {query}")
        facts = {"format": "dso run", "schema_version": SCHEMA_VERSION, "status": "running"}
        self._db.executemany(_INSERT["run"], [(k, str(v)) for k, v in facts.items()])
        self._db.execute("COMMIT")

    def describe(self, facts: Mapping[str, str]) -> None:
        """Write what the run is made from, before its first step."""
        with _told(self.path):
            self._db.executemany(_INSERT["run"], list(facts.items()))

    # --- steps --------------------------------------------------------------------------------------------

    def write(self, step: Step, effects: Effects | None) -> None:
        """Keep a step and its effects in one transaction."""
        with _told(self.path):
            execute = self._db.execute
            execute("BEGIN")
            try:
                execute(_INSERT["journal"], _journal_row(step))
                if effects is not None:
                    self._write_effects(step, effects)
                execute("COMMIT")
            except BaseException:
                if self._db.in_transaction:
                    execute("ROLLBACK")
                raise

    def _write_effects(self, step: Step, effects: Effects) -> None:
        execute = self._db.execute
        for reason in effects.degraded:
            execute(_INSERT["degradations"], (step.sequence, step.time_s, step.machine, reason))
        for r in effects.rejections:
            execute(_INSERT["rejections"], (step.sequence, r.market, r.sender, r.customer, r.reason))
        for row in effects.rows:
            values = {**row.values, "seq": step.sequence}
            execute(_INSERT[row.table], _in_order(row.table, values))
        for exchange in effects.exchanges:
            self._write_exchange(step.sequence, exchange)

    def _write_exchange(self, seq: int, exchange: ValueExchange) -> None:
        self._exchange += 1
        number, e = self._exchange, exchange
        self._db.executemany(_INSERT["ledger"], [
            (seq, number, e.time_s, e.market, e.interval_start_s, e.kind, p.account, p.amount_uusd, p.energy_kwh)
            for p in e.postings
        ])  # fmt: skip
        if e.customers is None:
            return
        block = e.customers
        account = f"customers:{block.tariff}"
        total = int(block.amount_uusd.sum()), float(block.energy_kwh.sum())
        self._db.execute(
            _INSERT["ledger"], (seq, number, e.time_s, e.market, e.interval_start_s, e.kind, account, *total)
        )
        if self.detailed:
            whole = len(block.customers) == self.enrolled.get(block.tariff)
            customers = None if whole else _ints(block.customers)
            energy = _ints(np.rint(block.energy_kwh * 1e6))
            row = (seq, number, block.tariff, self.period_of(e), customers, _ints(block.amount_uusd), energy)
            self._db.execute(_INSERT["customer_postings"], row)

    def inbox(self, after_step: int, due_s: int, machine: str, event: str, payload: Mapping[str, Any]) -> None:
        """Keep a message from outside, durably."""
        self._heard += 1
        with _told(self.path):
            row = (self._heard, after_step, due_s, machine, event, pickle.dumps(dict(payload)))
            self._db.execute(_INSERT["inbox"], row)

    # --- resuming and ending ------------------------------------------------------------------------------

    def attach(self, engine: Engine, *, detailed: bool = True) -> None:
        """Let the writer record an engine; `detailed` keeps each customer's part of every exchange."""
        self.detailed = detailed
        self.enrolled = {name: len(r.customers) for name, r in engine.world.retailers.items()}
        self._ledger = engine.world.ledger
        engine.recorder = self

    def period_of(self, exchange: ValueExchange) -> int:
        """Index of the billing period that an exchange belongs to."""
        return self._ledger.period_of(exchange.interval_start_s)

    def snapshot(self, engine: Engine) -> None:
        """Keep the engine's memory, so that a run can be taken up after this step."""
        with _told(self.path):
            self._db.execute("BEGIN")
            self._db.execute("DELETE FROM snapshot")
            row = (engine.steps, self._heard, self._exchange, remember(engine))
            self._db.execute(_INSERT["snapshot"], row)
            self._db.execute("COMMIT")
        self.snapshots += 1

    def restore(self, engine: Engine) -> None:
        """Go back to the last snapshot: rows written after it are dropped, and the engine remembers.

        Raises
        ------
        RunFileError : if the file holds no snapshot.
        """
        with _told(self.path):
            row = self._db.execute("SELECT seq, inbox, exchange, memory FROM snapshot").fetchone()
            if row is None:
                raise RunFileError(f"{self.path} was broken off before its first step; run it without --resume")
            seq, heard, self._exchange, memory = row
            self._db.execute("BEGIN")
            for table in _STEPPED:
                self._db.execute(f"DELETE FROM {table} WHERE seq > ?", (seq,))
            self._db.execute("COMMIT")
            later = self._db.execute(
                "SELECT after_step, due_s, machine, event, payload FROM inbox WHERE number > ? ORDER BY number",
                (heard,),
            ).fetchall()
            self._heard = self._db.execute("SELECT COALESCE(MAX(number), 0) FROM inbox").fetchone()[0]
        recall(engine, memory)
        engine.replay = [OutsideMessage(*r[:4], pickle.loads(r[4])) for r in later]  # noqa: S301  our own file

    def finish(self) -> None:
        """Mark the run as finished and leave one file behind."""
        with _told(self.path):
            self._db.execute("BEGIN")
            self._db.execute("DELETE FROM snapshot")
            self._db.execute("UPDATE run SET value = 'finished' WHERE key = 'status'")
            self._db.execute("COMMIT")
            self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            self._db.execute("PRAGMA journal_mode=DELETE")
        self.close()

    def close(self) -> None:
        """Let go of the file; an unfinished one can be resumed."""
        self._db.close()


def _companions(path: Path) -> list[Path]:
    return [path.with_name(path.name + suffix) for suffix in ("-wal", "-shm", "-journal")]


def read_facts(path: Path) -> dict[str, str]:
    """What the run was made from, from the table `run`; empty if the file is no run file."""
    try:
        with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as db:
            return dict(db.execute("SELECT key, value FROM run"))
    except sqlite3.Error:
        return {}


def _journal_row(s: Step) -> tuple[Any, ...]:
    summary = json.dumps(s.summary, ensure_ascii=False) if s.summary else None
    return (
        s.sequence, s.time_s, s.machine, s.event, s.kind, s.source, s.destination, " ".join(s.exited),
        " ".join(s.entered), s.handler, summary, s.degraded, s.rejected, s.error,
    )  # fmt: skip


def _ints(values: np.ndarray) -> str:
    if not np.isfinite(values).all():
        return json.dumps([int(v) if np.isfinite(v) else None for v in values.tolist()], separators=(",", ":"))
    return json.dumps(values.astype(np.int64).tolist(), separators=(",", ":"))


_SCALED = {
    "customers_w": ("customers_kw", 1e3),
    "customers_milliwh": ("customers_kwh", 1e6),
    "devices_milliwh": ("devices_kwh", 1e6),
}


def _in_order(table: str, values: Mapping[str, Any]) -> tuple[Any, ...]:
    """A row's values in the order of its columns; arrays become JSON of whole numbers."""
    return tuple(_cell(column, values) for column in _COLUMNS[table])


def _cell(column: str, values: Mapping[str, Any]) -> Any:
    if column in _SCALED:
        source, scale = _SCALED[column]
        array = values.get(source)
        if array is None:
            return None
        if array.ndim == 1:
            return _ints(np.rint(array * scale))
        return "[" + ",".join(_ints(np.rint(row * scale)) for row in array) + "]"
    value = values.get(column)
    if isinstance(value, np.ndarray):
        return json.dumps(value.tolist())
    if isinstance(value, (list, dict)):
        return json.dumps(value, ensure_ascii=False)
    return value
