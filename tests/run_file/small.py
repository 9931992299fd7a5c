"""A small study for tests of the run file: two tariffs, a congested afternoon, everything a file holds."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

SCENARIO = """
dso: 1
name: small
seed: 3
timezone: America/Chicago
start: {start}
end: {end}
customers: {{count: {customers}}}
settings: {{records: {records}}}
tariffs:
  - {{name: standard, kind: flat, share: 0.5, rate_usd_per_kwh: 0.112, fixed_usd_per_month: 10.0}}
  - {{name: live, kind: auction, share: 0.5, scaling: 1.25, distribution_usd_per_kwh: 0.04,
      fixed_usd_per_month: 9.0}}
series:
  - {{name: da, physical: false, intervals: 6, interval: 1 h, activation_lead: 10 min, negotiation_lead: 4 h,
      market_lead: 2 h, delivery_lead: 4 h, rounds: 4, round_interval: 1 h, round_length: 15 min,
      bid_window: 10 min, reconcile: 1 h}}
  - {{name: rt, refines: da, intervals: 1, interval: 15 min, activation_lead: 60 s, negotiation_lead: 180 s,
      market_lead: 30 s, delivery_lead: 0, round_length: 90 s, bid_window: 60 s, meter_wait: 2 min,
      reconcile: 20 min}}
network:
  kind: static
  import_limit_kw: {limit_kw}
  loss_frac: 0.03
  derates:
    - {{from: "2016-08-10T15:00", to: "2016-08-10T16:30", import_limit_kw: {derated_kw}, planned: false}}
wholesale: {wholesale}
"""

PROGRAM = """
import signal
signal.signal(signal.SIGINT, signal.default_int_handler)
from dso.cli.main import main
main()
"""

# Tells each step once it is written: who reads so many lines knows how far the program has come at least.
TELLING = """
from dso.run_file.writer import RunWriter
write = RunWriter.write
def telling(self, step, effects):
    write(self, step, effects)
    print(step.sequence, flush=True)
RunWriter.write = telling
"""

KNOWN_PRICE = "{kind: price_series, usd_per_kwh: 0.041}"


def scenario_file(
    folder: Path,
    *,
    customers: int = 12,
    records: str = "awards",
    start: str = "2016-08-10T12:00",
    end: str = "2016-08-10T18:00",
    wholesale: str = KNOWN_PRICE,
) -> Path:
    """The study as a file; the wires are tight, and tighter for an hour and a half that nobody expected."""
    text = SCENARIO.format(
        customers=customers,
        records=records,
        start=start,
        end=end,
        wholesale=wholesale,
        limit_kw=5.6 * customers,
        derated_kw=4.2 * customers,
    )
    path = folder / "small.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def tables(path: Path) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table with its number, in order; `replaced` and `snapshot` too."""
    with closing(sqlite3.connect(path)) as db:
        names = [
            name
            for (name,) in db.execute("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")
        ]
        return {name: db.execute(f"SELECT rowid, * FROM {name} ORDER BY rowid").fetchall() for name in names}


def differing(one: Path, other: Path) -> list[str]:
    """Names of the tables in which two run files differ."""
    a, b = tables(one), tables(other)
    return [name for name in sorted({*a, *b}) if a.get(name) != b.get(name)]


def dso_command(*args: str | Path, before: str = "") -> list[str]:
    """The program as a command line; Ctrl-C reaches it even where the shell around the tests ignores it."""
    return [sys.executable, "-c", before + PROGRAM, *map(str, args)]


def dso(*args: str | Path, **options: Any) -> subprocess.CompletedProcess[str]:
    """Run the program to its end."""
    return subprocess.run(
        dso_command(*args), capture_output=True, text=True, timeout=120, check=False, **options
    )
