"""Pictures are drawn by pygraphviz, else by an installed `dot`; the documentation's are fresh."""

from __future__ import annotations

import importlib.util
import re
from importlib.util import find_spec
from pathlib import Path

import pytest

from dso.errors import DsoError, MissingExtraError
from dso.statechart import draw_picture, to_dot, to_picture

ROOT = Path(__file__).parents[2]
drawing = pytest.mark.skipif(not find_spec("pygraphviz"), reason="pygraphviz is not installed")


def without_pygraphviz(monkeypatch, program: str | None) -> None:
    monkeypatch.setattr(draw_picture, "find_spec", lambda name: None)
    monkeypatch.setattr(draw_picture.shutil, "which", lambda name: program)


@drawing
def test_an_svg_has_an_id_and_classes_for_each_state_and_names_generic_fonts_only(shop):
    svg = to_picture(to_dot(shop), "svg").decode()
    for path, state in shop.states.items():
        kind = "cluster" if state.children else "node"
        assert f'<g id="shop:{path}" class="{kind} state {state.owner}">' in svg
    assert set(re.findall(r'font-family="([^"]*)"', svg)) == {"Helvetica,Arial,sans-serif"}
    assert "graphviz version" not in svg


@drawing
def test_a_picture_is_the_same_each_time(shop):
    assert to_picture(to_dot(shop), "svg") == to_picture(to_dot(shop), "svg")


@drawing
def test_a_png_is_one_and_grows_with_its_resolution(shop):
    small, large = (to_picture(to_dot(shop), "png", dpi=dpi) for dpi in (72, 144))
    assert small.startswith(b"\x89PNG")
    width = [int.from_bytes(png[16:20]) for png in (small, large)]  # IHDR
    assert width[1] == pytest.approx(2 * width[0], rel=0.01)


@drawing
def test_text_that_is_no_graph_is_one_plain_error():
    with pytest.raises(DsoError, match="Graphviz could not draw the svg: "):
        to_picture("digraph {", "svg")


def test_without_pygraphviz_an_installed_dot_draws(monkeypatch, tmp_path, shop):
    program = tmp_path / "dot"
    program.write_text('#!/bin/sh\necho "<svg $1 $(wc -l)/>"\n')
    program.chmod(0o755)
    without_pygraphviz(monkeypatch, str(program))
    assert to_picture("digraph {\n}\n", "svg").decode().split() == ["<svg", "-Tsvg", "2/>"]


def test_without_any_graphviz_the_error_says_what_to_install(monkeypatch):
    without_pygraphviz(monkeypatch, None)
    with pytest.raises(MissingExtraError, match=re.escape("pip install 'dso-engine[render]'")):
        to_picture("digraph {}", "png")


def test_the_pictures_of_the_documentation_are_drawn_from_the_charts_as_they_are():
    spec = importlib.util.spec_from_file_location("make_pages", ROOT / "docs" / "make_pages.py")
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    drawings = {file: text for file, text in made.pages().items() if file.suffix == ".dot"}
    stale = [
        file.name
        for file, text in drawings.items()
        if made.stamp(text) not in file.with_suffix(".svg").read_text(encoding="utf-8")
    ]
    assert stale == [], "run: make docs"
    kept = {file.stem for file in (ROOT / "docs" / "pictures").glob("*.dot")}
    assert kept == {file.stem for file in drawings}


@pytest.mark.parametrize("page", sorted((ROOT / "docs" / "charts").glob("*.md")), ids=lambda page: page.stem)
def test_the_pictures_that_a_chart_page_shows_exist(page):
    shown = re.findall(r"\]\(([^)]+)\)", page.read_text(encoding="utf-8"))
    assert shown
    assert all((page.parent / target).exists() for target in shown)
