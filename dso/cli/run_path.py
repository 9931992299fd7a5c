"""Run files that a command is given to read."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dso.run_file import RunReader


def open_run(path: Path) -> RunReader:
    """A run file for reading.

    Raises
    ------
    WrongInput : there is none, or the file is something else.
    """
    from dso.cli.failing import WrongInput
    from dso.errors import RunFileError
    from dso.run_file import RunReader

    if path.is_dir():
        inside = sorted(path.glob("*.dso"))
        raise WrongInput(
            f"{path} is a folder{f'; did you mean {inside[0]}?' if inside else ', not a run file'}"
        )
    try:
        return RunReader(path)
    except RunFileError as error:
        raise WrongInput(str(error)) from error
