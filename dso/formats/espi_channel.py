"""One meter reading of a Green Button file as energy by interval."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dso.clock import HOUR_S, iso
from dso.formats import espi_words as words
from dso.formats.espi_entries import LATEST_S, Entries, Entry

TOTAL_ENERGY, SPLIT_ENERGY, POWER, NET_BEHIND = 0, 1, 2, 10  # ranks: the lowest is taken
SIGNS = {0: 1, words.FORWARD: 1, words.NET: 1, words.REVERSE: -1}
COLUMNS = ("starts_s", "durations_s", "kwh", "quality", "lines")
EXTREMES = {8: "maximum", 9: "minimum"}  # DataQualifierKind


@dataclass(frozen=True, slots=True, eq=False)
class Channel:
    """One direction of one usage point; `joined` puts it in the order of time."""

    name: str
    line: int
    sign: int  # 1 drawn, -1 injected
    rank: int
    starts_s: NDArray[np.int64]  # (n,)
    durations_s: NDArray[np.int64]  # (n,)
    kwh: NDArray[np.float64]  # (n,)
    quality: NDArray[np.int64]  # (n,)
    lines: NDArray[np.int64]  # (n,) where each stands in the file

    @property
    def length_s(self) -> int:
        """How long an interval usually is [s]."""
        return int(np.median(self.durations_s)) if self.durations_s.size else LATEST_S

    @property
    def is_net(self) -> bool:
        """Whether it counts what was drawn less what was injected."""
        return self.rank >= NET_BEHIND


def channel_of(found: Entries, meter: Entry, kind: Entry, blocks: list[Entry]) -> Channel | str:
    """A meter reading with its type and blocks as energy; text that says why, if it is of something else.

    Parameters
    ----------
    found : takes note of what is wrong.
    meter, kind, blocks : a MeterReading, its ReadingType and IntervalBlocks.
    """
    numbers = kind.numbers
    unfit = _unfit(numbers)
    if unfit:
        return unfit
    multiplier = numbers.get("powerOfTenMultiplier", 0)
    if multiplier not in words.MULTIPLIERS:
        known = ", ".join(map(str, words.MULTIPLIERS))
        found.problem(kind.line, f"powerOfTenMultiplier must be one of {known}, was {multiplier}")
        multiplier = 0
    starts, durations, values, lines = _readings(found, kind, blocks)
    kwh = _scaled(values, multiplier - 3)
    if numbers.get("uom") == words.WATT:
        kwh = kwh * durations / HOUR_S
    name = meter.title or meter.own or f"meter reading in line {meter.line}"
    quality = _quality(blocks, numbers.get("defaultQuality", words.VALID))
    sign = SIGNS[numbers.get("flowDirection", 0)]
    return Channel(name, meter.line, sign, _rank(numbers), starts, durations, kwh, quality, lines)


def joined(found: Entries, channels: list[Channel]) -> Channel:
    """Channels of one direction as one, sorted by time; parts that split the energy by period are added up.

    A reading that stands in the file twice counts once; two that differ, or overlap, are noted as problems.
    """
    split = channels[0].rank % NET_BEHIND == SPLIT_ENERGY
    parts = [_sorted_once(found, group) for group in ([[c] for c in channels] if split else [channels])]
    return parts[0] if len(parts) == 1 else _added(parts)


def _sorted_once(found: Entries, channels: list[Channel]) -> Channel:
    columns = [np.concatenate([getattr(c, name) for c in channels]) for name in COLUMNS]
    order = np.argsort(columns[0], kind="stable")
    columns = [column[order] for column in columns]
    starts, durations, kwh = columns[:3]
    new = np.ones(starts.size, dtype=bool)
    new[1:] = (np.diff(starts) != 0) | (np.diff(durations) != 0) | (np.diff(kwh) != 0)
    channel = _with(channels[0], [column[new] for column in columns])
    _check_apart(found, channel)
    return channel


def _added(parts: list[Channel]) -> Channel:
    """What each period of a tariff counted, as one."""
    columns = [np.concatenate([getattr(c, name) for c in parts]) for name in COLUMNS]
    _, first, place = np.unique(columns[0], return_index=True, return_inverse=True)
    total = _with(parts[0], [column[first] for column in columns])
    return replace(total, kwh=np.bincount(place, weights=columns[2]).astype(np.float64))


def _with(channel: Channel, columns: list[NDArray[Any]]) -> Channel:
    starts_s, durations_s, kwh, quality, lines = columns
    return replace(channel, starts_s=starts_s, durations_s=durations_s, kwh=kwh, quality=quality, lines=lines)


def _unfit(numbers: dict[str, int]) -> str:
    """Why a ReadingType is not of energy, or average power, by interval; nothing if it is."""
    direction, uom = numbers.get("flowDirection", 0), numbers.get("uom")
    behaviour, qualifier = numbers.get("accumulationBehaviour", 0), numbers.get("dataQualifier", 0)
    by_interval = (0, words.DELTA) if uom == words.WATT_HOUR else (0, words.DELTA, words.INDICATING)
    if numbers.get("commodity", 0) not in words.ELECTRICITY:
        return f"commodity {numbers['commodity']}, not electricity (1)"
    if uom not in (words.WATT_HOUR, words.WATT):
        return f"uom {'missing' if uom is None else uom}, neither Wh (72) nor W (38)"
    if direction not in SIGNS:
        return f"flowDirection {direction}, none of forward (1), reverse (19) and net (4)"
    if behaviour not in by_interval:
        return f"accumulationBehaviour {behaviour}, a register and not an interval (4)"
    return f"the {EXTREMES[qualifier]} of an interval" if qualifier in EXTREMES else ""


def _rank(numbers: dict[str, int]) -> int:
    split = numbers.get("tou", 0) > 0 or numbers.get("consumptionTier", 0) > 0
    power = numbers.get("uom") == words.WATT
    net = numbers.get("flowDirection") == words.NET
    return (POWER if power else SPLIT_ENERGY if split else TOTAL_ENERGY) + (NET_BEHIND if net else 0)


def _scaled(values: NDArray[np.int64], power: int) -> NDArray[np.float64]:
    """values · 10^power, rounded once."""
    scale = np.float64(10.0 ** abs(power))
    scaled: NDArray[np.float64] = values / scale if power < 0 else values * scale
    return scaled


def _readings(
    found: Entries, kind: Entry, blocks: list[Entry]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Starts, durations, values and lines of all blocks; places in a block become times."""
    held = [b.readings for b in blocks]
    starts, durations, values, lines = (
        np.concatenate(
            [np.asarray(getattr(r, name), dtype=np.int64) for r in held] or [np.empty(0, np.int64)]
        )
        for name in ("starts_s", "durations_s", "values", "lines")
    )
    untimed = durations < 0
    if untimed.any():
        length = kind.numbers.get("intervalLength", 0)
        if length <= 0:
            found.problem(
                kind.line, "readings without a timePeriod need an intervalLength above 0 s, was none"
            )
        starts = np.where(untimed, starts + (-durations - 1) * length, starts)
        durations = np.where(untimed, max(length, 1), durations)
    return starts, durations, values, lines


def _quality(blocks: list[Entry], usual: int) -> NDArray[np.int64]:
    quality = np.full(sum(len(b.readings.values) for b in blocks), usual, dtype=np.int64)
    begin = 0
    for block in blocks:
        for place, code in block.readings.quality.items():
            quality[begin + place] = code
        begin += len(block.readings.values)
    return quality


def _check_apart(found: Entries, channel: Channel) -> None:
    """Readings of one channel must not overlap; of a row of them the first is named."""
    starts, durations, lines = channel.starts_s, channel.durations_s, channel.lines
    for place in np.flatnonzero(starts[1:] < (starts + durations)[:-1])[:1].tolist():
        found.problem(int(lines[place + 1]), (
            f"a reading from {iso(int(starts[place + 1]))} overlaps that of line {lines[place]}, from "
            f"{iso(int(starts[place]))} for {durations[place]} s; each instant may be counted once"
        ))  # fmt: skip
