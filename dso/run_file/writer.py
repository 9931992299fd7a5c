"""Writes a run file: every step durable before the next one begins."""

from __future__ import annotations

import pickle
import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from dso.engine.loop import Engine
from dso.engine.memory import write_memory
from dso.engine.step import Effects, Step
from dso.errors import RunFileError
from dso.messages import ValueExchange
from dso.run_file.cells import in_order, journal_row, whole
from dso.run_file.parts import PartWriter
from dso.run_file.place import Claim, address, cannot_write, check_resumable, make_room, told
from dso.run_file.resume import put_back
from dso.run_file.tables import INDEXES, SCHEMA_VERSION, TABLES, VIEWS

INSERT = {table.name: table.insert() for table in TABLES}
_REPLACE = {table.name: table.insert("REPLACE") for table in TABLES}
_KEYS = {table.name: table.key for table in TABLES}


class RunWriter:
    """The recorder of a run: one transaction a step.

    Parameters
    ----------
    path : the run file.
    resume : take up an unfinished file instead of making a new one.

    Raises
    ------
    RunFileError : if the file cannot be made, or is none that can be resumed, or another process writes it.
    """

    def __init__(self, path: Path, *, resume: bool = False) -> None:
        self.path = path
        self.detailed = True
        self.enrolled: dict[str, int] = {}
        self._exchange = 0
        self._heard = 0
        if resume:
            check_resumable(path)
        self._claim = Claim(path)
        try:
            if not resume:
                make_room(path)
            with told(path):
                self._open(resume)
        except BaseException:
            self._claim.release()
            raise

    def _open(self, resume: bool) -> None:
        self._db = sqlite3.connect(address(self.path, "rw"), uri=True, isolation_level=None)
        if resume:
            self._check_whole()
        else:
            self._db.execute("PRAGMA auto_vacuum=INCREMENTAL")
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=NORMAL")
        self._cursor = self._db.cursor()

    def _check_whole(self) -> None:
        """Refuse a file that was cut off or written over: what it lost would be missed much later."""
        try:
            found = self._db.execute("PRAGMA quick_check(1)").fetchone()[0]
        except sqlite3.DatabaseError as error:
            found = str(error)
        if found != "ok":
            self._db.close()
            raise RunFileError(f"{self.path} is damaged ({found.splitlines()[-1]}); delete it and run anew")

    # --- beginning ----------------------------------------------------------------------------------------

    def begin(self, engine: Engine, facts: Mapping[str, str]) -> None:
        """Write the tables, what the run is made from, and the engine before it starts: all or nothing."""
        own = {"format": "dso run", "schema_version": str(SCHEMA_VERSION), "status": "running"}
        with told(self.path):
            self._db.execute("BEGIN")
            for table in TABLES:
                self._db.execute(table.create())
            for name, (_, query) in VIEWS.items():
                self._db.execute(f"CREATE VIEW {name} AS {query}")
            self._db.executemany(INSERT["run"], [*own.items(), *facts.items()])
            self._write_snapshot(engine)
            self._db.execute("COMMIT")

    def attach(self, engine: Engine, *, detailed: bool = True) -> None:
        """Let the writer record an engine; `detailed` keeps each customer's part of every exchange."""
        self.detailed = detailed
        self.enrolled = {name: len(r.customers) for name, r in engine.world.retailers.items()}
        self._ledger = engine.world.ledger
        engine.recorder = self

    # --- steps --------------------------------------------------------------------------------------------

    def write(self, step: Step, effects: Effects | None) -> None:
        """Keep a step and its effects in one transaction."""
        execute = self._cursor.execute
        try:
            if effects is None or not (
                effects.degraded or effects.rejections or effects.rows or effects.exchanges or effects.said
            ):
                execute(INSERT["journal"], journal_row(step))  # a statement by itself is a transaction
                return
            execute("BEGIN")
            try:
                execute(INSERT["journal"], journal_row(step))
                self._write_effects(step, effects)
                execute("COMMIT")
            except BaseException:
                if self._db.in_transaction:
                    execute("ROLLBACK")
                raise
        except sqlite3.Error as error:
            raise cannot_write(self.path, error) from error

    def _write_effects(self, step: Step, effects: Effects) -> None:
        seq, execute = step.sequence, self._cursor.execute
        for reason in effects.degraded:
            execute(INSERT["degradations"], (seq, step.time_s, step.machine, reason))
        for r in effects.rejections:
            execute(INSERT["rejections"], (seq, r.market, r.sender, r.customer, r.reason))
        market = step.machine.split("/", 1)[0]
        head = (seq, step.time_s, market, step.destination)
        for s in effects.said:
            execute(INSERT["exchanges"], (*head, s.sender, s.receiver, s.tariff, s.kind, s.text))
        for row in effects.rows:
            self._put(row.table, in_order(row.table, row.values, seq), row.values)
        for exchange in effects.exchanges:
            self._write_exchange(seq, exchange)

    def _put(self, table: str, cells: Sequence[Any], values: Mapping[str, Any]) -> None:
        """Write a row; one that is there already under its key is put aside until the next snapshot."""
        try:
            self._cursor.execute(INSERT[table], cells)
        except sqlite3.IntegrityError:
            where = " AND ".join(f"{name} = ?" for name in _KEYS[table])
            key = [values[name] for name in _KEYS[table]]
            row, *old = self._cursor.execute(f"SELECT rowid, * FROM {table} WHERE {where}", key).fetchone()
            self._cursor.execute(INSERT["replaced"], (old[0], table, row, pickle.dumps(old)))
            self._cursor.execute(_REPLACE[table], cells)

    def _write_exchange(self, seq: int, exchange: ValueExchange) -> None:
        self._exchange += 1
        e, block = exchange, exchange.customers
        head = (seq, self._exchange, e.time_s, e.market, e.interval_start_s, e.kind)
        rows = [(*head, p.account, p.amount_uusd, p.energy_kwh) for p in e.postings]
        if block is not None:
            totals = int(block.amount_uusd.sum()), float(block.energy_kwh.sum())
            rows.append((*head, f"customers:{block.tariff}", *totals))
        self._cursor.executemany(INSERT["ledger"], rows)
        if block is not None and self.detailed:
            every = len(block.customers) == self.enrolled.get(block.tariff)
            customers = None if every else whole(block.customers)
            period = self._ledger.period_of(e.interval_start_s)
            parts = whole(block.amount_uusd), whole(block.energy_kwh * 1e6)
            self._cursor.execute(
                INSERT["customer_postings"], (seq, self._exchange, block.tariff, period, customers, *parts)
            )

    def inbox(
        self, after_step: int, due_s: int, machine: str, event: str, payload: Mapping[str, Any]
    ) -> None:
        """Keep a message from outside, durably."""
        try:
            held = pickle.dumps(dict(payload))
        except Exception as error:
            raise RunFileError(
                f"message {event} to {machine} cannot be kept in {self.path}: {error}"
            ) from error
        with told(self.path):
            self._db.execute(INSERT["inbox"], (self._heard + 1, after_step, due_s, machine, event, held))
        self._heard += 1

    # --- resuming and ending ------------------------------------------------------------------------------

    def snapshot(self, engine: Engine) -> None:
        """Keep the engine's memory, so that a run can be taken up after this step."""
        with told(self.path):
            self._db.execute("BEGIN")
            self._write_snapshot(engine)
            self._db.execute("COMMIT")

    def _write_snapshot(self, engine: Engine) -> None:
        self._db.execute("DELETE FROM snapshot")
        self._db.execute("DELETE FROM replaced")
        facts = (engine.steps, self._heard, self._exchange)
        parts = PartWriter(lambda n, part: self._db.execute(INSERT["snapshot"], (n, *facts, part)))
        write_memory(engine, parts)
        parts.flush()

    def restore(self, engine: Engine) -> None:
        """Go back to the last snapshot: rows written after it are dropped, and the engine remembers."""
        with told(self.path):
            self._heard, self._exchange = put_back(self._db, engine, self.path)

    def finish(self) -> None:
        """Mark the run as finished and leave one file behind."""
        with told(self.path):
            self._db.execute("BEGIN")
            self._db.execute("DELETE FROM snapshot")
            self._db.execute("DELETE FROM replaced")
            for index, columns in INDEXES.items():  # at the end: while a run is written they would slow it
                self._db.execute(f"CREATE INDEX IF NOT EXISTS {index} ON {columns}")
            self._db.execute("UPDATE run SET value = 'finished' WHERE key = 'status'")
            self._db.execute("COMMIT")
            self._db.executescript("PRAGMA incremental_vacuum")  # execute would free one page only
            with suppress(sqlite3.OperationalError):  # somebody reads it: SQLite tidies up after them
                self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
                self._db.execute("PRAGMA journal_mode=DELETE")
        self.close()

    def close(self) -> None:
        """Let go of the file; an unfinished one can be resumed."""
        self._db.close()
        self._claim.release()
