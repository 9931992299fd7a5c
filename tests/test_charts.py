"""The charts that are shipped and the handlers that run them fit each other, both ways."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from dso.engine.handlers import BEHAVIOURS, BILLING, CREW, LIFE, MARKET, RETAIL
from dso.engine.series import MARKET_TIMES, MarketTimes
from dso.engine.work import Behaviour, outcomes_of
from dso.errors import ChartError, EngineError
from dso.statechart import Chart, Row, Vocabulary, load_chart
from tests.engine.small import DAY_AHEAD, REAL_TIME, start_s

CHARTS = Path(__file__).parents[1] / "statecharts"
RUNS = {
    "market.yaml": MARKET,
    "retail/auction.yaml": RETAIL,
    "retail/capacity.yaml": RETAIL,
    "retail/consensus.yaml": RETAIL,
    "retail/estimate.yaml": RETAIL,
    "retail/voltage.yaml": RETAIL,
    "billing.yaml": BILLING,
    "dso.yaml": LIFE,
    "crew.yaml": CREW,
}


def load(name: str) -> Chart:
    return load_chart(CHARTS / name, RUNS[name].vocabulary())


def rows_of(chart: Chart) -> list[Row]:
    return [*chart.root_rows, *(row for state in chart.states.values() for row in state.rows)]


def charts_of(behaviour: Behaviour) -> list[Chart]:
    return [load(name) for name, b in RUNS.items() if b is behaviour]


def test_every_shipped_chart_has_a_behaviour_that_runs_it() -> None:
    assert {str(path.relative_to(CHARTS)) for path in CHARTS.rglob("*.yaml")} == set(RUNS)
    assert set(BEHAVIOURS.values()) == set(RUNS.values())


@pytest.mark.parametrize("name", sorted(RUNS))
def test_every_shipped_chart_loads_against_its_vocabulary(name: str) -> None:
    assert load(name).states


@pytest.mark.parametrize("kind", sorted(BEHAVIOURS))
def test_every_handler_stands_in_some_chart(kind: str) -> None:
    behaviour = BEHAVIOURS[kind]
    used = [handler for chart in charts_of(behaviour) for handler in handlers_of(chart)]
    assert set(used) == set(behaviour.handlers)


@pytest.mark.parametrize("kind", sorted(BEHAVIOURS))
def test_every_message_is_taken_by_some_chart(kind: str) -> None:
    taken = {r.event for chart in charts_of(BEHAVIOURS[kind]) for r in rows_of(chart) if r.kind == "external"}
    assert taken == set(BEHAVIOURS[kind].receivers) | {"fatal"}


def test_every_instant_is_named_by_some_chart() -> None:
    named = {r.name for name in RUNS for r in rows_of(load(name)) if r.kind == "timer"}
    assert named == {time for behaviour in RUNS.values() for time in behaviour.times}


@pytest.mark.parametrize("name", sorted(RUNS))
def test_every_answer_of_a_handler_is_taken_and_no_other(name: str) -> None:
    chart = load(name)
    for state in chart.states.values():
        if state.do is None:
            continue
        taken = {row.event for row in state.rows if row.kind == "outcome"}
        assert taken == outcomes_of(RUNS[name].handlers[state.do]), state.path


@pytest.mark.parametrize("name", sorted(RUNS))
def test_whatever_breaks_in_whatever_state_there_is_a_way_on(name: str) -> None:
    chart = load(name)
    for path in chart.leaves:
        if not chart.states[path].final:
            assert chart.move(path, "fatal") is not None, path


def without(vocabulary: Vocabulary, handler: str) -> Vocabulary:
    return replace(vocabulary, handlers={h: o for h, o in vocabulary.handlers.items() if h != handler})


def handlers_of(chart: Chart) -> list[str]:
    return sorted({state.do for state in chart.states.values() if state.do})


@pytest.mark.parametrize(("name", "handler"), [(name, h) for name in RUNS for h in handlers_of(load(name))])
def test_a_chart_is_refused_if_a_handler_goes_or_answers_more_or_less(name: str, handler: str) -> None:
    vocabulary = RUNS[name].vocabulary()
    with pytest.raises(ChartError, match=f"do names '{handler}', which is no handler"):
        load_chart(CHARTS / name, without(vocabulary, handler))
    answers = vocabulary.handlers[handler]
    more = {**vocabulary.handlers, handler: answers | {"surprise"}}
    with pytest.raises(ChartError, match="can answer 'surprise', which the state does not take"):
        load_chart(CHARTS / name, replace(vocabulary, handlers=more))
    for answer in answers:
        less = {**vocabulary.handlers, handler: answers - {answer}}
        with pytest.raises(ChartError, match=f"never answers '{answer}'"):
            load_chart(CHARTS / name, replace(vocabulary, handlers=less))


@pytest.mark.parametrize("name", sorted(RUNS))
def test_a_chart_is_refused_if_a_message_or_an_instant_goes(name: str) -> None:
    vocabulary, rows = RUNS[name].vocabulary(), rows_of(load(name))
    for event in {r.event for r in rows if r.kind == "external"}:
        with pytest.raises(ChartError, match=f"external names '{event}', which no party sends"):
            load_chart(CHARTS / name, replace(vocabulary, events=vocabulary.events - {event}))
    for time in {r.name for r in rows if r.kind == "timer"}:
        with pytest.raises(ChartError, match=f"at names '{time}', which is no known time"):
            load_chart(CHARTS / name, replace(vocabulary, times=vocabulary.times - {time}))


@pytest.mark.parametrize("name", MARKET_TIMES)
@pytest.mark.parametrize("spec", [DAY_AHEAD, REAL_TIME], ids=lambda spec: spec.name)
def test_every_instant_that_a_market_chart_may_name_is_one(name: str, spec) -> None:
    found = MarketTimes(spec, start_s()).instant(name, 1, 0)
    never = {"next_interval": spec.intervals == 1, "next_round": spec.most_rounds() == 1}
    assert (found is None) == never.get(name, False)


def test_a_handler_must_say_what_it_can_answer() -> None:
    def vague(work) -> str:
        return "anything"

    def silent(work):
        return None

    with pytest.raises(EngineError, match="handler vague must return a Literal of its outcomes"):
        outcomes_of(vague)
    assert outcomes_of(silent) == frozenset()
