"""A comparison as a page for a browser, as a section of a run's page, and as one sheet of pictures."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator
from html import escape
from typing import TYPE_CHECKING

from dso.report.charts_compare import compare_charts
from dso.report.compare import Pair, compare_of
from dso.report.compare_text import compare_facts, compare_tables
from dso.report.figures import WIDTH_IN, Chart, Format, render
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


def _figure(chart: Chart) -> str:
    data = b64encode(render(chart, "svg")).decode("ascii")
    return (
        f'<section id="{chart.name}"><h2>{escape(chart.title)}</h2>\n<figure>'
        f'<img alt="{escape(chart.title)}" src="data:image/svg+xml;base64,{data}">\n'
        f"<figcaption>{escape(chart.caption)}</figcaption></figure></section>"
    )


def compare_sheet(pair: Pair, form: Format) -> bytes:
    """All pictures under each other, as one file."""
    charts = list(compare_charts(pair))
    heights = [chart.size_in[1] + TITLE_IN for chart in charts]

    def draw(figure: Figure) -> None:
        parts = figure.subfigures(len(charts), 1, height_ratios=heights, squeeze=False)
        for part, chart in zip(parts[:, 0], charts, strict=True):
            part.suptitle(chart.title, fontsize=10, fontweight="bold", x=0.01, ha="left")
            chart.draw(part)

    return render(Chart("compare", TITLE, "", (WIDTH_IN, sum(heights)), draw), form)
