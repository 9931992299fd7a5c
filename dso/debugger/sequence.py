"""A cycle as a sequence diagram in text: Mermaid, PlantUML, or plain lines for the terminal."""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Callable, Iterator
from dataclasses import asdict
from functools import partial

from dso.clock import iso
from dso.debugger.cycle import Band, Cycle, Message

WIDTH = 100  # of a line of text
_LINES = partial(textwrap.wrap, width=WIDTH, break_long_words=False, break_on_hyphens=False)


def to_mermaid(cycle: Cycle) -> str:
    """The cycle as a Mermaid `sequenceDiagram`."""
    lines = ["sequenceDiagram", f"    title {cycle.market}"]
    lines += [f"    participant {name}" for name in cycle.lifelines]
    for band in cycle.bands:
        lines.append(f"    Note over {_span(cycle)}: {_heading(band)}")
        lines += [f"    {m.sender}->>{m.receiver}: {_safe(m.label)}" for m in band.messages]
    return "\n".join(lines) + "\n"


def to_plantuml(cycle: Cycle) -> str:
    """The cycle as PlantUML."""
    lines = ["@startuml", f"title {cycle.market}"]
    lines += [f"participant {name}" for name in cycle.lifelines]
    for band in cycle.bands:
        lines.append(f"== {_heading(band)} ==")
        lines += [f"{m.sender} -> {m.receiver} : {_plain(m.label)}" for m in band.messages]
    return "\n".join([*lines, "@enduml"]) + "\n"


def to_json(cycle: Cycle) -> str:
    """The cycle as data for programs."""
    return json.dumps({**asdict(cycle), "lifelines": cycle.lifelines}, ensure_ascii=False, indent=2) + "\n"


def to_text(cycle: Cycle) -> str:
    """The cycle as lines that one can paste into a mail."""
    return "\n".join(_text_lines(cycle)) + "\n"


def _text_lines(cycle: Cycle) -> Iterator[str]:
    yield cycle.market
    wide = max((len(m.sender) + len(m.receiver) for b in cycle.bands for m in b.messages), default=0) + 3
    for band in cycle.bands:
        yield f"── {_heading(band)} " + "─" * max(4, 60 - len(_heading(band)))
        for m in band.messages:
            head = f"  {_clock(m)}  {f'{m.sender} → {m.receiver}':<{wide}}  "
            more = " " * (len(head) + 2)
            yield from _LINES(m.label, initial_indent=head, subsequent_indent=more)


def _clock(message: Message) -> str:
    return iso(message.time_s)[11:-1].ljust(8)


def _heading(band: Band) -> str:
    return f"{band.state}  {iso(band.time_s)}{again(band)}"


def again(band: Band) -> str:
    """How many rounds like the one drawn went before it, in words."""
    rounds = "one round" if band.repeats == 1 else f"{band.repeats} rounds"
    return f", after {rounds} like it" if band.repeats else ""


def _span(cycle: Cycle) -> str:
    names = cycle.lifelines
    return names[0] if len(names) < 2 else f"{names[0]},{names[-1]}"


def _safe(text: str) -> str:
    """Mermaid ends a statement at a semicolon, and reads # as the start of a character's name."""
    return re.sub("[#;]", lambda sign: f"#{ord(sign[0])};", text)


def _plain(text: str) -> str:
    """PlantUML reads some pairs of signs as markup; a ~ before them takes that away."""
    return re.sub(r"(\*\*|//|__|--|~~|\"\"|<|\\)", lambda sign: f"~{sign[0]}", text)


EMITTERS: dict[str, Callable[[Cycle], str]] = {
    "mermaid": to_mermaid,
    "plantuml": to_plantuml,
    "text": to_text,
    "json": to_json,
}
