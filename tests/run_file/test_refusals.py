"""What cannot be taken up, replaced or read is refused in one plain line, and nothing is lost over it."""

from __future__ import annotations

import re
import shutil
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

import pytest

from dso.clock import parse_time
from dso.errors import RunFileError
from dso.run_file import RunReader
from dso.study import run
from tests.run_file.small import differing, dso, dso_command, scenario_file

HALF_WAY = parse_time("2016-08-10T19:10Z")


@pytest.fixture
def half(scenario, tmp_path) -> Path:
    """A run that stopped half-way."""
    target = tmp_path / "half.dso"
    run(scenario, target, until_s=HALF_WAY)
    return target


def changed(path: Path, statement: str) -> None:
    with closing(sqlite3.connect(path)) as db, db:
        db.execute(statement)


def refused(scenario: Path, target: Path, *, resume: bool = False, seed: int | None = None) -> str:
    """What a run says that must not go on; the file at its place stays as it was."""
    before = target.read_bytes() if target.is_file() else None
    with pytest.raises(RunFileError) as caught:
        run(scenario, target, resume=resume, seed=seed)
    assert (target.read_bytes() if target.is_file() else None) == before
    assert not target.with_name(target.name + "-lock").exists()
    said = str(caught.value)
    assert "\n" not in said
    return said


def test_an_unfinished_run_is_not_replaced(scenario, half):
    said = refused(scenario, half)
    assert (
        said
        == f"{half} is a run that broke off; go on with --resume, delete it, or choose another place with -o"
    )


def test_a_finished_run_is_replaced(scenario, whole_run, tmp_path):
    target = tmp_path / "finished.dso"
    run(scenario, target)
    run(scenario, target)
    assert differing(whole_run, target) == []


def test_a_strangers_file_is_not_replaced(scenario, tmp_path):
    letter, other = tmp_path / "letter.txt", tmp_path / "other.db"
    letter.write_text("Dear Sir or Madam, " * 300)
    changed(other, "CREATE TABLE run (key, value)")
    for target in (letter, other, tmp_path):
        assert (
            refused(scenario, target)
            == f"{target} is there and is not a run file; choose another place with -o"
        )
        assert "is not a run file" in refused(scenario, target, resume=True)


def test_what_a_run_left_that_was_killed_over_its_first_line_is_replaced(scenario, whole_run, tmp_path):
    target = tmp_path / "nothing.dso"
    target.touch()
    run(scenario, target)
    assert differing(whole_run, target) == []
    bare = tmp_path / "bare.dso"
    changed(bare, "PRAGMA journal_mode=WAL")
    assert bare.stat().st_size > 0
    assert "run it without --resume" in refused(scenario, bare, resume=True)
    run(scenario, bare)
    assert differing(whole_run, bare) == []


def test_only_a_run_that_broke_off_is_resumed(scenario, whole_run, tmp_path):
    missing = tmp_path / "missing.dso"
    assert (
        refused(scenario, missing, resume=True)
        == f"there is no run {missing} to resume; run it without --resume"
    )
    said = refused(scenario, whole_run, resume=True)
    assert said == f"{whole_run} is finished; there is nothing to resume"


def test_another_scenario_or_seed_is_refused(scenario, half, tmp_path):
    other = scenario_file(tmp_path, customers=13)
    said = refused(other, half, resume=True)
    assert said.startswith(f"{half} was made from another scenario than {other}")
    said = refused(scenario, half, resume=True, seed=4)
    assert said == f"{half} was begun with seed 3, not 4; leave --seed out to resume it"
    run(scenario, half, resume=True, seed=3)


def test_the_seed_that_a_run_was_begun_with_is_kept(scenario, tmp_path):
    run(scenario, tmp_path / "whole.dso", seed=11)
    run(scenario, tmp_path / "halved.dso", seed=11, until_s=HALF_WAY)
    run(scenario, tmp_path / "halved.dso", resume=True)
    assert differing(tmp_path / "whole.dso", tmp_path / "halved.dso") == []


def test_another_schema_version_is_refused(scenario, half):
    changed(half, "UPDATE run SET value = '0' WHERE key = 'schema_version'")
    assert refused(scenario, half, resume=True).startswith(
        f"{half} has schema version 0, this program writes "
    )
    with pytest.raises(RunFileError, match="has schema version 0, this program reads "):
        RunReader(half)


def test_memory_of_another_version_is_refused(scenario, half):
    changed(half, "UPDATE snapshot SET memory = x'80049524'")
    assert "cannot be taken up" in refused(scenario, half, resume=True)


def test_a_truncated_run_is_refused(scenario, half):
    content = half.read_bytes()
    half.write_bytes(content[: len(content) * 2 // 3])
    said = refused(scenario, half, resume=True)
    assert said == f"{half} is damaged; delete it and run anew"


def test_a_run_that_was_written_over_is_refused(scenario, half):
    content = bytearray(half.read_bytes())
    content[-60_000:-40_000] = bytes(20_000)
    half.write_bytes(bytes(content))
    assert re.search(r" is damaged \(.*\); delete it and run anew$", refused(scenario, half, resume=True))


def test_a_reader_says_in_one_line_what_it_cannot_read(half, tmp_path):
    text = tmp_path / "text.dso"
    text.write_text("no database at all " * 50)
    with pytest.raises(RunFileError, match="is not a run file"):
        RunReader(text)
    with pytest.raises(RunFileError, match="there is no run"):
        RunReader(tmp_path / "missing.dso")
    cut = tmp_path / "cut.dso"
    cut.write_bytes(half.read_bytes()[:40_000])
    with pytest.raises(RunFileError, match=r"cannot read|is not a run file"), RunReader(cut) as reader:
        reader.rows("SELECT * FROM journal")


def test_the_command_says_so_in_one_line(scenario, half, tmp_path):
    for target, options in (
        (half, ()),
        (tmp_path / "none.dso", ("--resume",)),
        (half, ("--resume", "--seed", "9")),
    ):
        told = dso("run", scenario, "-o", target, *options)
        assert told.returncode == 1
        assert told.stderr.startswith("dso: ")
        assert told.stderr.count("\n") == 1


def test_a_run_that_is_being_written_can_be_read_but_not_written_by_another(scenario, whole_run, tmp_path):
    target = tmp_path / "busy.dso"
    command = dso_command("run", scenario, "-o", target, "--steps")
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for _ in range(100):
            process.stdout.readline()
        process.send_signal(19)  # SIGSTOP: it still holds the file
        try:
            for resume in (False, True):
                said = dso("run", scenario, "-o", target, *(["--resume"] if resume else []))
                assert said.returncode == 1
                assert (
                    said.stderr
                    == f"dso: {target} is being written by another run; choose another place with -o\n"
                )
            with RunReader(target) as reader:
                assert not reader.finished
                assert reader.row("SELECT COUNT(*) AS steps FROM journal")["steps"] >= 100
        finally:
            process.send_signal(18)  # SIGCONT
        process.stdout.read()
    assert process.returncode == 0
    assert differing(whole_run, target) == []


def test_a_copy_of_a_run_under_way_can_be_resumed_elsewhere(scenario, half, whole_run, tmp_path):
    copy = tmp_path / "elsewhere" / "copy.dso"
    copy.parent.mkdir()
    shutil.copy(half, copy)
    run(scenario, copy, resume=True)
    assert differing(whole_run, copy) == []
