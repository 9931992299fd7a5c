"""What recording costs, and how fast a run's file answers: sequence, explain, conform, an explained bill.

python -m benchmarks.sequence [customers]
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.memory import scaled_demo

ROOT = Path(__file__).parents[1]
CUSTOMERS, REPEATS = 10_000, 3
ASKED_S, ASKED_SHARE = 0.5, 0.15
MARKET, CUSTOMER = "rt-2016-08-11T21:00Z", "54"

# The demo's hottest day in a program of its own; `bare` keeps no journal, no messages and no clearings.
ALONE = """
import sys, time
from dso.study import run
scenario, target, how = sys.argv[1:]
if how == "bare":
    from dso.engine.handlers import price, retail
    from dso.engine.work import Work
    from dso.run_file import writer
    Work.say = lambda *_: None
    price.write_clearings = lambda *_: None
    retail._in_words = lambda *_: ""
    writer.journal_row = lambda step: (step.sequence, *[None] * 13)
start = time.process_time()
run(scenario, target, until_s=1470978000)  # to 2016-08-12T05:00Z
print(time.process_time() - start)
"""


def run_s(scenario: Path, target: Path, how: str) -> float:
    """CPU of two days of a study, with or without what explains it [s]."""
    target.unlink(missing_ok=True)
    command = [sys.executable, "-c", ALONE, str(scenario), str(target), how]
    return float(subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()[-1])


def command_s(*args: str | Path) -> float:
    """How long a command takes from start to end, the median of a few [s]."""
    taken, command = [], [sys.executable, "-m", "dso.cli.main", *map(str, args)]
    for _ in range(REPEATS):
        start = time.perf_counter()
        subprocess.run(command, capture_output=True, cwd=ROOT, check=True)
        taken.append(time.perf_counter() - start)
    return statistics.median(taken)


def questions(run: Path) -> dict[str, tuple[str | Path, ...]]:
    """What is asked of a run's file."""
    drawn = ROOT / "docs" / "exchanges" / "physical.puml"
    return {
        "sequence of one market": ("sequence", run, "--market", MARKET),
        "the same as SVG": ("sequence", run, "--market", MARKET, "--format", "svg"),
        "explain one market": ("explain", run, "--market", MARKET),
        "list all markets": ("explain", run, "--list"),
        "conform of 864 markets": ("conform", run, drawn, "--series", "rt"),
        "explain one bill": ("bill", run, "--customer", CUSTOMER, "--explain"),
    }


def main(customers: int = CUSTOMERS) -> dict[str, Any]:
    """Measure, print a table and one JSON line, and return what was measured."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        scenario = scaled_demo(folder, customers)
        target = folder / "days.dso"
        pairs = [
            (run_s(scenario, target, "recorded"), run_s(scenario, target, "bare")) for _ in range(REPEATS)
        ]
        run = folder / "run.dso"
        subprocess.run([sys.executable, "-m", "dso.cli.main", "run", scenario, "-o", run], cwd=ROOT,
                       capture_output=True, check=True)  # fmt: skip
        rows = [{"what": what, "s": round(command_s(*args), 3)} for what, args in questions(run).items()]
    with_s, bare_s = min(a for a, _ in pairs), min(b for _, b in pairs)  # other work only adds
    share = 1 - bare_s / with_s
    rows[0]["asked_s"] = ASKED_S
    print(f"\nTwo days of the demo with {customers:,} customers: {with_s:.1f} s of CPU, {bare_s:.1f} s")
    print(
        f"without journal, messages and clearings: {share:.1%} of a run (asked: {ASKED_SHARE:.0%} at most).\n"
    )
    print("Commands on the file of the demo's three days, start of the program included:\n")
    print("| what | [s] | asked |\n| --- | --- | --- |")
    for row in rows:
        print(f"| {row['what']} | {row['s']:.2f} | {row.get('asked_s', '')} |")
    result = {"benchmark": "sequence", "customers": customers, "recording_share": round(share, 3),
              "asked_share": ASKED_SHARE, "rows": rows}  # fmt: skip
    print("\n" + json.dumps(result))
    return result


if __name__ == "__main__":
    main(*(int(a) for a in sys.argv[1:2]))
