"""Fill the generated parts of the documentation: python docs/make_pages.py (a test holds them to it)."""

from __future__ import annotations

import re
from pathlib import Path

from dso.chart_catalogue import chart_named
from dso.report.tables import run_file_page
from dso.statechart import to_mermaid

ROOT = Path(__file__).parent.parent


def between(text: str, name: str, body: str) -> str:
    """The text with what stands between a pair of markers replaced."""
    pattern = re.compile(rf"(<!-- {name}: .*? -->\n).*?(<!-- end of {name} -->)", re.DOTALL)
    return pattern.sub(lambda match: match[1] + body + match[2], text)


def pages() -> dict[Path, str]:
    """Every generated page, or page with generated parts, as it should be."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    readme = between(readme, "picture", f"```mermaid\n{to_mermaid(chart_named('market'), depth=1)}```\n")
    code = (ROOT / "examples" / "embed.py").read_text(encoding="utf-8").split('"""', 2)[2].strip()
    readme = between(readme, "code", f"```python\n{code}\n```\n")
    return {ROOT / "README.md": readme, ROOT / "docs" / "run-file.md": run_file_page()}


if __name__ == "__main__":
    for path, text in pages().items():
        path.write_text(text, encoding="utf-8")
