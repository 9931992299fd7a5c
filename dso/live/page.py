"""The page of a run: put together once, served while the run goes on."""

from __future__ import annotations

import time
from collections.abc import Callable
from html import escape
from pathlib import Path
from string import Template
from types import TracebackType

from dso.engine.loop import Engine
from dso.engine.step import Step
from dso.live import plot
from dso.live.board import Board, lay_out
from dso.live.board_svg import board_svg
from dso.live.sampler import JOURNAL_ROWS, Sampler
from dso.live.server import File, LiveServer
from dso.statechart.draw_colours import OWNER_COLOURS

STATIC = Path(__file__).parent / "static"
TYPES = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}
FAREWELL_S = 1.0  # how long a page that looks on is waited for at the end


class LivePage:
    """Serves a run's page; give `opened` and `heard` to the run. As a context it ends with the run.

    Parameters
    ----------
    name, zone : of the scenario.
    end_s : where the run will stop if it is not to go to the end of the study [s since the epoch].
    tell : told the page's address, once.
    """

    def __init__(
        self, name: str, zone: str, tell: Callable[[str], None], *, end_s: int | None = None
    ) -> None:
        self._name, self._zone, self._tell, self._end_s = name, zone, tell, end_s
        self._sampler: Sampler | None = None
        self._server: LiveServer | None = None

    def opened(self, engine: Engine) -> None:
        """Start to serve; the engine is ready, and no step is taken yet."""
        study_s = engine.world.books_close_s()
        end_s = study_s if self._end_s is None else min(self._end_s, study_s)
        self._sampler = Sampler(engine, self._zone, end_s)
        self._server = LiveServer(_files(self._name, engine), self._sampler.sample)
        self._tell(self._server.address)

    def heard(self, step: Step) -> None:
        """A step was taken."""
        if self._sampler is not None:
            self._sampler.heard(step)

    def end(self, how: str) -> None:
        """Show that the run is over, and how; a page that is open has a moment to fetch it."""
        if self._sampler is None or self._server is None:
            return
        self._sampler.end(how)
        last = self._sampler.sample()["number"]
        until = time.monotonic() + (FAREWELL_S if self._server.fetched.is_set() else 0.0)
        while self._server.last_number < last and time.monotonic() < until:
            time.sleep(0.02)

    def __enter__(self) -> LivePage:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None:
            self.end("interrupted" if issubclass(kind, KeyboardInterrupt) else "broken off")
        if self._server is not None:
            self._server.close()


def _files(name: str, engine: Engine) -> dict[str, File]:
    files = {p.name: (TYPES[p.suffix], p.read_bytes()) for p in STATIC.iterdir() if p.suffix in TYPES}
    page = page_html(name, engine, lay_out(engine.births.market[0]))
    return files | {"": ("text/html; charset=utf-8", page.encode())}


def page_html(name: str, engine: Engine, board: Board) -> str:
    """The page as it is before the first sample."""
    first = engine.world.physical().name
    series = "".join(
        f'<label><input type="radio" name="series" value="{escape(s)}"{" checked" if s == first else ""}> '
        f"{escape(s)}</label>"
        for s in sorted(engine.series, key=lambda s: (s != first, s))
    )
    template = Template((STATIC / "live.html").read_text(encoding="utf-8"))
    return template.substitute(
        name=escape(name),
        chart=escape(board.chart.name),
        series=series,
        board=board_svg(board),
        legend=_legend(board),
        plot=_plot_svg(),
        rows="<tr><td></td><td></td><td></td><td></td></tr>\n" * JOURNAL_ROWS,
    )


def _legend(board: Board) -> str:
    owners = dict.fromkeys(s.owner for s in board.chart.states.values() if s.owner in OWNER_COLOURS)
    keys = "".join(f'<span class="key {owner}">{owner}</span>' for owner in owners)
    away = f" · not drawn: arrows to {', '.join(board.distant)} from afar" if board.distant else ""
    return (
        f'{keys}<span class="key lit">now</span><span class="key passed">passed</span>'
        f'<span class="key many">n</span> markets there · <span class="dash">╌╌</span> degraded{escape(away)}'
    )


def _plot_svg() -> str:
    """The plot's frame with everything that a clearing puts in place, still empty."""
    left, right, top, bottom = plot.LEFT, plot.RIGHT, plot.TOP, plot.BOTTOM
    x_ticks = f'<g class="x tick"><line y1="{top}" y2="{bottom}"/><text y="{bottom + 16}"></text></g>'
    y_ticks = f'<g class="y tick"><line x1="{left}" x2="{right}"/><text x="{left - 6}"></text></g>'
    middle = (left + right) / 2
    return (
        f'<svg id="plot" viewBox="0 0 {plot.WIDTH} {plot.HEIGHT}" role="img" aria-label="last clearing">'
        f'<defs><clipPath id="inside"><rect x="{left}" y="{top}" width="{right - left}" '
        f'height="{bottom - top}"/></clipPath></defs>'
        f"{x_ticks * (plot.MOST_TICKS + 1)}{y_ticks * (plot.MOST_TICKS + 1)}"
        f'<rect class="frame" x="{left}" y="{top}" width="{right - left}" height="{bottom - top}"/>'
        f'<g clip-path="url(#inside)"><line id="limit" y1="{top}" y2="{bottom}"/><path id="supply"/>'
        f'<path id="demand"/></g><circle id="point" r="5.5"/>'
        f'<text id="limit-name" y="{top + 13}">limit</text>'
        f'<text id="x-title" x="{middle}" y="{plot.HEIGHT - 6}"></text>'
        f'<text id="y-title" x="{left + 8}" y="{top + 14}"></text></svg>'
    )
