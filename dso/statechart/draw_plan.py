"""What of a chart is drawn: which states at which level, and the arrows between them, for every format."""

from __future__ import annotations

from dataclasses import dataclass, field

from dso.statechart.chart import Chart
from dso.statechart.draw_walk import Light
from dso.statechart.model import OWNERS, ROOT, Kind, Row, State, parent_of

MARKS: dict[Kind, str] = {"outcome": "", "external": "✉ ", "timer": "⏱ "}
DEGRADED = "⚠"


@dataclass(slots=True)
class Edge:
    """One arrow: the rows it stands for, and the number of each step that took it."""

    source: str
    target: str
    anywhere: bool
    """Whether it starts at the box "anywhere" of its source, because it stays inside."""
    rows: list[Row] = field(default_factory=list)
    steps: dict[str, tuple[int, ...]] = field(default_factory=dict)  # by row_text

    @property
    def degraded(self) -> bool:
        """Whether all that it stands for is degraded."""
        return all(row.degraded for row in self.rows)


class Plan:
    """The states and arrows of one drawing.

    Parameters
    ----------
    chart : the chart.
    light : what is lit in it.
    depth : how many levels to open; the rows of what is deeper start and end at what is drawn. None: all.
    inside : draw this state alone, with closed boxes for what it leads to and comes from. None: the whole.

    Raises
    ------
    KeyError : if the chart has no such state as `inside`.
    """

    def __init__(
        self, chart: Chart, light: Light, depth: int | None = None, inside: str | None = None
    ) -> None:
        self.chart = chart
        self.light = light
        self.inside = chart.states[inside].path if inside is not None else None
        self.depth = depth if inside is None or depth is None else depth + chart.states[inside].depth
        self.edges: dict[tuple[str, str, bool], Edge] = {}
        for row in chart.root_rows:
            self._add(ROOT, row)
        for state in chart.states.values():
            for row in state.rows:
                self._add(state.path, row)
        self.drawn = [state for state in chart.states.values() if self._is_drawn(state.path)]
        self.anywhere = {edge.source for edge in self.edges.values() if edge.anywhere}

    @property
    def owners(self) -> list[str]:
        """The owners of what is drawn, in their usual order."""
        return [name for name in OWNERS if any(state.owner == name for state in self.drawn)]

    @property
    def lit(self) -> list[str]:
        """What stands for the lit states, innermost first."""
        drawn = {state.path for state in self.drawn}
        return [path for path in dict.fromkeys(map(self.visible, self.light.lit)) if path in drawn]

    @property
    def passed(self) -> list[str]:
        """What stands for the states that a path passed and that are not lit, in the order of the file."""
        seen = {self.visible(path) for path in self.light.passed} - set(self.lit)
        return [state.path for state in self.drawn if state.path in seen]

    def level(self, path: str) -> list[State]:
        """The states drawn directly in a state's block; in the drawing itself for the root."""
        return [state for state in self.drawn if self._block(state.path) == path]

    def entry(self, path: str) -> str | None:
        """The state of a block in which it starts, if that is drawn there."""
        initial = self.chart.states[path].initial if path else self.chart.initial
        drawn = any(state.path == initial for state in self.level(path))
        return initial if drawn and not self.is_outside(initial or ROOT) else None

    def scope(self, edge: Edge) -> str:
        """The innermost block that holds an arrow."""
        if edge.anywhere:
            return edge.source
        scope = self._block(edge.source)
        target = self._block(edge.target)
        while scope != target and not encloses(scope, target):
            scope = self._block(scope)
        return scope

    def is_open(self, state: State) -> bool:
        """Whether the states inside a state are drawn."""
        if not state.children or self.is_outside(state.path):
            return False
        return self.depth is None or state.depth < self.depth

    def is_outside(self, path: str) -> bool:
        """Whether a state is only named in the drawing of another one."""
        return self.inside is not None and path != self.inside and not encloses(self.inside, path)

    def title(self, state: State) -> str:
        """A state's name; its path where it is away from what is around it."""
        return state.path if self.is_outside(state.path) else state.name

    def visible(self, path: str) -> str:
        """The drawn state that stands for a state."""
        parts = path.split(".")
        if self.inside is not None and not encloses(self.inside, path):
            return self._stand_in(parts)
        return path if self.depth is None else ".".join(parts[: self.depth])

    def _stand_in(self, parts: list[str]) -> str:
        page = (self.inside or ROOT).split(".")
        common = next((n for n, (a, b) in enumerate(zip(parts, page, strict=False)) if a != b), None)
        return self.inside or ROOT if common is None else ".".join(parts[: common + 1])

    def _block(self, path: str) -> str:
        return ROOT if path == self.inside or self.is_outside(path) else parent_of(path)

    def _is_drawn(self, path: str) -> bool:
        if self.visible(path) != path:
            return False
        return not self.is_outside(path) or any(path in (e.source, e.target) for e in self.edges.values())

    def _add(self, declared: str, row: Row) -> None:
        if row.to is None:
            return
        owner = self._holder(declared, row)
        if owner is None:
            return
        target = self._into_page(self._inward(row.to, owner))
        source, goal = self.visible(owner), self.visible(target)
        if self.is_outside(source) and self.is_outside(goal):
            return
        if source == goal and not owner == target == source:
            return  # it stays below what is drawn
        inner = encloses(owner, target)
        edge = self.edges.setdefault((source, goal, inner), Edge(source, goal, inner))
        text = row_text(row)
        if text not in map(row_text, edge.rows):
            edge.rows.append(row)
        edge.steps[text] = (*edge.steps.get(text, ()), *self.light.steps.get((declared, row.event), ()))

    def _holder(self, declared: str, row: Row) -> str | None:
        # In the drawing of one state, rows of those around it start there, unless an inner row wins.
        if self.inside is None or not encloses(declared, self.inside):
            return declared
        return self.inside if self.chart.rows_in(self.inside).get(row.event) is row else None

    def _into_page(self, target: str) -> str:
        # What leads to a state around the page's one leads to where that begins.
        while self.inside is not None and encloses(target, self.inside):
            target = self.chart.states[target].initial or target
        return target

    def _inward(self, target: str, owner: str) -> str:
        # No layout can draw an arrow from a state to one around it: draw it to where that leads.
        while target == owner or encloses(target, owner):
            inner = self.chart.states[target].initial
            if inner is None:
                break
            target = inner
        return target


def encloses(outer: str, inner: str) -> bool:
    """Whether a state lies around another one, the root around all."""
    return outer == ROOT or inner.startswith(outer + ".")


def row_text(row: Row) -> str:
    """A row in words: its mark, its event, and why what follows is degraded."""
    reason = f" {DEGRADED} {row.degraded}" if row.degraded else ""
    return f"{MARKS[row.kind]}{row.name}{reason}"


def numbered(text: str, steps: tuple[int, ...]) -> str:
    """A text with the steps of a path before it."""
    return f"{', '.join(str(n) for n in sorted(set(steps)))}. {text}" if steps else text
