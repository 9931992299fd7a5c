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
@click.option("--tui", is_flag=True, help="a screen with keys instead of the prompt (extra tui)")
def step_command(source: Path, script: Path | None, folder: Path | None, tui: bool) -> int:
    """Walk through SCENARIO, or again through RUN, step by step; help at the prompt lists the commands."""
    from dso.cli.failing import WrongInput
    from dso.errors import RunFileError

    try:
        if tui:
            _screen(source, script, folder)
            return 0
        return _prompt(source, script, folder)
    except RunFileError as error:
        raise WrongInput(str(error)) from error


def _screen(source: Path, script: Path | None, folder: Path | None) -> None:
    """Show the screen; what it needs is checked before anything is read."""
    from dso.cli.failing import WrongInput
    from dso.errors import MissingExtraError

    if script is not None:
        raise WrongInput("--script runs at the prompt and --tui is a screen for a person; choose one of them")
    try:
        import textual  # noqa: F401  so that a fault inside of our own screen is not taken for its absence
    except ImportError as error:
        raise WrongInput(str(MissingExtraError("tui", "step --tui"))) from error
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise WrongInput("--tui needs a terminal; --script FILE runs commands without one")
    from dso.cli.log import log_to_stderr
    from dso.debugger.tui import step_on_screen

    log_to_stderr()  # the screen keeps what is printed off itself; the journal says it, too
    step_on_screen(source, folder)


def _prompt(source: Path, script: Path | None, folder: Path | None) -> int:
    """Run a script at the prompt, or talk."""
    from dso.cli.log import log_to_stderr
    from dso.cli.output import PIPED_WIDTH
    from dso.debugger.prompt import INTRO, Prompt, run_script
    from dso.debugger.session import StepSession

    log_to_stderr()
    session = StepSession.open(source, folder)
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
