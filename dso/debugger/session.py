"""A session that walks through a study step by step, forth and back, without any user interface."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from dso.chart_catalogue import chart_named, shipped_charts
from dso.clock import iso
from dso.debugger.breakpoints import Breakpoint, breakpoint_of, enters
from dso.debugger.facts import everything, market_of
from dso.debugger.faults import FAULTS, MACHINE
from dso.debugger.history import Entry, History
from dso.debugger.source import Recorded, Source, source_of
from dso.engine.work import Machine
from dso.errors import InputError, Problem
from dso.statechart.form import suggest


@dataclass(frozen=True, slots=True)
class Stop:
    """Why a session stands still, and how many steps it has taken to get there."""

    reason: str
    steps: int
    last: Entry | None


Reached = Callable[[Entry], str | None]  # after a step: why to stop here
Ahead = Callable[[int], str | None]  # before a step that is due at an instant: why not to take it


class StepSession:
    """Steps a scenario, or a recorded run, and can go back anywhere.

    Parameters
    ----------
    source : what it is made from; see `StepSession.open`.
    """

    def __init__(self, source: Source) -> None:
        self.source = source
        self.scenario = source.scenario()
        self.history = History(source.engine())
        self.engine = self.history.engine
        self.recorded = Recorded(source.run) if source.run is not None else None
        self.differs: str | None = None  # the first step that is not as it was recorded
        self.breakpoints: list[Breakpoint] = []
        self.focus: str | None = None  # the market that a person looks at
        self.running = self.interrupted = False
        self.before_stop: Mapping[str, str] = everything(self.engine)
        self._last: Entry | None = None

    @classmethod
    def open(cls, path: Path | str, folder: Path | None = None) -> StepSession:
        """A session for a scenario's file or a run's; see `source_of`."""
        return cls(source_of(Path(path), folder))

    def close(self) -> None:
        """Let go of all files."""
        self.history.close()
        if self.recorded is not None:
            self.recorded.close()

    # --- where it is --------------------------------------------------------------------------------------

    @property
    def now_s(self) -> int:
        """When the last step happened [s]."""
        return self.engine.now_s

    @property
    def market(self) -> str | None:
        """The market in focus: the one that was chosen, or that of the last step, or any."""
        alive = self.engine.markets
        if self.focus is not None:
            return self.focus
        for entry in self.history.latest(50):
            if entry.step is not None and market_of(entry.step.machine) in alive:
                return market_of(entry.step.machine)
        return next(iter(alive), None)

    def machine(self) -> Machine | None:
        """The machine of the market in focus, None if it is over or not yet spawned."""
        return self.engine.machines.get(self.market or "")

    def look_at(self, market: str | None) -> None:
        """Put a market into focus, or follow the steps again.

        Raises
        ------
        InputError : the market is not alive, with the nearest that are.
        """
        if market is not None and market not in self.engine.markets:
            raise _wrong(f"no market '{market}' is alive; {suggest(market, self.engine.markets)}")
        self.focus = market

    # --- forward ------------------------------------------------------------------------------------------

    def go(self, reached: Reached | None = None, ahead: Ahead | None = None) -> Stop:
        """Take steps until a condition or a breakpoint; the interrupted flag stops it between two steps.

        Parameters
        ----------
        reached : asked after each step why to stop.
        ahead : asked before each step why not to take it.
        """
        self.before_stop, self.interrupted = everything(self.engine), False
        self.running = True
        try:
            return self._go(reached, ahead)
        finally:
            self.running = False

    def _go(self, reached: Reached | None, ahead: Ahead | None) -> Stop:
        steps, reason, last = 0, None, None
        while reason is None:
            due_s = self.engine.next_time()
            if due_s is None:
                reason = "nothing waits any more: the study is over"
            elif ahead is not None and (why := ahead(due_s)) is not None:
                reason = why
            elif self.interrupted:
                reason = "interrupted"
            else:
                last = self._take()
                steps += 1
                reason = self._stops(last) or (reached(last) if reached is not None else None)
        return Stop(reason, steps, last)

    def _take(self) -> Entry:
        entry = self.history.step()
        assert entry is not None  # something is due
        assert entry.step is not None  # else it has raised
        if self.recorded is not None and self.differs is None and not self.history.posted:
            self.differs = self.recorded.difference(entry.step)
        return entry

    def _stops(self, entry: Entry) -> str | None:
        hit = [str(b) for b in self.breakpoints if b.hit(self.engine, entry)]
        return f"break {hit[0]}" if hit else None

    def next(self, count: int = 1) -> Stop:
        """Take some steps."""
        left = iter(range(count - 1, -1, -1))
        return self.go(lambda entry: None if next(left) else "")

    def event(self) -> Stop:
        """Go to the next step of the market in focus or of one of its tariffs."""
        market = self.market
        return self.go(lambda e: "" if e.step and market_of(e.step.machine) == market else None)

    def tick(self) -> Stop:
        """Take everything that is due at the next instant."""
        first = self.engine.next_time()
        return self.go(ahead=lambda due_s: "" if due_s != first else None)

    def cycle(self) -> Stop:
        """Go to the end of the cycle of the market in focus."""
        market = self.market
        if market is None or market not in self.engine.machines:
            raise _wrong("no market is alive; until TIME leads to one")
        return self.go(lambda _: None if market in self.engine.machines else f"{market} is over")

    def until_state(self, name: str) -> Stop:
        """Go to where the market in focus, or any machine without one, enters a state."""
        path = self.state_named(name)
        return self.go(lambda e: f"{path} is entered" if self._entered(e, path) else None)

    def _entered(self, entry: Entry, path: str) -> bool:
        step = entry.step
        ours = self.focus is None or (step is not None and market_of(step.machine) == self.focus)
        return step is not None and ours and enters(step, path)

    def until_time(self, at_s: int) -> Stop:
        """Take everything that is due until an instant, inclusive."""
        return self.go(ahead=lambda due_s: f"until {iso(at_s)}" if due_s > at_s else None)

    def until_market(self, market: str) -> Stop:
        """Go to where a market is spawned, and put it into focus."""
        stop = self.go(lambda _: f"{market} is there" if market in self.engine.machines else None)
        if market in self.engine.machines:
            self.focus = market
        return stop

    def state_named(self, name: str) -> str:
        """The path of a state from its path or its last part.

        Raises
        ------
        InputError : no chart has it, or several have.
        """
        paths = [path for chart in shipped_charts() for path in chart_named(chart).states]
        if name in paths:
            return name
        ends = sorted({path for path in paths if path.rpartition(".")[2] == name})
        if len(ends) == 1:
            return ends[0]
        hint = (
            f"there is {' and '.join(ends)}"
            if ends
            else near(name, [*paths, *_names(paths)], "graph shows those of a market")
        )
        raise _wrong(f"there is no state '{name}'; {hint}")

    def break_at(self, kind: str, what: str = "") -> Breakpoint:
        """Set a breakpoint; see `breakpoint_of`."""
        made = breakpoint_of(kind, what, self.state_named)
        self.breakpoints.append(made)
        return made

    # --- backward -----------------------------------------------------------------------------------------

    def back(self, count: int = 1) -> Stop:
        """Take steps back; messages that were posted later than where one arrives are forgotten."""
        return self._back(lambda taken: taken < count)

    def goto_time(self, at_s: int) -> Stop:
        """Go to the last step at or before an instant, forth or back."""
        if at_s >= self.now_s:
            return self.until_time(at_s)
        return self._back(lambda _: self.now_s > at_s)

    def goto_step(self, number: int) -> Stop:
        """Go to after a step, forth or back."""
        if number > self.engine.steps:
            return self.next(number - self.engine.steps)
        return self._back(lambda _: self.engine.steps > number)

    def _back(self, further: Callable[[int], bool]) -> Stop:
        self.before_stop = everything(self.engine)
        posted, taken, entry = len(self.history.posted), 0, None
        while further(taken) and (undone := self.history.back()) is not None:
            taken, entry = taken + 1, undone
        for each in self.breakpoints:
            each.holds_for.clear()
        lost = posted - len(self.history.posted)
        what = f"{lost} message{'s' if lost > 1 else ''} posted later forgotten" if lost else ""
        return Stop(what or ("the beginning" if further(taken) else ""), -taken, entry)

    # --- from outside -------------------------------------------------------------------------------------

    def post(self, machine: str, event: str, at_s: int | None = None, **payload: Any) -> None:
        """Send a message from outside; it is journalled as external.

        Raises
        ------
        InputError : no such machine is alive, or no state of its chart takes such a message.
        """
        target = self.engine.machines.get(machine)
        if target is None:
            raise _wrong(f"there is no machine '{machine}'; {suggest(machine, self.engine.machines)}")
        chart = target.chart
        rows = [*chart.root_rows, *(row for state in chart.states.values() for row in state.rows)]
        known = sorted({row.event for row in rows if row.kind == "external"})
        if event not in known:
            raise _wrong(f"no state of {machine} takes '{event}'; {suggest(event, known)}")
        self.engine.post(machine, event, at=at_s, **payload)

    def fault(self, name: str, **how: Any) -> None:
        """Let something go wrong; see `FAULTS`."""
        if name not in FAULTS:
            raise _wrong(f"there is no fault '{name}'; {suggest(name, FAULTS)}")
        if name == "derate" and not how.get("off") and not isinstance(how.get("kw"), int | float):
            raise _wrong("derate needs a power, such as: fault derate kw=5000")
        if name == "outage":
            self._outage(how)
        else:
            self.post(MACHINE, "fault", name=name, **how)

    def _outage(self, how: dict[str, Any]) -> None:
        """An element fails or is restored: a message to the DSO itself, whatever plays faults."""
        off, known = how.pop("off", False), self.engine.world.distribution.elements
        element = str(how.get("element", known[0]))
        if element not in known:
            raise _wrong(f"there is no element '{element}'; {near(element, known, f'such as {known[0]}')}")
        self.post("dso", "restored" if off else "outage", **{**how, "element": element})

    def entries(self, count: int | None = None) -> Iterator[Entry]:
        """The last steps, newest first."""
        return self.history.latest(count)


def _names(paths: list[str]) -> list[str]:
    return [path.rpartition(".")[2] for path in paths]


def near(name: str, known: Iterable[str], otherwise: str) -> str:
    """The end of a sentence about an unknown name: the nearest that is known, else where to look."""
    found = get_close_matches(name, list(known), n=1)
    return f"did you mean '{found[0]}'?" if found else otherwise


def _wrong(what: str) -> InputError:
    return InputError([Problem("", what)])
