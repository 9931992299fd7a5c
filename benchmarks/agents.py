"""Agents of every kind: what one weighs, what a real-time market takes, and how cost grows with their number.

python -m benchmarks.agents [agents] [most agents]
"""

from __future__ import annotations

import json
import pickle
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from dso.clock import HOUR_S, Interval, parse_time
from dso.messages import Award, BidRequest, Measured, PriceSignal, Setting
from dso.registry.around import load_of
from dso.registry.kinds import KINDS, around_of
from dso.scenario.model import Scenario

ROOT = Path(__file__).parents[1]
AGENTS, MOST = 10_000, 1_000_000
COUNTS = (1_000, 10_000, 100_000, 1_000_000)
ASKED_BYTES, ASKED_BID_MS, ASKED_EXPONENT = 2000, 5.0, 1.05
PLANNERS = ("hvac", "water_heater", "ev", "battery")
START_S = parse_time("2016-08-10T05:00:00Z")  # midnight in Texas
NOW_S, STEP_S = START_S + 14 * HOUR_S, 300
HOURS = np.arange(48)
PRICES = 0.05 + 0.15 * np.clip(np.sin((HOURS - 9) / 12 * np.pi), 0, 1) ** 2


def study(customers: int) -> tuple[Scenario, Any]:
    """The demo's scenario with another number of customers, and what is around their devices."""
    given = yaml.safe_load((ROOT / "examples" / "demo.yaml").read_text(encoding="utf-8"))
    given["customers"]["count"] = customers
    given["devices"]["elastic"] = {"share": 1.0}
    scenario = Scenario.model_validate(given)
    slider = np.random.default_rng([7, 1]).random(customers)
    assert scenario.devices is not None
    return scenario, around_of(scenario, scenario.devices, load_of(scenario, ROOT), slider)


@dataclass(eq=False)
class Crowd:
    """A number of agents of one kind, and their devices."""

    kind: str
    population: Any
    plant: Any
    state: Any

    def __len__(self) -> int:
        return len(self.population.customers)

    def step(self, now_s: int, setting: Any = None) -> None:
        """Run the devices for five minutes, and let agents see them."""
        self.state, _ = self.plant.step(self.state, now_s, now_s + STEP_S, setting)

    def sense(self, now_s: int) -> None:
        """Let agents see their devices."""
        if hasattr(self.population, "sense"):
            seen = self.plant.measured(self.state, now_s)
            self.population.sense(Measured(self.kind, now_s, self.population.devices, seen))


def crowd(kind: str, count: int, owners: int | None = None) -> Crowd:
    """So many agents of a kind, out of so many customers of the demo, each of whom owns one."""
    scenario, around = study(owners or count)
    part = getattr(scenario.devices, kind)
    part = part if owners else part.model_copy(update={"share": 1.0})
    equipment = KINDS[kind].equipment(part, around, ROOT)
    equipment = equipment.take(np.arange(min(count, len(equipment.customers))))
    numbers = np.arange(len(equipment.customers))
    plant = KINDS[kind].plant(equipment, part, around)
    (population,) = KINDS[kind].agents(equipment, numbers, part, around)
    return Crowd(kind, population, plant, plant.start(NOW_S))


def request(now_s: int) -> BidRequest:
    """A call for bids for the next five minutes."""
    price = np.array([PRICES[(now_s - START_S) // HOUR_S]])
    return BidRequest("rt", "t", 1, (Interval(now_s, STEP_S),), price, now_s - 90)


def lived(them: Crowd) -> Crowd:
    """The same, having planned, lived for a quarter of an hour, and planned the next day."""
    thought(them, START_S)
    for k in range(3):
        market(them, NOW_S + k * STEP_S)
    return thought(them, START_S + 24 * HOUR_S)


def thought(them: Crowd, start_s: int) -> Crowd:
    """The same, having heard prices of two days and bid for the first hour of them, so planned for all."""
    hours = tuple(Interval(start_s + h * HOUR_S, HOUR_S) for h in range(48))
    them.population.hear(PriceSignal("da", "t", 1, hours, PRICES, True))
    asked = BidRequest("da", "t", 1, hours[:1], PRICES[:1], start_s - 14 * HOUR_S, physical=False)
    them.population.bid(asked)
    return them


def market(them: Crowd, now_s: int) -> dict[str, float]:
    """One real-time market: what each of its steps took [s]."""
    took, ask, population = {}, request(now_s), them.population

    def timed(name: str, work: Callable[[], Any]) -> Any:
        start = time.perf_counter()
        found = work()
        took[name] = time.perf_counter() - start
        return found

    timed("measurements", lambda: them.sense(now_s))
    bids = timed("bids", lambda: population.bid(ask))
    middle = bids.quantity_kw[:, :, bids.quantity_kw.shape[2] // 2]
    award = Award("rt", "t", ask.intervals, population.customers, middle, ask.expected_usd_per_kwh)

    def told() -> Setting | None:
        kw = population.set_points_kw(award, 0)
        setting = population.setting(award, 0) if hasattr(population, "setting") else None
        return setting if setting is not None else Setting(them.kind, population.devices, "kW", kw)

    setting = timed("settings", told)
    timed("plant", lambda: them.step(now_s, setting.value))
    return took


def weight(kind: str, count: int) -> dict[str, Any]:
    """Bytes an agent, of all that is kept: of twice as many less of once as many, so what all share is out.

    Agents have copies of nameplates, so what they hold and what the devices hold adds up.
    """
    held = [
        (them.population, (them.plant, them.state))
        for them in (lived(crowd(kind, n * count)) for n in (1, 2))
    ]
    agents, devices = ((_bytes(more) - _bytes(less)) / count for less, more in zip(*held, strict=True))
    return {"kind": kind, "agent": round(agents), "device": round(devices), "both": round(agents + devices)}


def _bytes(held: Any) -> int:
    """Of an object and everything it holds, each array once: its pickle, arrays beside it."""
    arrays: list[pickle.PickleBuffer] = []
    rest = pickle.dumps(held, 5, buffer_callback=arrays.append)
    return len(rest) + sum(a.raw().nbytes for a in arrays)


def markets(crowds: list[Crowd]) -> dict[str, float]:
    """Medians of what real-time markets took all of them [ms]."""
    begins = [NOW_S + (3 + k) * STEP_S for k in range(8)]
    took = [[market(them, now_s) for them in crowds] for now_s in begins]
    names = took[0][0]
    return {n: round(1e3 * float(np.median([sum(t[n] for t in each) for each in took])), 2) for n in names}


def growth(kind: str, counts: list[int]) -> dict[str, Any]:
    """CPU seconds of a plan, a market's bids, and five minutes of the devices, for ever more agents."""
    rows = []
    for count in counts:
        them = crowd(kind, count)
        plan_s, repeats = _cpu_s(partial(thought, them, START_S), 1), max(5, 200_000 // count)
        for k in range(3):
            market(them, NOW_S + k * STEP_S)
        asked = request(NOW_S + 3 * STEP_S)
        bids_s = _cpu_s(partial(them.population.bid, asked), repeats)
        plant_s = _cpu_s(partial(them.step, NOW_S + 3 * STEP_S), repeats)
        rows.append({"agents": count, "plan": plan_s, "bids": bids_s, "plant": plant_s})
    exponents = {n: round(_exponent(counts, [row[n] for row in rows]), 3) for n in ("plan", "bids", "plant")}
    return {"kind": kind, "rows": rows, "exponents": exponents}


def _cpu_s(work: Callable[[], Any], repeats: int) -> float:
    """The best of some repeats, in CPU time: other work may run on this machine."""
    best_s = float("inf")
    for _ in range(repeats):
        start = time.process_time()
        work()
        best_s = min(best_s, time.process_time() - start)
    return best_s


def _exponent(counts: list[int], seconds: list[float]) -> float:
    """Of the power law through the points from `AGENTS` on."""
    pairs = [(n, s) for n, s in zip(counts, seconds, strict=True) if n >= AGENTS]
    x, y = np.log(np.array(pairs).T)
    return float(np.polyfit(x, y, 1)[0])


def main(agents: int = AGENTS, most: int = MOST) -> dict[str, Any]:
    """Measure, print tables and one JSON line, and return what was measured."""
    weights = [weight(kind, agents // 5) for kind in KINDS if kind != "elastic"]
    single = {kind: markets([lived(crowd(kind, agents))]) for kind in KINDS}
    single["mix"] = markets(mix(agents))
    grown = [growth(kind, [n for n in COUNTS if n <= most]) for kind in PLANNERS]
    _print_markets(agents, weights, single)
    _print_growth(grown)
    result = {"benchmark": "agents", "asked_bytes": ASKED_BYTES, "asked_bid_ms": ASKED_BID_MS,
              "asked_exponent": ASKED_EXPONENT, "weights": weights, "markets": single,
              "growth": grown}  # fmt: skip
    print("\n" + json.dumps(result))
    return result


def mix(agents: int) -> list[Crowd]:
    """So many agents of all kinds of the demo, in its shares."""
    scenario, _ = study(1)
    shares = {kind: getattr(scenario.devices, kind).share for kind in (*PLANNERS, "pv")}
    owners = round(agents / sum(shares.values()))
    return [lived(crowd(kind, owners, owners)) for kind in shares]


def _print_markets(agents: int, weights: list[dict[str, Any]], found: dict[str, dict[str, float]]) -> None:
    print("\nBytes an agent, with two plans of 48 h (today's, tomorrow's), and its device's state.\n")
    print("| kind | agent | its device | both | asked |\n|" + " --- |" * 5)
    for w in weights:
        print(
            f"| {w['kind'].replace('_', ' ')} | {w['agent']} | {w['device']} | {w['both']} | {ASKED_BYTES} |"
        )
    print(f"\nOne real-time market of {agents:,} agents [ms]; mix: in the demo's shares.\n")
    names = list(next(iter(found.values())))
    print("| kind | " + " | ".join(names) + " | bids asked |\n|" + " --- |" * (len(names) + 2))
    for kind, took in found.items():
        cells = " | ".join(str(took[name]) for name in names)
        print(f"| {kind.replace('_', ' ')} | {cells} | {ASKED_BID_MS} |")


def _print_growth(grown: list[dict[str, Any]]) -> None:
    print(
        "\nCPU µs an agent: a plan of 48 h, bids of a real-time market, five minutes of its device; and the"
    )
    print(f"exponent from {AGENTS:,} agents on (asked: at most {ASKED_EXPONENT}).\n")
    counts = [row["agents"] for row in grown[0]["rows"]]
    print(
        "| kind | what | "
        + " | ".join(f"{n:,}" for n in counts)
        + " | exponent |\n|"
        + " --- |" * (len(counts) + 3)
    )
    for g in grown:
        for name in ("plan", "bids", "plant"):
            cells = " | ".join(f"{1e6 * row[name] / row['agents']:.3g}" for row in g["rows"])
            print(f"| {g['kind'].replace('_', ' ')} | {name} | {cells} | {g['exponents'][name]} |")


if __name__ == "__main__":
    main(*(int(a) for a in sys.argv[1:3]))
