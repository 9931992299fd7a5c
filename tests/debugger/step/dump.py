"""Everything that an engine remembers, as plain values that later steps do not touch."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np

from dso.engine.loop import Engine
from dso.engine.memory import stateful_parts, world_memory


def dump(engine: Engine) -> dict[str, Any]:
    """The engine's memory, value for value, in order."""
    engine.next_time()  # messages from outside are heard
    return {
        "now": (engine.now_s, engine.steps, engine.at_instant, engine.broken),
        "queue": (engine.queue._sequence, [plain(due) for due in engine.queue]),
        "machines": [
            (m.name, m.chart.name, m.behaviour.kind, plain(m.subject), m.state, plain(m.armed))
            for m in engine.machines.values()
        ],
        "world": {path: plain(value) for path, value in world_memory(engine.world).items()},
        "parts": {name: plain(part.get_state()) for name, part in stateful_parts(engine.world).items()},
    }


def plain(value: Any) -> Any:
    """A value as tuples of plain values; arrays as their bytes, dictionaries in their order."""
    if isinstance(value, np.ndarray):
        return ("array", value.dtype.str, value.shape, value.tobytes())
    if is_dataclass(value) and not isinstance(value, type):
        return (type(value).__name__, *(plain(getattr(value, f.name)) for f in fields(value)))
    if isinstance(value, dict):
        return ("dict", *((plain(k), plain(v)) for k, v in value.items()))
    if isinstance(value, list | tuple):
        return (type(value).__name__, *(plain(v) for v in value))
    if isinstance(value, frozenset | set):
        return ("set", *sorted(map(repr, value)))
    if isinstance(value, float):
        return value.hex()
    assert value is None or isinstance(value, str | int | bool), type(value)
    return value
