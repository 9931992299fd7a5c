"""A cycle as a sequence diagram in SVG, drawn here: lifelines, bands, arrows with their values."""

from __future__ import annotations

from html import escape

from dso.clock import iso
from dso.debugger.cycle import Band, Cycle, Message
from dso.debugger.sequence import again

LEFT, TOP, COLUMN, ROW, BAND = 110, 30, 215, 26, 30
COLOURS = {
    "agents": "#6b4c9a", "MO": "#3d8b37", "LSE": "#c77d0a", "DO": "#2b6ca3", "wholesale": "#555555", "feeder": "#8c2d19",
}  # fmt: skip


def to_svg(cycle: Cycle) -> str:
    """The cycle as SVG text; the same cycle always gives the same text."""
    x_of = {name: LEFT + k * COLUMN + COLUMN // 2 for k, name in enumerate(cycle.lifelines)}
    rows = sum(len(b.messages) for b in cycle.bands)
    height = TOP + 40 + len(cycle.bands) * (BAND + 8) + rows * ROW + 40
    width = LEFT + max(1, len(x_of)) * COLUMN
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" '
        'font-family="Helvetica, Arial, sans-serif" font-size="11">',
        '<defs><marker id="tip" markerWidth="9" markerHeight="7" refX="8" refY="3.5" orient="auto">'
        '<path d="M0,0 L9,3.5 L0,7 z" fill="#333"/></marker></defs>',
        f'<rect width="{width}" height="{height}" fill="white"/>',
        f'<text x="10" y="20" font-size="14" font-weight="bold">{escape(cycle.market)}</text>',
    ]
    parts += [_lifeline(name, x, height) for name, x in x_of.items()]
    y = TOP + 40
    for band in cycle.bands:
        parts.append(_band(band, y, width))
        y += BAND + 8
        for message in band.messages:
            parts.append(_arrow(message, x_of, y))
            y += ROW
    return "\n".join([*parts, "</svg>"]) + "\n"


def _lifeline(name: str, x: int, height: int) -> str:
    colour = COLOURS[name]
    return (
        f'<line x1="{x}" y1="{TOP + 28}" x2="{x}" y2="{height - 15}" stroke="{colour}" stroke-dasharray="4 4"/>'
        f'<rect x="{x - 45}" y="{TOP + 4}" width="90" height="24" rx="4" fill="white" stroke="{colour}"/>'
        f'<text x="{x}" y="{TOP + 20}" text-anchor="middle" font-weight="bold" fill="{colour}">{name}</text>'
    )


def _band(band: Band, y: int, width: int) -> str:
    return (
        f'<rect x="4" y="{y - 4}" width="{width - 8}" height="{BAND - 8}" fill="#eef1f5"/>'
        f'<text x="10" y="{y + 11}" font-weight="bold">{escape(band.state)}'
        f'<tspan font-weight="normal" fill="#555">  {iso(band.time_s)}{again(band)}</tspan></text>'
    )


def _arrow(message: Message, x_of: dict[str, int], y: int) -> str:
    a, b = x_of[message.sender], x_of[message.receiver]
    clock = f'<text x="10" y="{y + 4}" fill="#777">{iso(message.time_s)[11:-1]}</text>'
    label = escape(message.label)
    if a == b:
        shape = f"M{a},{y - 4} h28 v8 h-24"
        text = f'<text x="{a + 34}" y="{y + 4}">{label}</text>'
    else:
        shape = f"M{a},{y} L{b - (4 if b > a else -4)},{y}"
        text = f'<text x="{(a + b) // 2}" y="{y - 4}" text-anchor="middle">{label}</text>'
    return f'{clock}<path d="{shape}" fill="none" stroke="#333" marker-end="url(#tip)"/>{text}'
