"""Commands as a user gives them: what they print, and how they end."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml

from dso.cli.failing import told
from dso.cli.main import cli
from dso.study import run
from tests.scenario.examples import small


class Told(NamedTuple):
    """What a command came to."""

    code: int
    out: str
    err: str


Command = Callable[..., Told]


@pytest.fixture
def dso(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., Told]:
    """Runs a command in an empty folder."""
    monkeypatch.chdir(tmp_path)

    def command(*args: str | Path) -> Told:
        capsys.readouterr()
        code = told(cli, [str(arg) for arg in args])
        return Told(code, *capsys.readouterr())

    return command


def write(path: Path, data: Any) -> Path:
    path.write_text(yaml.safe_dump(data, sort_keys=False), encoding="utf-8")
    return path


@pytest.fixture(scope="session")
def scenario(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four hours of ten customers."""
    return write(tmp_path_factory.mktemp("study") / "small.yaml", small())


@pytest.fixture(scope="session")
def finished(scenario: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Its run, finished."""
    target = tmp_path_factory.mktemp("run") / "small.dso"
    run(scenario, target)
    return target
