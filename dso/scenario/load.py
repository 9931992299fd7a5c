"""From a YAML file to a checked scenario."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import ValidationError

from dso.errors import InputError, Problem, ScenarioError
from dso.scenario.checks import Finding, cross_check
from dso.scenario.model import Scenario
from dso.scenario.partial import partial_scenario
from dso.scenario.place import Source
from dso.scenario.sentences import sentence, was
from dso.statechart import load_yaml_with_lines


def load_scenario(path: Path | str) -> Scenario:
    """Read a scenario and check all of it.

    Parameters
    ----------
    path : the YAML file.

    Raises
    ------
    ScenarioError : with every problem found, each with file, line, field and what would be right.
    """
    path = Path(path)
    if path.is_dir() or not path.exists():
        raise ScenarioError([Problem(str(path), _not_there(path))])
    try:
        data, lines = load_yaml_with_lines(path)
    except InputError as error:
        raise ScenarioError(error.problems) from error
    return parse_scenario(data, Source(path.name, lines), path.parent)


def parse_scenario(data: Any, source: Source | None = None, folder: Path | None = None) -> Scenario:
    """Check a scenario that is given as plain data; see `load_scenario`.

    Parameters
    ----------
    data : what the YAML file would hold.
    source : where it comes from, for messages.
    folder : what its paths are relative to; the current folder, if not given.
    """
    source, folder = source or Source("scenario"), folder or Path()
    if not isinstance(data, dict):
        raise ScenarioError([Problem(source.name, f"must be a mapping of fields, {was(data)}")])
    try:
        scenario = Scenario.model_validate(data)
        findings = cross_check(scenario, folder)
    except ValidationError as error:
        findings = [sentence(dict(each)) for each in error.errors() if not _echo(dict(each))]
        rest = partial_scenario(data, {location for location, _ in findings})
        findings += cross_check(rest, folder, partial=True)
    if findings:
        raise ScenarioError(_problems(findings, source))
    scenario._source = source
    return scenario


def _not_there(path: Path) -> str:
    if not path.is_dir():
        return "there is no such file; dso init FOLDER makes one to start from"
    inside = sorted(path.glob("*.yaml"))
    return f"must be a file, was a folder{f'; did you mean {inside[0]}?' if inside else ''}"


def _echo(error: dict[str, Any]) -> bool:
    """Whether a list is only called too short because what it holds is wrong."""
    return error["type"] == "too_short" and len(error["input"]) > 0


def _problems(findings: list[Finding], source: Source) -> list[Problem]:
    """In the order of the file's lines; two of the same are one."""
    ordered = sorted(dict.fromkeys(findings), key=lambda finding: source.line(finding[0]) or 0)
    return [Problem(source.at(location), what) for location, what in ordered]
