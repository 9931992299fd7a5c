"""How the pictures of a report look, and how they become files: the same bytes from the same run."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from dso.errors import MissingExtraError
from dso.report.feeder import TWO_LINES
from dso.statechart.draw_colours import LINE, LIT, OWNER_COLOURS

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Format = Literal["svg", "png"]
FORMATS: tuple[Format, ...] = ("svg", "png")
WIDTH_IN = 7.2  # two columns of a journal
PNG_DPI = 200

DO_BLUE, MO_GREEN, LSE_ORANGE = (OWNER_COLOURS[who].stroke for who in ("DO", "MO", "LSE"))
GREY, PALE, GRID = "#8a8a8a", "#dbe9f6", "#e4e4e4"
BAND = "#eef4ea"  # ANSI range A
RED = LIT

# Dark, middle and light, with a shape each: apart in grey print and for every kind of colour vision.
PHASE_COLOURS = {"a": "#12406b", "b": "#3d8b37", "c": "#e39b1e", TWO_LINES: "#7a0f6b", "": GREY}
PHASE_MARKS = {"a": "o", "b": "s", "c": "^", TWO_LINES: "D", "": "o"}
TARIFF_LOOKS = (
    (LSE_ORANGE, "-"),
    (MO_GREEN, (0, (4, 1.2))),
    ("#7a0f6b", (0, (7, 1.5))),
    (DO_BLUE, (0, (5, 1, 1, 1))),
)

_STYLE: dict[str, Any] = {
    "svg.hashsalt": "dso",
    "svg.fonttype": "path",
    "font.family": "DejaVu Sans",  # comes with matplotlib: the same everywhere
    "font.size": 8,
    "axes.titlesize": 8.5,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.labelcolor": LINE,
    "axes.edgecolor": LINE,
    "axes.linewidth": 0.7,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": GRID,
    "grid.linewidth": 0.6,
    "xtick.color": LINE,
    "ytick.color": LINE,
    "xtick.major.width": 0.7,
    "ytick.major.width": 0.7,
    "xtick.major.size": 3,
    "ytick.major.size": 3,
    "lines.linewidth": 1.1,
    "legend.frameon": False,
    "legend.fontsize": 7.5,
    "legend.handlelength": 1.9,
    "figure.facecolor": "white",
    "axes.formatter.useoffset": False,
    "axes.formatter.limits": (-4, 7),
}
_METADATA: dict[Format, dict[str, Any]] = {
    "svg": {"Date": None, "Creator": "dso", "Format": None, "Type": None},
    "png": {"Software": None},
}


@dataclass(frozen=True, slots=True)
class Chart:
    """A picture that can be drawn: what it shows, how large it is, and how."""

    name: str  # of its file
    title: str
    caption: str
    size_in: tuple[float, float]
    draw: Callable[[Figure], None]


def render(chart: Chart, form: Format) -> bytes:
    """A picture as a file; raises MissingExtraError without matplotlib."""
    matplotlib = need_matplotlib()
    from matplotlib.figure import Figure
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    with matplotlib.rc_context({**matplotlib.rcParamsDefault, **_STYLE}):
        room = ConstrainedLayoutEngine(w_pad=0.05, h_pad=0.04, hspace=0.04, wspace=0.03)
        figure = Figure(figsize=chart.size_in, dpi=PNG_DPI, layout=room)
        chart.draw(figure)
        out = io.BytesIO()
        figure.savefig(out, format=form, metadata=_METADATA[form])
    return out.getvalue()


def need_matplotlib() -> Any:
    """The package; raises MissingExtraError if it is not installed."""
    try:
        import matplotlib
    except ImportError as error:
        raise MissingExtraError("report", "dso report") from error
    return matplotlib


def legend_above(axes: Axes, columns: int = 4, **more: Any) -> None:
    """A legend over the drawing, where it hides nothing."""
    axes.legend(loc="lower right", bbox_to_anchor=(1, 1), ncols=columns, borderaxespad=0.15, **more)
