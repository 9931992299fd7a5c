"""One small study, run once without interruption, beside which the others are laid."""

from __future__ import annotations

from pathlib import Path

import pytest

from dso.study import run
from tests.run_file.small import scenario_file


@pytest.fixture(scope="session")
def scenario(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return scenario_file(tmp_path_factory.mktemp("study"))


@pytest.fixture(scope="session")
def whole_run(scenario: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The run file of the study, run in one go."""
    target = tmp_path_factory.mktemp("whole") / "whole.dso"
    run(scenario, target)
    return target
