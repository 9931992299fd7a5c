"""dso render: what goes where, and one line for each thing that is wrong."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import pytest

from dso.chart_catalogue import chart_named
from dso.cli.failing import FAILED, WRONG_INPUT, told
from dso.cli.render import render_command
from dso.statechart import draw_picture, to_dot, to_markdown, to_mermaid

SHOP = Path(__file__).parents[1] / "statechart" / "charts" / "shop.yaml"
drawing = pytest.mark.skipif(not find_spec("pygraphviz"), reason="pygraphviz is not installed")


def run(*args: object) -> int:
    return told(render_command, [str(arg) for arg in args])


@pytest.mark.parametrize(("form", "emit"), [("mermaid", to_mermaid), ("dot", to_dot), ("md", to_markdown)])
def test_text_goes_to_stdout_as_the_library_gives_it(form, emit, capfd):
    assert run("market", "--format", form, "--state", "active.waiting", "--depth", 1) == 0
    assert capfd.readouterr().out == emit(chart_named("market"), "active.waiting", 1)


def test_the_default_is_mermaid(capfd):
    assert run(SHOP) == 0
    assert capfd.readouterr().out.startswith("stateDiagram-v2\n")


@pytest.mark.parametrize(
    ("name", "begins"),
    [("a.mmd", "stateDiagram-v2"), ("a.gv", "digraph"), ("a.MD", "# shop"), ("a", "stateD")],
)
def test_the_format_follows_the_suffix_of_the_file(tmp_path, name, begins):
    assert run(SHOP, "-o", tmp_path / name) == 0
    assert (tmp_path / name).read_text(encoding="utf-8").startswith(begins)


@drawing
@pytest.mark.parametrize(("name", "begins"), [("a.svg", b"<?xml"), ("a.png", b"\x89PNG")])
def test_pictures_are_written(tmp_path, name, begins):
    assert run(SHOP, "-o", tmp_path / name) == 0
    assert (tmp_path / name).read_bytes().startswith(begins)


def test_pages_are_the_whole_and_each_state_with_states_inside(tmp_path, capfd):
    folder = tmp_path / "new" / "pages"
    assert run(SHOP, "--pages", folder, "--format", "dot") == 0
    names = ["shop.dot", "shop.open.dot", "shop.open.pricing.dot"]
    assert capfd.readouterr().out.split() == [str(folder / name) for name in names]
    assert sorted(file.name for file in folder.iterdir()) == sorted(names)


def test_events_are_separated_by_commas_or_blanks_or_given_one_by_one(capfd):
    said = []
    for given in (["opening,asked"], ["opening asked"], ["opening", "asked"]):
        assert run(SHOP, *(part for event in given for part in ("--events", event))) == 0
        said.append(capfd.readouterr().out)
    assert "2. asked" in said[0]
    assert said[0] == said[1] == said[2]


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (["markt"], "there is no chart 'markt'; did you mean 'market'? (a file ends in .yaml)"),
        (["gone.yaml"], "gone.yaml: cannot be read: No such file or directory"),
        (
            ["market", "--state", "publishing"],
            "chart 'market' has no state 'publishing'; did you mean delivery_lead.publishing?",
        ),
        (
            ["market", "--state", "xyzzy"],
            "chart 'market' has no state 'xyzzy'; see: dso render market --format md",
        ),
        (
            ["market", "--events", "activaton"],
            "chart 'market' has no event 'activaton'; did you mean 'activation'?",
        ),
        (
            ["market", "--events", "prepared"],
            "state 'inactive' does not take 'prepared'; it takes: activation, cancel, fatal",
        ),
        (
            ["market", "-o", "gone/x.md"],
            "cannot write gone/x.md: No such file or directory; choose another place",
        ),
        (["market", "-o", "."], "cannot write .: Is a directory; choose another place"),
        (
            ["market", "-o", "x.md", "--pages", "x"],
            "--pages and -o exclude each other; --pages takes a folder and names the files",
        ),
    ],
)
def test_what_is_wrong_is_one_line(args, says, tmp_path, monkeypatch, capfd):
    monkeypatch.chdir(tmp_path)
    assert run(*args) == WRONG_INPUT
    said = capfd.readouterr()
    assert (said.out, said.err) == ("", f"dso: {says}\n")


def test_an_unknown_format_is_told_the_valid_ones(capfd):
    assert run("market", "--format", "gif") == WRONG_INPUT
    assert "'gif' is not one of 'mermaid', 'dot', 'md', 'svg', 'png'" in capfd.readouterr().err


def test_pages_in_a_place_that_is_a_file_are_one_line(tmp_path, capfd):
    (tmp_path / "taken").write_text("")
    assert run(SHOP, "--pages", tmp_path / "taken") == WRONG_INPUT
    assert "cannot write" in capfd.readouterr().err


def test_a_picture_without_graphviz_says_what_to_install(monkeypatch, capfd):
    monkeypatch.setattr(draw_picture, "find_spec", lambda name: None)
    monkeypatch.setattr(draw_picture.shutil, "which", lambda name: None)
    assert run("market", "--format", "svg") == FAILED
    assert capfd.readouterr().err == (
        "dso: drawing svg without an installed Graphviz needs the extra 'render': "
        "pip install 'dso-engine[render]'\n"
    )
