"""Runs that several tests look at."""

from __future__ import annotations

from pathlib import Path

import pytest

from dso.run_file import RunReader
from dso.study import run
from tests.run_file.small import scenario_file


@pytest.fixture(scope="session")
def congested(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six hours of twelve customers; the wires are tight, and tighter for an hour and a half."""
    folder = tmp_path_factory.mktemp("congested")
    run(scenario_file(folder), folder / "run.dso")
    return folder / "run.dso"


@pytest.fixture
def reader(congested: Path):
    with RunReader(congested) as reader:
        yield reader
