"""Values as people write them in a scenario: durations with a unit, instants with or without a time zone."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

UNIT_S = {"s": 1, "min": 60, "h": 3600, "d": 86400}
_FORM = re.compile(r"^\s*(\d+(?:\.\d+)?)\s*([a-zA-Z]+)\s*$")


def duration_s(value: Any) -> int:
    """Whole seconds of a text such as '5 min', '30 s', '24 h' or '1 d'; raises ValueError otherwise."""
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        raise ValueError(f"must be a duration with its unit, such as '5 min', was {value!r}")
    if isinstance(value, int):
        if value == 0:
            return 0
        raise ValueError(f"must have a unit, such as '{value} s' or '{value} min'")
    match = _FORM.match(value)
    if match is None or match[2] not in UNIT_S:
        raise ValueError(f"must be a duration such as '30 s', '5 min', '24 h' or '1 d', was {value!r}")
    seconds = float(match[1]) * UNIT_S[match[2]]
    if seconds != int(seconds):
        raise ValueError(f"must be a whole number of seconds, was {value!r}")
    return int(seconds)


def moment(value: Any) -> datetime:
    """A datetime of ISO 8601 text or of a YAML date; one without a zone is local to the scenario's."""
    if isinstance(value, datetime):
        return value
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day)
    if isinstance(value, str):
        try:
            return datetime.fromisoformat(value)
        except ValueError:
            pass
    raise ValueError(f"must be a date or time such as 2016-08-10 or 2016-08-10T14:00-05:00, was {value!r}")


Duration = Annotated[int, BeforeValidator(duration_s), Field(ge=0, json_schema_extra={"type": "string", "examples": ["5 min", "24 h"]})]
Moment = Annotated[datetime, BeforeValidator(moment)]
Name = Annotated[str, Field(pattern=r"^[a-zA-Z][a-zA-Z0-9_-]*$", max_length=40)]
Fraction = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
NotNegative = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Finite = Annotated[float, Field(allow_inf_nan=False)]
