"""Scenarios and programs of docs/agents.md do what the page says."""

from __future__ import annotations

import contextlib
import functools
import io
import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

import dso

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "agents.md").read_text(encoding="utf-8")


def blocks(language: str, section: str) -> list[str]:
    """Fenced blocks of a language below a heading."""
    text = PAGE.split(f"\n## {section}\n")[1].split("\n## ")[0]
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.M | re.S)


def scenario(devices: str) -> str:
    """The example of a bidding function with other devices."""
    study = yaml.safe_load((ROOT / "examples" / "aggregator.yaml").read_text(encoding="utf-8"))
    study["devices"] = {"hvac": {"share": 1}} | yaml.safe_load(devices)["devices"]
    return yaml.safe_dump(study)


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def said(programs: list[str]) -> str:
    """What programs print that are run one after the other, as one."""
    told, names = io.StringIO(), {"__name__": "__main__"}
    with contextlib.redirect_stdout(told):
        for program in programs:
            exec(compile(program, "docs/agents.md", "exec"), names)
    return told.getvalue()


def test_devices_of_the_page_make_a_study(here: Path) -> None:
    (devices,) = blocks("yaml", "What is drawn, and from where")
    (table,) = blocks("csv", "What is drawn, and from where")
    (here / "batteries.csv").write_text(table, encoding="utf-8")
    (here / "study.yaml").write_text(scenario(devices), encoding="utf-8")
    fleet = dso.load("study.yaml").world.plant.fleet
    assert {group.plant.kind for group in fleet.groups} == set(yaml.safe_load(devices)["devices"]) - {
        "forecast",
        "parallel",
    }
    batteries = next(group.plant for group in fleet.groups if group.plant.kind == "battery")
    assert batteries.customers.tolist() == [0, 2]
    assert batteries.batteries.capacity_kwh.tolist() == [13.5, 10.0]


def test_a_cluster_plans_the_same_day(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    distributed = pytest.importorskip("distributed")
    inside = functools.partial(distributed.LocalCluster, processes=False, dashboard_address=None)
    monkeypatch.setattr(distributed, "LocalCluster", inside)
    (program,) = blocks("python", "In several processes")
    (asked,) = re.findall(r"# with (devices: .*)$", program, re.M)
    (here / "study.yaml").write_text(scenario(asked), encoding="utf-8")
    said([program])
    (here / "study.yaml").write_text(scenario("devices: {}"), encoding="utf-8")
    dso.run("study.yaml", "alone.dso")
    assert meters(here / "day.dso") == meters(here / "alone.dso")


def meters(run: Path) -> list[tuple[object, ...]]:
    with contextlib.closing(sqlite3.connect(run)) as file:
        return file.execute("SELECT * FROM readings").fetchall()


def test_bids_of_your_own_are_taken(here: Path) -> None:
    (devices,) = blocks("yaml", "Agents of your own")
    (here / "study.yaml").write_text(scenario(devices), encoding="utf-8")
    programs = blocks("python", "Agents of your own")
    assert said(programs) == "".join(blocks("text", "Agents of your own"))


def test_a_new_kind_plans_and_runs() -> None:
    assert said(blocks("python", "A new kind")) == "".join(blocks("text", "A new kind"))
