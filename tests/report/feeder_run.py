"""A run with a made-up feeder: what its power flow would have left in the run file, in round numbers."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import yaml

from dso.study import run
from tests.scenario.examples import small

NODES = (  # name, at the service, km from the head
    ("head.1", 0, 0.0),
    ("mid.1", 0, 1.0),
    ("mid.2", 0, 1.0),
    ("end.1", 0, 2.0),
    ("home_mid_2-1.1", 1, 1.03),
    ("home_end_1-1.1", 1, 2.03),
)
ELEMENTS = (
    ("substation", "head", "head", 500.0, "kVA"),
    ("l1", "head", "mid", 100.0, "A"),
    ("l2", "mid", "end", 50.0, "A"),
)
POINTS = (("mid.2-1", [0, 2, 4, 6, 8]), ("end.1-1", [1, 3, 5, 7, 9]))
USUAL_PU = (1.02, 1.01, 1.015, 1.0, 1.005, 0.99)
LOW_PU = (1.02, 0.99, 1.015, 0.97, 1.005, 0.948)
HIGH_LOAD = 5  # interval of the highest load, from 13:15 on
TIGHT = 8  # from 14:00 on: the lowest voltage, the widest prices, l2 over its rating


def feeder_run(folder: Path, *, detailed: bool = True) -> Path:
    """Four hours of ten customers at two service points, 16 intervals."""
    scenario, target = folder / "feeder.yaml", folder / "feeder.dso"
    scenario.write_text(yaml.safe_dump(small(), sort_keys=False), encoding="utf-8")
    run(scenario, target)
    with sqlite3.connect(target) as db:
        _plan(db)
        read = db.execute("SELECT market, interval_start FROM readings ORDER BY interval_start").fetchall()
        for number, (market, start) in enumerate(read):
            _flow(db, number, market, start, detailed)
            _prices(db, number, market, start)
    db.close()
    return target


def _plan(db: sqlite3.Connection) -> None:
    for number, (node, service, km) in enumerate(NODES):
        db.execute("INSERT INTO nodes VALUES (1, ?, ?, ?, ?, NULL, NULL)", (node, number, service, km))
    for number, (name, *rest) in enumerate(ELEMENTS):
        db.execute("INSERT INTO elements VALUES (1, ?, ?, ?, ?, ?, ?)", (name, number, *rest))
    for number, (point, customers) in enumerate(POINTS):
        db.execute("INSERT INTO points VALUES (1, ?, ?, ?)", (point, number, json.dumps(customers)))


def _flow(db: sqlite3.Connection, number: int, market: str, start: int, detailed: bool) -> None:
    tight = number == TIGHT
    voltage, loading = (LOW_PU, (0.2, 0.4, 1.08)) if tight else (USUAL_PU, (0.1, 0.3, 0.5))
    head = 77.0 if number == HIGH_LOAD else 40.0 + number
    arrays = (_whole(voltage, 1e5), _whole(loading, 1e4)) if detailed else (None, None)
    db.execute(
        "INSERT INTO flows VALUES (1, ?, ?, ?, 12.5, 1.54, ?, ?, ?, ?, ?)",
        (market, start, head, min(voltage), max(voltage), max(loading), *arrays),
    )


def _prices(db: sqlite3.Connection, number: int, market: str, start: int) -> None:
    tight = number == TIGHT
    losses = (0.001, 0.002)
    congestion, voltage = ((0.0, 0.03), (0.0, 0.004)) if tight else ((0.0, 0.0), (0.0, 0.0))
    db.execute(
        "INSERT INTO point_prices VALUES (1, ?, ?, ?, ?, ?)",
        (market, start, *(_whole(part, 1e6) for part in (losses, congestion, voltage))),
    )
    where = "market = ? AND interval_start = ? AND tariff = 'live'"
    retail = db.execute(f"SELECT retail_usd_per_kwh FROM prices WHERE {where}", (market, start)).fetchone()[0]
    paid = [retail + sum(parts) for parts in zip(losses, congestion, voltage, strict=True)]
    db.execute(f"UPDATE prices SET points_uusd_per_kwh = ? WHERE {where}", (_whole(paid, 1e6), market, start))
    if tight:
        for row in (("l2", "ampacity", 1.5, 0.75), ("home_end_1-1.1", "voltage", 0.2, 0.05)):
            db.execute("INSERT INTO constraints VALUES (1, ?, ?, ?, ?, ?, ?)", (market, start, *row))


def _whole(values: tuple[float, ...] | list[float], scale: float) -> str:
    return json.dumps([round(v * scale) for v in values])
