"""The board as SVG: ids `<chart>:<path>` and classes `state <OWNER>`, as in the pictures of `dso render`."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from dso.live.board import LEAF, WIDTH, Arrow, Board, Box
from dso.statechart.draw_colours import DEGRADED, GROUND, LINE, NOBODY, OWNER_COLOURS


def board_svg(board: Board) -> str:
    """The drawing, every state unlit; the page lights them by classes."""
    return "\n".join(_lines(board)) + "\n"


def _lines(board: Board) -> Iterator[str]:
    name = escape(board.chart.name)
    yield (
        f'<svg id="board" xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH:g} {board.height:g}" '
        f'role="img" aria-label="statechart {name}">'
    )
    yield (
        '<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="6" markerHeight="6" '
        f'orient="auto-start-reverse"><path d="M0 0.5L8 4L0 7.5z" fill="{LINE}"/></marker></defs>'
    )
    frames = [box for box in board.boxes.values() if box.state.children]
    yield from (_frame(board, box) for box in frames)
    yield from (_arrow(board, arrow) for arrow in board.arrows)
    yield from (_leaf(board, box) for box in board.boxes.values() if not box.state.children)
    yield "</svg>"


def _frame(board: Board, box: Box) -> str:
    colours = OWNER_COLOURS.get(box.state.owner or "", NOBODY)
    return (
        f"{_opened(board, box, 'frame')}{_rect(box, GROUND, colours.stroke)}"
        f'<text class="title" x="{box.left + 9:g}" y="{box.door + 4:g}" fill="{colours.text}">'
        f"{escape(box.label)}</text></g>"
    )


def _leaf(board: Board, box: Box) -> str:
    colours = OWNER_COLOURS.get(box.state.owner or "", NOBODY)
    inner = 3.0 if box.state.final else 0.0
    double = (
        f'<rect class="inner" x="{box.left + inner:g}" y="{box.top + inner:g}" rx="3" fill="none" '
        f'width="{box.width - 2 * inner:g}" height="{box.height - 2 * inner:g}" stroke="{colours.stroke}"/>'
    )
    at = f'cx="{box.right - 1:g}" cy="{box.top + 1:g}"'
    return (
        f"{_opened(board, box, 'leaf')}{_rect(box, colours.fill, colours.stroke)}"
        f"{double if inner else ''}"
        f'<text x="{box.left + 7:g}" y="{box.door + 4:g}" fill="{colours.text}">{escape(box.label)}</text>'
        f'<text class="owner" x="{box.right - 6:g}" y="{box.door + 3:g}" fill="{colours.stroke}">'
        f"{escape(box.state.owner or '')}</text>"
        f'<g class="count"><circle {at} r="8"/>'
        f'<text x="{box.right - 1:g}" y="{box.top + 4.5:g}"></text></g></g>'
    )


def _opened(board: Board, box: Box, kind: str) -> str:
    path = escape(box.state.path)
    tip = escape(box.state.doc or box.state.name)
    owner = f" {box.state.owner}" if box.state.owner else ""
    return f'<g id="{escape(board.chart.name)}:{path}" class="state{owner} {kind}"><title>{tip}</title>'


def _rect(box: Box, fill: str, stroke: str) -> str:
    return (
        f'<rect x="{box.left:g}" y="{box.top:g}" width="{box.width:g}" height="{box.height:g}" rx="5" '
        f'fill="{fill}" stroke="{stroke}"/>'
    )


def _arrow(board: Board, arrow: Arrow) -> str:
    source, target = board.boxes[arrow.source], board.boxes[arrow.target]
    look = f'stroke="{DEGRADED}" stroke-dasharray="3 2.5"' if arrow.degraded else f'stroke="{LINE}"'
    events = escape(", ".join(dict.fromkeys(row.name for row in arrow.rows)))
    return (
        f'<path class="arrow" d="{_way(source, target)}" fill="none" {look} marker-end="url(#tip)">'
        f"<title>{events}</title></path>"
    )


def _way(source: Box, target: Box) -> str:
    if source.column != target.column:
        half = (source.right + target.left) / 2
        return (
            f"M{source.right:g} {source.door:g}H{half:g}V{target.door:g}H{target.left:g}"
            if source.door != target.door
            else f"M{source.right:g} {source.door:g}H{target.left:g}"
        )
    if 0 < target.top - source.bottom < LEAF:
        return f"M{source.middle:g} {source.bottom:g}V{target.top:g}"
    return _turn(source, target)


def _turn(source: Box, target: Box) -> str:
    """Around the states between: forward on the right, back on the left, the further the wider."""
    down = target.top > source.top
    span = abs(target.top - source.top) / LEAF
    bow = min(5.0 + 2.0 * span, 18.0)
    edge = source.right if down else source.left
    out = edge + bow if down else edge - bow
    shift = 4.0 if down else -4.0  # leaves and arrives apart, so that two do not end in one point
    start, end = source.door + shift, target.door - shift
    return f"M{edge:g} {start:g}C{out:g} {start:g} {out:g} {end:g} {edge:g} {end:g}"
