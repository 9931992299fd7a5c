"""Ten thousand homes with devices of all kinds for a day: time, peak memory, and where the time goes.

python -m benchmarks.homes [homes]
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path
from typing import Any

import yaml

from benchmarks.memory import alone, scaled_demo
from dso.study import load

HOMES, ASKED_S, ASKED_MB = 10_000, 120, 600

# What a file of the package works for; the first that fits. Of all others those who call them decide: houses
# are looked at by plants, agents and forecasts alike.
PHASES = {
    "dso/agents/planning/": "planning",
    "dso/agents/long_plan.py": "planning",
    "dso/agents/house_plan.py": "planning",
    "dso/agents/homes_forecast.py": "forecast of load",
    "dso/agents/forecast_error.py": "forecast of load",
    "dso/plant/baseline.py": "forecast of load",
    "dso/agents/": "bids and settings",
    "dso/market/": "clearing",
    "dso/operators/": "clearing",
    "dso/plant/homes.py": "devices",
    "dso/network/": "wires",
    "dso/wholesale/": "wholesale",
    "dso/run_file/": "run file",
    "dso/engine/": "engine",
    "dso/statechart/": "engine",
    "dso/ledger.py": "engine",
    "dso/registry/": "setting up",
    "dso/scenario/": "setting up",
}


def one_day(folder: Path, homes: int, taking_part: float | None) -> Path:
    """A day of the demo with so many homes behind static limits, some of which have elastic load too.

    Parameters
    ----------
    taking_part : part of homes on the tariff with a market; None: as in the demo.
    """
    study = yaml.safe_load(scaled_demo(folder, homes).read_text(encoding="utf-8"))
    study["end"] = "2016-08-11"
    study["network"].pop("derates", None)
    study["devices"]["elastic"] = {"share": 0.1}
    if taking_part is not None:
        for tariff in study["tariffs"]:
            tariff["share"] = taking_part if tariff["kind"] == "auction" else 1 - taking_part
    path = folder / "day.yaml"
    path.write_text(json.dumps(study, default=str), encoding="utf-8")
    return path


def agents_of(scenario: Path) -> int:
    """How many agents there are."""
    operators = load(scenario).world.operators.values()
    return sum(len(population.customers) for operator in operators for population in operator.populations)


def measure(folder: Path, homes: int, taking_part: float | None) -> dict[str, Any]:
    """One day, twice: as it is, and with a profile."""
    scenario, target, profile = one_day(folder, homes, taking_part), folder / "day.dso", folder / "profile"
    took = alone(scenario, target)
    size_mb = target.stat().st_size / 1e6
    alone(scenario, folder / "profiled.dso", profile)
    (folder / "profiled.dso").unlink()
    target.unlink()
    return {"homes": homes, "agents": agents_of(scenario), **{k: round(v, 1) for k, v in took.items()},
            "file_mb": round(size_mb, 1), "phases": by_phase(profile)}  # fmt: skip


def by_phase(profile: Path) -> dict[str, float]:
    """Part of the time that each phase takes, what it calls in libraries included [1], largest first."""
    import pstats

    stats: dict[Any, Any] = pstats.Stats(str(profile)).stats  # type: ignore[attr-defined]
    known: dict[Any, dict[str, float]] = {}

    def works_for(function: Any, seen: frozenset[Any]) -> dict[str, float]:
        """Parts of a function's own time by phase: its file's, or those of its callers by what they took."""
        own = phase_of(function[0])
        if own is not None:
            return {own: 1.0}
        if function in known:
            return known[function]
        callers = {c: row[2] for c, row in stats[function][4].items() if c not in seen}
        whole, found = sum(callers.values()), dict[str, float]()
        for caller, took in callers.items():
            for phase, part in works_for(caller, seen | {function}).items():
                found[phase] = found.get(phase, 0.0) + part * (took / whole if whole else 1 / len(callers))
        known[function] = found or {"other": 1.0}
        return known[function]

    took_s: dict[str, float] = {}
    for function, row in stats.items():
        for phase, part in works_for(function, frozenset()).items():
            took_s[phase] = took_s.get(phase, 0.0) + row[2] * part
    total_s = sum(took_s.values())
    return {phase: s / total_s for phase, s in sorted(took_s.items(), key=lambda item: -item[1])}


def phase_of(file: str) -> str | None:
    """The phase that a file works for; None: its callers decide."""
    if "site-packages" in file:
        return None
    return next((phase for part, phase in PHASES.items() if part in file), None)


def main(homes: int = HOMES) -> dict[str, Any]:
    """Measure, print tables and one JSON line, and return what was measured."""
    rows = []
    for taking_part in (None, 1.0):
        with tempfile.TemporaryDirectory() as name:
            rows.append(measure(Path(name), homes, taking_part))
    print(
        "\nThe demo's first day behind static limits: on the demo's tariffs, and all homes on the market.\n"
    )
    print("| homes | agents | wall [s] | CPU [s] | asked | peak memory [MB] | asked | run file [MB] |")
    print("|" + " --- |" * 8)
    for r in rows:
        print(f"| {r['homes']:,} | {r['agents']:,} | {r['wall_s']} | {r['cpu_s']} | {ASKED_S} "
              f"| {r['peak_mb']} | {ASKED_MB} | {r['file_mb']} |")  # fmt: skip
    print("\nWhere the time goes, libraries counted with who calls them:\n")
    print("| part | as in the demo | all homes |\n| --- | --- | --- |")
    for phase, part in rows[1]["phases"].items():
        if part >= 0.005:
            print(f"| {phase} | {rows[0]['phases'].get(phase, 0.0):.0%} | {part:.0%} |")
    result = {"benchmark": "homes", "asked_s": ASKED_S, "asked_mb": ASKED_MB, "rows": rows}
    print("\n" + json.dumps(result))
    return result


if __name__ == "__main__":
    main(*(int(a) for a in sys.argv[1:2]))
