"""Tables as plain lines: no word or number is broken, and piped output is as readable as a terminal's."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence
from typing import Any

GAP = "  "
LABEL = 12  # characters that a label has
LEAST_WRAP = 24  # characters that the last column keeps, however narrow the terminal


def table_lines(
    heads: Sequence[str], rows: Iterable[Sequence[Any]], *, right: Iterable[int] = (), width: int = 100
) -> list[str]:
    """Heads, a rule and rows, each column as wide as its widest cell.

    Parameters
    ----------
    heads : the columns' heads.
    rows : cells, one for each head.
    right : positions of the columns whose cells stand to the right.
    width : where the last column, if it holds text, is wrapped between words; the others never are.
    """
    cells = [[str(cell) for cell in row] for row in rows]
    rights = set(right)
    widths = [max(len(row[k]) for row in [list(heads), *cells]) for k in range(len(heads))]
    last = len(heads) - 1
    if last not in rights:
        room = width - sum(widths[:last]) - len(GAP) * last
        widths[last] = min(widths[last], max(room, LEAST_WRAP))
    lines = [_line(heads, widths, rights), GAP.join("─" * w for w in widths)]
    for row in cells:
        first, *more = [row[last]] if last in rights else _wrapped(row[last], widths[last])
        lines.append(_line([*row[:last], first], widths, rights))
        lines += [_line([""] * last + [rest], widths, rights) for rest in more]
    return lines


def labelled(label: str, text: str, width: int, indent: int = LABEL) -> list[str]:
    """A label and its text, wrapped between words under itself."""
    first, *more = _wrapped(text, max(width - indent, LEAST_WRAP))
    return [f"{label:<{indent}}{first}".rstrip(), *(" " * indent + line for line in more)]


def _wrapped(text: str, width: int) -> list[str]:
    return textwrap.wrap(text, width, break_long_words=False, break_on_hyphens=False) or [""]


def _line(cells: Sequence[str], widths: Sequence[int], rights: set[int]) -> str:
    placed = (
        cell.rjust(w) if k in rights else cell.ljust(w)
        for k, (cell, w) in enumerate(zip(cells, widths, strict=True))
    )
    return GAP.join(placed).rstrip()
