"""Run every benchmark, each in a program of its own, and write docs/performance.md.

python -m benchmarks            all of them, and the page
python -m benchmarks NAME …     only these, nothing is written
"""

from __future__ import annotations

import json
import os
import platform
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

from benchmarks.clearing import simd

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "performance.md"
TITLES = {
    "clearing": "Clearing",
    "against_tesp": "Beside TESP",
    "engine_day": "The engine",
    "memory": "Memory",
    "sequence": "Recording, and asking why",
    "stepping": "Stepping",
    "power_flow": "Power flow",
    "planning": "Planning",
    "startup": "Starting",
}


def run(name: str) -> tuple[str, dict[str, Any]]:
    """What a benchmark prints, and what it measured: its last line, as JSON."""
    command = [sys.executable, "-m", f"benchmarks.{name}"]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
    text, _, line = done.stdout.rstrip().rpartition("\n")
    return text.strip(), json.loads(line)


def machine() -> str:
    """What the figures were measured on."""
    packages = ", ".join(f"{name} {version(name)}" for name in ("numpy", "scipy", "transitions"))
    return (
        f"{_cpu()}, {os.cpu_count()} cores, {_memory_gb():.0f} GB, {platform.system()}; SIMD level {simd()}; "
        f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}, {packages}"
    )


def _cpu() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        return next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


def _memory_gb() -> float:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9


def summary(results: dict[str, dict[str, Any]]) -> Iterator[tuple[str, str, str]]:
    """What was asked, as rows: what, asked, measured; of several cases the worst."""
    rows = results["clearing"]["rows"]
    for what in dict.fromkeys(r["what"] for r in rows):
        found = [r for r in rows if r["what"] == what]
        worst = max(r["ratio"] for r in found)
        million = f"{results['clearing']['bids']:,} four-point bids: {what}"
        yield million, f"≤ {found[0]['asked']} × {found[0]['against']}", f"{worst} ×"
    for r in results["against_tesp"]["rows"]:
        yield f"{r['market']}, {r['bids']:,} bids, beside TESP", f"≥ {r['asked']} ×", f"{r['faster']} ×"
    day = results["engine_day"]
    yield (
        "an engine day, hollow handlers, journal on",
        f"≤ {day['asked_day_s']} s of CPU",
        f"{day['day_s']} s",
    )
    yield f"day {day['days']} over day 1", f"≤ {day['asked_growth']}", f"{day['growth']}"
    most = results["memory"]["rows"][-1]
    asked = f"≤ {results['memory']['asked_mb']} MB"
    yield f"peak memory of {most['customers']:,} customers, three days", asked, f"{most['peak_mb']} MB"
    told = results["sequence"]
    most_share, share = f"≤ {told['asked_share']:.0%}", f"{max(told['recording_share'], 0):.1%}"
    yield f"recording with {told['customers']:,} customers, part of a run", most_share, share
    yield (
        "`dso sequence` of one market, three days",
        f"≤ {told['rows'][0]['asked_s']} s",
        f"{told['rows'][0]['s']} s",
    )
    yield from _stepping(results["stepping"])
    flow = results["power_flow"]
    by_hand = "validation of a market on IEEE 123, beside dss-python by hand"
    yield by_hand, f"≤ {flow['hand']['asked']} ×", f"{flow['hand']['ratio']} ×"
    feeder = "the demo with power flow in every market, beside static limits"
    yield feeder, f"≤ {flow['demo']['asked']} ×", f"{flow['demo']['ratio']} ×"
    for r in results["planning"]["rows"]:
        asked = f"≤ {results['planning']['asked_ms']} ms"
        yield f"a day-ahead plan, {r['kind'].replace('_', ' ')}", asked, f"{r['ms']} ms"
    for r in results["startup"]["rows"]:
        if r["asked_s"] is not None:
            yield f"`{r['what']}`", f"≤ {r['asked_s']} s", f"{r['s']} s"


def _stepping(found: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
    where = f"`back` anywhere in three days of {found['customers']:,} customers, the slowest"
    yield where, f"≤ {found['asked_back_s']} s", f"{found['most_ms'] / 1e3:.3f} s"
    slowest = max(row["most_ms"] for row in found["prompt"])
    yield (
        "a command at the prompt of `dso step`, the slowest",
        f"≤ {found['asked_step_ms']} ms",
        f"{slowest} ms",
    )


def page(texts: dict[str, str], results: dict[str, dict[str, Any]]) -> str:
    """The page of docs/performance.md."""
    lines = [
        "# Performance",
        "",
        "Written by `make bench` (`python -m benchmarks`); one alone: `python -m benchmarks NAME`. The first",
        "run sets up TESP beside the project, in `.venv-tesp`. Ratios are taken within one run; times are",
        "this machine's, on which other work may have run.",
        "",
        machine() + ".",
        "",
        "| what | asked | measured |",
        "| --- | --- | --- |",
        *(f"| {what} | {asked} | {measured} |" for what, asked, measured in summary(results)),
    ]
    for name, text in texts.items():
        lines += ["", f"## {TITLES[name]}", "", f"`python -m benchmarks.{name}`", "", text]
    return "\n".join(lines) + "\n"


def main(names: list[str]) -> int:
    """Run what is asked for."""
    unknown = [name for name in names if name not in TITLES]
    if unknown:
        print(f"there is no benchmark {', '.join(unknown)}; there is {', '.join(TITLES)}", file=sys.stderr)
        return 2
    texts, results = {}, {}
    for name in names or TITLES:
        print(f"measuring {name} …", file=sys.stderr)
        texts[name], results[name] = run(name)
        print(texts[name], flush=True)
    if not names:
        PAGE.write_text(page(texts, results), encoding="utf-8")
        print(f"written: {PAGE.relative_to(ROOT)}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
