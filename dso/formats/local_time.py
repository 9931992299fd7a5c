"""What ESPI says of a time zone: its offsets, and the rules by which summer time begins and ends."""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from dso.clock import from_epoch_s

FIXED_DATE, ON_OR_AFTER, FIRST, LAST = 0, 1, 2, 7  # operators of a DstRuleType
YEARS_AHEAD = 6  # in which a rule must hold, so that "the fourth" and "the last" come apart
NO_RULE = "00000000"


@dataclass(frozen=True, slots=True)
class LocalTimeRules:
    """LocalTimeParameters: offsets in seconds, rules as eight hexadecimal digits."""

    tz_offset_s: int
    dst_offset_s: int
    dst_start_rule: str
    dst_end_rule: str


@lru_cache(maxsize=64)
def local_time_rules(zone: str, year: int) -> LocalTimeRules:
    """The rules of a zone in a year.

    Parameters
    ----------
    zone : name of the time zone, such as America/Chicago.
    year : the rules are those of this year; where they come back in the next six, as weekdays of a month.

    References
    ----------
    DstRuleType of the ESPI schema: bits 0-11 seconds, 12-16 hour, 17-19 weekday (Monday 1), 20-24 day
    of the month, 25-27 operator, 28-31 month.
    """
    place = ZoneInfo(zone)
    offsets = {_offset_s(datetime(year, month, 1, 12, tzinfo=UTC), place) for month in range(1, 13)}
    standard, summer = min(offsets), max(offsets)
    if standard == summer:
        return LocalTimeRules(standard, 0, NO_RULE, NO_RULE)
    changes = [_changes(place, y) for y in range(year, year + YEARS_AHEAD + 1)]
    starts, ends = [c[0] for c in changes], [c[1] for c in changes]
    return LocalTimeRules(standard, summer - standard, _rule(starts), _rule(ends))


def local_day(t_s: int, zone: str) -> str:
    """The date of an instant at the place, such as 2016-08-10."""
    return from_epoch_s(t_s).astimezone(ZoneInfo(zone)).date().isoformat()


def _offset_s(moment: datetime, place: ZoneInfo) -> int:
    offset = moment.astimezone(place).utcoffset()
    return 0 if offset is None else int(offset.total_seconds())


def _changes(place: ZoneInfo, year: int) -> tuple[datetime | None, datetime | None]:
    """When clocks go forward and back in a year, as they show it just before; None where they do not."""
    forward = back = None
    moment = datetime(year, 1, 1, tzinfo=UTC)
    while moment.year == year:
        later = moment + timedelta(days=1)
        change = _offset_s(later, place) - _offset_s(moment, place)
        if change:
            shown = _instant(moment, place).replace(tzinfo=None) + timedelta(seconds=_offset_s(moment, place))
            forward, back = (shown, back) if change > 0 else (forward, shown)
        moment = later
    return forward, back


def _instant(day: datetime, place: ZoneInfo) -> datetime:
    """The second within a day from `day` on at which the offset changes."""
    before, low, high = _offset_s(day, place), 0, 86400
    while high - low > 1:
        middle = (low + high) // 2
        same = _offset_s(day + timedelta(seconds=middle), place) == before
        low, high = (middle, high) if same else (low, middle)
    return day + timedelta(seconds=high)


def _rule(shown: list[datetime | None]) -> str:
    """The rule that fits a change in every year, or else the date of the first year."""
    first = shown[0]
    if first is None:
        return NO_RULE
    later = [s for s in shown if s is not None]
    weekday = first.isoweekday()
    if len(later) == len(shown) and len({(s.month, s.isoweekday(), s.time()) for s in later}) == 1:
        occurrences = {(s.day - 1) // 7 for s in later}
        if len(occurrences) == 1:
            return _encoded(first, FIRST + occurrences.pop(), weekday, 0)
        if all(s.day + 7 > monthrange(s.year, s.month)[1] for s in later):
            return _encoded(first, LAST, weekday, 0)
        earliest = min(s.day for s in later)
        if max(s.day for s in later) < earliest + 7:
            return _encoded(first, ON_OR_AFTER, weekday, earliest)
    return _encoded(first, FIXED_DATE, 0, first.day)


def _encoded(shown: datetime, operator: int, weekday: int, day: int) -> str:
    seconds = shown.minute * 60 + shown.second
    bits = seconds | shown.hour << 12 | weekday << 17 | day << 20 | operator << 25 | shown.month << 28
    return f"{bits:08X}"
