"""What `curve` draws at the prompt, on the screen and as large as there is room."""

from __future__ import annotations

from textwrap import wrap

from rich.text import Text
from textual import events
from textual.widgets import Static

from dso.debugger import show_curve
from dso.debugger.session import StepSession
from dso.errors import InputError

AXIS = 11  # characters to the left of a drawn curve
LOWEST = 6  # rows of a drawn curve; what it shows is told below only where more are left


class CurvePlot(Static):
    """What `curve` draws of the market in focus, as large as there is room."""

    picture: show_curve.Picture | str = ""  # a text says why there is none

    def show(self, session: StepSession) -> None:
        """Draw the clearing of the market in focus."""
        try:
            self.picture = show_curve.picture(session, "", None)
        except InputError as error:
            self.picture = why_not(error)
        self._draw()

    def on_resize(self, _: events.Resize) -> None:
        """Draw again for another size."""
        self._draw()

    def _draw(self) -> None:
        if isinstance(self.picture, str):
            self.border_title = "curve"
            self.update(Text(self.picture, "dim"))
            return
        title, drawn = fitted(self.picture, self.size.width, self.size.height)
        self.border_title = f"curve: {title}"
        text = Text(drawn)
        text.highlight_regex(show_curve.MEET, "bold #ff8a3d")
        text.highlight_regex(r"(?m)^ *-?[\d.]+ │|^ *└─+$", "dim")
        self.update(text)


def fitted(picture: show_curve.Picture, width: int, height: int) -> tuple[str, str]:
    """A picture's title without the market, and its lines for a size; its legend only where there is room."""
    across = max(width - AXIS, 10)
    legend = list(show_curve.lines_of(picture, across, 1))[4:]
    below = [part for line in legend for part in wrap(line, width, subsequent_indent="    ")]
    below = below[: max(height - 2 - LOWEST, 0)]
    tall = max(height - 2 - len(below), LOWEST)
    title, *lines = show_curve.lines_of(picture, across, tall)
    return title.partition("  ")[2], "\n".join([*lines[: tall + 2], *below])


def why_not(error: InputError) -> str:
    """Why there is nothing to show, without the commands of the prompt that would lead to something."""
    return error.problems[0].what.partition(";")[0]
