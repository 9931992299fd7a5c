"""The inside of boxes and the words on arrows, in Graphviz' HTML-like language."""

from __future__ import annotations

import html
from collections.abc import Iterable
from textwrap import wrap

from dso.statechart.draw_colours import DEGRADED, LINE, LIT, OWNER_COLOURS, PASSED
from dso.statechart.draw_plan import MARKS, Edge, Plan, numbered, row_text
from dso.statechart.model import Row, State

_TABLE = '<table border="0" cellborder="0" cellspacing="0" cellpadding="1">'
_CLOCK = "◷"  # the fonts that Graphviz finds seldom have ⏱
_WIDTH = 28  # signs on a line
_IN = "\N{NO-BREAK SPACE}" * 2
_NARROW = "\N{NO-BREAK SPACE}"  # between an arrow and its words


def state_label(plan: Plan, state: State) -> str:
    """Name and owner, what it does on entry, when it is left, what it hears without leaving."""
    inside = [] if plan.is_outside(state.path) else [_small(text) for text in _inside(plan, state)]
    if not inside:
        return _title(plan, state)
    rows = "".join(f"<tr><td>{line}</td></tr>" for line in [_title(plan, state), *inside])
    return f"{_TABLE}{rows}</table>"


def cluster_label(plan: Plan, state: State) -> str:
    """What `state_label` says, side by side while there is room."""
    lines, room = [_title(plan, state)], _WIDTH
    for text in _inside(plan, state):
        room -= len(text)
        if room < 0:
            lines.append(_small(text))
        else:
            lines[-1] += f"   {_small(text)}"
    return _left(lines)


def edge_label(edge: Edge) -> str:
    """What takes one along an arrow, one event a line; the reason of a degraded one after it."""
    return _left(line for row in edge.rows for line in _row_label(row, edge.steps[row_text(row)]))


def legend(plan: Plan) -> str:
    """What the colours and signs mean, as far as the drawing has them."""
    title = plan.chart.name if plan.inside is None else f"{plan.chart.name}: {plan.inside}"
    cells = [f"<td><b>{escaped(title)}</b></td>"]
    for owner in plan.owners:
        look = OWNER_COLOURS[owner]
        cells.append(
            f'<td border="1" bgcolor="{look.fill}" color="{look.stroke}">'
            f'<font color="{look.text}"> {owner} </font></td>'
        )
    cells += [f'<td><font color="{colour}">{text}</font></td>' for text, colour in _signs(plan)]
    return (
        f'<table border="0" cellborder="0" cellspacing="4" cellpadding="2"><tr>{"".join(cells)}</tr></table>'
    )


def escaped(text: str) -> str:
    """A text on one line, without signs of markup."""
    return html.escape(" ".join(text.split()))


def _signs(plan: Plan) -> Iterable[tuple[str, str]]:
    yield f"✉ message   {_CLOCK} timer", LINE
    if any(row.degraded for edge in plan.edges.values() for row in edge.rows):
        yield "⚠ ╌╌ degraded", DEGRADED
    if plan.passed:
        yield "<b>passed</b>", PASSED
    if plan.lit:
        yield "<b>active</b>", LIT


def _title(plan: Plan, state: State) -> str:
    owner = f'  <font point-size="8">{state.owner}</font>' if state.owner else ""
    return f"<b>{escaped(plan.title(state))}</b>{owner}"


def _row_label(row: Row, steps: tuple[int, ...]) -> Iterable[str]:
    words = [numbered(f"{MARKS[row.kind]}{row.name}", steps)]
    if row.degraded:
        words += wrap(
            f"⚠\N{NO-BREAK SPACE}{row.degraded}", _WIDTH, initial_indent=_IN, subsequent_indent=3 * _IN
        )
    for line in map(_drawn, words):
        coloured = f'<font color="{DEGRADED}">{line}</font>' if row.degraded else line
        yield f"<b>{coloured}</b>" if steps else coloured


def _left(lines: Iterable[str]) -> str:
    rows = "".join(f'<tr><td align="left">{_NARROW}{line}</td></tr>' for line in lines)
    return f'<table border="0" cellborder="0" cellspacing="0" cellpadding="0">{rows}</table>'


def _drawn(text: str) -> str:
    return html.escape(text).replace(MARKS["timer"].strip(), _CLOCK)


def _inside(plan: Plan, state: State) -> Iterable[str]:
    if state.do:
        yield f"do / {state.do}"
    timers = dict.fromkeys(row.name for row in state.rows if row.kind == "timer")
    if timers:
        yield f"{_CLOCK} {', '.join(timers)}"
    heard = [_heard(plan, state, row) for row in state.rows if row.to is None]
    if heard:
        yield f"✉ {', '.join(heard)} ↺"


def _heard(plan: Plan, state: State, row: Row) -> str:
    steps = plan.light.steps.get((state.path, row.event), ())
    return numbered(row.name, steps)


def _small(text: str) -> str:
    return f'<font point-size="9">{escaped(text)}</font>'
