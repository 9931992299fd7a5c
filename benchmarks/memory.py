"""Ten thousand customers for three days: peak memory, time, and where the time goes.

python -m benchmarks.memory [customers]
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import yaml

CUSTOMERS, ASKED_MB = 10_000, 400
DEMO = Path(__file__).parents[1] / "examples" / "demo.yaml"

# Run by itself, so that nothing else's memory is counted. VmHWM is of this program alone; getrusage's peak
# would also be that of the program which started it.
ALONE = """
import json, resource, sys, time
from dso.study import run
start = time.perf_counter()
profile = None
if sys.argv[3] == "profile":
    import cProfile
    profile = cProfile.Profile()
    profile.enable()
run(sys.argv[1], sys.argv[2])
if profile is not None:
    profile.disable()
    profile.dump_stats(sys.argv[4])
took_s = time.perf_counter() - start
try:
    status = dict(line.split(":", 1) for line in open("/proc/self/status"))
    peak_mb = int(status["VmHWM"].split()[0]) * 1024 / 1e6
except OSError:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    peak_mb = peak * (1 if sys.platform == "darwin" else 1024) / 1e6
cpu_s = time.process_time()
print(json.dumps({"peak_mb": peak_mb, "wall_s": took_s, "cpu_s": cpu_s}))
"""

# Where the time goes: files of the package, in the order in which they are looked for.
ROOMS = ("run_file", "wholesale", "market", "agents", "network", "operators", "engine", "statechart")


def scaled_demo(folder: Path, customers: int) -> Path:
    """The demo with another number of customers, who sit behind static limits that have grown with them."""
    study = yaml.safe_load(DEMO.read_text(encoding="utf-8"))
    factor = customers / study["customers"]["count"]
    study["customers"]["count"] = customers
    held = {k: v for k, v in study["network"].items() if k not in ("kind", "feeder")}
    study["network"] = {"kind": "static", **held}
    for part in (study["network"], *study["network"].get("derates", [])):
        for name in ("import_limit_kw", "export_limit_kw"):
            if part.get(name) is not None:
                part[name] *= factor
    path = folder / "scaled.yaml"
    path.write_text(json.dumps(study, default=str), encoding="utf-8")  # JSON is YAML, and dates stay text
    return path


def alone(scenario: Path, target: Path, profile: Path | None = None) -> dict[str, float]:
    """Run a scenario in a program of its own; what it took."""
    command = [sys.executable, "-c", ALONE, str(scenario), str(target)]
    command += ["profile", str(profile)] if profile is not None else ["plain"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def by_room(profile: Path) -> dict[str, float]:
    """Part of the time spent in each room of the house, what it calls in libraries included [1]."""
    import pstats

    stats: dict[Any, Any] = pstats.Stats(str(profile)).stats  # type: ignore[attr-defined]
    own_s = dict.fromkeys((*ROOMS, "other"), 0.0)
    total_s = sum(row[2] for row in stats.values())
    shares: dict[Any, dict[str, float]] = {}

    def share(function: Any, seen: frozenset[Any]) -> dict[str, float]:
        """Which rooms a function works for: its own, or those of its callers by what they took of it."""
        room = _room(function[0])
        if room is not None:
            return {room: 1.0}
        if function in shares:
            return shares[function]
        callers = {c: row for c, row in stats[function][4].items() if c not in seen}
        whole = sum(row[2] for row in callers.values())
        found: dict[str, float] = {}
        for caller, row in callers.items():
            for name, part in share(caller, seen | {function}).items():
                found[name] = found.get(name, 0.0) + part * (row[2] / whole if whole else 1 / len(callers))
        shares[function] = found or {"other": 1.0}
        return shares[function]

    for function, row in stats.items():
        for name, part in share(function, frozenset()).items():
            own_s[name] += row[2] * part
    return {name: seconds / total_s for name, seconds in own_s.items() if seconds > 0.01 * total_s}


def _room(file: str) -> str | None:
    parts = Path(file).parts
    if "dso" not in parts or "site-packages" in parts:
        return None
    inside = parts[len(parts) - parts[::-1].index("dso") :]
    return inside[0] if inside and inside[0] in ROOMS else "other"


def main(customers: int = CUSTOMERS) -> dict[str, Any]:
    """Measure, print a table and one JSON line, and return what was measured."""
    rows = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for count in (customers // 10, customers):
            scenario, target = scaled_demo(folder, count), folder / "run.dso"
            took = alone(scenario, target)
            rows.append({"customers": count, **{k: round(v, 1) for k, v in took.items()},
                         "file_mb": round(target.stat().st_size / 1e6, 1)})  # fmt: skip
        alone(scenario, folder / "profiled.dso", folder / "profile")
        rooms = by_room(folder / "profile")
    print("\nThe demo's three days.\n")
    print("| customers | peak memory [MB] | asked | wall [s] | CPU [s] | run file [MB] |\n|" + " --- |" * 6)
    for row in rows:
        asked = ASKED_MB if row["customers"] == CUSTOMERS else ""
        print(f"| {row['customers']:,} | {row['peak_mb']} | {asked} | {row['wall_s']} | {row['cpu_s']} "
              f"| {row['file_mb']} |")  # fmt: skip
    print(f"\nWhere the time of {customers:,} customers goes, libraries counted with who calls them:\n")
    print("| room | part |\n| --- | --- |")
    for room, part in sorted(rooms.items(), key=lambda item: -item[1]):
        print(f"| {room} | {100 * part:.0f} % |")
    result = {"benchmark": "memory", "rows": rows, "asked_mb": ASKED_MB,
              "rooms": {k: round(v, 3) for k, v in rooms.items()}}  # fmt: skip
    print("\n" + json.dumps(result))
    return result


if __name__ == "__main__":
    main(*(int(a) for a in sys.argv[1:2]))
