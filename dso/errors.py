"""Every exception of the package, under one root."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


class DsoError(Exception):
    """The root: catching it catches everything that this package raises on purpose."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong in a user's input: where it stands, and what would be right."""

    where: str
    what: str

    def __str__(self) -> str:
        return f"{self.where}: {self.what}" if self.where else self.what


class InputError(DsoError):
    """The user's input is wrong; carries every problem found, not the first only."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(p) for p in self.problems))

    def __reduce__(self) -> tuple[type[InputError], tuple[tuple[Problem, ...]]]:
        return type(self), (self.problems,)


class ChartError(InputError):
    """A statechart that must not be run."""


class ScenarioError(InputError):
    """A scenario that must not be run."""


class BookError(InputError):
    """A book of bids and offers that cannot be cleared."""


class CurveError(DsoError, ValueError):
    """A curve that is not monotone, not finite, or has no vertex."""


class IllegalEventError(DsoError):
    """An event that the current state does not take."""


class EngineError(DsoError):
    """The engine cannot go on: a time that lies in the past, too many steps at an instant."""


class ParticipantError(DsoError):
    """What a participant sent cannot be used; it is rejected, and the market goes on."""


class NetworkUnavailableError(DsoError):
    """The DO's model of its wires cannot answer; the static limits take its place."""


class RunFileError(DsoError):
    """A run file that cannot be written, read or resumed."""


class MissingExtraError(DsoError):
    """A package of an extra is not installed."""

    def __init__(self, extra: str, what: str) -> None:
        super().__init__(f"{what} needs the extra '{extra}': pip install 'dso-engine[{extra}]'")
