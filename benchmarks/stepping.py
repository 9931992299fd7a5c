"""Stepping: what going back costs anywhere in a three-day run of 10,000 customers, and a step in the prompt.

python -m benchmarks.stepping [customers]
"""

from __future__ import annotations

import io
import json
import resource
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.memory import scaled_demo
from dso.debugger.history import History
from dso.debugger.prompt import Prompt
from dso.debugger.session import StepSession
from dso.registry import build_engine
from dso.scenario import load_scenario

ROOT = Path(__file__).parents[1]
CUSTOMERS, ASKED_BACK_S, ASKED_STEP_MS = 10_000, 0.2, 50
REPEATS = 200


def back_s(path: Path) -> dict[str, Any]:
    """Run to the end with a history, and go back step by step to the beginning."""
    history = History(build_engine(load_scenario(path), path.parent))
    begin = time.perf_counter()
    while history.step() is not None:
        pass
    forth_s = time.perf_counter() - begin
    steps, file_mb = history.engine.steps, history.file_bytes / 1e6
    taken = []
    while True:
        begin = time.perf_counter()
        if history.back() is None:
            break
        taken.append(time.perf_counter() - begin)
    assert len(taken) == steps
    taken.sort()
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3
    history.close()
    return {
        "steps": steps,
        "forth_s": round(forth_s, 1),
        "median_ms": round(taken[steps // 2] * 1e3, 3),
        "p99_ms": round(taken[steps * 99 // 100] * 1e3, 2),
        "most_ms": round(taken[-1] * 1e3, 1),
        "file_mb": round(file_mb),
        "peak_mb": round(peak_mb),
    }


def prompt_ms(path: Path) -> list[dict[str, Any]]:
    """What commands at the prompt take in the demo, from the line to the last character of the answer."""
    session = StepSession.open(path)
    prompt = Prompt(session, io.StringIO(), 100)
    prompt.onecmd("break when \"price > 99 and series == 'rt'\"")
    prompt.onecmd("until 2016-08-10T15:00")
    taken: dict[str, list[float]] = {}
    for _ in range(REPEATS):
        for line in (
            "next",
            "next",
            "back",
            "next",
            "why",
            "graph",
            "awards",
            "limits",
            "ledger",
            "diff",
            "journal 20",
        ):
            begin = time.perf_counter()
            prompt.onecmd(line)
            taken.setdefault(line, []).append((time.perf_counter() - begin) * 1e3)
    session.close()
    return [
        {"line": line, "median_ms": round(statistics.median(ms), 2), "most_ms": round(max(ms), 1)}
        for line, ms in taken.items()
    ]


def main(customers: int = CUSTOMERS) -> dict[str, Any]:
    """Measure, print tables and one JSON line, and return what was measured."""
    with tempfile.TemporaryDirectory() as name:
        back = back_s(scaled_demo(Path(name), customers))
    prompt = prompt_ms(ROOT / "examples" / "demo.yaml")
    print(f"\nThe demo with {customers:,} customers, stepped to its end and back to its beginning.\n")
    print("| steps | `back`, median | 99 % | most | asked | history in a file | peak memory |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    print(
        f"| {back['steps']:,} | {back['median_ms']} ms | {back['p99_ms']} ms | {back['most_ms']} ms "
        f"| {ASKED_BACK_S * 1e3:.0f} ms | {back['file_mb']:,} MB | {back['peak_mb']:,} MB |"
    )
    print(f"\nAt the prompt, in the demo, {REPEATS} times each; asked of a step: {ASKED_STEP_MS} ms.\n")
    print("| command | median | most |\n| --- | --- | --- |")
    for row in prompt:
        print(f"| `{row['line']}` | {row['median_ms']} ms | {row['most_ms']} ms |")
    result = {"benchmark": "stepping", "customers": customers, "asked_back_s": ASKED_BACK_S, **back}
    result |= {"prompt": prompt, "asked_step_ms": ASKED_STEP_MS}
    print("\n" + json.dumps(result))
    return result


if __name__ == "__main__":
    main(*(int(a) for a in sys.argv[1:]))
