"""The screen of `dso step --tui`: keys lead to a session's own commands, panels show where they have led."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from pathlib import Path
from typing import ClassVar

from rich.text import Text
from textual import events
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.widgets import Footer, Input, Static

from dso.chart_catalogue import chart_named
from dso.debugger import commands
from dso.debugger.session import StepSession, Stop
from dso.debugger.tui_curve import CurvePlot
from dso.debugger.tui_panels import BidsTable, JournalTail, Panel, Question, Status
from dso.debugger.tui_tree import StateTree

Command = Callable[[StepSession], Stop]

SHORT: dict[str, Command] = {"next": lambda session: session.next(), "back": lambda session: session.back()}
LONG: dict[str, Command] = {"cycle": StepSession.cycle}
ASKED: dict[str, Callable[[StepSession, str], Stop]] = {"until": commands.until, "goto": commands.goto}
GOING_S = 0.1  # between two looks at how far a long command has come


def step_on_screen(path: Path, folder: Path | None = None) -> None:
    """Walk through a scenario or a run on a screen until it is closed; see `StepSession.open`."""
    with ThreadPoolExecutor(1, "steps") as steps:  # one thread: a run's file must be read where it was opened
        session = steps.submit(StepSession.open, path, folder).result()
        try:
            fault = StepScreen(session, steps).run()
        finally:
            session.interrupted = True
            steps.submit(session.close).result()
    if fault is not None:
        raise fault


class StepScreen(App[BaseException]):
    """Keys and panels for a session; it returns the fault that ended it, if one did.

    Parameters
    ----------
    session : what is stepped.
    steps : where its steps are taken, one command after the other.
    """

    TITLE = "dso step"
    CSS_PATH = "tui.tcss"
    ENABLE_COMMAND_PALETTE = False
    AUTO_FOCUS = ""
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("n", "do('next')", "next"),
        Binding("c", "go('cycle')", "cycle"),
        Binding("b", "do('back')", "back"),
        Binding("u", "ask('until')", "until"),
        Binding("g", "ask('goto')", "goto"),
        Binding("escape", "stop", "stop"),
        Binding("q", "quit", "quit"),
    ]

    def __init__(self, session: StepSession, steps: Executor) -> None:
        super().__init__()
        self.session = session
        self.steps = steps
        self.going = self.stopping = self.leaving = False
        self.told_difference = False

    def compose(self) -> ComposeResult:
        """The panels, what a command has come to, the question, the keys."""
        yield Status()
        with Horizontal(id="panels"):
            yield StateTree(chart_named("market"))
            with Vertical(id="market"):
                yield CurvePlot()
                yield BidsTable()
        yield JournalTail()
        yield Static(id="said")
        yield Question()
        yield Footer(compact=True)

    def on_mount(self) -> None:
        """Show where the session is to begin with."""
        self.set_interval(GOING_S, self._look)
        self.call_after_refresh(self._show)
        self._say("each step is one event; n takes the next")

    # --- keys ---------------------------------------------------------------------------------------------

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Whether a key can be used now; while steps are taken, only stop and quit."""
        if action == "stop":
            return True if self.going or self.query_one(Question).display else None
        return None if self.going and action in ("do", "go", "ask") else True

    def action_do(self, name: str) -> None:
        """Run a short command."""
        done = self.steps.submit(SHORT[name], self.session)
        done.exception()  # waits
        self._done(done)

    def action_go(self, name: str) -> None:
        """Run a command that may be long."""
        self._go(LONG[name])

    def action_ask(self, name: str) -> None:
        """Ask where to go."""
        self._ask(name)

    def action_stop(self) -> None:
        """Stop between two steps, or forget a question."""
        self.stopping = self.session.interrupted = self.going
        self._forget()

    async def action_quit(self) -> None:
        """End, after the step that is being taken."""
        if self.going:
            self.leaving = self.stopping = self.session.interrupted = True
        else:
            self.exit()

    # --- commands -----------------------------------------------------------------------------------------

    def _go(self, command: Command, otherwise: Callable[[], None] | None = None) -> None:
        """Run a command that may be long, while keys are heard; do something otherwise if it could not be."""

        async def wait() -> None:
            done = self.steps.submit(command, self.session)
            await asyncio.gather(asyncio.wrap_future(done), return_exceptions=True)
            self.going = self.stopping = False
            if not self._done(done) and otherwise is not None:
                otherwise()
            if self.leaving:
                self.exit()

        self.going = True
        self.refresh_bindings()
        self.run_worker(wait())

    def _look(self) -> None:
        """Show how far a long command has come, and stop it where that was asked before it had begun."""
        if self.going:
            self.session.interrupted |= self.stopping
            self.query_one(Status).show_going(self.session)

    def _done(self, done: Future[Stop]) -> bool:
        error = done.exception()
        if isinstance(error, commands.MISTAKES):
            self._say(f"? {commands.mistake(error)}", wrong=True)
        elif error is not None:
            self.exit(error)
        else:
            self._stopped(done.result())
        self._show()
        return error is None

    def _stopped(self, stop: Stop) -> None:
        reason = f"■ {stop.reason}; " if stop.reason else ""
        self._say(f"{reason}{commands.how_far(self.session, stop)}")
        if self.session.differs is not None and not self.told_difference:
            self.told_difference = True
            self._say(f"? not as recorded: {self.session.differs}", wrong=True)

    # --- what is asked ------------------------------------------------------------------------------------

    def _ask(self, command: str, text: str = "") -> None:
        self.query_one(Question).ask(command, text)
        self.refresh_bindings()

    def _forget(self) -> None:
        self.set_focus(None)
        self.query_one(Question).display = False
        self.refresh_bindings()

    async def on_key(self, key: events.Key) -> None:
        """What was typed before the question stood there belongs to the answer, too."""
        question = self.query_one(Question)
        if not question.display:
            return
        if key.key == "enter":
            key.prevent_default()
            await question.action_submit()
        elif key.is_printable and key.character:
            key.prevent_default()
            question.insert_text_at_cursor(key.character)

    def on_input_submitted(self, answered: Input.Submitted) -> None:
        """Go where it was said; what is wrong can be corrected."""
        self._forget()
        command, text = self.query_one(Question).command, answered.value.strip()
        self._go(lambda session: ASKED[command](session, text), lambda: self._ask(command, text))

    # --- showing ------------------------------------------------------------------------------------------

    def _say(self, what: str, *, wrong: bool = False) -> None:
        self.query_one("#said", Static).set_class(wrong, "wrong").update(Text(what))

    def _show(self) -> None:
        one = self.query_one
        panels: list[Panel] = [one(Status), one(StateTree), one(CurvePlot), one(BidsTable), one(JournalTail)]
        try:
            for panel in panels:
                panel.show(self.session)
        except Exception as error:  # noqa: BLE001  whoever runs the screen tells it in plain words
            self.exit(error)
        self.refresh_bindings()
