"""Run docs/feeder.yaml and fill docs/report.md with what it looks like: python docs/make_report.py."""

from __future__ import annotations

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from click.testing import CliRunner

from dso.cli.main import cli
from dso.report.charts import charts_of
from dso.report.figures import render
from dso.run_file import RunReader
from dso.study import run

ROOT = Path(__file__).parent.parent
SCENARIO, PAGE, PICTURES = (ROOT / "docs" / name for name in ("feeder.yaml", "report.md", "pictures"))

sys.path.insert(0, str(ROOT / "docs"))
from make_pages import between  # noqa: E402


def terminal(run_file: Path) -> str:
    """What `dso network` prints."""
    told = CliRunner().invoke(cli, ["network", str(run_file)], catch_exceptions=False)
    return f"```text\n$ dso network runs/day.dso\n{told.output}```\n"


def pictures(run_file: Path) -> str:
    """Write the pictures; their Markdown."""
    parts = []
    with RunReader(run_file) as reader:
        for chart in charts_of(reader):
            name = f"report-{chart.name}.png"
            (PICTURES / name).write_bytes(render(chart, "png"))
            parts.append(f"### {chart.title}\n\n![{chart.title}](pictures/{name})\n\n{chart.caption}\n")
    return "\n".join(parts)


if __name__ == "__main__":
    with TemporaryDirectory() as folder:
        target = Path(folder) / "day.dso"
        run(SCENARIO, target)
        text = between(PAGE.read_text(encoding="utf-8"), "terminal", terminal(target))
        PAGE.write_text(between(text, "pictures", pictures(target)), encoding="utf-8")
