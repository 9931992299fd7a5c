"""The entries of a Green Button feed as they stand in the file, not yet joined to one another."""

from __future__ import annotations

from array import array
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from dso.errors import InputError, Problem
from dso.formats.espi_words import ATOM, ESPI, LARGEST_VALUE
from dso.formats.xml_stream import read_xml

RESOURCES = {
    f"{ESPI} {name}": name for name in ("UsagePoint", "MeterReading", "ReadingType", "IntervalBlock")
}
NUMBERS = {f"{ESPI} {name}": name for name in (
    "accumulationBehaviour", "commodity", "consumptionTier", "dataQualifier", "flowDirection",
    "intervalLength", "kind", "powerOfTenMultiplier", "tou", "uom", "defaultQuality",
)}  # fmt: skip
READING, PERIOD, WHOLE = f"{ESPI} IntervalReading", f"{ESPI} timePeriod", f"{ESPI} interval"
START, DURATION, VALUE, QUALITY = (f"{ESPI} {n}" for n in ("start", "duration", "value", "quality"))
TIMES = {START: "start", DURATION: "duration"}
ENTRY, LINK, TITLE, FEED = (f"{ATOM} {n}" for n in ("entry", "link", "title", "feed"))
EARLIEST_S, LATEST_S = -2_208_988_800, 253_402_300_799  # 1900 to 9999
LONGEST_S = 2**32 - 1
MOST_PROBLEMS = 50


@dataclass(slots=True)
class Readings:
    """Interval readings of one entry, in the order of the file.

    A reading without a period has the start of its block, and −1, −2, … for its place in there: how long
    it lasts only the ReadingType knows.
    """

    starts_s: array[int] = field(default_factory=lambda: array("q"))
    durations_s: array[int] = field(default_factory=lambda: array("q"))
    values: array[int] = field(default_factory=lambda: array("q"))
    lines: array[int] = field(default_factory=lambda: array("q"))
    quality: dict[int, int] = field(default_factory=dict)  # number of the reading -> code


@dataclass(slots=True)
class Entry:
    """One Atom entry with the ESPI resource in it."""

    line: int
    kind: str = ""
    own: str = ""  # its rel="self" link
    up: str = ""
    related: list[str] = field(default_factory=list)
    title: str = ""
    numbers: dict[str, int] = field(default_factory=dict)
    readings: Readings = field(default_factory=Readings)


class Entries:
    """Collects entries from XML events, and what is wrong with them.

    Parameters
    ----------
    path : the file, for messages.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.entries: list[Entry] = []
        self.problems: list[Problem] = []
        self.is_feed = False
        self.line: Callable[[], int] = lambda: 0
        self._entry: Entry | None = None
        self._inside: list[str] = []
        self._block_start: int | None = None
        self._in_block = 0
        self._new_reading()

    def _new_reading(self) -> None:
        self._timed = False
        self._period: dict[str, int] = {}
        self._value: int | None = None
        self._quality: int | None = None

    def problem(self, line: int, what: str) -> None:
        """Note something wrong in a line; raises InputError where there is no end of it."""
        self.problems.append(Problem(f"{self.path}:{line}", what))
        if len(self.problems) == MOST_PROBLEMS:
            raise InputError([*self.problems, Problem(str(self.path), "and so on; the rest was not read")])

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """An element begins."""
        self._inside.append(name)
        if name == READING:
            self._new_reading()
        elif name == PERIOD:
            self._timed = True
        elif name == ENTRY:
            self._entry = Entry(self.line())
        elif name == FEED:
            self.is_feed = True
        elif self._entry is None:
            return
        elif name == LINK:
            self._link(self._entry, attributes)
        elif name in RESOURCES:
            self._entry.kind = RESOURCES[name]
            self._block_start, self._in_block = None, 0

    def end(self, name: str, text: str) -> None:
        """An element ends."""
        self._inside.pop()
        entry = self._entry
        if entry is None:
            return
        above = self._inside[-1] if self._inside else ""
        if name in TIMES:
            self._time(TIMES[name], above, text)
        elif name == VALUE and above == READING:
            self._value = self._number("value", text, -LARGEST_VALUE, LARGEST_VALUE)
        elif name == READING:
            self._reading(entry.readings)
        elif name == QUALITY:
            self._quality = self._number("quality", text, 0, 255)
        elif name in NUMBERS:
            number = self._number(NUMBERS[name], text, -LARGEST_VALUE, LARGEST_VALUE)
            if number is not None:
                entry.numbers[NUMBERS[name]] = number
        elif name == TITLE and above == ENTRY:
            entry.title = text.strip()
        elif name == ENTRY:
            self.entries.append(entry)
            self._entry = None

    def _link(self, entry: Entry, attributes: dict[str, str]) -> None:
        href, relation = _path_of(attributes.get("href", "")), attributes.get("rel", "")
        if relation == "self":
            entry.own = href
        elif relation == "up":
            entry.up = href
        elif relation == "related":
            entry.related.append(href)

    def _time(self, short: str, above: str, text: str) -> None:
        low, high = (EARLIEST_S, LATEST_S) if short == "start" else (0, LONGEST_S)
        number = self._number(short, text, low, high)
        if number is not None and above == PERIOD:
            self._period[short] = number
        elif number is not None and above == WHOLE and short == "start":
            self._block_start = number

    def _number(self, what: str, text: str, low: int, high: int) -> int | None:
        try:
            number = int(text)
        except ValueError:
            number = None
        if number is not None and low <= number <= high and "_" not in text:
            return number
        what = f"{what} must be a whole number from {low} to {high}, was '{text.strip()[:40]}'"
        self.problem(self.line(), what)
        return None

    def _reading(self, readings: Readings) -> None:
        """A reading without a value is a gap."""
        self._in_block += 1
        if self._value is None:
            return
        start, duration = self._period.get("start"), self._period.get("duration")
        if not self._timed:
            start, duration = self._block_start, -self._in_block
        if start is None or not duration:
            self.problem(self.line(), "a reading needs a start and a duration above 0 s")
            return
        if self._quality is not None:
            readings.quality[len(readings.values)] = self._quality
        readings.starts_s.append(start)
        readings.durations_s.append(duration)
        readings.values.append(self._value)
        readings.lines.append(self.line())


def read_entries(path: Path) -> Entries:
    """Every ESPI entry of a file; raises InputError if it is no XML that we read."""
    entries = Entries(path)
    read_xml(path, entries)
    return entries


def _path_of(href: str) -> str:
    """A link without its host: some files write it in one place only."""
    try:
        parts = urlsplit(href)
    except ValueError:
        return href
    return parts.path.rstrip("/") + (f"?{parts.query}" if parts.query else "")
