"""The prompt of `dso step`: one method a command; what is wrong is told in one line, and nothing happens."""

from __future__ import annotations

import cmd
import shlex
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, TextIO

from rich.console import Console
from rich.text import Text

from dso.clock import iso
from dso.debugger import commands, saved, show, show_bids, show_chart, show_curve
from dso.debugger.session import StepSession, Stop, near

INTRO = "Each step is one event. help lists the commands; an empty line repeats the last one."


class Prompt(cmd.Cmd):
    """Commands for a session; see `help`.

    Parameters
    ----------
    session : what is stepped.
    out : where answers go; a terminal gets colours.
    width : characters in a line, the terminal's if not given.
    """

    def __init__(self, session: StepSession, out: TextIO | None = None, width: int | None = None) -> None:
        super().__init__(stdout=out)
        self.session = session
        self.console = Console(file=out, width=width, highlight=False, soft_wrap=True)
        self.failed = False
        self.told_difference = False

    @property
    def prompt(self) -> str:  # type: ignore[override]
        """Where the session is."""
        return f"{iso(self.session.now_s)} {self.session.market or 'no market'}> "

    def say(self, lines: Iterable[str], style: str | None = None) -> None:
        """Print lines; what is lit in a drawing is bold."""
        for line in list(lines):  # what goes wrong on the way prints nothing
            lit = "bold" if line.startswith("▶") else None
            self.console.print(Text(line, style=style or lit or ""))

    def wrong(self, what: str) -> None:
        """Tell what is wrong with a command."""
        self.failed = True
        self.say([f"? {what}"], "red")

    # --- how a line is taken ------------------------------------------------------------------------------

    def onecmd(self, line: str) -> bool:
        """Run one line; nothing that goes wrong ends the prompt."""
        try:
            return bool(super().onecmd(line))
        except commands.MISTAKES as error:
            self.wrong(commands.mistake(error))
        return False

    def default(self, line: str) -> None:
        """Refuse what is no command, with the nearest that is."""
        word = line.split(None, 1)[0]
        if line == "EOF":
            return
        self.wrong(f"there is no command '{word}'; {near(word, commands.HELP, 'help lists them')}")

    def do_EOF(self, _: str) -> bool:  # noqa: N802  the name that cmd gives the end of input
        """End."""
        return True

    def do_quit(self, _: str) -> bool:
        """End."""
        return True

    def do_help(self, arg: str) -> None:
        """Say what there is, or what one command does."""
        self.say(commands.help_lines(arg.strip()))

    # --- stepping -----------------------------------------------------------------------------------------

    def stopped(self, stop: Stop) -> None:
        """Tell where the session stands."""
        if stop.last is not None and stop.steps >= 0:
            self.say([show.step_line(stop.last)])
        if stop.reason:
            self.say([f"      ■ {stop.reason}"], "bold")
        if stop.steps != 1:
            self.say([f"        {commands.how_far(self.session, stop)}"], "dim")
        if self.session.differs is not None and not self.told_difference:
            self.told_difference = True
            self.wrong(f"not as recorded: {self.session.differs}")

    def do_next(self, arg: str) -> None:
        """Take steps."""
        self.stopped(self.session.next(commands.count_of(arg)))

    def do_event(self, arg: str) -> None:
        """Go to the next step of the market in focus."""
        for _ in range(commands.count_of(arg)):
            self.stopped(self.session.event())

    def do_tick(self, arg: str) -> None:
        """Take all that is due at the next instant."""
        for _ in range(commands.count_of(arg)):
            self.stopped(self.session.tick())

    def do_cycle(self, _: str) -> None:
        """Go to the end of the market in focus."""
        self.stopped(self.session.cycle())

    def do_until(self, arg: str) -> None:
        """Go to a state, an instant or a market."""
        self.stopped(commands.until(self.session, arg.strip()))

    def do_back(self, arg: str) -> None:
        """Take steps back."""
        self.stopped(self.session.back(commands.count_of(arg)))

    def do_goto(self, arg: str) -> None:
        """Go to an instant or a step, forth or back."""
        self.stopped(commands.goto(self.session, arg.strip()))

    def do_break(self, arg: str) -> None:
        """Set a breakpoint, or list them."""
        kind, _, what = arg.strip().partition(" ")
        if kind:
            self.session.break_at(kind, what.strip())
        points = [f"  {k}  {b}" for k, b in enumerate(self.session.breakpoints, 1)]
        self.say(points or ['no breakpoints; such as: break when "price > 0.30"'])

    def do_clear(self, arg: str) -> None:
        """Take a breakpoint away, or all."""
        points = self.session.breakpoints
        if not arg.strip():
            points.clear()
            return
        number = commands.count_of(arg)
        if number > len(points):
            raise show.wrong(f"there is no breakpoint {number}; there are {len(points)}")
        del points[number - 1]

    # --- looking ------------------------------------------------------------------------------------------

    def do_market(self, arg: str) -> None:
        """Put a market into focus, or list those that are alive."""
        if arg.strip():
            self.session.look_at(None if arg.strip() == "any" else arg.strip())
        alive = self.session.engine.markets
        mark = self.session.market
        self.say(f"{'▶' if name == mark else ' '} {name}  {m.state}" for name, m in alive.items())

    def do_bids(self, arg: str) -> None:
        """Show what was bid."""
        tariff, customer = commands.tariff_and_number(arg)
        self.say(show_bids.bids(self.session, tariff, customer))

    def do_curve(self, arg: str) -> None:
        """Draw demand, supply, limit and clearing."""
        tariff, interval = commands.tariff_and_number(arg)
        self.say(show_curve.curve(self.session, tariff, interval))

    def do_limits(self, _: str) -> None:
        """Show what the DO has limited."""
        self.say(show.limits(self.session))

    def do_awards(self, arg: str) -> None:
        """Show prices and awards."""
        what = arg.strip()
        customer = None if what in ("", "all") else commands.count_of(what, least=0)
        self.say(show.awards(self.session, customer, whole=what == "all"))

    def do_ledger(self, _: str) -> None:
        """Show all accounts."""
        self.say(show.ledger(self.session))

    def do_journal(self, arg: str) -> None:
        """Show the last steps."""
        entries = list(self.session.entries(commands.count_of(arg, 10)))
        self.say(show.step_line(e) for e in reversed(entries))

    def do_graph(self, arg: str) -> None:
        """Show where the market is in its chart."""
        self.say(show_chart.graph(self.session, arg.strip()))

    def do_why(self, arg: str) -> None:
        """Say why an event was not taken, or whom the market waits for."""
        event, _, machine = arg.strip().partition(" ")
        self.say(show_chart.why(self.session, event, machine.strip()))

    def do_diff(self, _: str) -> None:
        """Say what has changed since the last stop."""
        self.say(commands.difference(self.session))

    # --- from outside -------------------------------------------------------------------------------------

    def _sent(self, send: Callable[[StepSession, list[str]], str], arg: str) -> None:
        try:
            words = shlex.split(arg)
        except ValueError as error:
            raise show.wrong(f"{error}; close the quotes") from error
        self.say([send(self.session, words)])

    def do_post(self, arg: str) -> None:
        """Send a message."""
        self._sent(commands.post, arg)

    def do_bid(self, arg: str) -> None:
        """Send a bid."""
        self._sent(commands.bid, arg)

    def do_fault(self, arg: str) -> None:
        """Let something go wrong."""
        if not arg.strip():
            self.say(commands.fault_lines())
            return
        self._sent(commands.fault, arg)

    def do_save(self, arg: str) -> None:
        """Put the session away."""
        path = commands.path_of(arg, "save")
        saved.save(self.session, path)
        self.say([f"saved: {path} (after step {self.session.engine.steps:,})"])

    def do_load(self, arg: str) -> None:
        """Take a saved session up."""
        path = commands.path_of(arg, "load")
        taken = saved.load(path)
        self.session.close()
        self.session = taken
        self.say([f"loaded: {path}; now {iso(taken.now_s)}, after step {taken.engine.steps:,}"])

    def completenames(self, text: str, *ignored: Any) -> list[str]:
        """Commands that begin with a text."""
        return [name for name in commands.HELP if name.startswith(text)]


def run_script(prompt: Prompt, script: Path) -> bool:
    """Run the lines of a script and print each before its answer; whether all of them could be run.

    Empty lines and lines that begin with # are printed as they are.
    """
    try:
        lines = script.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise show.wrong(f"{script} cannot be read: {error}") from error
    for line in lines:
        if not line.strip() or line.lstrip().startswith("#"):
            prompt.say([line])
            continue
        prompt.say([f"> {line.strip()}"], "bold")
        if prompt.onecmd(line.strip()):
            break
    return not prompt.failed
