"""A full disk or a folder that cannot be written ends a run with one line, and leaves what can be resumed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from dso.errors import RunFileError
from dso.registry import build_engine
from dso.run_file import RunWriter
from dso.scenario import load_scenario
from dso.study import run
from tests.run_file.small import PROGRAM, differing, dso

# No file may grow beyond so many bytes: what a disk with so much room left does, without a disk.
LIMITED = "import resource as r; r.setrlimit(r.RLIMIT_FSIZE, ({most}, {most}))\n"


def limited(most: int, *args: str | Path) -> subprocess.CompletedProcess[str]:
    """The program where files may grow to a number of bytes."""
    command = [sys.executable, "-c", LIMITED.format(most=most) + PROGRAM, *map(str, args)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


def one_line(told: subprocess.CompletedProcess[str], target: Path) -> str:
    assert told.returncode == 1, told.stderr
    assert told.stdout == ""
    assert told.stderr.startswith(f"dso: cannot write {target}: ")
    assert told.stderr.count("\n") == 1
    return told.stderr


def test_a_disk_that_fills_up_time_and_again(scenario, whole_run, tmp_path):
    target = tmp_path / "full.dso"
    resume: list[str] = []
    for most in (300_000, 350_000, 450_000):
        told = limited(most, "run", scenario, "-o", target, *resume)
        assert one_line(told, target).endswith("make room there, then go on with --resume\n")
        resume = ["--resume"]
    assert dso("run", scenario, "-o", target, "--resume").returncode == 0
    assert differing(whole_run, target) == []


def test_a_disk_too_full_to_begin(scenario, whole_run, tmp_path):
    target = tmp_path / "none.dso"
    one_line(limited(8_000, "run", scenario, "-o", target), target)
    run(scenario, target)
    assert differing(whole_run, target) == []


@pytest.mark.parametrize("room", [1, 8, 20])
def test_a_database_that_is_full(scenario, whole_run, tmp_path, room):
    """SQLite's own word for it, wherever the run is: in a step, or over a snapshot."""
    target, checked = tmp_path / "full.dso", load_scenario(scenario)
    engine, writer = build_engine(checked, scenario.parent), RunWriter(target)
    writer.attach(engine)
    writer.begin(engine, {"seed": "3", "scenario": scenario.read_text()})
    held = writer._db.execute("PRAGMA page_count").fetchone()[0]
    writer._db.execute(f"PRAGMA max_page_count={held + room}")

    def run_on() -> None:
        for _ in engine.iterate():
            writer.snapshot(engine)

    with pytest.raises(RunFileError, match="database or disk is full; make room there, then go on with --r"):
        run_on()
    writer.close()
    run(scenario, target, resume=True)
    assert [name for name in differing(whole_run, target) if name != "run"] == []


def test_a_folder_that_cannot_be_written(scenario, tmp_path):
    """Whoever runs it, root too: a folder below a file, and one of the kernel's own."""
    (tmp_path / "file").touch()
    for place in (
        tmp_path / "file" / "run.dso",
        tmp_path / "file" / "sub" / "run.dso",
        Path("/proc/none/run.dso"),
    ):
        said = one_line(dso("run", scenario, "-o", place), place)
        assert said.endswith("; choose another place with -o\n")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["file"]
