"""dso render: a statechart as text or picture, whole or a page for each state that has states inside."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Literal, get_args

import click

from dso.cli.failing import WrongInput

if TYPE_CHECKING:
    from dso.statechart import Chart

Format = Literal["mermaid", "dot", "md", "svg", "png"]
SUFFIXES: dict[Format, str] = {"mermaid": ".mmd", "dot": ".dot", "md": ".md", "svg": ".svg", "png": ".png"}
_BY_SUFFIX: dict[str, Format] = {suffix: form for form, suffix in SUFFIXES.items()} | {
    ".mermaid": "mermaid",
    ".gv": "dot",
}


@click.command("render")
@click.argument("chart")
@click.option(
    "--format", "form", type=click.Choice(get_args(Format)), help="default: by -o's suffix, else mermaid"
)
@click.option("--state", help="light this state, as path: delivery_lead.publishing")
@click.option(
    "--events", multiple=True, help="number the path that these take from the start (or --state): a,b,c"
)
@click.option("--depth", type=click.IntRange(min=1), help="how many levels to open")
@click.option(
    "--pages", type=click.Path(path_type=Path), help="write the whole and a page per composite to a folder"
)
@click.option("-o", "--output", type=click.Path(path_type=Path), help="write to a file")
def render_command(
    chart: str,
    form: Format | None,
    state: str | None,
    events: tuple[str, ...],
    depth: int | None,
    pages: Path | None,
    output: Path | None,
) -> None:
    """Draw CHART: a name that `dso charts` lists, or a file.

    svg and png need the extra 'render', or an installed Graphviz. A chart of many states reads better with
    --depth 1 and --pages FOLDER.
    """
    if pages is not None and output is not None:
        raise WrongInput("--pages and -o exclude each other; --pages takes a folder and names the files")
    found = _chart(chart)
    _check_state(found, state)
    chosen = form or _BY_SUFFIX.get(output.suffix.lower() if output else "", "mermaid")
    path = [name for group in events for name in group.replace(",", " ").split()]
    if pages is not None:
        _write_pages(found, chosen, pages, state, path, depth)
        return
    _put(_drawn(found, chosen, state, path, depth), chosen, output)


def _drawn(
    chart: Chart,
    form: Format,
    state: str | None,
    events: list[str],
    depth: int | None,
    inside: str | None = None,
) -> bytes:
    from dso.statechart import to_dot, to_markdown, to_mermaid, to_picture

    if form == "md":
        text = to_markdown(chart, state, depth, events=events, inside=inside)
    elif form == "mermaid":
        text = to_mermaid(chart, state, depth, events=events, inside=inside)
    else:
        text = to_dot(chart, state, depth, events=events, inside=inside)
    return to_picture(text, form) if form in ("svg", "png") else text.encode("utf-8")


def _write_pages(
    chart: Chart, form: Format, folder: Path, state: str | None, events: list[str], depth: int | None
) -> None:
    composites = [path for path, inner in chart.states.items() if inner.children]
    for inside in (None, *composites):
        drawn = _drawn(chart, form, state, events, depth if inside is None else None, inside)
        name = chart.name if inside is None else f"{chart.name}.{inside}"
        file = folder / f"{name.replace('/', '.')}{SUFFIXES[form]}"
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise _unwritable(folder, error) from error
        _put(drawn, form, file)
        click.echo(str(file))


def _put(drawn: bytes, form: Format, output: Path | None) -> None:
    if output is not None:
        try:
            output.write_bytes(drawn)
        except OSError as error:
            raise _unwritable(output, error) from error
        return
    if form == "png" and sys.stdout.isatty():
        raise WrongInput("a png does not go to a terminal; choose a file with -o")
    click.echo(drawn, nl=False)


def _unwritable(path: Path, error: OSError) -> WrongInput:
    return WrongInput(f"cannot write {path}: {error.strerror}; choose another place")


def _check_state(chart: Chart, state: str | None) -> None:
    if state is None or state in chart.states:
        return
    from difflib import get_close_matches

    named = [path for path in chart.states if path.rpartition(".")[2] == state]
    close = named or get_close_matches(state, list(chart.states), n=3)
    hint = f"did you mean {' or '.join(close)}?" if close else f"see: dso render {chart.name} --format md"
    raise WrongInput(f"chart '{chart.name}' has no state '{state}'; {hint}")


def _chart(name: str) -> Chart:
    from dso.chart_catalogue import chart_named, shipped_charts
    from dso.statechart import load_chart

    path = Path(name)
    if path.suffix in (".yaml", ".yml"):
        return load_chart(path)
    if name not in shipped_charts():
        from dso.statechart.form import suggest

        hint = suggest(name, shipped_charts())
        raise WrongInput(f"there is no chart '{name}'; {hint} (a file ends in .yaml)")
    return chart_named(name)
