"""A chart that runs: which rows hold where, and what each event does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dso.statechart.build import Machine, Walker
from dso.statechart.model import ROOT, Move, Row, State, Timer, parent_of


@dataclass(frozen=True, slots=True, eq=False)
class Chart:
    """One statechart, checked and ready to run.

    There are no guards, so what an event does is a function of state and event alone: it is worked out by
    the `transitions` machine once and remembered. Neither the machine nor that memory is pickled.

    Parameters
    ----------
    name : the chart's name, e.g. `market` or `retail.auction`.
    doc : what the chart describes.
    owner : who owns the states that name no owner of their own or of an ancestor.
    initial : path of the state at the top that is entered first; `initial_leaf` is where it ends up.
    states : every state by its path, in the order of the file, parents before children.
    root_rows : rows that hold in every state that is not final.
    source : the file it came from.
    """

    name: str
    doc: str
    owner: str | None
    initial: str
    states: Mapping[str, State]
    root_rows: tuple[Row, ...]
    source: Path
    _rows: dict[str, dict[str, Row]] = field(default_factory=dict, init=False, repr=False)
    _moves: dict[tuple[str, str], Move | None] = field(default_factory=dict, init=False, repr=False)
    _machine: list[Machine] = field(default_factory=list, init=False, repr=False)

    def __reduce__(self) -> tuple[Any, ...]:
        fields = (self.name, self.doc, self.owner, self.initial, self.states, self.root_rows, self.source)
        return Chart, fields

    @property
    def initial_leaf(self) -> str:
        """The path of the leaf in which the chart starts."""
        return self.entered_at_start[-1]

    @property
    def entered_at_start(self) -> tuple[str, ...]:
        """The states entered at the start, outermost first, beginning with the root "" (for its timers)."""
        path, entered = self.initial, [ROOT]
        while True:
            entered.append(path)
            inner = self.states[path].initial
            if inner is None:
                return tuple(entered)
            path = inner

    @property
    def leaves(self) -> tuple[str, ...]:
        """The paths of the states without children, in the order of the file."""
        return tuple(path for path, state in self.states.items() if not state.children)

    def lineage(self, path: str) -> tuple[str, ...]:
        """A state and the states around it, innermost first, without the root."""
        found = []
        while path != ROOT:
            found.append(path)
            path = parent_of(path)
        return tuple(found)

    def rows_in(self, path: str) -> Mapping[str, Row]:
        """The rows that hold in a state, by event: its own and its ancestors', the innermost wins.

        Raises
        ------
        KeyError : if the chart has no such state.
        """
        if path not in self._rows:
            self._rows[path] = self._effective_rows(path)
        return self._rows[path]

    def _effective_rows(self, path: str) -> dict[str, Row]:
        if self.states[path].final:
            return {}
        rows: dict[str, Row] = {}
        for level in (*(self.states[p].rows for p in self.lineage(path)), self.root_rows):
            for row in level:
                rows.setdefault(row.event, row)
        return rows

    def move(self, path: str, event: str) -> Move | None:
        """What an event does in a leaf, or None where the leaf does not take it.

        Raises
        ------
        KeyError : if the chart has no such state.
        """
        key = (path, event)
        if key not in self._moves:
            self._moves[key] = self._work_out(path, event)
        return self._moves[key]

    def _work_out(self, path: str, event: str) -> Move | None:
        row = self.rows_in(path).get(event)
        if row is None:
            return None
        walker = Walker(path)
        self.machine().fire(walker, event)
        return Move(
            event=event,
            source=path,
            destination=walker.state,
            exited=tuple(walker.exited),
            entered=tuple(walker.entered),
            degraded=row.degraded,
            internal=row.to is None,
        )

    def machine(self) -> Machine:
        """The chart as a `transitions` machine, built at first use."""
        if not self._machine:
            self._machine.append(Machine(self.states, self.root_rows))
        return self._machine[0]

    def timers(self, path: str) -> tuple[Timer, ...]:
        """The timers that a state declares itself: armed when it is entered, disarmed when it is left.

        The root's are those of the path "" (depth 0); they end with the machine, in a final state.

        Raises
        ------
        KeyError : if the chart has no such state.
        """
        state = self.states[path] if path != ROOT else None
        rows = state.rows if state else self.root_rows
        depth = state.depth if state else 0
        return tuple(Timer(row.name, depth, path) for row in rows if row.kind == "timer")
