"""The snippets of docs/diagrams.md put a chart into a Sphinx and a MkDocs site, where these are installed."""

from __future__ import annotations

import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[2] / "docs" / "diagrams.md"
pytestmark = pytest.mark.skipif(not find_spec("pygraphviz"), reason="pygraphviz is not installed")


def snippets(title: str) -> list[str]:
    section = PAGE.read_text(encoding="utf-8").split(f"\n## {title}\n")[1].split("\n## ")[0]
    return re.findall(r"```\w+\n(.*?)```", section, re.DOTALL)


def test_the_snippet_for_python_gives_text_and_a_picture():
    names: dict[str, object] = {}
    exec(snippets("In Python")[0], names)
    assert str(names["text"]).startswith("stateDiagram-v2")
    assert b"market:negotiation.collecting" in names["svg"]


@pytest.mark.skipif(not find_spec("sphinx"), reason="Sphinx is not installed")
def test_a_sphinx_page_shows_the_chart(tmp_path):
    conf, page = snippets("In Sphinx")
    (tmp_path / "conf.py").write_text(conf)
    (tmp_path / "index.rst").write_text(page)
    subprocess.run([sys.executable, "-m", "sphinx", "-W", str(tmp_path), str(tmp_path / "out")], check=True)
    assert "market:negotiation" in (tmp_path / "out" / "_images" / "market.svg").read_text(encoding="utf-8")
    assert 'src="_images/market.svg"' in (tmp_path / "out" / "index.html").read_text(encoding="utf-8")


@pytest.mark.skipif(not find_spec("mkdocs"), reason="MkDocs is not installed")
def test_a_mkdocs_page_shows_the_chart(tmp_path):
    config, hook, page = snippets("In MkDocs")
    (tmp_path / "docs").mkdir()
    (tmp_path / "mkdocs.yml").write_text(config)
    (tmp_path / "draw_charts.py").write_text(hook)
    (tmp_path / "docs" / "index.md").write_text(page)
    subprocess.run([sys.executable, "-m", "mkdocs", "build", "--strict"], cwd=tmp_path, check=True)
    assert "market:negotiation" in (tmp_path / "site" / "pictures" / "market.svg").read_text(encoding="utf-8")
    assert 'src="pictures/market.svg"' in (tmp_path / "site" / "index.html").read_text(encoding="utf-8")
