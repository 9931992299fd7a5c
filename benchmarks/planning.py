"""Day-ahead plans of ten thousand agents of each kind, on one core, beside TESP's; and rounds that settle.

python -m benchmarks.planning [agents]
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from benchmarks.against_tesp import peer
from dso.agents.planning import Problem, plan
from dso.study import load
from tests.agents.planning.cases import KINDS

ROOT = Path(__file__).parents[1]
AGENTS, ASKED_MS, ASKED_FASTER, REPEATS = 10_000, 0.1, 100, 5  # the wish is 0.05 ms
HOMES, ASKED_ROUNDS, ASKED_FRAC = 640, 10, 0.01
# These homes want 3,190 kW at most: their peak is cut by 6 %, 12 %, and by more than comfort gives easily.
LIMITS_KW = (3000, 2800, 2400)


def measure(kind: str, agents: int, theirs: dict[str, Any]) -> dict[str, Any]:
    """The best of some repeats, in CPU time on both sides: other work may run on this machine."""
    problem: Problem = KINDS[kind](agents)[0]  # type: ignore[no-untyped-call]
    best_s = float("inf")
    for _ in range(REPEATS):
        start = time.process_time()
        found = plan(problem)
        best_s = min(best_s, time.process_time() - start)
    arrays = (found.u, found.v, found.x, found.cost, found.gap, found.shortfall)
    kept = sum(a.nbytes for a in arrays if a is not None)
    tesp_ms, ms = theirs["cpu_python_ms"] + theirs["cpu_solver_proc_ms"], 1e3 * best_s / agents
    return {"kind": kind, "agents": agents, "ms": round(ms, 4), "tesp_ms": tesp_ms,
            "faster": round(tesp_ms / ms),
            "steps": round(float(found.iterations.mean()), 1), "most_steps": int(found.iterations.max()),
            "converged": float(found.converged.mean()), "bytes": kept // agents}  # fmt: skip


def rounds(limit_kw: float) -> list[dict[str, float]]:
    """How far prices and loads of a day-ahead market move from round to round.

    The demo's homes, all on the market, with weather foreseen as it comes; else a forecast's news would move
    prices too.
    """
    engine, before = _engine(limit_kw), None
    name, found = "da-2016-08-10T05:00Z", list[dict[str, float]]()
    while (step := engine.step()) is not None and engine.now_s <= engine.world.start_s:
        if step.machine == name and step.destination.endswith("assessing"):
            schedule = engine.machines[name].subject.schedule
            price, load_kw = schedule.retail_usd_per_kwh["live"], schedule.load_kw["live"]
            if before is not None:
                moved = np.abs(price - before[0]).max() / np.ptp(price), np.abs(load_kw - before[1]).max()
                found.append({"price_frac": float(moved[0]), "load_frac": float(moved[1] / load_kw.max())})
            before = price, load_kw
    return found


def _engine(limit_kw: float) -> Any:
    study = yaml.safe_load((ROOT / "examples" / "demo.yaml").read_text(encoding="utf-8"))
    study["end"], study["customers"]["count"] = "2016-08-11", HOMES
    study["devices"] |= {"forecast": {"perfect": True}}
    study["tariffs"] = [{"name": "live", "kind": "auction", "share": 1.0}]
    study["network"] = {"kind": "static", "loss_frac": 0.03, "import_limit_kw": limit_kw}
    study["forecast"] = {"common_error_1h_frac": 0.0, "customer_error_1h_frac": 0.0}
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "study.yaml"
        path.write_text(json.dumps(study, default=str), encoding="utf-8")
        return load(path)


def settled(moves: list[dict[str, float]]) -> int | None:
    """The round from which on prices stay within what was asked; None: never."""
    wide = [k for k, move in enumerate(moves) if move["price_frac"] > ASKED_FRAC]
    last = wide[-1] + 1 if wide else 0
    return last + 1 if last < len(moves) else None


def _print_rounds(found: dict[str, list[dict[str, float]]]) -> None:
    print(
        f"\nRounds of a day-ahead market of {HOMES} homes behind limits: the greatest move of a price since"
    )
    print(
        "the round before, as part of the day's range, and of a load, as part of the highest (asked: prices"
    )
    print(f"within {ASKED_FRAC:.0%} after {ASKED_ROUNDS} rounds).\n")
    print("| round | " + " | ".join(f"price, {name} | load, {name}" for name in found) + " |")
    print("|" + " --- |" * (2 * len(found) + 1))
    for k, moves in enumerate(zip(*found.values(), strict=True)):
        cells = " | ".join(f"{100 * m['price_frac']:.2f} % | {100 * m['load_frac']:.2f} %" for m in moves)
        print(f"| {k + 2} | {cells} |")


def main(agents: int = AGENTS) -> dict[str, Any]:
    """Measure, print tables and one JSON line, and return what was measured."""
    theirs = peer("agents", "highs")
    rows = [measure(kind, agents, theirs[kind]) for kind in KINDS]
    print(f"\n{agents:,} agents of each kind, 48 h, one core, CPU time; TESP: pyomo and HiGHS, one agent.\n")
    print("| kind | ms a plan | asked | TESP | faster | asked | steps, mean | most "
          "| converged | bytes of a plan |\n|" + " --- |" * 10)  # fmt: skip
    for r in rows:
        print(f"| {r['kind'].replace('_', ' ')} | {r['ms']} | {ASKED_MS} | {r['tesp_ms']} "
              f"| {r['faster']} × | {ASKED_FASTER} × | {r['steps']} | {r['most_steps']} "
              f"| {100 * r['converged']:.1f} % | {r['bytes']} |")  # fmt: skip
    found = {f"{limit_kw:,} kW": rounds(limit_kw) for limit_kw in LIMITS_KW}
    _print_rounds(found)
    result = {"benchmark": "planning", "asked_ms": ASKED_MS, "asked_faster": ASKED_FASTER, "rows": rows,
              "asked_rounds": ASKED_ROUNDS, "asked_frac": ASKED_FRAC, "rounds": found,
              "settled": {name: settled(moves) for name, moves in found.items()}}  # fmt: skip
    print("\n" + json.dumps(result))
    return result


if __name__ == "__main__":
    main(*(int(a) for a in sys.argv[1:2]))
