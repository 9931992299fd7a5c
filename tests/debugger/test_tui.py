"""`dso step --tui`: keys do what the prompt's commands do, panels show where that has led."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from time import sleep

import pytest
from textual import events
from textual.pilot import Pilot
from textual.widgets import Static

from dso.cli.failing import WRONG_INPUT, told
from dso.cli.main import cli
from dso.debugger.session import StepSession
from dso.debugger.tui import StepScreen
from dso.debugger.tui_curve import CurvePlot
from dso.debugger.tui_panels import BidsTable, JournalTail, Question, Status
from dso.debugger.tui_tree import StateTree

SMALL = Path(__file__).parents[2] / "examples" / "small.yaml"


class Walk:
    """A screen that is open, and what can be read off it."""

    def __init__(self, pilot: Pilot) -> None:
        self.pilot, self.app = pilot, pilot.app
        self.session: StepSession = pilot.app.session

    async def press(self, *keys: str) -> None:
        await self.pilot.press(*keys)
        await self.settled()

    async def settled(self) -> None:
        await self.app.workers.wait_for_complete()
        await self.pilot.pause()

    async def answer(self, key: str, text: str) -> None:
        """Ask with a key, answer with a text."""
        await self.pilot.press(key)
        self.app.query_one(Question).value = text  # typing takes the pilot a second
        await self.press("enter")

    @property
    def said(self) -> str:
        return str(self.app.query_one("#said", Static).content)

    @property
    def lit(self) -> str:
        """The path of the state that the tree has lit."""
        return self.app.query_one(StateTree).lit[0]

    def shown(self) -> dict[str, object]:
        """What the panels show."""
        tree, table = self.app.query_one(StateTree), self.app.query_one(BidsTable)
        return {
            "tree": [str(tree.get_node_at_line(k).label) for k in range(tree.last_line + 1)],
            "lit": tree.lit,
            "bids": (table.border_title, [table.get_row_at(k) for k in range(table.row_count)]),
            **{
                kind.__name__: str(self.app.query_one(kind).content)
                for kind in (Status, CurvePlot, JournalTail)
            },
        }


@pytest.fixture
def walk() -> Iterator[Callable[..., None]]:
    """Opens a screen on the small study, some steps on, and does something with it."""
    with ThreadPoolExecutor(1) as steps:
        session = StepSession.open(SMALL)

        def run(
            do: Callable[[Walk], Awaitable[None]], *, at: int = 0, size: tuple[int, int] = (80, 24)
        ) -> None:
            async def through() -> None:
                app = StepScreen(session, steps)
                async with app.run_test(size=size) as pilot:
                    await pilot.pause()
                    await do(Walk(pilot))

            if at:
                session.goto_step(at)
            asyncio.run(through())

        yield run
        session.close()


def test_n_takes_one_step_and_the_tree_lights_where_it_has_led(walk) -> None:
    async def do(w: Walk) -> None:
        assert w.lit == "negotiation.validating"
        await w.press("n")
        assert w.session.engine.steps == 18
        assert w.lit == w.session.machine().state == "negotiation.clearing"
        assert w.app.query_one(StateTree).lit == ("negotiation.clearing", "negotiation")
        assert "negotiation.clearing" in str(w.app.query_one(Status).content)
        assert "    18  08-09 23:00  da-2016-08-10T05:00Z  limits_ok" in str(
            w.app.query_one(JournalTail).content
        )

    walk(do, at=17)


def test_b_shows_again_what_was_shown_before(walk) -> None:
    async def do(w: Walk) -> None:
        await w.press("n")
        before = w.shown()
        await w.press("n", "n", "n")
        assert w.shown() != before
        await w.press("b", "b", "b")
        assert w.shown() == before

    walk(do, at=15)


def test_c_goes_to_the_end_of_the_market_s_cycle(walk) -> None:
    async def do(w: Walk) -> None:
        await w.answer("u", "rt-2016-08-10T05:00Z")
        await w.press("c")
        assert w.said.startswith("■ rt-2016-08-10T05:00Z is over; 71 steps; now 2016-08-10T05:05Z")
        assert w.session.now_s == 1_470_805_500
        assert "over" in str(w.app.query_one(Status).content)

    walk(do)


def test_u_asks_for_a_state_and_goes_there(walk) -> None:
    async def do(w: Walk) -> None:
        await w.press("u")
        assert w.app.focused is w.app.query_one(Question)
        assert w.app.query_one(Question).placeholder.startswith("until STATE|TIME|MARKET")
        await w.press(*"clearing", "enter")
        assert w.lit == "negotiation.clearing"
        assert w.said.startswith("■ negotiation.clearing is entered; 18 steps")
        assert w.app.focused is None

    walk(do)


def test_what_is_typed_before_the_question_stands_there_is_its_answer(walk) -> None:
    async def do(w: Walk) -> None:
        for key in ["u", *"clearing", "enter"]:  # all at once, as a paste or a slow line would
            character = key if len(key) == 1 else None
            w.app.post_message(events.Key(key, character))
        await w.settled()
        await w.settled()
        assert w.said.startswith("■ negotiation.clearing is entered; 18 steps")

    walk(do)


def test_u_takes_a_time_of_the_study_as_the_prompt_does(walk) -> None:
    async def do(w: Walk) -> None:
        await w.answer("u", "18:30")
        assert w.said.startswith("■ until 2016-08-09T23:30Z")

    walk(do)


MISTAKES = {
    ("u", "clering"): "? there is no state 'clering'; did you mean 'clearing'?",
    ("u", ""): "? until what? a state, an instant or a market",
    ("u", "25:00"): "? must be a date or time",
    ("u", "2016-01-01"): "? it is 2016-08-09T22:50Z already; goto leads back",
    ("u", "rt-2016-08-10T05:01Z"): "nearest: rt-2016-08-10T05:00Z",
    ("g", ""): "? goto what? an instant, or the number of a step",
    ("g", "x"): "? must be a date or time",
}


@pytest.mark.parametrize("asked", MISTAKES, ids=" ".join)
def test_a_mistake_is_told_with_what_would_be_right_and_nothing_moves(walk, asked: tuple[str, str]) -> None:
    async def do(w: Walk) -> None:
        before = w.shown()
        await w.answer(*asked)
        assert MISTAKES[asked] in w.said
        assert "\n" not in w.said
        assert w.app.query_one(Question).value == asked[1]  # to be corrected
        await w.press("escape")
        assert w.app.focused is None
        assert w.shown() == before
        assert w.session.engine.steps == 3

    walk(do, at=3)


def test_c_where_no_market_is_alive_says_so(walk) -> None:
    async def do(w: Walk) -> None:
        await w.press("c")
        assert w.said == "? no market is alive; until TIME leads to one"

    walk(do)


def test_g_goes_back_in_time(walk) -> None:
    async def do(w: Walk) -> None:
        assert w.session.now_s == 1_470_794_400  # 2016-08-10T02:00Z
        await w.answer("g", "18:00")
        assert w.said == "27 steps taken back; now 2016-08-09T23:00Z, after step 24"
        assert "2016-08-09T18:00-05:00 local   step 24" in str(w.app.query_one(Status).content)

    walk(do, at=51)


@pytest.fixture
def slow(monkeypatch) -> None:
    """Steps take a while."""
    take = StepSession._take

    def slowly(session: StepSession):
        sleep(0.02)
        return take(session)

    monkeypatch.setattr(StepSession, "_take", slowly)


def test_escape_stops_a_long_command_between_two_steps(walk, slow) -> None:
    async def do(w: Walk) -> None:
        await w.pilot.press("c")
        assert "going" in str(w.app.query_one(Status).content)
        assert w.app.going
        await w.press("escape")
        assert w.said.startswith("■ interrupted; ")
        assert 10 < w.session.engine.steps < 1000

    walk(do, at=10)


def test_while_a_command_goes_on_no_other_begins_but_q_ends_all(walk, slow) -> None:
    async def do(w: Walk) -> None:
        await w.pilot.press("c")
        await w.pilot.press("n", "u")
        assert w.app.focused is None
        assert w.app.going
        await w.press("q")
        assert not w.app.is_running
        assert 10 < w.session.engine.steps < 1000

    walk(do, at=10)


def test_q_quits(walk) -> None:
    async def do(w: Walk) -> None:
        await w.press("q")
        assert not w.app.is_running
        assert w.app.return_value is None

    walk(do)


def test_a_fault_of_our_own_ends_the_screen_and_is_handed_on(walk, monkeypatch) -> None:
    def broken(_: StepSession) -> None:
        raise KeyError("a fault")

    async def do(w: Walk) -> None:
        await w.press("n")
        assert isinstance(w.app.return_value, KeyError)

    monkeypatch.setattr(StepSession, "next", broken)
    walk(do)


@pytest.mark.parametrize("size", [(80, 24), (140, 45)])
def test_bids_and_curve_are_those_of_the_prompt(walk, size: tuple[int, int]) -> None:
    async def do(w: Walk) -> None:
        table = w.app.query_one(BidsTable)
        assert table.border_title.startswith("transactive: 10 bids of cooling, round 1, 6 intervals")
        assert table.get_row_at(0)[:2] == ["0", "0.440 @ 0.0987"]
        assert table.row_count == 10
        curve = w.app.query_one(CurvePlot)
        assert curve.border_title == "curve: 2016-08-10T05:00Z  retail price of transactive"
        lines = str(curve.content).splitlines()
        assert len(lines) <= curve.size.height
        assert max(map(len, lines)) <= curve.size.width
        assert "● 68.1 kW at 0.08375 USD/kWh" in str(curve.content)

    walk(do, at=18, size=size)


def test_a_recorded_run_is_stepped_in_the_thread_that_opened_it(congested: Path) -> None:
    async def through(session: StepSession, steps: ThreadPoolExecutor) -> None:
        async with StepScreen(session, steps).run_test() as pilot:
            walk = Walk(pilot)
            await walk.press("n", "n", "n", "c")
            assert "is over" in walk.said
            assert session.differs is None

    with ThreadPoolExecutor(1) as steps:
        session = steps.submit(StepSession.open, congested).result()
        asyncio.run(through(session, steps))
        steps.submit(session.close).result()


# --- the command --------------------------------------------------------------------------------------------


def test_without_textual_one_line_names_the_extra(monkeypatch, capsys) -> None:
    monkeypatch.setitem(sys.modules, "textual", None)
    assert told(cli, ["step", str(SMALL), "--tui"]) == WRONG_INPUT
    assert capsys.readouterr().err == (
        "dso: step --tui needs the extra 'tui': pip install 'dso-engine[tui]'\n"
    )


def test_a_script_and_a_screen_exclude_each_other(capsys) -> None:
    assert told(cli, ["step", str(SMALL), "--tui", "--script", "a.step"]) == WRONG_INPUT
    assert capsys.readouterr().err == (
        "dso: --script runs at the prompt and --tui is a screen for a person; choose one of them\n"
    )


def test_a_screen_needs_a_terminal(capsys) -> None:
    assert told(cli, ["step", str(SMALL), "--tui"]) == WRONG_INPUT
    assert capsys.readouterr().err == "dso: --tui needs a terminal; --script FILE runs commands without one\n"


def test_the_prompt_does_not_load_textual(tmp_path: Path) -> None:
    script = tmp_path / "a.step"
    script.write_text("next\n", encoding="utf-8")
    code = (
        "import sys; from dso.cli.failing import told; from dso.cli.main import cli;"
        f"told(cli, ['step', {str(SMALL)!r}, '--script', {str(script)!r}]); print('textual' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.endswith("False\n")
