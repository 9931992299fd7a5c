"""What the engine logs, as plain lines on stderr."""

from __future__ import annotations

import logging
from collections.abc import MutableMapping
from typing import Any

import click
import structlog


class _Stderr:
    """A logger that keeps off stdout, and off a progress bar."""

    def msg(self, line: str) -> None:
        """Print a line."""
        click.echo(line, err=True)

    warning = warn = error = err = critical = fatal = failure = exception = msg


def log_to_stderr() -> None:
    """Warnings and errors of the engine become one short line each."""
    structlog.configure(
        processors=[_one_line],
        wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING),
        logger_factory=lambda *_: _Stderr(),
        cache_logger_on_first_use=False,
    )


def _one_line(_logger: Any, _method: str, facts: MutableMapping[str, Any]) -> str:
    """`handler.failed` with its facts reads: dso: rt-…: handler failed in delivery on @close: ValueError …"""
    what = str(facts.pop("event", "")).replace(".", " ")
    machine, state, trigger = (facts.pop(key, None) for key in ("machine", "state", "trigger"))
    error = facts.pop("error", None)
    where = f"{machine}: " if machine else ""
    when = f" in {state} on {trigger}" if state else ""
    rest = "".join(f", {key}={value}" for key, value in facts.items())
    line = f"dso: {where}{what}{when}{rest}{f': {error}' if error else ''}"
    return " ".join(line.split())
