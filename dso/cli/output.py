"""How commands print: JSON for programs, tables for people."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

import click


def print_json(value: Any) -> None:
    """One JSON document on stdout; not-a-number becomes null."""
    click.echo(json.dumps(value, ensure_ascii=False, indent=2, allow_nan=False))


def table(
    title: str | None, heads: Sequence[str], rows: Iterable[Sequence[Any]], *, right: Iterable[int] = ()
) -> None:
    """A table that survives being pasted."""
    from rich import box
    from rich.console import Console
    from rich.table import Table

    grid = Table(title=title, box=box.SIMPLE, title_justify="left", title_style="bold")
    for k, head in enumerate(heads):
        grid.add_column(head, justify="right" if k in set(right) else "left", overflow="fold")
    for row in rows:
        grid.add_row(*(str(cell) for cell in row))
    Console(soft_wrap=False, highlight=False).print(grid)
