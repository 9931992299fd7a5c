"""Run examples/devices.yaml twice and fill docs/compare.md with it: python docs/make_compare.py."""

from __future__ import annotations

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from click.testing import CliRunner

from dso.cli.compare import compare_command, outdoor_of
from dso.report.charts_compare import compare_charts
from dso.report.compare import pair_of
from dso.report.figures import render
from dso.run_file import RunReader
from dso.study import run

ROOT = Path(__file__).parent.parent
SCENARIO, PAGE = ROOT / "examples" / "devices.yaml", ROOT / "docs" / "compare.md"
PICTURES = ROOT / "docs" / "pictures"

sys.path.insert(0, str(ROOT / "docs"))
from make_pages import between  # noqa: E402


def terminal(folder: Path) -> str:
    """What `dso compare` prints."""
    names = [str(folder / name) for name in ("day.dso", "base.dso")]
    told = CliRunner().invoke(compare_command, names, catch_exceptions=False)
    output = told.output.replace(f"{folder}/", "runs/")
    return f"```text\n$ dso compare runs/day.dso runs/base.dso\n{output}```\n"


def pictures(folder: Path) -> str:
    """Write the pictures; their Markdown."""
    parts = []
    with RunReader(folder / "day.dso") as with_market, RunReader(folder / "base.dso") as without:
        for chart in compare_charts(pair_of(with_market, without, outdoor_of(with_market))):
            (PICTURES / f"{chart.name}.png").write_bytes(render(chart, "png"))
            picture = f"![{chart.title}](pictures/{chart.name}.png)"
            parts.append(f"### {chart.title}\n\n{picture}\n\n{chart.caption}\n")
    return "\n".join(parts)


if __name__ == "__main__":
    with TemporaryDirectory() as name:
        runs = Path(name)
        run(SCENARIO, runs / "day.dso")
        run(SCENARIO, runs / "base.dso", market="none")
        text = between(PAGE.read_text(encoding="utf-8"), "terminal", terminal(runs))
        PAGE.write_text(between(text, "pictures", pictures(runs)), encoding="utf-8")
