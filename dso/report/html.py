"""A run as one page for a browser: pictures inside, nothing from elsewhere, the same from the same run."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Iterable, Iterator, Sequence
from html import escape
from pathlib import Path
from typing import Any

from dso.report.charts import charts_of
from dso.report.charts_bound import WHAT_BOUND
from dso.report.feeder_prices import bound_ever
from dso.report.figures import Chart, render
from dso.report.html_study import study_rows
from dso.report.layout import LABEL
from dso.report.page import page_of
from dso.report.page_text import page_ends, page_facts, page_tables
from dso.run_file import RunReader

STYLE = Path(__file__).with_suffix(".css")
RIGHT = ' class="right"'
WHOLE = 100_000  # characters: lines of the terminal's page are not wrapped here


def report_html(reader: RunReader, beside: Iterable[str] = ()) -> str:
    """The page of a run.

    Parameters
    ----------
    reader : of the run.
    beside : further sections, such as those of a base case.

    Raises
    ------
    MissingExtraError : matplotlib is not installed.
    """
    page, charts = page_of(reader), list(charts_of(reader))
    pictures = [_figure(chart, [*_bound(reader)] if chart.name == WHAT_BOUND else []) for chart in charts]
    body = [
        _header(reader, page, charts),
        '<section id="study"><h2>What was studied</h2>',
        _facts(study_rows(reader)),
        '</section><section id="summary"><h2>Energy and money</h2>',
        _facts(_labelled(page_facts(page, WHOLE))),
        *_tables(page),
        "<h3>How it went</h3>",
        _facts(_labelled(page_ends(page, WHOLE))),
        "</section>",
        *beside,
        *pictures,
        *_scenario(reader),
    ]
    title = escape(page["study"] or str(reader.path.name))
    return (
        f'<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<title>{title}</title>\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<style>\n{STYLE.read_text(encoding='utf-8')}</style>\n</head>\n<body>\n<main>\n"
        + "\n".join(body)
        + "\n</main>\n</body>\n</html>\n"
    )


def html_table(heads: Sequence[str], rows: Iterable[Sequence[Any]], right: Iterable[int] = ()) -> str:
    """A table; `right` are the columns whose cells stand to the right."""
    rights = set(right)

    def cells(tag: str, row: Sequence[Any]) -> str:
        return "".join(
            f"<{tag}{RIGHT if k in rights else ''}>{escape(str(cell))}</{tag}>" for k, cell in enumerate(row)
        )

    body = "\n".join(f"<tr>{cells('td', row)}</tr>" for row in rows)
    return (
        f'<div class="wide"><table><thead><tr>{cells("th", heads)}</tr></thead>\n'
        f"<tbody>\n{body}\n</tbody></table></div>"
    )


def _header(reader: RunReader, page: dict[str, Any], charts: Sequence[Chart]) -> str:
    doc = json.loads(reader.facts.get("resolved", "{}")).get("doc") or ""
    links = "".join(f'<a href="#{c.name}">{escape(c.title)}</a>' for c in charts)
    unfinished = (
        "" if page["finished"] else '<p class="warn">The run is not finished: this is how far it came.</p>'
    )
    return (
        f"<header><h1>{escape(page['study'] or reader.path.name)}</h1>"
        f"<p>{escape(doc)}</p>"
        f'<nav><a href="#study">Study</a><a href="#summary">Energy and money</a>{links}</nav>'
        f"{unfinished}</header>"
    )


def _facts(rows: Iterable[tuple[str, str]]) -> str:
    body = "\n".join(f"<tr><th>{escape(label)}</th><td>{escape(text)}</td></tr>" for label, text in rows)
    return f'<table class="facts"><tbody>\n{body}\n</tbody></table>'


def _labelled(lines: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Label and text of the lines of the terminal's page."""
    return ((line[:LABEL].strip(), line[LABEL:]) for line in lines)


def _tables(page: dict[str, Any]) -> Iterator[str]:
    for title, heads, rows, right in page_tables(page):
        if rows:
            yield f"<h3>{escape(title)}</h3>"
            yield html_table(heads, rows, right)


def _figure(chart: Chart, more: Sequence[str]) -> str:
    """A picture as an image of its own, so that nothing in it meets the page's names and styles."""
    data = b64encode(render(chart, "svg")).decode("ascii")
    return (
        f'<section id="{chart.name}"><h2>{escape(chart.title)}</h2>\n<figure>'
        f'<img alt="{escape(chart.title)}" src="data:image/svg+xml;base64,{data}">\n'
        f"<figcaption>{escape(chart.caption)}</figcaption></figure>{''.join(more)}</section>"
    )


def _bound(reader: RunReader) -> Iterator[str]:
    rows = [
        (r["element"], r["kind"], f"{r['intervals']:,}", f"{r['hours']:,.2f}", f"{r['rent_usd']:,.2f}")
        for r in bound_ever(reader)
    ]
    if rows:
        yield "<h3>Every limit that bound</h3>"
        yield html_table(("element", "limit", "intervals", "hours", "rent [USD]"), rows, range(2, 5))


def _scenario(reader: RunReader) -> Iterator[str]:
    text = reader.facts.get("scenario")
    if text:
        yield f"<details><summary>The scenario as it was given</summary><pre>{escape(text)}</pre></details>"
