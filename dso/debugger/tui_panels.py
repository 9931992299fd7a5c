"""The panels of the screen: each shows one thing that the prompt can say, at the size that it has."""

from __future__ import annotations

from typing import Protocol

from rich.text import Text
from textual import events
from textual.suggester import SuggestFromList
from textual.widgets import DataTable, Input, Static

from dso.chart_catalogue import chart_named
from dso.clock import iso
from dso.debugger import commands, facts, show, show_bids
from dso.debugger.session import StepSession
from dso.debugger.tui_curve import why_not
from dso.errors import InputError
from dso.scenario.times import local_text, zone_of

MOST_LINES = 50  # of the journal


class Panel(Protocol):
    """Shows one thing of a session."""

    def show(self, session: StepSession) -> None:
        """Show how it is now."""


class Status(Static):
    """When it is, in which market, in which state, at what price."""

    def show(self, session: StepSession) -> None:
        """Show where a session is."""
        self.update(Text.assemble(_when(session), "\n", _where(session)))

    def show_going(self, session: StepSession) -> None:
        """Show how far a session has come that another thread is stepping."""
        self.update(Text.assemble(_when(session), "\n", ("going …  Escape stops", "bold")))


def _when(session: StepSession) -> Text:
    local = local_text(session.now_s, zone_of(session.scenario))
    shown = Text.assemble((iso(session.now_s), "bold"), f"   {local} local")
    return shown.append(f"   step {session.engine.steps:,}")


def _where(session: StepSession) -> Text:
    market, machine = session.market, session.machine()
    if market is None:
        return Text("no market is alive")
    price = facts.price(session.engine, market)
    shown = Text.assemble((market, "bold"), f"   {machine.state if machine is not None else 'over'}")
    return shown.append(f"   {price:.5f} USD/kWh" if price is not None else "   no price yet")


class BidsTable(DataTable[str]):
    """What `bids` shows of the market in focus: a row a customer, a column a vertex."""

    def on_mount(self) -> None:
        """Rows are what one points at."""
        self.cursor_type = "row"
        self.zebra_stripes = True

    def show(self, session: StepSession) -> None:
        """List some bids of each sender of the market in focus."""
        try:
            found = show_bids.heard(session)
        except InputError as error:
            self.border_title, found = f"bids: {why_not(error)}", {}
        else:
            said = [each.summary for senders in found.values() for each in senders]
            quiet = [f"{name}: no bids yet" for name, senders in found.items() if not senders]
            self.border_title = "; ".join(said + quiet) or "no tariff has a market operator: nobody bids"
        self._fill([each for senders in found.values() for each in senders])

    def _fill(self, found: list[show_bids.Heard]) -> None:
        most = max((len(vertices) for each in found for _, vertices in each.rows), default=0)
        self.clear(columns=True)
        self.show_header = bool(found)
        if not found:
            return
        self.add_columns("customer", *(["kW @ USD/kWh"] * most))
        for each in found:
            for customer, vertices in each.rows:
                self.add_row(str(customer), *vertices, *[""] * (most - len(vertices)))
            if each.more:
                self.add_row(f"… {each.more}", "more", *[""] * (most - 1))


class Question(Input):
    """A line that asks where to go, hidden until then; Right takes what it suggests."""

    command = ""

    def __init__(self) -> None:
        super().__init__(compact=True)
        self.display = False

    def ask(self, command: str, text: str) -> None:
        """Ask what a command of the prompt needs, beginning with a text."""
        self.command, self.value = command, text
        self.placeholder = " ".join(commands.HELP[command].split())
        names = [path.rpartition(".")[2] for path in chart_named("market").states]
        self.suggester = SuggestFromList(names) if command == "until" else None
        self.display = True
        self.screen.set_focus(self)  # at once: the keys that follow are the answer's


class JournalTail(Static):
    """What `journal` shows: the last steps, as many as there is room for."""

    BORDER_TITLE = "journal"
    lines: tuple[str, ...] = ()  # newest first; a session must not be read while another thread steps it

    def show(self, session: StepSession) -> None:
        """List the last steps, the newest below."""
        self.lines = tuple(show.step_line(entry) for entry in session.entries(MOST_LINES))
        self._list()

    def on_resize(self, _: events.Resize) -> None:
        """List as many as there is room for now."""
        self._list()

    def _list(self) -> None:
        shown = Text()
        for k, line in reversed(list(enumerate(self.lines[: self.size.height]))):
            shown.append(line, "bold" if k == 0 else "dim").append("\n" if k else "")
        shown.highlight_regex(r"  ! .*", "not dim #ffb454")
        self.update(shown)
