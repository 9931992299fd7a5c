"""The market's chart on the screen, with the state of the market in focus lit."""

from __future__ import annotations

from rich.style import Style
from rich.text import Text
from textual.color import Color
from textual.widgets import Tree
from textual.widgets.tree import TreeNode

from dso.debugger.session import StepSession
from dso.statechart import Chart, State
from dso.statechart.draw_colours import NOBODY, OWNER_COLOURS

MARK = "▶"  # of what is lit, as at the prompt: no colour has to be told apart


class StateTree(Tree[State]):
    """A chart as a tree with the current state and those around it lit."""

    def __init__(self, chart: Chart) -> None:
        super().__init__(chart.name)
        self.chart, self.border_title = chart, chart.name
        self.lit: tuple[str, ...] = ()  # paths, innermost first
        self.show_root = self.show_guides = False
        self.guide_depth = 2
        self.nodes: dict[str, TreeNode[State]] = {}
        for path, state in chart.states.items():
            above = self.nodes[state.parent] if state.parent else self.root
            self.nodes[path] = above.add(state.name, state, allow_expand=bool(state.children))
        self.root.expand()

    def show(self, session: StepSession) -> None:
        """Light the state of the market in focus, unfold what is around it, and fold what was."""
        machine = session.machine()
        before, self.lit = self.lit, self.chart.lineage(machine.state) if machine is not None else ()
        for path in {*before, *self.lit}:
            node = self.nodes[path]
            node.refresh()
            if path in self.lit:
                node.expand()
            else:
                node.collapse()
        if self.lit:
            self.call_after_refresh(self.move_cursor, self.nodes[self.lit[0]])

    def render_label(self, node: TreeNode[State], base_style: Style, style: Style) -> Text:
        """A state in its owner's colour; a lit one says whose it is, as at the prompt."""
        state = node.data
        if state is None:
            return Text()
        lit, leaf = state.path in self.lit, state.path in self.lit[:1]
        owner = OWNER_COLOURS.get(state.owner or "", NOBODY)
        tint = Color.parse(owner.stroke).blend(Color.parse(owner.fill), 0.5).rich_color
        folded = " …" if state.children and not node.is_expanded else ""
        label = Text(f"{MARK if lit else ' '} ", base_style + Style(color=tint, bold=True))
        bright = Style(color=owner.text, bgcolor=owner.fill) if leaf else Style(color=tint)
        label.append(f"{state.name}{folded}", bright + Style(bold=lit, underline=style.underline))
        return label.append(f" {state.owner}" if state.owner and lit else "")
