"""A comparison as a page for a browser, as a section of a run's page, and as one sheet of pictures."""

from __future__ import annotations

import io
import re
from base64 import b64encode
from collections.abc import Iterator, Sequence
from dataclasses import replace
from html import escape
from typing import TYPE_CHECKING

import numpy as np

from dso.report.charts_compare import compare_charts
from dso.report.compare import Pair, compare_of
from dso.report.compare_text import compare_facts, compare_tables
from dso.report.figures import PNG_DPI, Chart, Format, render
from dso.report.html import STYLE, html_table
from dso.report.layout import LABEL

if TYPE_CHECKING:
    from matplotlib.figure import Figure

TITLE = "With and without the market"
WHOLE = 100_000  # characters: lines are not wrapped here
TITLE_IN = 0.3


def compare_html(pair: Pair) -> str:
    """A page of its own, with nothing from elsewhere.

    Raises
    ------
    MissingExtraError : matplotlib is not installed.
    """
    title = escape(pair.run.facts.get("name") or pair.run.path.name)
    return (
        f'<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<title>{title}</title>\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<style>\n{STYLE.read_text(encoding='utf-8')}</style>\n</head>\n<body>\n<main>\n"
        f"<header><h1>{title}</h1></header>\n"
        + "\n".join(compare_sections(pair))
        + "\n</main>\n</body>\n</html>\n"
    )


def compare_sections(pair: Pair) -> Iterator[str]:
    """The section "With and without the market" of a page: what is compared, the tables, the pictures.

    Raises
    ------
    MissingExtraError : matplotlib is not installed.
    """
    figures = compare_of(pair)
    yield f'<section id="compare"><h2>{TITLE}</h2>'
    facts = ((line[:LABEL].strip(), line[LABEL:]) for line in compare_facts(figures, WHOLE))
    rows = "\n".join(f"<tr><th>{escape(k)}</th><td>{escape(text)}</td></tr>" for k, text in facts)
    yield f'<table class="facts"><tbody>\n{rows}\n</tbody></table>'
    for title, heads, cells, right in compare_tables(figures):
        if cells:
            yield f"<h3>{escape(title)}</h3>"
            yield html_table(heads, cells, right)
    yield "</section>"
    for chart in compare_charts(pair):
        yield _figure(chart)


def picture(chart: Chart, form: Format) -> bytes:
    """A picture as a file: the same bytes from the same runs.

    matplotlib names the clips of an svg by a hash of their corners, which differ in the last bit from one
    layout to the next; here they have numbers.
    """
    data = render(chart, form)
    if form == "png":
        return data
    numbers: dict[bytes, bytes] = {}
    return re.sub(
        rb"(?<=#)p[0-9a-f]{10}(?=\))|(?<=<clipPath id=\")p[0-9a-f]{10}(?=\")",
        lambda found: numbers.setdefault(found[0], b"clip%d" % len(numbers)),
        data,
    )


def _figure(chart: Chart) -> str:
    data = b64encode(picture(chart, "svg")).decode("ascii")
    return (
        f'<section id="{chart.name}"><h2>{escape(chart.title)}</h2>\n<figure>'
        f'<img alt="{escape(chart.title)}" src="data:image/svg+xml;base64,{data}">\n'
        f"<figcaption>{escape(chart.caption)}</figcaption></figure></section>"
    )


def compare_sheet(pair: Pair, form: Format) -> bytes:
    """All pictures under each other with their titles, as one file."""
    parts = [picture(_titled(chart), form) for chart in compare_charts(pair)]
    return _stacked_png(parts) if form == "png" else _stacked_svg(parts)


def _titled(chart: Chart) -> Chart:
    def draw(figure: Figure) -> None:
        figure.suptitle(chart.title, fontsize=10, fontweight="bold", x=0.01, ha="left")
        chart.draw(figure)

    width, height = chart.size_in
    return replace(chart, size_in=(width, height + TITLE_IN), draw=draw)


def _stacked_png(parts: Sequence[bytes]) -> bytes:
    from matplotlib.image import imread, imsave

    out = io.BytesIO()
    whole = np.vstack([imread(io.BytesIO(part), format="png") for part in parts])
    imsave(out, whole, format="png", dpi=PNG_DPI)
    return out.getvalue()


def _stacked_svg(parts: Sequence[bytes]) -> bytes:
    """Each picture inside one drawing, names in it made its own."""
    inside, below_pt, width_pt = [], 0.0, 0.0
    for number, part in enumerate(parts):
        text = re.sub(r'(\bid="|href="#|url\(#)', rf"\g<1>c{number}-", part.decode("utf-8"))
        text = text[text.index("<svg") :]
        width_pt, height_pt = (float(v) for v in _SIZE.findall(text)[0])
        sized = f'<svg y="{below_pt:g}" width="{width_pt:g}" height="{height_pt:g}"'
        inside.append(_SIZE.sub("", text, count=1).replace("<svg", sized, 1))
        below_pt += height_pt
    head = (
        '<?xml version="1.0" encoding="utf-8"?>\n<svg xmlns="http://www.w3.org/2000/svg" '
        f'width="{width_pt:g}pt" height="{below_pt:g}pt" viewBox="0 0 {width_pt:g} {below_pt:g}">\n'
    )
    return (head + "".join(inside) + "</svg>\n").encode("utf-8")


_SIZE = re.compile(r'width="([\d.]+)pt" height="([\d.]+)pt"')
