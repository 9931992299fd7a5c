"""What a session is made from: a scenario, or a recorded run with the scenario that is written in it."""

from __future__ import annotations

import pickle
import tempfile
from dataclasses import dataclass
from pathlib import Path

from dso.debugger.faults import prepare_faults
from dso.engine.events import OutsideMessage
from dso.engine.loop import Engine
from dso.engine.step import Step
from dso.errors import InputError, Problem
from dso.registry import build_engine
from dso.run_file import RunReader
from dso.run_file.cells import COLUMNS, journal_row
from dso.scenario import Scenario
from dso.scenario.load import parse_scenario
from dso.scenario.place import Source as FileSource
from dso.statechart import load_yaml_with_lines


@dataclass(frozen=True, slots=True)
class Source:
    """A scenario as text, where its paths lead from, and what was sent to its run from outside.

    Parameters
    ----------
    name : of the scenario's file, for messages.
    text : the scenario.
    folder : what its paths are relative to.
    seed : in the place of the scenario's; None leaves it.
    run : the recorded run, where there is one.
    """

    name: str
    text: str
    folder: Path
    seed: int | None = None
    run: Path | None = None

    def scenario(self) -> Scenario:
        """The scenario, checked; raises ScenarioError with everything that is wrong with it."""
        with tempfile.TemporaryDirectory() as place:
            file = Path(place) / self.name
            file.write_text(self.text, encoding="utf-8")
            data, lines = load_yaml_with_lines(file)
        scenario = parse_scenario(data, FileSource(self.name, lines), self.folder)
        return scenario if self.seed is None else scenario.model_copy(update={"seed": self.seed})

    def engine(self) -> Engine:
        """The engine before its first step, with what it will hear from outside."""
        engine = build_engine(self.scenario(), self.folder)
        prepare_faults(engine)
        if self.run is not None:
            engine.replay = _inbox(self.run)
        return engine


def source_of(path: Path, folder: Path | None = None) -> Source:
    """The source of a scenario's or a run's file.

    Parameters
    ----------
    path : a YAML file, or a run file.
    folder : what the scenario of a run is relative to; the folders around, if not given.

    Raises
    ------
    InputError : there is no such file.
    RunFileError : it is a run of another version.
    """
    if not path.is_file():
        what = "is a folder" if path.is_dir() else "there is no such file"
        raise InputError([Problem(str(path), f"{what}; give a scenario or a run file")])
    with path.open("rb") as file:
        is_run = file.read(15) == b"SQLite format 3"
    if not is_run:
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError as error:
            raise InputError([Problem(str(path), "must be a scenario (UTF-8 text) or a run file")]) from error
        return Source(path.name, text, folder or path.parent)
    with RunReader(path) as reader:
        facts = reader.facts
    given = [
        Source(f"{path.name}:scenario", facts["scenario"], f, int(facts["seed"]), path)
        for f in _around(path, folder)
    ]
    return next((source for source in given[:-1] if _fits(source)), given[-1])


def _around(path: Path, folder: Path | None) -> list[Path]:
    return [folder] if folder is not None else [Path(), path.parent, path.parent.parent]


def _fits(source: Source) -> bool:
    try:
        source.scenario()
    except InputError:
        return False
    return True


def _inbox(run: Path) -> list[OutsideMessage]:
    with RunReader(run) as reader:
        rows = reader.rows("SELECT * FROM inbox ORDER BY after_step, number")
    return [
        OutsideMessage(r["after_step"], r["due_s"], r["machine"], r["event"], pickle.loads(r["payload"]))
        for r in rows
    ]


class Recorded:
    """The journal of a run, to hold replayed steps against."""

    def __init__(self, run: Path) -> None:
        self._reader = RunReader(run)
        self.steps = int(self._reader.row("SELECT MAX(seq) AS last FROM journal")["last"] or 0)

    def difference(self, step: Step) -> str | None:
        """What is otherwise than it was recorded; None if nothing is, or nothing was recorded."""
        recorded = self._reader.row("SELECT * FROM journal WHERE seq = ?", step.sequence)
        if not recorded:
            return None
        for column, value in zip(COLUMNS["journal"], journal_row(step), strict=True):
            if recorded[column] != value:
                return f"step {step.sequence}: {column} was recorded as {recorded[column]!r}, is {value!r}"
        return None

    def close(self) -> None:
        """Let go of the file."""
        self._reader.close()
