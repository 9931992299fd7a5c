"""Two runs of one study, with the market and without, side by side."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from dso.clock import HOUR_S, iso
from dso.errors import InputError, Problem
from dso.report.compare_customers import (
    Customers,
    Meters,
    comfort_of,
    customers_of,
    emptied,
    meters_of,
    populations_of,
)
from dso.report.compare_load import Figures, Load, Outdoor, common_load, hottest_day, system_of
from dso.report.compare_money import ALL_S, Bills, bill_rows, bills_of, money_of, settled_until_s
from dso.report.local_time import local_time, zone_name
from dso.run_file import RunReader

MAY_DIFFER = {"market", "name", "doc", "devices.parallel", "settings.records"}  # changes no load and no price
HOW = "make the pair with: dso run SCENARIO -o RUN, and dso run SCENARIO --market none -o BASE"


@dataclass(frozen=True, slots=True, eq=False)
class Pair:
    """A run with a market and its base case, over the stretch that both delivered."""

    run: RunReader
    base: RunReader
    zone: str
    load: Load
    customers: Customers
    meters: Meters | None  # None: one run did not keep each customer's
    bills: Bills
    settled_until_s: int | None  # what the ledger is compared up to
    outdoor_c: Outdoor | None = None


def pair_of(run: RunReader, base: RunReader, outdoor_c: Outdoor | None = None) -> Pair:
    """Two runs that can be compared.

    Parameters
    ----------
    run : with a market.
    base : of the same study, with market none.
    outdoor_c : temperatures [°C] at instants [s since the epoch], where they are known.

    Raises
    ------
    InputError : they are of different studies, not one with and one without a market, or have no interval
        in common; every problem at once.
    """
    problems = [*_of_market(run, base), *_of_study(run, base)]
    if problems:
        raise InputError(problems)
    load = common_load(run, base)
    if not len(load.start_s):
        raise InputError([Problem(str(base.path), f"has no delivered interval in common with {run.path}")])
    customers = customers_of(run)
    meters = meters_of(run, base, load, customers)
    series = len(_resolved(run).get("series", []))
    settled = settled_until_s(run, base, series)
    return Pair(run, base, zone_name(run), load, customers, meters, bills_of(run, base), settled, outdoor_c)


def compare_of(pair: Pair) -> Figures:
    """Every figure of a comparison as plain data, units in the names; docs/compare.md defines each."""
    load, settled, tariffs = pair.load, pair.settled_until_s, [*pair.customers.tariffs]
    return {
        "study": pair.run.facts.get("name", ""),
        "run": str(pair.run.path),
        "base": str(pair.base.path),
        "seed": int(pair.run.facts.get("seed", 0)),
        "timezone": pair.zone,
        "stretch": {
            "from": iso(int(load.start_s[0])),
            "to": iso(load.end_s),
            "hours": float(load.length_s.sum()) / HOUR_S,
            "intervals": len(load.start_s),
        },
        "notes": [*notes_of(pair)],
        "system": system_of(load, pair.zone),
        "hottest_day": hottest_day(load, pair.zone, pair.outdoor_c),
        "populations": populations_of(pair.run, load),
        "billed_periods": list(pair.bills.periods),
        "bills": bill_rows(pair.bills, pair.customers, pair.meters),
        "comfort": comfort_of(pair.run),
        "money": None if settled is None else money_of(pair.run, pair.base, settled, tariffs),
    }


def tariff_prices(reader: RunReader, pair: Pair) -> dict[str, list[dict[str, Any]]]:
    """Retail prices at the head in the common stretch, of tariffs with participants; of all if none has."""
    taking = {
        tariff
        for tariff, own in pair.customers.tariffs.items()
        if np.isin(own, pair.customers.taking_part).any()
    }
    found: dict[str, list[dict[str, Any]]] = {}
    for row in reader.rows(_PRICES, int(pair.load.start_s[0]), pair.load.end_s):
        if not taking or row["tariff"] in taking:
            found.setdefault(row["tariff"], []).append(row)
    return found


_PRICES = """
SELECT p.tariff, p.interval_start, p.interval_s, p.retail_usd_per_kwh usd_per_kwh
FROM prices p JOIN readings r USING (market, interval_start)
WHERE p.interval_start >= ? AND p.interval_start < ? ORDER BY p.tariff, p.interval_start"""


def notes_of(pair: Pair) -> Iterator[str]:
    """What a reader of the figures has to know of them."""
    for reader in (pair.run, pair.base):
        last = reader.row("SELECT MAX(interval_start + interval_s) s FROM readings")["s"]
        if last > pair.load.end_s:
            until, end = (local_time(t, pair.zone) for t in (last, pair.load.end_s))
            yield f"{reader.path} goes on to {until}; compared is what both have, to {end}"
    if not pair.bills.periods:
        yield "no period is billed in both runs yet, so there are no bills to compare"
    if pair.settled_until_s is None:
        yield "no stretch is settled in both runs yet, so the ledgers are not compared"
    elif pair.settled_until_s != ALL_S:
        until = local_time(pair.settled_until_s, pair.zone)
        yield f"ledgers are compared for deliveries to {until}, settled in both, without fixed charges"
    yield from emptied(pair.run, pair.load)
    if not len(pair.customers.taking_part):
        yield "no device of any customer takes part in the market"
    if pair.meters is None:
        yield "a run kept no meter of each customer (records: summary), so participants' load is not known"
    if pair.run.facts.get("versions") != pair.base.facts.get("versions"):
        yield "the runs were made with different versions: " + " and ".join(
            reader.facts.get("versions", "unknown") for reader in (pair.run, pair.base)
        )


def _of_market(run: RunReader, base: RunReader) -> Iterator[Problem]:
    """One run must have a market, and the other none."""
    without = [reader.facts.get("market", "tariffs") == "none" for reader in (run, base)]
    ours, theirs = str(run.path), str(base.path)
    if without == [True, True]:
        yield Problem(ours, f"must have a market, was run with market none, as was {theirs}; {HOW}")
    elif without == [False, False]:
        yield Problem(theirs, f"must be run with market none, has a market, as has {ours}; {HOW}")
    elif without == [True, False]:
        yield Problem(ours, f"is the base case (market none); give it second: dso compare {theirs} {ours}")


def _of_study(run: RunReader, base: RunReader) -> Iterator[Problem]:
    """Both must come from one scenario, with one seed."""
    seeds = [reader.facts.get("seed") for reader in (run, base)]
    if seeds[0] != seeds[1]:
        yield Problem(
            str(base.path), f"has seed {seeds[1]}, {run.path} has {seeds[0]}; run both with the same --seed"
        )
    ours, theirs = _resolved(run), _resolved(base)
    if not ours or not theirs:
        same = run.facts.get("scenario") == base.facts.get("scenario")
        differ = [] if same else ["their text"]
    else:
        differ = [*_differing(ours, theirs)]
    if differ:
        shown = ", ".join(differ[:5]) + (f" and {len(differ) - 5} more" if len(differ) > 5 else "")
        yield Problem(
            str(base.path),
            f"differs from {run.path} in what was studied: {shown}; make both from one file",
        )


def _resolved(reader: RunReader) -> Figures:
    found: Figures = json.loads(reader.facts.get("resolved", "{}"))
    return found


def _differing(ours: Figures, theirs: Figures, above: str = "") -> Iterator[str]:
    """Names of the fields in which two scenarios are not alike."""
    for key in dict.fromkeys([*ours, *theirs]):
        name = f"{above}{key}"
        one, other = ours.get(key), theirs.get(key)
        if one == other or name in MAY_DIFFER or name == "seed":
            continue
        if isinstance(one, dict) and isinstance(other, dict):
            yield from _differing(one, other, f"{name}.")
        else:
            yield name
