"""How errors reach the user: plain lines on stderr with what to do next, and the documented exit code."""

from __future__ import annotations

import os
import sys

import click

from dso.errors import DsoError, InputError

DONE, FAILED, WRONG_INPUT, INTERRUPTED = 0, 1, 2, 130


def told(command: click.Command, args: list[str] | None = None) -> int:
    """Run a command and turn what goes wrong into lines on stderr and an exit code."""
    try:
        result = command.main(args=args, standalone_mode=False)
    except click.exceptions.Abort:
        return INTERRUPTED
    except click.exceptions.Exit as stop:
        return stop.exit_code
    except click.ClickException as error:
        _say(error.format_message())
        return WRONG_INPUT
    except InputError as error:
        for problem in error.problems:
            _say(str(problem))
        return WRONG_INPUT
    except DsoError as error:
        _say(str(error))
        return FAILED
    except KeyboardInterrupt:
        _say("interrupted")
        return INTERRUPTED
    except BrokenPipeError:
        os.dup2(
            os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno()
        )  # the reader has gone; nothing more to say
        return DONE
    return result if isinstance(result, int) else DONE


def _say(text: str) -> None:
    click.echo(f"dso: {text}", err=True)
