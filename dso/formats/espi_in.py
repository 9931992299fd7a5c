"""Green Button files as arrays: each usage point's energy by interval, load positive."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dso.errors import InputError, Problem
from dso.formats.espi_channel import Channel, channel_of, joined
from dso.formats.espi_entries import Entries, Entry, Readings, read_entries
from dso.formats.espi_words import ELECTRICITY_SERVICE, VALID


@dataclass(frozen=True, slots=True, eq=False)
class UsagePoint:
    """What one usage point drew, in the order of time.

    Parameters
    ----------
    name : its title, or else its link.
    starts_s, durations_s : (n,) intervals [s since 1970, s]; where there is no reading there is none.
    kwh : (n,) energy, load positive, injection negative [kWh].
    quality : (n,) ESPI's QualityOfReading; 0 is valid.
    left_out : meter readings that are not in it, and why.
    """

    name: str
    starts_s: NDArray[np.int64]
    durations_s: NDArray[np.int64]
    kwh: NDArray[np.float64]
    quality: NDArray[np.int64]
    left_out: tuple[str, ...] = ()

    @property
    def gaps(self) -> int:
        """How many stretches without readings lie between the first and the last."""
        return int(np.count_nonzero(self.starts_s[1:] > (self.starts_s + self.durations_s)[:-1]))


def read_green_button(path: Path) -> list[UsagePoint]:
    """The usage points of a Green Button file, in its order.

    Parameters
    ----------
    path : an Atom feed of ESPI resources (NAESB REQ.21), in any multiplier.

    Raises
    ------
    InputError : everything that is wrong with it, with the line.
    """
    found = read_entries(path)
    if not found.is_feed and not found.problems:
        raise InputError([Problem(str(path), "is no Green Button file: it has no Atom <feed> at its top")])
    points = list(_usage_points(found))
    if found.problems:
        raise InputError(found.problems)
    if not points:
        raise InputError([Problem(str(path), "holds no UsagePoint; a Green Button file has at least one")])
    return points


def _usage_points(found: Entries) -> Iterator[UsagePoint]:
    of = {kind: [e for e in found.entries if e.kind == kind] for kind in (
        "UsagePoint", "MeterReading", "ReadingType", "IntervalBlock",
    )}  # fmt: skip
    meters = _children(found, of["UsagePoint"], of["MeterReading"], "UsagePoint")
    blocks = _children(found, of["MeterReading"], of["IntervalBlock"], "MeterReading")
    types = {e.own: e for e in of["ReadingType"]}
    for point in of["UsagePoint"]:
        name = point.title or point.own or f"usage point in line {point.line}"
        channels: list[Channel] = []
        left_out: list[str] = []
        for meter in meters.get(id(point), []):
            kind, parts = _type_of(meter, types), blocks.get(id(meter), [])
            if kind is None:
                found.problem(meter.line, "MeterReading has no link to a ReadingType that is in the file")
                continue
            channel = channel_of(found, meter, kind, parts)
            for part in parts:  # a large file is in memory once only
                part.readings = Readings()
            if isinstance(channel, str):
                left_out.append(f"{meter.title or meter.own}: {channel}")
            else:
                channels.append(channel)
        service = point.numbers.get("kind", ELECTRICITY_SERVICE)
        if service != ELECTRICITY_SERVICE:
            left_out = [f"{name}: service of kind {service}, not electricity (0)"]
            channels = []
        yield _net(found, name, channels, left_out)


def _children(
    found: Entries, parents: list[Entry], children: list[Entry], kind: str
) -> dict[int, list[Entry]]:
    """The children of each parent by its id(); one that nobody claims is a problem."""
    by_link = {link: parent for parent in parents for link in parent.related}
    by_own = {parent.own: parent for parent in parents if parent.own}
    families: dict[int, list[Entry]] = {}
    for child in children:
        parent = by_link.get(child.own) or by_link.get(child.up) or _above(child, by_own)
        if parent is None and len(parents) == 1:
            parent = parents[0]
        if parent is None:
            found.problem(child.line, f"{child.kind} belongs to no {kind}: none has a link to it")
        else:
            families.setdefault(id(parent), []).append(child)
    return families


def _above(child: Entry, by_own: dict[str, Entry]) -> Entry | None:
    """The parent that a child names: in a link, or by a path that goes on from the parent's."""
    for link in child.related:
        if link in by_own:
            return by_own[link]
    steps = (child.own or child.up).split("/")
    for length in range(len(steps), 0, -1):
        parent = by_own.get("/".join(steps[:length]))
        if parent is not None:
            return parent
    return None


def _type_of(meter: Entry, types: dict[str, Entry]) -> Entry | None:
    for link in meter.related:
        if link in types:
            return types[link]
    claimed = [t for t in types.values() if meter.own and meter.own in t.related]
    return claimed[0] if claimed else next(iter(types.values())) if len(types) == 1 else None


def _net(found: Entries, name: str, channels: list[Channel], left_out: list[str]) -> UsagePoint:
    """What was drawn less what was injected; an interval that only one of them has counts the other as 0."""
    chosen = _chosen(found, channels, left_out)
    starts = np.concatenate([c.starts_s for c in chosen] or [np.empty(0, dtype=np.int64)])
    unique, first, place = np.unique(starts, return_index=True, return_inverse=True)
    durations = np.concatenate([c.durations_s for c in chosen])[first] if chosen else unique.copy()
    kwh, quality = np.zeros(unique.size), np.full(unique.size, VALID, dtype=np.int64)
    begin = 0
    for channel in chosen:
        at = place[begin : begin + channel.starts_s.size]
        begin += channel.starts_s.size
        _check_lengths(found, channel, durations[at])
        kwh[at] += channel.sign * channel.kwh
        quality[at] = np.maximum(quality[at], channel.quality)
    return UsagePoint(name, unique, durations, kwh, quality, tuple(left_out))


def _check_lengths(found: Entries, channel: Channel, expected_s: NDArray[np.int64]) -> None:
    for place in np.flatnonzero(channel.durations_s != expected_s)[:1].tolist():
        found.problem(channel.line, (
            f"the meter readings of one usage point must share their intervals; at {channel.starts_s[place]} "
            f"one lasts {channel.durations_s[place]} s, another {expected_s[place]} s"
        ))  # fmt: skip


def _chosen(found: Entries, channels: list[Channel], left_out: list[str]) -> list[Channel]:
    """One channel a direction, the finest, as others count the same energy; net alone or not at all."""
    best: dict[int, Channel] = {}
    for channel in sorted(channels, key=_order):
        best.setdefault(channel.sign, channel)
    if 1 in best and best[1].is_net:
        best.pop(-1, None)
    groups: dict[int, list[Channel]] = {sign: [] for sign in best}
    for channel in channels:
        taken = best.get(channel.sign)
        if taken is not None and _order(channel) == _order(taken):
            groups[channel.sign].append(channel)
        else:
            left_out.append(f"{channel.name}: counts the same energy as {(taken or best[1]).name}")
    return [joined(found, group) for group in groups.values()]


def _order(channel: Channel) -> tuple[int, int]:
    return channel.rank, channel.length_s
