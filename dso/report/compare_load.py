"""Load at the head of the feeder with and without the market, and what is read off it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from dso.clock import HOUR_S, iso, to_epoch_s
from dso.messages import FloatArray, IntArray
from dso.run_file import RunReader

Figures = dict[str, Any]
Outdoor = Callable[[FloatArray], FloatArray]  # instants [s since the epoch] -> temperatures [°C]
_READINGS = "SELECT interval_start, interval_s, head_kwh FROM readings ORDER BY interval_start"


@dataclass(frozen=True, slots=True, eq=False)
class Load:
    """Average power at the head in each interval that both runs delivered."""

    start_s: IntArray  # (n,)
    length_s: IntArray  # (n,)
    run_kw: FloatArray  # (n,) with the market
    base_kw: FloatArray  # (n,) without it

    @property
    def hours(self) -> FloatArray:
        """(n,) length of each interval [h]."""
        return np.asarray(self.length_s / HOUR_S)

    @property
    def change_kwh(self) -> FloatArray:
        """(n,) what the market adds to each interval's energy."""
        return np.asarray((self.run_kw - self.base_kw) * self.hours)

    @property
    def end_s(self) -> int:
        """End of the last interval."""
        return int(self.start_s[-1] + self.length_s[-1])

    def at(self, places: Any) -> Load:
        """Some of the intervals."""
        return Load(self.start_s[places], self.length_s[places], self.run_kw[places], self.base_kw[places])


def common_load(run: RunReader, base: RunReader) -> Load:
    """The load of the intervals that both runs delivered, in their order; there may be none."""
    with_market, without = (
        {(r["interval_start"], r["interval_s"]): r["head_kwh"] for r in reader.rows(_READINGS)}
        for reader in (run, base)
    )
    shared = [key for key in with_market if key in without]
    start_s, length_s = np.array(shared, np.int64).reshape(-1, 2).T
    run_kwh, base_kwh = (np.array([kwh[key] for key in shared], np.float64) for kwh in (with_market, without))
    return Load(start_s, length_s, run_kwh * HOUR_S / length_s, base_kwh * HOUR_S / length_s)


def by_hour(load: Load) -> Load:
    """Averages of clock hours; of those that are covered wholly, unless none is."""
    hour, place = np.unique(load.start_s // HOUR_S, return_inverse=True)
    length_s = np.bincount(place, load.length_s).astype(np.int64)
    run_kwh, base_kwh = (np.bincount(place, kw * load.hours) for kw in (load.run_kw, load.base_kw))
    every = Load(hour * HOUR_S, length_s, run_kwh * HOUR_S / length_s, base_kwh * HOUR_S / length_s)
    whole = length_s == HOUR_S
    return every.at(whole) if whole.any() else every


def days_of(load: Load, zone: str) -> list[tuple[date, Load]]:
    """Local days that are covered wholly; if none is, each for as far as it is covered."""
    place = ZoneInfo(zone)
    dates = np.array([datetime.fromtimestamp(int(t), place).toordinal() for t in load.start_s])
    days = [(date.fromordinal(int(day)), load.at(dates == day)) for day in np.unique(dates)]
    whole = [(day, own) for day, own in days if int(own.length_s.sum()) == _day_s(day, place)]
    return whole or days


def _day_s(day: date, place: ZoneInfo) -> int:
    """Length of a local day: 23 or 25 h where the clocks change."""
    ends = (datetime.combine(d, datetime.min.time(), place) for d in (day + timedelta(days=1), day))
    last, first = map(to_epoch_s, ends)
    return last - first


def change(base: float | None, market: float | None) -> Figures:
    """A figure without and with the market, and what the market changes, also as part of the former."""
    if base is None or market is None:
        return {"base": base, "market": market, "change": None, "change_frac": None}
    frac = (market - base) / abs(base) if base else None
    return {"base": base, "market": market, "change": market - base, "change_frac": frac}


def system_of(load: Load, zone: str) -> Figures:
    """Energy, peaks and shape of the load at the head, each without and with the market."""
    hour = by_hour(load)
    sums = [float(kw @ load.hours) for kw in (load.base_kw, load.run_kw)]
    peaks = [float(kw.max()) for kw in (load.base_kw, load.run_kw)]
    at_base, at_run = int(load.base_kw.argmax()), int(load.run_kw.argmax())
    means = [kwh / float(load.hours.sum()) for kwh in sums]
    peak = change(*peaks)
    return {
        "energy_kwh": change(*sums),
        "peak_kw": peak,
        "peak_at": {"base": iso(int(load.start_s[at_base])), "market": iso(int(load.start_s[at_run]))},
        "peak_reduction_kw": -peak["change"],
        "peak_reduction_frac": None if peak["change_frac"] is None else -peak["change_frac"],
        "peak_hour_kw": change(float(hour.base_kw.max()), float(hour.run_kw.max())),
        "at_base_peak_kw": change(peaks[0], float(load.run_kw[at_base])),
        "load_factor": change(*map(_ratio, means, peaks)),
        "valley_to_peak": change(*_valleys(load, zone)),
        "shifted_kwh": float(np.abs(load.change_kwh).sum()) / 2,
        "shifted_between_hours_kwh": float(np.abs(hour.change_kwh).sum()) / 2,
    }


def _ratio(part: float, whole: float) -> float | None:
    return part / whole if whole > 0 else None


def _valleys(load: Load, zone: str) -> Iterator[float | None]:
    """Without and with: the mean over days of each day's least over its highest load."""
    days = [own for _, own in days_of(load, zone)]
    for kw in ([own.base_kw for own in days], [own.run_kw for own in days]):
        ratios = [_ratio(float(own.min()), float(own.max())) for own in kw]
        known = [r for r in ratios if r is not None]
        yield sum(known) / len(known) if known else None


def hottest_day(load: Load, zone: str, outdoor_c: Outdoor | None) -> Figures:
    """The system's figures on the day with the highest mean temperature; unknown: with the base's peak."""
    days = days_of(load, zone)
    if outdoor_c is None:
        day, own = max(days, key=lambda d: float(d[1].base_kw.max()))
        weather: Figures = {"chosen_by": "base peak", "mean_c": None, "highest_c": None}
    else:
        warm = [outdoor_c(own.start_s + own.length_s / 2) for _, own in days]
        means = [float(np.average(c, weights=own.hours)) for c, (_, own) in zip(warm, days, strict=True)]
        k = int(np.argmax(means))
        day, own = days[k]
        weather = {"chosen_by": "temperature", "mean_c": means[k], "highest_c": float(warm[k].max())}
    return {"date": day.isoformat(), **weather, **system_of(own, zone)}
