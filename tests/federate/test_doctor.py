"""The doctor finds what would go wrong, and finds nothing where nothing does."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dso.errors import InputError
from dso.federate import load_profile
from dso.federate.configs import config_of
from dso.federate.doctor import examine


@pytest.fixture
def sides(tmp_path: Path) -> Callable[..., list[str]]:
    """Files of the feeder and the market that fit the native profile, with changes."""

    def write(change: Callable[[dict[str, Any]], None] = lambda feeder: None) -> list[str]:
        profile = load_profile("native")
        given = {party: config_of(profile, party) for party in ("feeder", "wholesale")}
        change(given["feeder"])
        for party, config in given.items():
            (tmp_path / f"{party}.json").write_text(json.dumps(config))
        return ["native", *(str(tmp_path / f"{party}.json") for party in given)]

    return write


def test_what_print_config_writes_fits(sides: Callable[..., list[str]]) -> None:
    assert examine(sides()) == []


def publication(config: dict[str, Any], key: str) -> dict[str, Any]:
    (found,) = (each for each in config["publications"] if each["key"] == key)
    return found


CASES: dict[str, tuple[Callable[[dict[str, Any]], Any], str]] = {
    "unit": (lambda f: publication(f, "feeder/head/energy").update(unit="degC"), "in kWh here, in degC in"),
    "type": (
        lambda f: publication(f, "feeder/head/energy").update(type="string"),
        "is double here, string in",
    ),
    "topic": (
        lambda f: publication(f, "feeder/meter/energy").update(key="feeder/meters/energy"),
        "feeder/meter/energy, which nobody publishes; is feeder/meters/energy meant?",
    ),
    "local": (
        lambda f: publication(f, "feeder/readings").update({"global": False}),
        "subscribes to feeder/readings, which nobody publishes",
    ),
    "name": (lambda f: f.update(name="dso"), "is called dso, so is native; names must differ"),
    "wait": (lambda f: f.update(wait_for_current_time_update=True), "one may, the others take"),
    "period": (lambda f: f.update(period=2.5), "period 2.5 s is no multiple of another federate's 1 s"),
    "twice": (
        lambda f: f["publications"].append({"key": "dso/names", "global": True, "type": "json"}),
        "publication dso/names is in native as well",
    ),
}


@pytest.mark.parametrize("kind", CASES)
def test_what_does_not_fit_is_named(sides: Callable[..., list[str]], kind: str) -> None:
    change, words = CASES[kind]
    told = " | ".join(map(str, examine(sides(change))))
    assert words in told


def test_a_unit_that_can_be_turned_into_ours_fits(sides: Callable[..., list[str]]) -> None:
    assert examine(sides(lambda f: publication(f, "feeder/head/energy").update(unit="MWh"))) == []


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.json"
    wrong.write_text("{")
    with pytest.raises(InputError, match="must be HELICS JSON"):
        examine([str(wrong)])
    with pytest.raises(InputError, match="cannot be read"):
        examine([str(tmp_path / "none.json")])
