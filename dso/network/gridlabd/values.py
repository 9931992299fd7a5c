"""Values as a GLM writes them: `7.2 kV`, `40000+20000j`, `7200-120d`."""

from __future__ import annotations

import cmath
import math
import re

NUMBER = r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?"
VALUE = re.compile(rf"\s*({NUMBER})\s*(?:([+-]\s*{NUMBER[5:]})\s*([ijdr]))?\s*([A-Za-z*/]*).*")
PREFIX = {"k": 1e3, "M": 1e6, "m": 1e-3}


def quantity(text: str | None, unit: float = 1.0) -> complex | None:
    """A value in its base unit, such as V, A, VA; None if it is no number, such as a schedule's name.

    Parameters
    ----------
    text : as written.
    unit : what a number without a unit counts in, such as 1000 for kVA.
    """
    match = VALUE.fullmatch(text) if text else None
    if match is None:
        return None
    real, second = float(match[1]), float((match[2] or "0").replace(" ", ""))
    scale = unit if not match[4] else PREFIX.get(match[4][0], 1.0) if len(match[4]) > 1 else 1.0
    if match[3] in ("d", "r"):
        return cmath.rect(real * scale, math.radians(second) if match[3] == "d" else second)
    return complex(real, second) * scale


def real(text: str | None, default: float, unit: float = 1.0) -> float:
    """The real part of a value in its base unit, or a default where there is none."""
    value = quantity(text, unit)
    return default if value is None else value.real
