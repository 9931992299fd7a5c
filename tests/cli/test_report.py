"""dso report: where its page and pictures go, and what it says where it cannot."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Command


def test_the_page_and_the_pictures_are_written_and_named(
    dso: Command, finished: Path, tmp_path: Path
) -> None:
    pytest.importorskip("matplotlib")
    told = dso("report", finished, "-o", "out/run.html", "--pictures", "pictures", "--json")
    assert (told.code, told.err) == (0, "")
    assert json.loads(told.out)[0] == "out/run.html"
    assert all((tmp_path / name).stat().st_size > 1000 for name in json.loads(told.out))
    assert {"pictures/load-and-prices.svg", "pictures/load-and-prices.png"} <= set(json.loads(told.out))


def test_it_must_be_said_where_to(dso: Command, finished: Path) -> None:
    told = dso("report", finished)
    assert told.code == 2
    assert "-o FILE.html" in told.err


def test_without_matplotlib_one_line_says_what_to_install(
    dso: Command, finished: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    told = dso("report", finished, "-o", "run.html")
    assert told.code == 1
    assert told.err == "dso: dso report needs the extra 'report': pip install 'dso-engine[report]'\n"
    assert not (tmp_path / "run.html").exists()


def test_a_page_that_cannot_be_written_says_so(dso: Command, finished: Path, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    told = dso("report", finished, "-o", tmp_path)
    assert told.code == 2
    assert "choose another place with -o" in told.err
