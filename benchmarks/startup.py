"""How soon the program answers: `dso --help`, and `import dso`.

python -m benchmarks.startup
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
from typing import Any

REPEATS = 11
MEASURES = {
    "dso --help": (["-m", "dso.cli.main", "--help"], 0.25),
    "import dso": (["-c", "import dso"], 0.30),
    "import dso; dso.run": (["-c", "import dso; dso.run"], None),
    "python, nothing else": (["-c", "pass"], None),
}


def took_s(arguments: list[str]) -> float:
    """Wall time of a fresh interpreter [s]."""
    start = time.perf_counter()
    subprocess.run([sys.executable, *arguments], capture_output=True, check=True)
    return time.perf_counter() - start


def main() -> dict[str, Any]:
    """Measure, print a table and one JSON line, and return what was measured."""
    for arguments, _ in MEASURES.values():
        took_s(arguments)  # compiled and in the disk's cache
    taken: dict[str, list[float]] = {name: [] for name in MEASURES}
    for _ in range(REPEATS):
        for name, (arguments, _) in MEASURES.items():
            taken[name].append(took_s(arguments))
    rows = [
        {"what": name, "s": round(statistics.median(taken[name]), 3), "asked_s": asked}
        for name, (_, asked) in MEASURES.items()
    ]
    print(f"\nFrom the start of a fresh interpreter to its end; medians of {REPEATS}.\n")
    print("| what | s | asked |\n| --- | --- | --- |")
    for row in rows:
        print(f"| {row['what']} | {row['s']} | {row['asked_s'] or ''} |")
    result = {"benchmark": "startup", "rows": rows}
    print("\n" + json.dumps(result))
    return result


if __name__ == "__main__":
    main()
