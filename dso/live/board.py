"""Where a chart's states stand on the page: a column for each stage of a market's life, left to right.

Needs no Graphviz: what is watched is the chart that runs, and its drawing must always be at hand.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from dso.statechart import Chart
from dso.statechart.model import Row, State, parent_of

WIDTH = 1248.0
HEADER, PITCH, LEAF = 26.0, 34.0, 24.0  # a frame's title; from state to state; a state
BETWEEN, GUTTER = 14.0, 15.0  # columns; a frame's edge and its states, where arrows turn


@dataclass(frozen=True, slots=True)
class Box:
    """A state's rectangle."""

    state: State
    label: str
    left: float
    top: float
    width: float
    height: float
    column: int

    @property
    def middle(self) -> float:
        """Halfway across."""
        return self.left + self.width / 2

    @property
    def bottom(self) -> float:
        """Its lower edge."""
        return self.top + self.height

    @property
    def right(self) -> float:
        """Its right edge."""
        return self.left + self.width

    @property
    def door(self) -> float:
        """The height at which arrows come and go sideways."""
        return self.top + (HEADER if self.state.children else self.height) / 2


@dataclass(slots=True)
class Arrow:
    """All rows from one state, or block, to another."""

    source: str
    target: str
    rows: list[Row] = field(default_factory=list)

    @property
    def degraded(self) -> bool:
        """Whether nobody goes there on the good way."""
        return all(row.degraded for row in self.rows)


@dataclass(frozen=True, slots=True)
class Board:
    """A chart's states and arrows, in their places."""

    chart: Chart
    boxes: dict[str, Box]
    arrows: tuple[Arrow, ...]  # within a block, or from one block to a neighbour
    distant: tuple[str, ...]  # blocks that further arrows lead to, which are not drawn
    height: float


def lay_out(chart: Chart) -> Board:
    """Put every block (a state at the top with what is inside it) under or beside the one before."""
    columns = _columns(chart)
    pitch = (WIDTH + BETWEEN) / len(columns)
    boxes: dict[str, Box] = {}
    for number, blocks in enumerate(columns):
        top = 1.5
        for block in blocks:
            for box in _block(chart, block, number, pitch, top):
                boxes[box.state.path] = box
            top += _height(chart, block) + PITCH - LEAF + 4
    arrows, distant = _arrows(chart, boxes)
    return Board(chart, boxes, arrows, distant, max(box.bottom for box in boxes.values()) + 1.5)


def leaves_in(chart: Chart, block: str) -> list[str]:
    """The leaves inside a block, however deep, in the order of the file."""
    return [path for path in chart.leaves if path.startswith(f"{block}.")]


def _columns(chart: Chart) -> list[list[str]]:
    blocks = [path for path in chart.states if not parent_of(path)]
    most = max(_height(chart, block) for block in blocks)
    columns: list[list[str]] = [[]]
    used = 0.0
    for block in blocks:
        height = _height(chart, block) + PITCH - LEAF + 4
        if columns[-1] and used + height > most + PITCH - LEAF + 4:
            columns.append([])
            used = 0.0
        columns[-1].append(block)
        used += height
    return columns


def _height(chart: Chart, block: str) -> float:
    inside = leaves_in(chart, block)
    return HEADER + PITCH * len(inside) if inside else LEAF


def _block(chart: Chart, block: str, column: int, pitch: float, top: float) -> Iterator[Box]:
    left, width = column * pitch + 1.5, pitch - BETWEEN - 3
    state = chart.states[block]
    yield Box(state, state.name, left, top, width, _height(chart, block), column)
    for number, path in enumerate(leaves_in(chart, block)):
        at = top + HEADER + PITCH * number
        label = path.removeprefix(f"{block}.")
        yield Box(chart.states[path], label, left + GUTTER, at, width - 2 * GUTTER, LEAF, column)


def block_of(path: str) -> str:
    """The block that a state belongs to."""
    return path.partition(".")[0]


def _arrows(chart: Chart, boxes: dict[str, Box]) -> tuple[tuple[Arrow, ...], tuple[str, ...]]:
    found: dict[tuple[str, str], Arrow] = {}
    distant: dict[str, None] = {}
    rows = [(path, row) for path, state in chart.states.items() for row in state.rows]
    for source, row in [*rows, *(("", row) for row in chart.root_rows)]:
        if row.to is None:
            continue
        ends = _ends(source, row.to, boxes)
        if ends is not None:
            found.setdefault(ends, Arrow(*ends)).rows.append(row)
        elif block_of(source) != block_of(row.to):
            distant[block_of(row.to)] = None
    return tuple(found.values()), tuple(distant)


def _ends(source: str, target: str, boxes: dict[str, Box]) -> tuple[str, str] | None:
    """Between which boxes a row is drawn; None where it would cross others."""
    first, last = block_of(source), block_of(target)
    if first == last:
        drawn = "." in source and source in boxes and target in boxes and source != target
        return (source, target) if drawn else None
    if not first:
        return None
    step = boxes[last].column - boxes[first].column
    below = step == 0 and 0 < boxes[last].top - boxes[first].bottom < PITCH
    return (first, last) if step == 1 or below else None
