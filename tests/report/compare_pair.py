"""A run and its base case in round numbers, so that every figure of a comparison can be worked by hand.

Four hours from noon in quarters of an hour, ten customers. Without the market the head has 40, 80, 60 and
20 kW, shared alike. With it 40 (44 and 36 in its first quarters), 60, 60 and 30 kW: what changes is the
participants' doing, and these are 0, 2, 4 and 5 on the tariff `live`; 9 is on it, too, and takes no part.
"""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Literal

import yaml

from dso.study import run
from tests.scenario.examples import small

BASE_KW = [40.0] * 4 + [80.0] * 4 + [60.0] * 4 + [20.0] * 4
RUN_KW = [44.0, 36.0, 40.0, 40.0] + [60.0] * 4 + [60.0] * 4 + [30.0] * 4
PRICES = (0.05, 0.09, 0.07, 0.03)  # of the hours, with the market [USD/kWh]; their mean is 0.06
TAKING, SLIDER = (0, 2, 4, 5), (0.1, 0.3, 0.25, 1.0)
BASE_USD = {0: 10.0, 2: 8.0, 4: 6.0, 5: 4.0, 9: 12.0}
RUN_USD = {0: 9.5, 2: 8.5, 4: 6.0, 5: 2.0, 9: 12.0}  # and customer 0 has 0.5 back in a correction
STANDARD_USD = 5.0
LEDGER = {  # account and kind: what it paid without and with the market [USD], and took [kWh]
    ("customers:live", "metered energy"): (40.0, 37.5, 100.0, 90.0),
    ("lse:live", "metered energy"): (-40.0, -37.5, -100.0, -90.0),
    ("lse:live", "wholesale energy"): (10.0, 8.5, 200.0, 190.0),
    ("wholesale", "wholesale energy"): (-10.0, -8.5, -200.0, -190.0),
    ("lse:live", "network charge"): (4.0, 3.6, 100.0, 90.0),
    ("network charge", "network charge"): (-4.0, -3.6, -100.0, -90.0),
}


def plain(
    folder: Path, market: Literal["tariffs", "none"], name: str | None = None, **changes: object
) -> Path:
    """A run of the small scenario as it comes."""
    scenario, target = folder / "small.yaml", folder / f"{name or market}.dso"
    scenario.write_text(yaml.safe_dump(small(**changes), sort_keys=False), encoding="utf-8")
    run(scenario, target, market=market)
    return target


def hand_made(folder: Path) -> tuple[Path, Path]:
    """The run and its base case."""
    with_market, without = plain(folder, "tariffs"), plain(folder, "none")
    for path, usd, kw in ((with_market, RUN_USD, RUN_KW), (without, BASE_USD, BASE_KW)):
        with sqlite3.connect(path) as db:
            _loads(db, kw)
            _bills(db, usd)
            _ledger(db, int(path == with_market))
            _prices(db, PRICES if path == with_market else (0.06,) * 4)
        db.close()
    with sqlite3.connect(with_market) as db:
        _devices(db)
        row = ("small-0-1", 0, "live", "2016-08", 1, "[]", -500_000)
        db.execute(
            "INSERT INTO invoices (seq, invoice, customer, tariff, period, correction, lines, total_uusd) "
            "VALUES (1, ?, ?, ?, ?, ?, ?, ?)",
            row,
        )
    db.close()
    return with_market, without


def _loads(db: sqlite3.Connection, kw: list[float]) -> None:
    starts = [r[0] for r in db.execute("SELECT interval_start FROM readings ORDER BY interval_start")]
    for start, head, base in zip(starts, kw, BASE_KW, strict=True):
        each = base / 10
        taking = (head - 6 * each) / len(TAKING)
        meters = [round((taking if c in TAKING else each) / 4 * 1e6) for c in range(10)]
        db.execute(
            "UPDATE readings SET head_kwh = ?, customers_milliwh = ? WHERE interval_start = ?",
            (head / 4, json.dumps(meters), start),
        )


def _bills(db: sqlite3.Connection, usd: dict[int, float]) -> None:
    for (customer,) in db.execute("SELECT customer FROM invoices").fetchall():
        total = round(usd.get(customer, STANDARD_USD) * 1e6)
        db.execute("UPDATE invoices SET total_uusd = ? WHERE customer = ?", (total, customer))


def _ledger(db: sqlite3.Connection, which: int) -> None:
    db.execute("DELETE FROM ledger")
    start = db.execute("SELECT MIN(interval_start) FROM readings").fetchone()[0]
    for number, ((account, kind), values) in enumerate(LEDGER.items()):
        uusd, kwh = round(values[which] * 1e6), values[2 + which]
        row = (1, number, start, "rt", start, kind, account, uusd, kwh)
        db.execute("INSERT INTO ledger VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", row)


def _prices(db: sqlite3.Connection, usd: tuple[float, ...]) -> None:
    starts = [r[0] for r in db.execute("SELECT interval_start FROM readings ORDER BY interval_start")]
    for number, start in enumerate(starts):
        db.execute(
            "UPDATE prices SET retail_usd_per_kwh = ? WHERE tariff = 'live' AND interval_start = ? "
            "AND market IN (SELECT market FROM readings)",
            (usd[number // 4], start),
        )


def _devices(db: sqlite3.Connection) -> None:
    db.execute("DELETE FROM devices")
    db.execute("DELETE FROM device_use")
    own = (json.dumps([0, 1, 2, 3]), json.dumps(TAKING), json.dumps([-2.0] * 4), json.dumps([3.0] * 4))
    db.execute("INSERT INTO devices VALUES (1, 'live', 'battery', ?, ?, ?, ?, ?)", (*own, json.dumps(SLIDER)))
    read = db.execute(
        "SELECT market, interval_start FROM readings ORDER BY interval_start LIMIT 2"
    ).fetchall()
    for (market, start), awarded, metered in zip(read, (2.0, -6.0), (3.0, -5.0), strict=True):
        row = (1, market, "live", "battery", start, 4, awarded, metered, 0.0)
        db.execute("INSERT INTO device_use VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", row)
    missed = json.dumps([0.0, 1.0, 3.0, 0.001])
    row = ("live", "battery", "kWh missing", json.dumps(TAKING), json.dumps(SLIDER), missed)
    db.execute("INSERT INTO comfort VALUES (1, ?, ?, ?, ?, ?, ?)", row)
