"""A run of two customers and two hours in round numbers, so that bills and costs can be worked by hand.

From noon 2 kWh and 1 kWh for customer 0, on `standard`; 1 kWh and 3 kWh for customer 1, on `live`. Two of
August's 744 hours: 37.20 USD a month are 0.10 USD.
"""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any

from dso.clock import HOUR_S, parse_time
from tests.report.compare_pair import plain

NOON = parse_time("2016-08-10T12:00-05:00")
KWH = ((2.0, 1.0), (1.0, 3.0))  # by hour: of both customers, as `readings` has them
BILLED_USD = (0.70, 0.90)
COSTS = {  # tariff: what its LSE paid, and its customers [USD]
    "standard": {"wholesale energy": 0.30, "network charge": 0.12, "metered energy": -0.70},
    "live": {
        "wholesale energy": 0.50,
        "network charge": 0.16,
        "congestion rent": 0.02,
        "metered energy": -0.90,
    },
}


def two_customers(folder: Path) -> Path:
    """The run."""
    path = plain(folder, "tariffs")
    with sqlite3.connect(path) as db:
        for name in ("readings", "invoices", "ledger", "enrolments", "devices", "customer_postings"):
            db.execute(f"DELETE FROM {name}")
        _meters(db)
        _enrolled(db)
        for customer, usd in enumerate(BILLED_USD):
            add_invoice(db, customer, 0, [("metered energy", 3.0 + customer, round(usd * 1e6))])
        _ledger(db)
    db.close()
    return path


def _meters(db: sqlite3.Connection) -> None:
    for hour in range(2):
        each = [kwh[hour] for kwh in KWH]
        row = (NOON + hour * HOUR_S, HOUR_S, sum(each), json.dumps([round(kwh * 1e6) for kwh in each]))
        db.execute(
            "INSERT INTO readings (seq, market, interval_start, interval_s, meter_kwh, customers_milliwh) "
            "VALUES (1, 'rt', ?, ?, ?, ?)",
            row,
        )


def _enrolled(db: sqlite3.Connection) -> None:
    for customer, tariff in enumerate(COSTS):
        db.execute("INSERT INTO enrolments VALUES (1, ?, ?)", (tariff, json.dumps([customer])))
    row = ("live", "battery", "[0]", "[1]", "[-2.0]", "[3.0]", "[0.4]")
    db.execute("INSERT INTO devices VALUES (1, ?, ?, ?, ?, ?, ?, ?)", row)


def add_invoice(
    db: sqlite3.Connection, customer: int, correction: int, lines: list[tuple[str, float, int]]
) -> None:
    """An invoice with some lines: kind, kWh and micro-dollars."""
    plain_lines: list[dict[str, Any]] = [
        {"kind": kind, "energy_kwh": kwh, "amount_uusd": uusd} for kind, kwh, uusd in lines
    ]
    tariff = [*COSTS][customer]
    row = (
        f"2016-08-{customer:06d}-{correction}", customer, tariff, "2016-08", NOON, NOON + 2 * HOUR_S,
        correction, json.dumps(plain_lines), sum(uusd for _, _, uusd in lines),
    )  # fmt: skip
    db.execute("INSERT INTO invoices VALUES (1, ?, ?, ?, ?, ?, ?, ?, ?, ?)", row)


def _ledger(db: sqlite3.Connection) -> None:
    number = 0
    for tariff, kinds in COSTS.items():
        for kind, usd in kinds.items():
            number += 1
            other = f"customers:{tariff}" if kind == "metered energy" else kind
            for account, sign in ((f"lse:{tariff}", 1), (other, -1)):
                row = (1, number, NOON, "rt", NOON, kind, account, sign * round(usd * 1e6), 0.0)
                db.execute("INSERT INTO ledger VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", row)


def schedule(dear_hour: int = 13) -> list[list[int]]:
    """Period 1 in one hour of every day, else 0."""
    return [[int(hour == dear_hour) for hour in range(24)]] * 12


def sheet(**changes: Any) -> dict[str, Any]:
    """0.10 USD/kWh, from 13:00 to 14:00 0.30, and 37.20 USD a month: the customers pay 0.60 and 1.10 USD."""
    return {
        "name": "by hour",
        "energyratestructure": [[{"rate": 0.10}], [{"rate": 0.30}]],
        "energyweekdayschedule": schedule(),
        "energyweekendschedule": schedule(),
        "fixedchargefirstmeter": 37.2,
        "fixedchargeunits": "$/month",
    } | changes
