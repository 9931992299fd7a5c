"""Tables of plain text, as the prompt prints them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any


def aligned(heads: Sequence[str], rows: Iterable[Sequence[Any]], left: int = 1) -> list[str]:
    """Rows under their heads; the first `left` columns stand to the left, the others to the right."""
    cells = [[str(c) for c in row] for row in [heads, *rows]]
    wide = [max(len(row[k]) for row in cells) for k in range(len(heads))]
    return [
        "  ".join(
            c.ljust(w) if k < left else c.rjust(w) for k, (c, w) in enumerate(zip(row, wide, strict=True))
        ).rstrip()
        for row in cells
    ]
