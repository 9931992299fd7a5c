"""Instants in the study's time zone, as the page writes them: always of one width."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from dso.clock import from_epoch_s


class Local:
    """Writes instants in one time zone."""

    def __init__(self, zone: str) -> None:
        self._zone = ZoneInfo(zone)

    def full(self, t_s: int) -> str:
        """Wed 2016-08-10 15:00:30-05:00."""
        moment = self._at(t_s)
        return f"{moment:%a} {moment.isoformat(sep=' ')}"

    def short(self, t_s: int) -> str:
        """Aug 10 15:00:30."""
        return f"{self._at(t_s):%b %d %H:%M:%S}"

    def clock(self, t_s: int) -> str:
        """15:00:30."""
        return f"{self._at(t_s):%H:%M:%S}"

    def _at(self, t_s: int) -> datetime:
        return from_epoch_s(t_s).astimezone(self._zone)
