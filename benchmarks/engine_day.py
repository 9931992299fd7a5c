"""The engine by itself: a day of markets whose handlers do nothing, and whether the hundredth costs as much.

python -m benchmarks.engine_day [days]
"""

from __future__ import annotations

import gc
import json
import sqlite3
import statistics
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path
from typing import Any

from benchmarks.hollow import hollow_engine
from dso.clock import DAY_S, parse_time
from dso.run_file import RunWriter
from dso.statechart.build import Machine, Walker

ASKED_DAY_S, ASKED_GROWTH = 1.0, 1.10
REPEATS, DAYS, AROUND = 5, 100, 5


def engine_day_s(folder: Path) -> tuple[float, int]:
    """CPU of one day, journal on and one commit a step [s], and its steps: 288 + 1 markets, 2 tariffs."""
    engine = hollow_engine(folder, "2016-08-02")
    writer = RunWriter(folder / "day.dso")
    writer.attach(engine)
    writer.begin(engine, {})
    gc.collect()
    start = time.process_time()
    steps = sum(1 for _ in engine.iterate())
    took = time.process_time() - start
    writer.finish()
    return took, steps


def bare_commits_s(folder: Path) -> float:
    """CPU of committing the same rows to a journal, one by one, with nothing else around [s]."""
    source, target = folder / "day.dso", folder / "bare.db"
    target.unlink(missing_ok=True)
    with closing(sqlite3.connect(source)) as db:
        rows = db.execute("SELECT * FROM journal ORDER BY seq").fetchall()
        create = db.execute("SELECT sql FROM sqlite_schema WHERE name = 'journal'").fetchone()[0]
    with closing(sqlite3.connect(target, isolation_level=None)) as db:
        db.execute("PRAGMA journal_mode=WAL")
        db.execute("PRAGMA synchronous=NORMAL")
        db.execute(create)
        insert = f"INSERT INTO journal VALUES ({', '.join('?' * len(rows[0]))})"
        start = time.process_time()
        for row in rows:
            db.execute(insert, row)
        return time.process_time() - start


def bare_events_s(folder: Path, count: int) -> float:
    """CPU of as many events of the library `transitions` on the market's chart, nothing else around [s]."""
    chart, _ = hollow_engine(folder, "2016-08-02").births.market
    machine = Machine(chart.states, chart.root_rows)
    walker = Walker("negotiation.collecting")
    path = ("opened", "all_ready", "limits_ok", "cleared", "informational", "@next_round")
    events = [path[k % len(path)] for k in range(count)]
    known = {row.event for state in chart.states.values() for row in state.rows}
    assert set(path) <= known, sorted(known)
    start = time.process_time()
    for event in events:
        machine.fire(walker, event)
    return time.process_time() - start


def daily_s(folder: Path, days: int) -> list[float]:
    """CPU of each day of a long run, journal on [s]; the days before the first delivery are left out."""
    first_s = parse_time("2016-08-01T00:00Z")
    last = time.strftime("%Y-%m-%d", time.gmtime(first_s + days * DAY_S))
    engine = hollow_engine(folder, last)
    writer = RunWriter(folder / "long.dso")
    writer.attach(engine)
    writer.begin(engine, {})
    engine.run(first_s - 1)
    gc.collect()
    taken = []
    for day in range(days):
        start = time.process_time()
        engine.run(first_s + (day + 1) * DAY_S - 1)
        taken.append(time.process_time() - start)
    writer.close()
    return taken


def main(days: int = DAYS) -> dict[str, Any]:
    """Measure, print a table and one JSON line, and return what was measured."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        days_s = [engine_day_s(folder) for _ in range(REPEATS)]
        day_s, steps = statistics.median(s for s, _ in days_s), days_s[0][1]
        commits_s = statistics.median(bare_commits_s(folder) for _ in range(REPEATS))
        events_s = statistics.median(bare_events_s(folder, steps) for _ in range(REPEATS))
        taken = daily_s(folder, days)
    early, late = statistics.median(taken[:AROUND]), statistics.median(taken[-AROUND:])
    growth = late / early
    print(f"\nAn engine day: {steps:,} steps of 288 real-time markets and a day-ahead one with 24 rounds.\n")
    print("| what | CPU [s] | µs a step | asked |\n| --- | --- | --- | --- |")
    print(f"| engine day, journal on, one commit a step | {day_s:.3f} | {1e6 * day_s / steps:.1f} | 1.0 s |")
    print(f"| the same rows committed to bare SQLite | {commits_s:.3f} | {1e6 * commits_s / steps:.1f} | |")
    print(f"| as many bare events of `transitions` | {events_s:.3f} | {1e6 * events_s / steps:.1f} | |")
    print(f"| days 1 to {AROUND} of {days}, median | {early:.3f} | | |")
    print(f"| days {days - AROUND + 1} to {days}, median | {late:.3f} | | |")
    print(f"| their ratio | {growth:.3f} | | {ASKED_GROWTH} |")
    result = {
        "benchmark": "engine_day",
        "steps": steps,
        "day_s": round(day_s, 3),
        "asked_day_s": ASKED_DAY_S,
        "bare_commits_s": round(commits_s, 3),
        "bare_events_s": round(events_s, 3),
        "days": days,
        "growth": round(growth, 3),
        "asked_growth": ASKED_GROWTH,
    }
    print("\n" + json.dumps(result))
    return result


if __name__ == "__main__":
    main(*(int(a) for a in sys.argv[1:2]))
