"""What a chart must fulfil before it is run: one small rule each, every rule a list of problems."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from dso.clock import iso
from dso.errors import Problem
from dso.statechart.chart import Chart
from dso.statechart.model import Row, State

Rule = Callable[[Chart], Iterator[Problem]]


def check_chart(chart: Chart) -> list[Problem]:
    """What is wrong with a chart whose rows all lead somewhere, whatever names it uses."""
    problems = [problem for rule in STATE_RULES for problem in rule(chart)]
    if any(state.final and (state.rows or state.children) for state in chart.states.values()):
        return problems  # what such a state leads to would be called unreachable, which it is not meant to be
    return problems + [problem for rule in PATH_RULES for problem in rule(chart)]


def problem_at(chart: Chart, line: int, path: str, what: str) -> Problem:
    """A problem that names the file, the line and the state."""
    return Problem(f"{chart.source.name}:{line} {path}".rstrip(), what)


def check_deadlines(order: Sequence[tuple[str, int | None]], where: str = "") -> list[Problem]:
    """Which of some instants come too early.

    Parameters
    ----------
    order : names and instants [s since the epoch] that must not decrease; None is skipped.
    where : what to put in front of each problem.
    """
    known = [(name, instant) for name, instant in order if instant is not None]
    one_day = len({iso(instant)[:10] for _, instant in known}) == 1
    found, latest = [], known[:1]
    for name, instant in known[1:]:
        before, limit = latest[0]
        if instant < limit:
            first, second = (iso(t)[11:-1] if one_day else iso(t) for t in (limit, instant))
            found.append(Problem(where, f"{before} ({first}) must not be after {name} ({second})"))
        else:
            latest = [(name, instant)]
    return found


def _final_states_end_it(chart: Chart) -> Iterator[Problem]:
    for state in chart.states.values():
        if not state.final:
            continue
        if state.children:
            yield _at_state(chart, state, "a final state has no states inside; remove final or the states")
        for row in state.rows:
            what = f"'{row.name}' leads out of a final state; remove the row, or final"
            yield problem_at(chart, row.line, state.path, what)
        if state.parent is not None:
            what = f"a final state must stand at the top: the rows of '{state.parent}' would lead out of it"
            yield _at_state(chart, state, what)


def _handlers_stand_on_leaves(chart: Chart) -> Iterator[Problem]:
    for state in chart.states.values():
        if state.children and state.do:
            inner = chart.states[state.initial or state.children[0]].name
            what = f"do on a state with states inside is not supported; put it on '{inner}'"
            yield _at_state(chart, state, what)
        elif state.do and not state.final and not _outcomes(state):
            what = f"do without outcomes: say where each answer of '{state.do}' leads"
            yield _at_state(chart, state, what)
        elif _outcomes(state) and not state.do and not state.final:
            names = ", ".join(row.name for row in _outcomes(state))
            yield _at_state(chart, state, f"outcomes without do: name the handler that answers {names}")


def _one_row_for_each_event(chart: Chart) -> Iterator[Problem]:
    # A message row further in replaces one further out: that is how a chart makes an exception. An outcome
    # that bears a message's name is refused: nobody could tell the one from the other.
    for path in chart.leaves:
        outer = [row for p in chart.lineage(path)[1:] for row in chart.states[p].rows] + [*chart.root_rows]
        messages = {row.event: row.line for row in outer if row.kind == "external"}
        for row in _outcomes(chart.states[path]):
            if row.event in messages:
                what = f"outcome '{row.name}' is also a message taken here, by line {messages[row.event]}"
                yield problem_at(chart, row.line, path, f"{what}; rename one of them")


def _every_state_is_reached(chart: Chart) -> Iterator[Problem]:
    reached = reached_states(chart)
    for state in chart.states.values():
        if state.path not in reached and (state.parent is None or state.parent in reached):
            what = f"cannot be reached from '{chart.initial_leaf}'; add a row that leads here, or remove it"
            yield _at_state(chart, state, what)


def _every_state_is_left(chart: Chart) -> Iterator[Problem]:
    for path in chart.leaves:
        state = chart.states[path]
        if not state.final and not _unanswered(state) and not _exits(chart, path):
            what = "a dead end: give it, or a state around it, a row that leads to another state"
            yield _at_state(chart, state, what)


def _every_wait_ends(chart: Chart) -> Iterator[Problem]:
    for path in chart.leaves:
        state = chart.states[path]
        answers = [row for row in state.rows if row.kind == "outcome"]
        waits = not (state.do or answers) or any(row.to is None for row in answers)
        exits = _exits(chart, path)
        if not state.final and waits and exits and not any(row.kind == "timer" for row in exits):
            what = "a wait without a time exit: give it, or a state around it, an at that leads elsewhere"
            yield _at_state(chart, state, what)


def reached_states(chart: Chart) -> set[str]:
    """Every state that some sequence of events enters."""
    reached, waiting = set(chart.entered_at_start), [chart.initial_leaf]
    seen = set(waiting)
    while waiting:
        path = waiting.pop()
        moves = (chart.move(path, event) for event in chart.rows_in(path))
        for move in moves:
            if move is not None:
                reached.update(move.entered)
                if move.destination not in seen:
                    seen.add(move.destination)
                    waiting.append(move.destination)
    return reached


def _exits(chart: Chart, path: str) -> list[Row]:
    # A message at the root (`fatal`) is for what breaks: no state may rely on it to be left. A timer will do.
    rescues = {row for row in chart.root_rows if row.kind == "external"}
    moves = {row: chart.move(path, row.event) for row in chart.rows_in(path).values() if row not in rescues}
    return [row for row, move in moves.items() if move is not None and move.destination != path]


def _outcomes(state: State) -> list[Row]:
    return [row for row in state.rows if row.kind == "outcome"]


def _unanswered(state: State) -> bool:
    return state.do is not None and not _outcomes(state)


def _at_state(chart: Chart, state: State, what: str) -> Problem:
    return problem_at(chart, state.line, state.path, what)


STATE_RULES: tuple[Rule, ...] = (
    _final_states_end_it,
    _handlers_stand_on_leaves,
    _one_row_for_each_event,
)
PATH_RULES: tuple[Rule, ...] = (
    _every_state_is_reached,
    _every_state_is_left,
    _every_wait_ends,
)
