"""An engine whose handlers do no work: they give their first good answer and pass on what others wait for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from dso.chart_catalogue import chart_folder
from dso.clock import parse_time
from dso.engine.handlers import MARKET, RETAIL
from dso.engine.loop import Births, Engine
from dso.engine.market_work import MarketWork, RetailWork
from dso.engine.work import Behaviour, Handler, Receiver, outcomes_of
from dso.registry import build_engine
from dso.scenario import load_scenario
from dso.statechart import Chart, load_chart

SCENARIO = """
dso: 1
name: hollow
seed: 1
timezone: UTC
start: 2016-08-01
end: 2016-08-02
customers: {count: 2}
tariffs:
  - {name: standard, kind: flat, share: 0.5, rate_usd_per_kwh: 0.1}
  - {name: live, kind: auction, share: 0.5}
series:
  - {name: da, physical: false, intervals: 24, interval: 1 h, activation_lead: 10 min,
      negotiation_lead: 24 h, market_lead: 4 h, delivery_lead: 10 h, rounds: 24, round_interval: 1 h,
      round_length: 15 min, bid_window: 10 min, reconcile: 1 h}
  - {name: rt, refines: da, intervals: 1, interval: 5 min, activation_lead: 60 s, negotiation_lead: 180 s,
      market_lead: 30 s, delivery_lead: 0, round_length: 90 s, bid_window: 60 s, meter_wait: 2 min,
      reconcile: 10 min}
wholesale: {kind: price_series, usd_per_kwh: 0.04}
"""

# How the first good answer is not the right one, and what the handlers tell each other.


def _open_round(work: MarketWork) -> str:
    work.set(round=work.subject.round + 1, ready=frozenset())
    for tariff in work.world.retailers:
        work.post(f"{work.market}/{tariff}", "open_round", {"round": work.subject.round})
    return "opened"


def _assess(work: MarketWork) -> str:
    binding = work.subject.round >= work.spec.rounds
    for tariff in work.world.retailers:
        work.post(f"{work.market}/{tariff}", "round_result", {"binding": binding})
    return "binding" if binding else "informational"


def _bid_wholesale(work: MarketWork) -> str:
    work.post(work.market, "wholesale_result", at_s=work.subject.times.clearing_s)
    return "submitted"


def _dispatch(work: MarketWork) -> str:
    if not work.spec.physical:
        return "position_only"
    work.set_do(interval_index=work.do.interval_index + 1)
    work.post(work.market, "readings", at_s=work.subject.times.delivery_end_s)
    return "dispatched"


def _archive(work: MarketWork) -> None:
    work.drop(work.world.distribution.records, work.market)


def _call_for_bids(work: RetailWork) -> str:
    work.post(work.machine.name, "bids")
    return "called"


def _offer(answer: str) -> Callable[[RetailWork], str]:
    def offer(work: RetailWork) -> str:
        work.post(work.market, "tariff_ready", work.tariff)
        return answer

    return offer


def _inform(work: RetailWork) -> str:
    return "binding" if work.facts.binding else "another_round"


def _receive_ready(work: MarketWork, tariff: Any) -> None:
    work.set(ready=work.subject.ready | {tariff})
    if len(work.subject.ready) == len(work.world.retailers):
        work.post(work.market, "all_ready")


def _receive_bids(work: RetailWork, payload: Any) -> None:
    work.post(work.machine.name, "bids_complete")


def _receive_result(work: RetailWork, payload: Any) -> None:
    work.machine.subject = replace(work.facts, binding=payload["binding"])


HANDLERS: dict[str, Handler] = {
    "open_round": _open_round,
    "assess": _assess,
    "bid_wholesale": _bid_wholesale,
    "dispatch": _dispatch,
    "archive": _archive,
    "call_for_bids": _call_for_bids,
    "aggregate": _offer("aggregated"),
    "estimate": _offer("estimated"),
    "inform": _inform,
    "note_result": _inform,
}
RECEIVERS: dict[str, Receiver] = {
    "tariff_ready": _receive_ready,
    "bids": _receive_bids,
    "round_result": _receive_result,
}


def hollow_engine(folder: Path, end: str) -> Engine:
    """Two tariffs from the first of August 2016 until a date; a file is left in `folder`."""
    path = folder / "hollow.yaml"
    path.write_text(SCENARIO, encoding="utf-8")
    whole = build_engine(load_scenario(path), folder)
    whole.world.end_s = parse_time(f"{end}T00:00Z")  # nobody draws anything, so no weather need cover it
    market = _hollow(MARKET, ["market"])
    retail = _hollow(RETAIL, ["retail/auction", "retail/estimate"])
    births = Births(
        market=(_chart("market", MARKET), market),
        retail={name: (chart, retail) for name, (chart, _) in whole.births.retail.items()},
        standing=whole.births.standing,
    )
    engine = Engine(whole.world, whole.series, births)
    engine.start()
    return engine


def _hollow(behaviour: Behaviour, charts: list[str]) -> Behaviour:
    answers = dict(answer for name in charts for answer in _first_answers(_chart(name, behaviour)))
    handlers = {
        name: _declared(HANDLERS.get(name) or _always(answers.get(name)), whole)
        for name, whole in behaviour.handlers.items()
    }
    receivers = {name: RECEIVERS.get(name) for name in behaviour.receivers}
    return replace(behaviour, handlers=handlers, receivers=receivers)


def _chart(name: str, behaviour: Behaviour) -> Chart:
    return load_chart(chart_folder() / f"{name}.yaml", behaviour.vocabulary())


def _first_answers(chart: Chart) -> Iterator[tuple[str, str]]:
    """Each handler's first outcome that is not degraded."""
    for state in chart.states.values():
        good = [row.event for row in state.rows if row.kind == "outcome" and row.degraded is None]
        if state.do is not None and good:
            yield state.do, good[0]


def _always(answer: str | None) -> Handler:
    return lambda work: answer


def _declared(handler: Handler, whole: Handler) -> Handler:
    handler.outcomes = outcomes_of(whole)  # type: ignore[attr-defined]
    return handler
