"""A wholesale price that is simply known: supply at it is without limit."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dso.clock import HOUR_S, Interval, parse_time
from dso.errors import InputError, Problem
from dso.messages import WholesaleBid, WholesaleResult
from dso.wholesale.bids import HALF, quantity_at, refusal

Floats = NDArray[np.float64]

PRICE_COLUMNS = {"usd_per_kwh": 1.0, "usd_per_mwh": 1000.0}


class PriceSeries:
    """A price per stretch of time; whoever bids takes what its curve wants at it.

    Each price holds for `step_s` from its start; a time that no price covers, or whose price is NaN, is a
    gap. The price of an interval is the mean over its time. With a gap inside the expected price is NaN, and
    a bid that touches it gets no result.

    Parameters
    ----------
    start_s : (n,) where each price begins, rising [s since the epoch].
    usd_per_kwh : (n,) prices, NaN for none [USD/kWh].
    step_s : how long each holds [s]; None takes the shortest distance of two starts, an hour for one alone.
    share : where the curve is horizontal at the price, how much of that piece it gets, 0 to 1.

    Raises
    ------
    InputError : no price, unequal lengths, starts that do not rise, infinite prices, a step that overlaps.
    """

    def __init__(
        self, start_s: ArrayLike, usd_per_kwh: ArrayLike, *, step_s: int | None = None, share: float = HALF
    ) -> None:
        self.start_s = np.asarray(start_s, dtype=np.int64)
        self.usd_per_kwh = np.asarray(usd_per_kwh, dtype=np.float64)
        gaps_s = np.diff(self.start_s)
        shortest_s = int(gaps_s.min(initial=np.iinfo(np.int64).max))
        self.step_s = step_s if step_s is not None else (shortest_s if gaps_s.size else HOUR_S)
        self.share = share
        problems = _problems(self.start_s, self.usd_per_kwh, shortest_s, self.step_s, share)
        if problems:
            raise InputError([Problem("price series", text) for text in problems])

    @classmethod
    def from_csv(cls, path: str | Path, *, step_s: int | None = None, share: float = HALF) -> PriceSeries:
        """The series of a CSV file with the columns `time` and `usd_per_mwh` or `usd_per_kwh`.

        Times are ISO 8601 with a zone; an empty price is a gap.

        Raises
        ------
        InputError : a column is missing or a row cannot be read; all such rows at once, with their lines.
        """
        with Path(path).open(encoding="utf-8", newline="") as file:
            reader = csv.DictReader(file)
            column = _price_column(reader.fieldnames or (), str(path))
            start_s, price, problems = _read_rows(reader, column, str(path))
        if problems:
            raise InputError(problems)
        return cls(start_s, np.asarray(price) / PRICE_COLUMNS[column], step_s=step_s, share=share)

    def price_of(self, interval: Interval) -> float:
        """Mean price over an interval [USD/kWh]; NaN where any part of it has none."""
        first = max(int(np.searchsorted(self.start_s, interval.start_s, side="right")) - 1, 0)
        last = int(np.searchsorted(self.start_s, interval.end_s, side="left"))
        begin = np.maximum(self.start_s[first:last], interval.start_s)
        end = np.minimum(self.start_s[first:last] + self.step_s, interval.end_s)
        held_s = np.maximum(end - begin, 0)
        if held_s.sum() < interval.duration_s:
            return float("nan")
        held_s, price = held_s[held_s > 0], self.usd_per_kwh[first:last][held_s > 0]
        return float(held_s @ price / interval.duration_s)

    def expected_usd_per_kwh(self, intervals: Sequence[Interval], known_at_s: int) -> Floats:
        """The series' own price for each interval, (t,) [USD/kWh]; NaN in a gap."""
        del known_at_s  # the whole series is known beforehand
        return np.array([self.price_of(interval) for interval in intervals], dtype=np.float64)

    def refuses(self, bid: WholesaleBid) -> str | None:
        """Why it will not take a bid, or None if it does."""
        return refusal(bid)

    def clear(self, bid: WholesaleBid) -> WholesaleResult | None:
        """Price and quantity per interval; None if any interval has no price."""
        price = self.expected_usd_per_kwh(bid.intervals, bid.intervals[0].start_s)
        if np.isnan(price).any():
            return None
        kw = [quantity_at(curve, float(p), self.share) for curve, p in zip(bid.demand, price, strict=True)]
        return WholesaleResult(bid.market, price, np.array(kw))


def _problems(
    start_s: NDArray[np.int64], price: Floats, shortest_s: int, step_s: int, share: float
) -> list[str]:
    if start_s.ndim != 1 or start_s.shape != price.shape or not start_s.size:
        return [f"needs as many starts as prices, one at least, had {start_s.shape} and {price.shape}"]
    found = []
    if shortest_s <= 0:
        found.append("starts must rise, each later than the one before")
    elif not 0 < step_s <= shortest_s:
        found.append(
            f"step_s must be above 0 and at most {shortest_s} s, where the next starts, was {step_s}"
        )
    if np.isinf(price).any():
        found.append("prices must be finite, or NaN where there is none")
    if not 0 <= share <= 1:
        found.append(f"share must be from 0 to 1, was {share}")
    return found


def _price_column(names: Sequence[str], path: str) -> str:
    found = [name for name in PRICE_COLUMNS if name in names]
    if "time" not in names or len(found) != 1:
        columns = ", ".join(names) or "none"
        raise InputError(
            [Problem(path, f"needs the column time and one of usd_per_kwh and usd_per_mwh, had {columns}")]
        )
    return found[0]


def _read_rows(
    reader: csv.DictReader[str], column: str, path: str
) -> tuple[list[int], list[float], list[Problem]]:
    start_s: list[int] = []
    price: list[float] = []
    problems: list[Problem] = []
    for row in reader:
        where = f"{path}:{reader.line_num}"
        try:
            start_s.append(parse_time(row["time"] or ""))
        except ValueError as error:
            problems.append(Problem(where, f"time must be ISO 8601 with a zone: {error}"))
        try:
            price.append(float(row[column]) if row[column] else float("nan"))
        except ValueError:
            problems.append(Problem(where, f"{column} must be a number, was {row[column]!r}"))
    return start_s, price, problems
