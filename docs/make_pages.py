"""Fill the generated parts of the documentation: python docs/make_pages.py (a test holds them to it)."""

from __future__ import annotations

import re
from hashlib import sha256
from pathlib import Path

from dso.chart_catalogue import chart_named, shipped_charts
from dso.report.tables import run_file_page
from dso.statechart import Chart, to_dot, to_markdown, to_picture

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
MANY_STATES = 30  # from here on a chart also has an overview and a picture of each composite


def between(text: str, name: str, body: str) -> str:
    """The text with what stands between a pair of markers replaced."""
    pattern = re.compile(rf"(<!-- {name}: .*? -->\n).*?(<!-- end of {name} -->)", re.DOTALL)
    return pattern.sub(lambda match: match[1] + body + match[2], text)


def pages() -> dict[Path, str]:
    """Every generated page, or page with generated parts, as it should be."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    code = (ROOT / "examples" / "embed.py").read_text(encoding="utf-8").split('"""', 2)[2].strip()
    readme = between(readme, "code", f"```python\n{code}\n```\n")
    charts = [chart_named(name) for name in shipped_charts()]
    drawings = {path: text for chart in charts for path, text in drawings_of(chart).items()}
    return {
        ROOT / "README.md": readme,
        DOCS / "run-file.md": run_file_page(),
        **{DOCS / "charts" / f"{chart.name}.md": chart_page(chart) for chart in charts},
        **drawings,
    }


def drawings_of(chart: Chart) -> dict[Path, str]:
    """The Graphviz text of each picture of a chart: the whole, and of a large one also its parts."""
    folder = DOCS / "pictures"
    drawn = {folder / f"{chart.name}.dot": to_dot(chart)}
    if len(chart.states) > MANY_STATES:
        drawn[folder / f"{chart.name}-overview.dot"] = to_dot(chart, depth=1)
        for path in composites(chart):
            drawn[folder / f"{chart.name}.{path}.dot"] = to_dot(chart, inside=path)
    return drawn


def composites(chart: Chart) -> list[str]:
    """The paths of the states with states inside."""
    return [path for path, state in chart.states.items() if state.children]


def chart_page(chart: Chart) -> str:
    """A chart's tables with its pictures above them."""
    title, _, tables = to_markdown(chart).partition("\n")
    shown = [chart.name]
    if len(chart.states) > MANY_STATES:
        shown = [
            f"{chart.name}-overview",
            *(f"{chart.name}.{path}" for path in composites(chart)),
            chart.name,
        ]
    pictures = "\n".join(f"\n![{name}](../pictures/{name}.svg)" for name in shown)
    return f"{title}\n\nDrawn and written from the chart; `make docs` does it again.\n{pictures}\n{tables}"


def stamp(dot: str) -> str:
    """What a picture says about the text that it was drawn from; fonts move its lines, not this."""
    return f"<!-- drawn from sha256 {sha256(dot.encode()).hexdigest()} -->"


def draw(dot_file: Path, dot: str) -> None:
    """Draw a picture beside its text, if the text is new."""
    file = dot_file.with_suffix(".svg")
    if not file.exists() or stamp(dot) not in file.read_text(encoding="utf-8"):
        svg = to_picture(dot, "svg").decode()
        file.write_text(svg.replace("<svg ", f"{stamp(dot)}\n<svg ", 1), encoding="utf-8")


if __name__ == "__main__":
    for path, text in pages().items():
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
        if path.suffix == ".dot":
            draw(path, text)
