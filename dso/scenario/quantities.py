"""Values as people write them in a scenario: durations with a unit, instants, time zones, bounded numbers."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import Annotated, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BeforeValidator, Field, PlainSerializer, WithJsonSchema

UNIT_S = {"d": 86400, "h": 3600, "min": 60, "s": 1}
MOST_DAYS = 366
MOST_POWER_KW = 1e9  # ten times what Texas draws
MOST_USD_PER_KWH = 1e4  # a thousand times any scarcity price; above, sums of money leave 64 bits
_PATTERN = r"^\s*(\d+(?:\.\d+)?)\s*(s|min|h|d)\s*$"
_FORM = re.compile(_PATTERN)
_EXAMPLES = "such as '30 s', '5 min', '24 h' or '1 d'"


def duration_s(value: Any) -> int:
    """Whole seconds of a text such as '5 min', '30 s', '24 h' or '1 d'; raises ValueError otherwise."""
    if isinstance(value, str):
        return _seconds(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"must be a duration, {_EXAMPLES}, {_was(value)}")
    if value == 0:
        return 0
    raise ValueError(f"must have a unit, such as '{value:g} min' or '{value:g} h', was {value:g}")


def _seconds(text: str) -> int:
    match = _FORM.match(text)
    if match is None:
        raise ValueError(f"must be a duration, {_EXAMPLES}, was '{text}'")
    seconds = float(match[1]) * UNIT_S[match[2]]
    if seconds > MOST_DAYS * UNIT_S["d"]:
        raise ValueError(f"must be at most {MOST_DAYS} d, was '{text}'")
    if seconds != int(seconds):
        raise ValueError(f"must be a whole number of seconds, was '{text}'")
    return int(seconds)


def duration_text(seconds: int) -> str:
    """A duration as it is written: '5 min' of 300."""
    unit, length = next((u, n) for u, n in UNIT_S.items() if seconds % n == 0 and (seconds or u == "s"))
    return f"{seconds // length} {unit}"


def _longer_than_nothing(seconds: int) -> int:
    if seconds == 0:
        raise ValueError("must be longer than 0 s")
    return seconds


def moment(value: Any) -> datetime:
    """A datetime of ISO 8601 text or of a YAML date; one without a zone is local to the scenario's."""
    found = _moment(value)
    if found is None:
        raise ValueError(
            f"must be a date or time, such as 2016-08-10 or 2016-08-10T14:00-05:00, {_was(value)}"
        )
    if found.microsecond:
        raise ValueError(f"must be a whole second, was {found.isoformat()}")
    if not 1970 < found.year < 2100:
        raise ValueError(f"must lie between 1971 and 2099, was {found.isoformat()}")
    return found


def _moment(value: Any) -> datetime | None:
    if isinstance(value, datetime):
        return value
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day)
    if isinstance(value, str):
        try:
            return datetime.fromisoformat(value)
        except ValueError:
            return None
    return None


def _was(value: Any) -> str:
    if value is None:
        return "was nothing"
    if isinstance(value, list | dict):
        return f"was a {'list' if isinstance(value, list) else 'mapping'}"
    return f"was '{value}'" if isinstance(value, str) else f"was {value}"


def _known_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"must be an IANA time zone, such as America/Chicago or UTC, was '{name}'") from None
    return name


_DURATION_SCHEMA = {
    "anyOf": [{"type": "string", "pattern": _PATTERN}, {"const": 0}],
    "examples": ["30 s", "5 min", "24 h", "1 d"],
}
_MOMENT_SCHEMA = {"type": "string", "examples": ["2016-08-10", "2016-08-10T14:00", "2016-08-10T14:00-05:00"]}

Duration = Annotated[
    int,
    BeforeValidator(duration_s),
    PlainSerializer(duration_text, when_used="json"),
    WithJsonSchema(_DURATION_SCHEMA),
]
Length = Annotated[Duration, AfterValidator(_longer_than_nothing)]
Moment = Annotated[datetime, BeforeValidator(moment), WithJsonSchema(_MOMENT_SCHEMA)]
Zone = Annotated[str, AfterValidator(_known_zone)]
Name = Annotated[str, Field(pattern=r"^[a-zA-Z][a-zA-Z0-9_-]*$", max_length=40)]
Fraction = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
NotNegative = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Power = Annotated[float, Field(ge=0, le=MOST_POWER_KW, allow_inf_nan=False)]
Price = Annotated[float, Field(ge=-MOST_USD_PER_KWH, le=MOST_USD_PER_KWH, allow_inf_nan=False)]
Charge = Annotated[float, Field(ge=0, le=MOST_USD_PER_KWH, allow_inf_nan=False)]
