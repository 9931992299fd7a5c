"""`dso step` as a user types it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from dso.cli.failing import told
from dso.cli.main import cli

ROOT = Path(__file__).parents[3]
SMALL = ROOT / "examples" / "small.yaml"


def step(capsys: pytest.CaptureFixture[str], *args: str | Path) -> tuple[int, str, str]:
    capsys.readouterr()
    code = told(cli, ["step", *(str(a) for a in args)])
    return code, *capsys.readouterr()


def test_a_script_prints_a_transcript(tmp_path: Path, capsys) -> None:
    script = tmp_path / "a.step"
    script.write_text("# look\nnext 2\n", encoding="utf-8")
    code, out, err = step(capsys, SMALL, "--script", script)
    assert (code, err) == (0, "")
    assert out.splitlines()[:2] == ["# look", "> next 2"]


def test_a_script_with_a_mistake_ends_with_the_code_of_wrong_input(tmp_path: Path, capsys) -> None:
    script = tmp_path / "a.step"
    script.write_text("nxt\nnext\n", encoding="utf-8")
    code, out, _ = step(capsys, SMALL, "--script", script)
    assert code == 2
    assert "? there is no command 'nxt'; did you mean 'next'?" in out
    assert "     1  " in out


WRONG = {
    "none.yaml": "none.yaml: there is no such file; give a scenario or a run file",
    ".": ".: is a folder; give a scenario or a run file",
    "text.yaml": "text.yaml: must be a mapping of fields",
    "binary.dso": "binary.dso: must be a scenario (UTF-8 text) or a run file",
    "empty.dso": "empty.dso: the file is empty",
    "other.dso": "other.dso is not a run file",
}


@pytest.mark.parametrize("name", WRONG)
def test_what_cannot_be_stepped_is_told_in_one_line(name: str, tmp_path: Path, capsys, monkeypatch) -> None:
    import sqlite3
    from contextlib import closing

    monkeypatch.chdir(tmp_path)
    Path("text.yaml").write_text("hello", encoding="utf-8")
    Path("binary.dso").write_bytes(b"\xff\xfe\x00\x01")
    Path("empty.dso").touch()
    with closing(sqlite3.connect("other.dso")) as db:
        db.execute("CREATE TABLE a (b)")
        db.commit()
    code, out, err = step(capsys, name)
    assert code == 2
    assert out == ""
    assert WRONG[name] in err
    assert err.count("\n") == 1


def test_commands_come_from_a_pipe_as_well() -> None:
    command = [sys.executable, "-m", "dso.cli.main", "step", str(SMALL)]
    done = subprocess.run(command, input="next 3\nnxt\n\nquit\n", capture_output=True, text=True, check=True)
    assert "after step 3" in done.stdout
    assert "did you mean 'next'" in done.stdout
    assert done.stderr == ""
