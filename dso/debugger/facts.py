"""What is known of a market now, as plain values: for conditions, and to see what has changed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from dso.debugger.history import Entry
from dso.engine.loop import Engine
from dso.engine.step import Step
from dso.operators.load_serving import LseRecord

NAMES: dict[str, str] = {
    "price": "highest retail price of its intervals: of the step's tariff, or of those that bid [USD/kWh]",
    "wholesale": "highest wholesale price of its intervals [USD/kWh]",
    "congestion": "highest shadow price of the wires, μ [USD/kWh]",
    "load_kw": "highest awarded load of its intervals at the meters, all tariffs [kW]",
    "head_kw": "highest power bought at the head of its intervals [kW]",
    "limit_kw": "tightest import limit that the DO has set for it [kW]",
    "round": "the round that is open",
    "market": "the market's name",
    "series": "its series",
    "state": "the state that the step has led to",
    "event": "what happened, a timer with its @",
    "tariff": "the tariff whose own machine took the step, else empty",
    "machine": "the machine that took the step",
    "degraded": "why the step's result is less than it should be, else empty",
    "rejected": "why the step's message does not count, else empty",
}


def market_of(machine: str) -> str:
    """The market that a machine belongs to."""
    return machine.partition("/")[0]


def lse_records(engine: Engine, market: str) -> dict[str, LseRecord]:
    """What each LSE knows of a market, by tariff; without those that know nothing."""
    found = {name: r.records.get(market) for name, r in engine.world.retailers.items()}
    return {name: record for name, record in found.items() if record is not None}


def price(engine: Engine, market: str, tariff: str = "") -> float | None:
    """Highest retail price of a market; of the tariffs with an MO, unless one is named."""
    records = lse_records(engine, market)
    names = (
        [tariff] if tariff else [name for name in records if name in engine.world.operators] or list(records)
    )
    return _most(records[n].retail_usd_per_kwh for n in names if n in records)


def wholesale(engine: Engine, market: str) -> float | None:
    """Highest wholesale price of a market."""
    return _most(r.wholesale_usd_per_kwh for r in lse_records(engine, market).values())


def congestion(engine: Engine, market: str) -> float | None:
    """Highest shadow price of the wires in a market."""
    return _most(r.congestion_usd_per_kwh for r in lse_records(engine, market).values())


def _sum(engine: Engine, market: str, field: str) -> float | None:
    parts = [getattr(r, field) for r in lse_records(engine, market).values()]
    known = [p for p in parts if p is not None]
    return float(np.sum(known, axis=0).max()) if known else None


def limit_kw(engine: Engine, market: str) -> float | None:
    """Tightest import limit that the DO has set for a market, None if it has set none."""
    record = engine.world.distribution.records.get(market)
    least = float(record.limits.import_kw.min()) if record is not None else np.inf
    return least if np.isfinite(least) else None


def round_of(engine: Engine, market: str) -> int | None:
    """The round that a market is in."""
    machine = engine.machines.get(market)
    found: int | None = getattr(machine.subject, "round", None) if machine is not None else None
    return found


def _most(arrays: Any) -> float | None:
    values = [float(a.max()) for a in arrays if a is not None]
    return max(values) if values else None


_OF_MARKET: dict[str, Callable[[Engine, str], Any]] = {
    "price": price,
    "wholesale": wholesale,
    "congestion": congestion,
    "load_kw": lambda engine, market: _sum(engine, market, "load_kw"),
    "head_kw": lambda engine, market: _sum(engine, market, "head_kw"),
    "limit_kw": limit_kw,
    "round": round_of,
}
_OF_STEP: dict[str, Callable[[Step], Any]] = {
    "market": lambda step: market_of(step.machine),
    "series": lambda step: step.machine.partition("-")[0],
    "state": lambda step: step.destination,
    "event": lambda step: step.event,
    "tariff": lambda step: step.machine.partition("/")[2],
    "machine": lambda step: step.machine,
    "degraded": lambda step: step.degraded or "",
    "rejected": lambda step: step.rejected or "",
}


def of_entry(engine: Engine, entry: Entry) -> Callable[[str], Any]:
    """What a condition's names stand for after a step."""
    step = entry.step
    assert step is not None  # only a step that was taken is asked about

    def lookup(name: str) -> Any:
        if name in _OF_STEP:
            return _OF_STEP[name](step)
        market, tariff = market_of(step.machine), step.machine.partition("/")[2]
        return price(engine, market, tariff) if name == "price" else _OF_MARKET[name](engine, market)

    return lookup


def everything(engine: Engine) -> dict[str, str]:
    """What a person may want to see change from one stop to the next, as texts by name."""
    found = {f"{name} state": machine.state for name, machine in engine.machines.items()}
    for market in engine.markets:
        for name, ask in _OF_MARKET.items():
            value = ask(engine, market)
            if value is not None:
                found[f"{market} {name}"] = f"{value:,.6g}"
    for account, uusd in sorted(engine.world.ledger.balance_uusd.items()):
        found[f"ledger {account}"] = f"{uusd / 1e6:,.2f} USD"
    return found
