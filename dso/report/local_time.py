"""Instants as people at the place read them."""

from __future__ import annotations

import json
from zoneinfo import ZoneInfo

from dso.clock import from_epoch_s
from dso.run_file import RunReader


def zone_name(reader: RunReader) -> str:
    """The time zone of a run's scenario."""
    return str(json.loads(reader.facts.get("resolved", "{}")).get("timezone", "UTC"))


def local_time(t_s: int, zone: str) -> str:
    """An instant in a time zone, with its offset: 2016-08-10 15:00-05:00; seconds only if there are any."""
    local = from_epoch_s(t_s).astimezone(ZoneInfo(zone))
    text = local.isoformat(sep=" ", timespec="seconds" if local.second else "minutes")
    return text.removesuffix("+00:00") + "Z" if text.endswith("+00:00") else text
