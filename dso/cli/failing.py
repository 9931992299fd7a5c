"""How errors reach the user: plain lines on stderr with what to do next, and the documented exit code."""

from __future__ import annotations

import os

import click

from dso.errors import DsoError, InputError

DONE, FAILED, WRONG_INPUT, INTERRUPTED = 0, 1, 2, 130
TRACEBACK = "DSO_TRACEBACK"


class WrongInput(click.ClickException):
    """What the user gave cannot be used; the message says what would be right."""


def told(command: click.Command, args: list[str] | None = None) -> int:
    """Run a command and turn what goes wrong into lines on stderr and an exit code."""
    try:
        result = command.main(args=args, prog_name="dso", standalone_mode=False)
    except click.exceptions.Exit as stop:
        return stop.exit_code
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message(), err=True)
        return WRONG_INPUT
    except (click.exceptions.Abort, KeyboardInterrupt):
        _say("interrupted")
        return INTERRUPTED
    except click.ClickException as error:
        _say(_with_next_step(error))
        return WRONG_INPUT
    except InputError as error:
        for problem in error.problems:
            _say(str(problem))
        return WRONG_INPUT
    except DsoError as error:
        _say(str(error))
        return FAILED
    except SystemExit:  # click's way to end where nobody reads any more
        return DONE
    except Exception as error:
        if os.environ.get(TRACEBACK):
            raise
        what = " ".join(f"{type(error).__name__}: {error}".split())
        _say(f"a fault of dso itself, please report it: {what} ({TRACEBACK}=1 shows where)")
        return FAILED
    return result if isinstance(result, int) else DONE


def _with_next_step(error: click.ClickException) -> str:
    """What click says of an option or argument, with where to read more."""
    message = " ".join(error.format_message().split()).rstrip(".")
    if type(error) is click.UsageError or not isinstance(error, click.UsageError) or error.ctx is None:
        return message
    return f"{message[0].lower()}{message[1:]}; see {error.ctx.command_path} --help"


def _say(text: str) -> None:
    click.echo(f"dso: {text}", err=True)
