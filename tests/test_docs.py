"""The documentation shows what the program does."""

import importlib.util
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


def _make_pages():
    spec = importlib.util.spec_from_file_location("make_pages", ROOT / "docs" / "make_pages.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_generated_pages_are_fresh():
    stale = [
        path.name for path, text in _make_pages().pages().items() if path.read_text(encoding="utf-8") != text
    ]
    assert stale == [], "run: make docs"


def test_the_embedding_example_runs_and_its_books_balance():
    done = subprocess.run(
        [sys.executable, str(ROOT / "examples" / "embed.py")], capture_output=True, text=True, check=True
    )
    assert "rt-2016-08-10T06:05Z is in negotiation.agreed" in done.stdout
    assert done.stdout.endswith("adds up to 0 micro-dollars\n")


@pytest.mark.parametrize("page", [*sorted(ROOT.glob("docs/*.md")), ROOT / "README.md"], ids=lambda p: p.name)
def test_links_between_pages_lead_somewhere(page):
    for target in re.findall(r"\]\(([^)#]+)\)", page.read_text(encoding="utf-8")):
        if "://" not in target:
            assert (page.parent / target).exists(), f"{page.name} links to {target}"


@pytest.mark.parametrize("page", [ROOT / "docs" / "architecture.md"], ids=lambda p: p.name)
def test_files_that_a_page_names_exist(page):
    text = page.read_text(encoding="utf-8")
    for name in re.findall(r"`((?:dso|statecharts|tests|docs)/[\w/.]*)`", text):
        assert (ROOT / name).exists(), f"{page.name} names {name}"
