"""One market's cycle as it was: its states as bands, and between them what the parties told each other."""

from __future__ import annotations

import difflib
from bisect import bisect_right
from dataclasses import dataclass
from itertools import groupby

from dso.errors import InputError, Problem
from dso.run_file import RunReader

_FIELDS = ("time_s", "sender", "receiver", "tariff", "kind", "text")
LIFELINES = ("agents", "MO", "LSE", "DO", "wholesale", "feeder")


@dataclass(frozen=True, slots=True)
class Message:
    """One message between two parties."""

    time_s: int
    sender: str
    receiver: str
    tariff: str | None
    kind: str
    text: str

    @property
    def name(self) -> str:
        """What it is, and whose."""
        return f"{self.kind} [{self.tariff}]" if self.tariff else self.kind

    @property
    def label(self) -> str:
        """What stands on its arrow."""
        return f"{self.name}: {self.text}" if self.text else self.name


@dataclass(frozen=True, slots=True)
class Band:
    """What was said while the market was in one state; `repeats` rounds like it went before."""

    state: str
    time_s: int
    messages: tuple[Message, ...]
    repeats: int = 0


@dataclass(frozen=True, slots=True)
class Cycle:
    """A market's cycle, band by band."""

    market: str
    bands: tuple[Band, ...]

    @property
    def lifelines(self) -> tuple[str, ...]:
        """The parties that take part, in a fixed order."""
        present = {p for band in self.bands for m in band.messages for p in (m.sender, m.receiver)}
        return tuple(name for name in LIFELINES if name in present)


def market_names(reader: RunReader) -> list[str]:
    """The markets that a run has spawned, in the order of spawning."""
    return [
        row["machine"]
        for row in reader.rows("SELECT machine FROM journal WHERE event = 'spawn' ORDER BY seq")
    ]


def messages_by_market(reader: RunReader) -> dict[str, list[Message]]:
    """What was said in each market of a run, in order; with one look at the file."""
    said: dict[str, list[Message]] = {market: [] for market in market_names(reader)}
    for row in reader.rows(f"SELECT market, {', '.join(_FIELDS)} FROM exchanges ORDER BY rowid"):
        if row["market"] in said:
            said[row["market"]].append(Message(*(row[k] for k in _FIELDS)))
    return said


def check_market(reader: RunReader, market: str) -> None:
    """Refuse a market that the run does not hold, naming those that come nearest."""
    if reader.row("SELECT 1 FROM journal WHERE event = 'spawn' AND machine = ?", market):
        return
    near = _nearest(market, market_names(reader))
    hint = f"; nearest: {', '.join(near)}" if near else "; it has none yet"
    raise InputError([Problem("--market", f"the run has no market '{market}'{hint}")])


def _nearest(market: str, names: list[str]) -> list[str]:
    """Up to three markets with names like another; of a series that there is, those nearest in time."""
    series, _, when = market.partition("-")
    known = list(dict.fromkeys(name.partition("-")[0] for name in names))
    meant = difflib.get_close_matches(series.casefold(), known, n=1, cutoff=0.0)
    own = sorted(name for name in names if meant and name.partition("-")[0] == meant[0])
    at = bisect_right(own, f"{meant[0]}-{when}") if meant else 0
    return own[max(0, min(at - 2, len(own) - 3)) :][:3]


def cycle_of(reader: RunReader, market: str, *, whole: bool = False) -> Cycle:
    """A market's cycle from a run file; rounds of the same shape are drawn once unless `whole`.

    Raises
    ------
    InputError : the run has no such market.
    """
    check_market(reader, market)
    rows = reader.rows("SELECT * FROM exchanges WHERE market = ? ORDER BY rowid", market)
    states = _top_states(reader, market)
    said = [(_state_at(states, r["seq"]), r["time_s"], Message(*(r[k] for k in _FIELDS))) for r in rows]
    bands = [_band(state, list(group)) for state, group in groupby(said, key=lambda item: item[0])]
    return Cycle(market, tuple(bands if whole else _folded(bands)))


def _band(state: str, items: list[tuple[str, int, Message]]) -> Band:
    return Band(state, items[0][1], tuple(message for _, _, message in items))


def _top_states(reader: RunReader, market: str) -> list[tuple[int, str]]:
    """Step and state, without what lies inside it, of each time that the market went somewhere else."""
    rows = reader.rows(
        "SELECT seq, destination FROM journal WHERE machine = ? AND rejected IS NULL ORDER BY seq", market
    )
    return [(r["seq"], r["destination"].split(".", 1)[0]) for r in rows]


def _state_at(states: list[tuple[int, str]], seq: int) -> str:
    at = bisect_right(states, seq, key=lambda row: row[0]) - 1
    return states[max(at, 0)][1]


def _folded(bands: list[Band]) -> list[Band]:
    """Negotiation's rounds of the same shape as one round with a count: hundreds of arrows say no more."""
    return [part for band in bands for part in _rounds(band)]


def _rounds(band: Band) -> list[Band]:
    if band.state != "negotiation":
        return [band]
    rounds: list[list[Message]] = []
    for message in band.messages:
        if not rounds or message.time_s != rounds[-1][0].time_s:
            rounds.append([])
        rounds[-1].append(message)
    folded: list[Band] = []
    for messages in rounds:
        shape = [(m.sender, m.receiver, m.tariff, m.kind) for m in messages]
        last = folded[-1] if folded else None
        if last and [(m.sender, m.receiver, m.tariff, m.kind) for m in last.messages] == shape:
            folded[-1] = Band(last.state, messages[0].time_s, tuple(messages), last.repeats + 1)
        else:
            folded.append(Band(band.state, messages[0].time_s, tuple(messages)))
    return folded
