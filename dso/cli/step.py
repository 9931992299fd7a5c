"""dso step: walk through a study event by event, forth and back."""

from __future__ import annotations

import signal
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from dso.debugger.prompt import Prompt


@click.command("step")
@click.argument("source", metavar="SCENARIO|RUN", type=click.Path(path_type=Path))
@click.option("--script", type=click.Path(path_type=Path), help="run these commands and print a transcript")
@click.option(
    "--folder",
    type=click.Path(path_type=Path),
    help="of a RUN: the folder that its scenario's paths begin at",
)
def step_command(source: Path, script: Path | None, folder: Path | None) -> int:
    """Walk through SCENARIO, or again through RUN, step by step; help at the prompt lists the commands."""
    from dso.cli.failing import WrongInput
    from dso.cli.log import log_to_stderr
    from dso.cli.output import PIPED_WIDTH
    from dso.debugger.prompt import INTRO, Prompt, run_script
    from dso.debugger.session import StepSession
    from dso.errors import RunFileError

    log_to_stderr()
    try:
        session = StepSession.open(source, folder)
    except RunFileError as error:
        raise WrongInput(str(error)) from error
    prompt = Prompt(session, width=PIPED_WIDTH if script or not sys.stdout.isatty() else None)
    try:
        if script is not None:
            return 0 if run_script(prompt, script) else 2
        _talk(prompt, INTRO)
    finally:
        prompt.session.close()
    return 0


def _talk(prompt: Prompt, intro: str) -> None:
    """Take lines until the end; Ctrl-C stops between two steps and ends nothing."""

    def interrupt(*_: object) -> None:
        if prompt.session.running:
            prompt.session.interrupted = True
        else:
            raise KeyboardInterrupt

    signal.signal(signal.SIGINT, interrupt)
    with suppress(ImportError):
        import readline  # noqa: F401  lines can be edited
    prompt.say([intro])
    while True:
        try:
            prompt.cmdloop()
            return
        except KeyboardInterrupt:
            prompt.say(["", "quit ends"])
