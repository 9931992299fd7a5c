"""Who takes part, with which preference, and what the market changes for whom."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from dso.clock import HOUR_S
from dso.messages import FloatArray, IntArray
from dso.report.compare_load import Figures, Load
from dso.run_file import RunReader

BANDS = ((0.0, 0.25), (0.25, 0.5), (0.5, 0.75), (0.75, 1.0))  # the last one has its end in it
BLOCK = 512  # intervals whose meters are in memory at once
NOTICED = 0.01  # of a unit of discomfort, or of a kWh: less is rounding of the physics
Bounds = tuple[float, float] | None


@dataclass(frozen=True, slots=True, eq=False)
class Customers:
    """Each tariff's customers, who of them takes part with a device, and their preferences."""

    tariffs: dict[str, IntArray]  # customers of each
    taking_part: IntArray
    slider: dict[int, float]  # of customers whose preference is known

    def groups(self, tariff: str) -> Iterator[tuple[str, Bounds, IntArray]]:
        """Participants, those of each band of the slider, and the others; none of them empty."""
        own = self.tariffs[tariff]
        taking = np.intersect1d(own, self.taking_part)
        yield from self._bands(taking)
        others = np.setdiff1d(own, taking)
        if len(others):
            yield "others", None, others

    def _bands(self, taking: IntArray) -> Iterator[tuple[str, Bounds, IntArray]]:
        if not len(taking):
            return
        yield "participants", None, taking
        slider = np.array([self.slider.get(int(c), np.nan) for c in taking])
        for bounds in BANDS:
            inside = in_band(slider, bounds)
            if inside.any():
                yield "band", bounds, taking[inside]
        unknown = np.isnan(slider)
        if unknown.any() and not unknown.all():
            yield "no slider", None, taking[unknown]


def in_band(slider: FloatArray, bounds: tuple[float, float]) -> np.ndarray:
    """(n,) which preferences lie in a band."""
    low, high = bounds
    return np.asarray((slider >= low) & ((slider < high) | (high == 1.0) & (slider <= high)))


def customers_of(run: RunReader) -> Customers:
    """The customers of a run with a market."""
    tariffs = {
        r["tariff"]: np.array(json.loads(r["customers"]), np.int64)
        for r in run.rows("SELECT e.* FROM enrolments e JOIN tariffs t USING (tariff) ORDER BY t.rowid")
    }
    taking: set[int] = set()
    slider: dict[int, float] = {}
    for row in run.rows("SELECT customers, slider FROM devices"):
        owners = json.loads(row["customers"])
        taking.update(owners)
        if row["slider"] is not None:
            slider.update(zip(owners, json.loads(row["slider"]), strict=True))
    return Customers(tariffs, np.array(sorted(taking), np.int64), slider)


@dataclass(frozen=True, slots=True, eq=False)
class Meters:
    """What customers' meters say in the intervals that both runs delivered."""

    run_kwh: FloatArray  # (customers,)
    base_kwh: FloatArray  # (customers,)
    taking: dict[str, Load]  # by tariff with participants: what these draw together


def meters_of(run: RunReader, base: RunReader, load: Load, customers: Customers) -> Meters | None:
    """Both runs' meters; None if one of them did not keep each customer's (records: summary)."""
    groups = {
        tariff: own
        for tariff, enrolled in customers.tariffs.items()
        if len(own := np.intersect1d(enrolled, customers.taking_part))
    }
    read = [_read(reader, load.start_s, groups) for reader in (run, base)]
    if read[0] is None or read[1] is None:
        return None
    (run_kwh, run_parts), (base_kwh, base_parts) = read[0], read[1]
    hours = load.hours
    taking = {
        tariff: Load(load.start_s, load.length_s, run_parts[k] / hours, base_parts[k] / hours)
        for k, tariff in enumerate(groups)
    }
    return Meters(run_kwh, base_kwh, taking)


def _read(
    reader: RunReader, start_s: IntArray, groups: dict[str, IntArray]
) -> tuple[FloatArray, FloatArray] | None:
    """Energy of each customer, and of each group in each interval, (groups, n) [kWh]; None if not kept."""
    total: FloatArray | None = None
    parts = np.zeros((len(groups), len(start_s)))
    place = {start: k for k, start in enumerate(start_s.tolist())}
    for block in np.split(start_s, range(BLOCK, len(start_s), BLOCK)):
        for row in reader.rows(_METERS, int(block[0]), int(block[-1])):
            if row["customers_milliwh"] is None:
                return None
            if row["interval_start"] in place:
                kwh = np.array(json.loads(row["customers_milliwh"]), np.float64) / 1e6
                total = kwh if total is None else total + kwh
                parts[:, place[row["interval_start"]]] = [kwh[own].sum() for own in groups.values()]
    return None if total is None else (total, parts)


_METERS = "SELECT interval_start, customers_milliwh FROM readings WHERE interval_start BETWEEN ? AND ?"


def populations_of(run: RunReader, load: Load) -> list[Figures]:
    """Each population of devices over the common stretch: what was awarded, and what its meters say."""
    found = []
    for row in run.rows(_USE, int(load.start_s[0]), load.end_s):
        turned_kwh = row.pop("turned_kwh")
        row["off_award_frac"] = row["off_award_kwh"] / turned_kwh if turned_kwh else None
        found.append(row)
    return found


def emptied(run: RunReader, load: Load) -> Iterator[str]:
    """Populations of stores that gave more than they took, which looks like energy saved."""
    both_ways = {
        (r["tariff"], r["population"])
        for r in run.rows("SELECT * FROM devices")
        if min(json.loads(r["lowest_kw"])) < 0 < max(json.loads(r["highest_kw"]))
    }
    for row in populations_of(run, load):
        name, kwh = row["population"], row["metered_kwh"]
        if (row["tariff"], name) in both_ways and kwh is not None and kwh < -NOTICED:
            yield (
                f"{name} of {row['tariff']} gave {-kwh:,.1f} kWh more than it took: its stores are emptier "
                "at the end than at the start, and the change of energy has that in it"
            )


_USE = f"""
SELECT d.tariff, d.population, json_array_length(d.devices) devices, u.awarded_kwh, u.metered_kwh,
  u.off_award_kwh, u.turned_kwh, u.highest_kw, u.lowest_kw
FROM devices d LEFT JOIN (
  SELECT u.tariff, u.population, SUM(awarded_kwh) awarded_kwh, SUM(metered_kwh) metered_kwh,
    SUM(ABS(metered_kwh - awarded_kwh)) off_award_kwh, SUM(ABS(metered_kwh)) turned_kwh,
    MAX(metered_kwh * {HOUR_S}.0 / r.interval_s) highest_kw,
    MIN(metered_kwh * {HOUR_S}.0 / r.interval_s) lowest_kw
  FROM device_use u JOIN readings r USING (market, interval_start)
  WHERE u.interval_start >= ? AND u.interval_start < ? GROUP BY u.tariff, u.population
) u USING (tariff, population)
ORDER BY d.rowid"""


def comfort_of(run: RunReader) -> list[Figures]:
    """How far wishes were missed by band of the slider, each population in its own unit."""
    found = []
    for row in run.rows("SELECT * FROM comfort WHERE unit != 'none' ORDER BY rowid"):
        slider, missed = (np.array(json.loads(row[name]), np.float64) for name in ("slider", "discomfort"))
        for bounds in (None, *BANDS):
            inside = in_band(slider, bounds) if bounds else np.full(len(slider), True)
            if inside.any():
                names = {k: row[k] for k in ("tariff", "population", "unit")}
                found.append({**names, **band_names(bounds), **_missed(missed[inside])})
    return found


def band_names(bounds: Bounds) -> Figures:
    """The ends of a band; None: not a band."""
    low, high = bounds if bounds is not None else (None, None)
    return {"slider_from": low, "slider_to": high}


def _missed(values: FloatArray) -> Figures:
    return {
        "customers": len(values),
        "mean": float(values.mean()),
        "median": float(np.median(values)),
        "highest": float(values.max()),
        "any_frac": float((values >= NOTICED).mean()),
    }
