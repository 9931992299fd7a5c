"""The chart's rows as one `transitions` machine, which knows legality and the order of exits and entries."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from typing import Any

from transitions.extensions.nesting import HierarchicalMachine, NestedState

from dso.statechart.model import ROOT, Row, State

# Its debug calls cost nearly half of an event's time even when nobody listens.
logging.getLogger("transitions").setLevel(logging.WARNING)


class Walker:
    """A light model: where it is, and which states its last event left and entered."""

    __slots__ = ("entered", "exited", "state")

    def __init__(self, state: str) -> None:
        self.state = state
        self.exited: list[str] = []
        self.entered: list[str] = []


class _RecordingState(NestedState):
    # The default separator "_" would cut names like "market_lead" in two.
    separator = "."

    def scoped_enter(self, event_data: Any, scope: list[str] | None = None) -> None:
        event_data.model.entered.append(".".join([*(scope or []), str(self._name)]))

    def scoped_exit(self, event_data: Any, scope: list[str] | None = None) -> None:
        event_data.model.exited.append(".".join([*(scope or []), str(self._name)]))


class _ChartMachine(HierarchicalMachine):
    state_cls = _RecordingState


class Machine:
    """One chart built once, for any number of walkers.

    Parameters
    ----------
    states : every state by its path, parents before children.
    root_rows : rows that hold in every state that is not final.
    """

    def __init__(self, states: Mapping[str, State], root_rows: Iterable[Row]) -> None:
        tops = [state for state in states.values() if state.parent is None]
        self._machine = _ChartMachine(
            model=None,
            states=[_nested(state, states) for state in tops],
            initial=None,
            auto_transitions=False,
            queued=False,
        )
        for state in states.values():
            self._add(state.path, state.rows)
        for state in tops:
            if not state.final:
                own = {row.event for row in state.rows}
                self._add(state.path, (row for row in root_rows if row.event not in own))

    def _add(self, source: str, rows: Iterable[Row]) -> None:
        for row in rows:
            self._machine.add_transition(row.event, source, row.to)

    def fire(self, walker: Walker, event: str) -> None:
        """Take one event that the walker's state is known to take: the walker moves to the destination."""
        walker.exited.clear()
        walker.entered.clear()
        self._machine.trigger_event(walker, event)


def _nested(state: State, states: Mapping[str, State]) -> dict[str, Any]:
    body: dict[str, Any] = {"name": state.name}
    if state.children:
        body["children"] = [_nested(states[child], states) for child in state.children]
        body["initial"] = (state.initial or ROOT).rpartition(".")[2]
    return body
