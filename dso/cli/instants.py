"""Instants given as options: local to the scenario where they have no zone of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dso.scenario import Scenario


def given_instant(option: str, text: str | None, scenario: Scenario) -> int | None:
    """An instant [s] as an option gives it; None if it is not given.

    Raises
    ------
    WrongInput : it is no time.
    """
    from dso.cli.failing import WrongInput
    from dso.scenario.quantities import moment
    from dso.scenario.times import instant

    if text is None:
        return None
    try:
        return instant(moment(text), scenario)
    except ValueError as error:
        raise WrongInput(f"{option}: {error}") from error
