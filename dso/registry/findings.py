"""Collects what only turns out to be wrong while a scenario's parts are made."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from dso.errors import InputError, Problem, ScenarioError
from dso.scenario import Scenario


@dataclass(slots=True)
class Findings:
    """Problems of all parts, so that the user hears of them at once."""

    scenario: Scenario
    problems: list[Problem] = field(default_factory=list)

    @contextmanager
    def at(self, *location: str | int) -> Iterator[None]:
        """Make a part; what is wrong with it is kept, with the field that it comes from."""
        where = self.scenario.at(*location)
        try:
            yield
        except InputError as error:
            self.problems += [Problem(where, _without_part(problem)) for problem in error.problems]
        except OSError as error:
            self.problems.append(Problem(where, f"{error.filename} cannot be read: {error.strerror}"))
        except UnicodeDecodeError:
            self.problems.append(Problem(where, "must be a UTF-8 text file"))
        except (ValueError, csv.Error) as error:
            self.problems.append(Problem(where, str(error)))

    def tell(self) -> None:
        """Raise what was found, if anything was.

        Raises
        ------
        ScenarioError : with every problem.
        """
        if self.problems:
            raise ScenarioError(self.problems)


def _without_part(problem: Problem) -> str:
    """What is wrong, and in which file; the name of a part goes, for the field says it already."""
    return str(problem) if "." in problem.where else problem.what
