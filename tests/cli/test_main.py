"""The program as a whole: help at once, errors in one line, documented exit codes."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

HEAVY = ("numpy", "scipy", "pydantic", "transitions", "rich", "structlog", "yaml", "sqlite3", "click.testing")


def python(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return done.stdout.splitlines()[-1]


@pytest.mark.parametrize(
    "code",
    [
        "import dso",
        "from dso.cli.main import cli; from dso.cli.failing import told; told(cli, ['--help'])",
        "from dso.cli.main import cli; from dso.cli.failing import told; told(cli, ['rum'])",
    ],
)
def test_help_and_import_bring_nothing_heavy(code):
    assert python(f"import sys; {code}; print([m for m in {HEAVY} if m in sys.modules])") == "[]"


def test_every_command_has_help_that_says_what_it_takes(dso):
    from dso.cli.main import COMMANDS

    for name, (_, _, line) in ((n, c) for section in COMMANDS.values() for n, c in section.items()):
        answer = dso(name, "--help")
        assert answer.code == 0
        assert answer.out.startswith("Usage: ")
        assert line in dso("--help").out.replace("\n", " ") or len(line) > 60


WRONG = {
    "frob": "there is no command 'frob'; see dso --help",
    "rum": "there is no command 'rum'; did you mean run?",
    "run": "missing argument 'SCENARIO'; see dso run --help",
    "check": "missing argument 'SCENARIO'; see dso check --help",
    "bill": "missing argument 'RUN'; see dso bill --help",
    "check --jsn x": "no such option '--jsn'",
    "check none.yaml": "none.yaml: there is no such file; dso init FOLDER makes one to start from",
    "run none.yaml": "none.yaml: there is no such file; dso init FOLDER makes one to start from",
    "timeline none.yaml": "none.yaml: there is no such file; dso init FOLDER makes one to start from",
    "timeline": "give either a SCENARIO or --series SPEC.json",
    "timeline --series none.json": "none.json cannot be read: No such file or directory",
    "timeline --series x.json --to 2016-08-10": "--from and --to belong to a scenario",
    "bill none.dso": "there is no run none.dso; make one with: dso run SCENARIO -o none.dso",
    "export none.dso out": "there is no run none.dso; make one with: dso run SCENARIO -o none.dso",
    "bill .": ". is a folder, not a run file",
    "schema scenari": "'scenari' is not one of 'scenario', 'chart', 'run'",
    "render markt": "there is no chart 'markt'",
    "render none.yaml": "none.yaml: cannot be read: No such file or directory",
    "render market --state delivery.redy": "chart 'market' has no state 'delivery.redy'",
}


@pytest.mark.parametrize("command", WRONG)
def test_wrong_input_is_one_line_with_what_would_be_right(command, dso):
    answer = dso(*command.split())
    assert answer.code == 2
    assert answer.out == ""
    assert answer.err.count("\n") == 1
    assert WRONG[command] in answer.err


def test_no_command_shows_the_help(dso):
    answer = dso()
    assert answer.code == 2
    assert "Usage: " in answer.err
    assert "timeline" in answer.err


def test_a_fault_of_the_program_is_one_line_too(dso, scenario, monkeypatch):
    def broken(*_args, **_kwargs):
        raise ZeroDivisionError("division by\nzero")

    monkeypatch.setattr("dso.registry.build_engine", broken)
    answer = dso("check", scenario)
    assert answer.code == 1
    assert answer.err == (
        "dso: a fault of dso itself, please report it: ZeroDivisionError: division by zero "
        "(DSO_TRACEBACK=1 shows where)\n"
    )
    monkeypatch.setenv("DSO_TRACEBACK", "1")
    with pytest.raises(ZeroDivisionError):
        dso("check", scenario)


def test_an_interrupted_run_says_how_to_go_on(scenario, tmp_path):
    target = tmp_path / "small.dso"
    command = [sys.executable, "-m", "dso.cli.main", "run", str(scenario), "-o", str(target), "--steps"]
    run = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    with run:
        assert run.stdout is not None
        run.stdout.readline()
        run.send_signal(signal.SIGINT)
        _, err = run.communicate(timeout=60)
    assert run.returncode == 130
    assert err == f"dso: interrupted; go on with: dso run {scenario} -o {target} --resume\n"


def test_a_reader_that_has_gone_is_no_error(scenario):
    command = [sys.executable, "-m", "dso.cli.main", "timeline", str(scenario)]
    run = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert run.stdout is not None
    run.stdout.close()
    assert run.stderr is not None
    with run.stderr as err:
        assert err.read() == ""
    assert run.wait(timeout=60) == 0
