"""The page as a person sees it, in headless Chromium; skipped where there is no browser."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.cli.conftest import write
from tests.scenario.examples import small

BROWSER = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync"]  # fmt: skip
MOVING = "h1, #time, #board, #clearing, #plot, #journal, .legend, #status"

pytestmark = [
    pytest.mark.skipif(BROWSER is None, reason="no Chromium is installed"),
    pytest.mark.skipif(importlib.util.find_spec("playwright") is None, reason="playwright is not installed"),
]


@pytest.fixture(scope="module")
def page() -> Iterator[object]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=BROWSER, args=FLAGS)
        page = browser.new_page(viewport={"width": 1280, "height": 800})
        page.complaints = []
        page.on("console", lambda message: page.complaints.append(message.text))
        page.on("pageerror", lambda error: page.complaints.append(str(error)))
        page.asked = []
        page.on("request", lambda request: page.asked.append(request.url))
        yield page
        browser.close()


@contextmanager
def running(folder: Path, *options: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A watched run of two days of forty customers in a process of its own, and its page's address."""
    scenario = write(folder / "watched.yaml", small(end="2016-08-12T12:00", customers={"count": 40}))
    command = [sys.executable, "-m", "dso.cli.main", "run", str(scenario), "-o", str(folder / "w.dso")]
    process = subprocess.Popen(
        [*command, "--watch", *options],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"NO_COLOR": "1"},
    )
    with process:
        assert process.stderr is not None
        told = process.stderr.readline()
        found = re.fullmatch(r"dso: watch the run at (http://127\.0\.0\.1:\d+/[\w-]+/)\n", told)
        try:
            assert found, told
            yield process, found[1]
        finally:
            process.kill()


def places(page) -> list[object]:
    script = (
        "all => all.map(e => { const b = e.getBoundingClientRect(); return [b.x, b.y, b.width, b.height] })"
    )
    return page.eval_on_selector_all(MOVING, script)


def test_states_light_up_while_the_run_goes_on_and_nothing_moves(page, tmp_path):
    with running(tmp_path, "--stay") as (process, address):
        page.goto(address)
        page.wait_for_selector("#told:not(:empty)", state="attached")  # the page's policy forbids evaluating
        page.wait_for_selector("#board .leaf.lit")
        page.wait_for_selector("#board .leaf.passed")
        before, began = places(page), page.text_content("#steps")
        page.wait_for_selector("#status.over", timeout=60_000)
        assert places(page) == before
        assert page.text_content("#steps") != began
        assert page.text_content("#status") == "the run is over"
        assert page.text_content("#percent") == "100 %"
        assert "lit" in page.get_attribute("[id='market:expired']", "class").split()
        shows_the_other_series(page)
        fits_its_window(page)
        assert page.complaints == []
        assert {url.partition("?")[0].rpartition("/")[0] + "/" for url in page.asked} == {address}
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 0


def shows_the_other_series(page) -> None:
    page.check("input[value=da]")
    assert page.text_content("#market").startswith("da-")
    assert page.text_content("#cleared").startswith("da-")
    assert "the interval with most load" in page.text_content("#kind")
    assert page.get_attribute("#demand", "d").startswith("M")
    page.check("input[value=rt]")
    assert page.text_content("#market").startswith("rt-")


def fits_its_window(page) -> None:
    size = page.evaluate("[document.documentElement.scrollWidth, document.documentElement.scrollHeight]")
    assert size == [1280, 800]
    last = "document.querySelector('#journal tbody').lastElementChild.getBoundingClientRect().bottom"
    assert page.evaluate(last) <= page.evaluate(
        "document.querySelector('#journal').getBoundingClientRect().bottom"
    )


def test_without_stay_the_command_ends_and_the_page_knows(page, tmp_path):
    with running(tmp_path) as (process, address):
        page.goto(address)
        page.wait_for_selector("#status.over", timeout=60_000)
        assert process.wait(20) == 0
    assert page.text_content("#status") == "the run is over"


def test_a_page_whose_run_was_killed_says_so(page, tmp_path):
    with running(tmp_path, "--stay") as (process, address):
        page.goto(address)
        page.wait_for_selector("#board .leaf.lit")
        process.kill()
        page.wait_for_selector("#status.lost", timeout=20_000)
    assert page.text_content("#status") == "the run has ended"
