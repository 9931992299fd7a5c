"""A cycle as a sequence diagram in SVG, drawn here: lifelines, bands, arrows with their values."""

from __future__ import annotations

from html import escape

from dso.clock import iso
from dso.debugger.cycle import Band, Cycle, Message
from dso.debugger.sequence import again

LEFT, TOP, ROW, BAND, EDGE = 80, 30, 38, 30, 60
LETTER = 5.9  # width of a letter, about
LEAST, MOST = 110, 330  # between two lifelines
COLOURS = {
    "agents": "#6b4c9a", "MO": "#3d8b37", "LSE": "#c77d0a", "DO": "#2b6ca3",
    "wholesale": "#555555", "feeder": "#8c2d19",
}  # fmt: skip
STYLE = (
    "text { font-family: Helvetica, Arial, sans-serif; font-size: 11px }"
    " .on { paint-order: stroke; stroke: white; stroke-width: 4px; stroke-linejoin: round }"
    " .on { text-anchor: middle }"
    " .kind { font-weight: bold } .time { fill: #777 } .self { text-anchor: start }"
)


def to_svg(cycle: Cycle) -> str:
    """The cycle as SVG text; the same cycle always gives the same text."""
    x_of, width = _columns(cycle)
    rows = sum(len(b.messages) for b in cycle.bands)
    height = TOP + 44 + len(cycle.bands) * (BAND + 10) + rows * ROW + 20
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}">',
        f"<style>{STYLE}</style>",
        '<defs><marker id="tip" markerWidth="9" markerHeight="7" refX="8" refY="3.5" orient="auto">'
        '<path d="M0,0 L9,3.5 L0,7 z" fill="#333"/></marker></defs>',
        f'<rect width="{width}" height="{height}" fill="white"/>',
        f'<text x="10" y="20" style="font-size: 14px" class="kind">{escape(cycle.market)}</text>',
    ]
    lines += [_lifeline(name, x, height) for name, x in x_of.items()]
    y = TOP + 44
    for band in cycle.bands:
        lines.append(_band(band, y, width))
        y += BAND + 10
        for message in band.messages:
            lines.append(_arrow(message, x_of, y))
            y += ROW
    return "\n".join([*lines, "</svg>"]) + "\n"


def _columns(cycle: Cycle) -> tuple[dict[str, int], int]:
    """Where each lifeline stands, so that no label leaves the space between its two; and the whole width."""
    names = cycle.lifelines
    gaps = [float(LEAST)] * len(names)  # the last one is the room on the right
    messages = [m for band in cycle.bands for m in band.messages]
    for m in sorted(messages, key=lambda m: abs(names.index(m.sender) - names.index(m.receiver))):
        first, last = sorted((names.index(m.sender), names.index(m.receiver)))
        last = max(last, first + 1)
        wide = LETTER * max(len(m.name) * 1.1, len(m.text)) + 26
        missing = min(wide, MOST * (last - first)) - sum(gaps[first:last])
        if missing > 0:
            gaps[first:last] = [gap + missing / (last - first) for gap in gaps[first:last]]
    x, found = float(LEFT + EDGE), {}
    for name, gap in zip(names, gaps, strict=True):
        found[name] = round(x)
        x += gap
    return found, max(round(x), 420)


def _lifeline(name: str, x: int, height: int) -> str:
    colour = COLOURS[name]
    return (
        f'<path d="M{x},{TOP + 28} V{height - 15}" stroke="{colour}" stroke-dasharray="4 4"/>'
        f'<rect x="{x - 45}" y="{TOP + 4}" width="90" height="24" rx="4" fill="white" stroke="{colour}"/>'
        f'<text x="{x}" y="{TOP + 20}" text-anchor="middle" class="kind" fill="{colour}">{name}</text>'
    )


def _band(band: Band, y: int, width: int) -> str:
    return (
        f'<rect x="4" y="{y - 4}" width="{width - 8}" height="{BAND - 8}" fill="#eef1f5"/>'
        f'<text x="10" y="{y + 11}"><tspan class="kind">{escape(band.state)}</tspan>'
        f'<tspan fill="#555">  {iso(band.time_s)}{again(band)}</tspan></text>'
    )


def _arrow(message: Message, x_of: dict[str, int], y: int) -> str:
    a, b = x_of[message.sender], x_of[message.receiver]
    clock = f'<text x="10" y="{y + 4}" class="time">{iso(message.time_s)[11:-1]}</text>'
    if a == b:
        shape, x, where = f"M{a},{y - 5} h26 v10 h-22", a + 32, "on self"
    else:
        shape, x, where = f"M{a},{y} L{b},{y}", (a + b) // 2, "on"
    return (
        f'{clock}<path d="{shape}" fill="none" stroke="#333" marker-end="url(#tip)"/>'
        f'<text x="{x}" y="{y - 5}" class="{where} kind">{escape(message.name)}</text>'
        f'<text x="{x}" y="{y + 13}" class="{where}">{escape(message.text)}</text>'
    )
