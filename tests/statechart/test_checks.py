"""One mutant of a good chart for each check: refused with exactly one sentence, with file, line and state."""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path

import jsonschema
import pytest
import yaml

from dso.clock import parse_time
from dso.errors import ChartError
from dso.statechart import Vocabulary, check_deadlines, load_chart

HERE = Path(__file__).parent
SHIPPED = sorted((HERE.parents[1] / "statecharts").rglob("*.yaml"))
SCHEMA = json.loads(files("dso.statechart").joinpath("chart.schema.json").read_text(encoding="utf-8"))

EVENT_RULE = "a name is words of letters and digits joined by _, but not 'state'"

# (what is wrong, text of shop.yaml, what it becomes, where, message, whether the form alone shows it)
MUTANTS = [
    (
        "a misspelt target",
        "asked: waiting,",
        "asked: waitng,",
        "16 open.asking",
        "'asked' leads to 'waitng', which is no state seen from here; did you mean 'waiting'?",
        False,
    ),
    (
        "a target that needs its path",
        "nobody_home: {to: hurrying,",
        "nobody_home: {to: rounding,",
        "16 open.asking",
        "'nobody_home' leads to 'rounding', which is no state seen from here; "
        "did you mean 'open.pricing.rounding'?",
        False,
    ),
    (
        "an unknown key",
        "        do: ask\n",
        "        do: ask\n        colour: red\n",
        "16 open.asking",
        "unknown key 'colour'; a state has owner, doc, final, do, outcomes, external, at, initial, states",
        True,
    ),
    (
        "a misspelt key",
        "        outcomes: {asked",
        "        outcome: {asked",
        "16 open.asking",
        "unknown key 'outcome'; did you mean 'outcomes'?",
        True,
    ),
    (
        "a misspelt key of a row",
        "degraded: no answer",
        "degrade: no answer",
        "16 open.asking",
        "unknown key 'degrade'; did you mean 'degraded'?",
        True,
    ),
    (
        "a row without a target",
        "nobody_home: {to: hurrying, degraded: no answer}",
        "nobody_home: {degraded: no answer}",
        "16 open.asking",
        "'nobody_home' must say where it leads: to is missing",
        True,
    ),
    (
        "a target that is no name",
        "nobody_home: {to: hurrying, degraded: no answer}",
        "nobody_home: [hurrying]",
        "16 open.asking",
        "'nobody_home' must lead to the name of a state or to null, was ['hurrying']",
        True,
    ),
    (
        "a key that YAML reads as a truth value",
        "        do: ask\n",
        "        do: ask\n        on: {}\n",
        "16",
        "key on must be text, YAML reads it as a truth value; write it in quotes or rename it",
        False,
    ),
    (
        "a key that YAML reads as a number",
        "again: pricing",
        "12:30: pricing",
        "23",
        "key 12:30 must be text, YAML reads it as a number; write it in quotes or rename it",
        False,
    ),
    (
        "the same row twice",
        "offer: pricing, noise: asking",
        "offer: pricing, noise: asking, offer: hurrying",
        "18",
        "key 'offer' is given twice, first on line 18",
        False,
    ),
    (
        "an event as outcome and message of one state",
        "        do: ask\n",
        "        do: ask\n        external: {asked: hurrying}\n",
        "16 open.asking",
        "'asked' is listed under outcomes too, on line 17; keep one",
        False,
    ),
    (
        "an outcome that is a message further out",
        "external: {cancel: done, restart",
        "external: {cancel: done, odd: null, restart",
        "26 open.pricing.rounding",
        "outcome 'odd' is also a message taken here, by line 11; rename one of them",
        False,
    ),
    (
        "an event named state",
        "again: pricing",
        "state: pricing",
        "23 open.pricing",
        "'state' cannot be the name of an event; " + EVENT_RULE,
        True,
    ),
    (
        "an event that looks like a timer",
        "again: pricing",
        "'@again': pricing",
        "23 open.pricing",
        "'@again' cannot be the name of an event; " + EVENT_RULE,
        True,
    ),
    (
        "an event that means reflexive",
        "again: pricing",
        "'=': pricing",
        "23 open.pricing",
        "'=' cannot be the name of an event; " + EVENT_RULE,
        True,
    ),
    (
        "a state that nothing leads to",
        "  broken:",
        "  island: {at: {closing: done}}\n  broken:",
        "28 island",
        "cannot be reached from 'idle'; add a row that leads here, or remove it",
        False,
    ),
    (
        "a dead end",
        "  broken: {owner: DSO, at: {closing: done}}",
        "  broken: {owner: DSO}",
        "28 broken",
        "a dead end: give it, or a state around it, a row that leads to another state",
        False,
    ),
    (
        "a state that only leads to itself",
        "  broken: {owner: DSO, at: {closing: done}}",
        "  broken: {owner: DSO, at: {closing: broken}}",
        "28 broken",
        "a dead end: give it, or a state around it, a row that leads to another state",
        False,
    ),
    (
        "a wait without a time exit",
        "  broken: {owner: DSO, at: {closing: done}}",
        "  broken: {owner: DSO, external: {cancel: done}}",
        "28 broken",
        "a wait without a time exit: give it, or a state around it, an at that leads elsewhere",
        False,
    ),
    (
        "a wait after an answer that changes nothing",
        "  broken: {owner: DSO, at: {closing: done}}",
        "  broken: {owner: DSO, do: ask, outcomes: {asked: null, nobody_home: done}}",
        "28 broken",
        "a wait without a time exit: give it, or a state around it, an at that leads elsewhere",
        False,
    ),
    (
        "a row out of a final state",
        "final: true, do: archive",
        "final: true, do: archive, at: {opening: idle}",
        "29 done",
        "'opening' leads out of a final state; remove the row, or final",
        True,
    ),
    (
        "a final state with states inside",
        "{owner: DSO, final: true, do: archive}",
        "{owner: DSO, final: true, initial: a, states: {a: {}}}",
        "29 done",
        "a final state has no states inside; remove final or the states",
        True,
    ),
    (
        "a final state inside another",
        "{doc: Sell at any price., external: {offer: open.pricing.rounding}, at: {closing: done}}",
        "{final: true}",
        "27 open.hurrying",
        "a final state must stand at the top: the rows of 'open' would lead out of it",
        True,
    ),
    (
        "a handler on a state with states inside",
        "    initial: asking\n",
        "    initial: asking\n    do: add\n",
        "7 open",
        "do on a state with states inside is not supported; put it on 'asking'",
        True,
    ),
    (
        "a handler without outcomes",
        "{do: add, outcomes: {added: rounding, start_over: open}}",
        "{do: add, external: {offer: rounding}}",
        "25 open.pricing.adding",
        "do without outcomes: say where each answer of 'add' leads",
        True,
    ),
    (
        "outcomes without a handler",
        "{do: add, outcomes: {",
        "{outcomes: {",
        "25 open.pricing.adding",
        "outcomes without do: name the handler that answers added, start_over",
        True,
    ),
    (
        "no initial state inside",
        "        initial: adding\n",
        "",
        "20 open.pricing",
        "initial is missing; name the state to enter: adding, rounding",
        True,
    ),
    (
        "an initial state that is not there",
        "initial: adding",
        "initial: addin",
        "22 open.pricing",
        "initial names 'addin', which is no state inside; did you mean 'adding'?",
        False,
    ),
    (
        "an initial state of the chart that is not there",
        "initial: idle",
        "initial: idel",
        "3",
        "initial names 'idel', which is no state inside; did you mean 'idle'?",
        False,
    ),
    (
        "an initial state without states",
        "  broken: {owner: DSO,",
        "  broken: {owner: DSO, initial: idle,",
        "28 broken",
        "initial without states inside; remove it or add the states",
        True,
    ),
    ("no name", "chart: shop\n", "", "1", "chart is missing", True),
    (
        "an owner that does not exist",
        "  broken: {owner: DSO",
        "  broken: {owner: ISO",
        "28 broken",
        "owner must be one of DO, MO, LSE, DSO, was 'ISO'",
        True,
    ),
    (
        "a final that is not a truth value",
        "final: true",
        "final: 1",
        "29 done",
        "final must be true or false, was 1",
        True,
    ),
    (
        "an unknown handler",
        "do: ask",
        "do: aks",
        "14 open.asking",
        "do names 'aks', which is no handler; did you mean 'ask'?",
        False,
    ),
    (
        "an unknown message",
        "offer: pricing, noise",
        "ofer: pricing, noise",
        "18 open.waiting",
        "external names 'ofer', which no party sends; did you mean 'offer'?",
        False,
    ),
    (
        "an unknown message at the root",
        "external: {fatal:",
        "external: {fatl:",
        "4",
        "external names 'fatl', which no party sends; did you mean 'fatal'?",
        False,
    ),
    (
        "an unknown time",
        "at: {patience:",
        "at: {patiens:",
        "19 open.waiting",
        "at names 'patiens', which is no known time; did you mean 'patience'?",
        False,
    ),
    (
        "an answer that is not taken",
        "{asked: waiting, nobody_home: {to: hurrying, degraded: no answer}}",
        "{asked: waiting}",
        "14 open.asking",
        "handler 'ask' can answer 'nobody_home', which the state does not take; add it to outcomes",
        False,
    ),
    (
        "an outcome that is never answered",
        "{rounded: done, odd: asking}",
        "{rounded: done, odd: asking, even: asking}",
        "26 open.pricing.rounding",
        "handler 'round' never answers 'even'; valid: odd, rounded",
        False,
    ),
    (
        "a final state whose handler answers",
        "do: archive",
        "do: round",
        "29 done",
        "handler 'round' can answer 'odd', which the state does not take; a final state takes none",
        False,
    ),
]


def mutate(text: str, old: str, new: str) -> str:
    assert text.count(old) == 1, f"{old!r} must stand once in the chart"
    return text.replace(old, new)


def problems_of(file: Path, words: Vocabulary | None) -> list[str]:
    with pytest.raises(ChartError) as caught:
        load_chart(file, words)
    return [str(problem) for problem in caught.value.problems]


@pytest.mark.parametrize("mutant", MUTANTS, ids=[mutant[0] for mutant in MUTANTS])
def test_each_mutant_is_refused_with_its_sentence(mutant, shop_file, shop_words, tmp_path):
    name, old, new, where, what, _ = mutant
    file = tmp_path / "shop.yaml"
    file.write_text(mutate(shop_file.read_text(), old, new))
    found = problems_of(file, shop_words)
    if name == "a final state whose handler answers":
        assert found[0] == f"shop.yaml:{where}: {what}"
        assert found[1] == found[0].replace("odd", "rounded")
    else:
        assert found == [f"shop.yaml:{where}: {what}"]


@pytest.mark.parametrize("file", [HERE / "charts" / "shop.yaml", *SHIPPED], ids=lambda file: file.stem)
def test_the_schema_accepts_every_good_chart(file):
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    jsonschema.Draft202012Validator(SCHEMA).validate(yaml.safe_load(file.read_text()))


@pytest.mark.parametrize("mutant", [m for m in MUTANTS if m[5]], ids=[m[0] for m in MUTANTS if m[5]])
def test_the_schema_refuses_every_mutant_of_the_form(mutant, shop_file):
    data = yaml.safe_load(mutate(shop_file.read_text(), mutant[1], mutant[2]))
    assert not jsonschema.Draft202012Validator(SCHEMA).is_valid(data)


@pytest.mark.parametrize("file", SHIPPED, ids=lambda file: file.stem)
def test_the_charts_of_the_package_are_accepted(file):
    assert load_chart(file).source == file


def test_every_problem_of_a_file_is_reported_at_once_in_the_order_of_its_lines(
    shop_file, shop_words, tmp_path
):
    text = shop_file.read_text()
    for old, new in [
        ("do: ask", "do: aks"),
        ("initial: adding", "initial: addin"),
        ("at: {patience", "at: {patienc"),
    ]:
        text = mutate(text, old, new)
    file = tmp_path / "shop.yaml"
    file.write_text(
        mutate(text, "  broken: {owner: DSO, at: {closing: done}}", "  broken: {owner: DSO, od: 1}")
    )
    assert [line.partition(" ")[0] for line in problems_of(file, shop_words)] == [
        "shop.yaml:14",
        "shop.yaml:19",
        "shop.yaml:22",
        "shop.yaml:28",
    ]


def test_a_row_further_in_may_replace_a_message_row_further_out(shop):
    assert shop.rows_in("open.waiting")["noise"].to == "open.asking"
    assert shop.rows_in("open.hurrying")["noise"].to is None


def test_a_wait_may_rest_on_a_timer_of_the_root(tmp_path):
    file = tmp_path / "clock.yaml"
    file.write_text("chart: c\ninitial: a\nat: {end: b}\nstates: {a: , b: {final: true}}\n")
    assert load_chart(file).move("a", "@end").destination == "b"


def test_without_a_vocabulary_names_are_not_checked(shop_file, tmp_path):
    file = tmp_path / "shop.yaml"
    file.write_text(mutate(shop_file.read_text(), "do: ask", "do: aks"))
    assert load_chart(file).states["open.asking"].do == "aks"


@pytest.mark.parametrize(
    ("state", "old", "new", "what"),
    [
        (
            "negotiation.validating",
            "limits_violated: curtailing",
            "limits_violated: curtialing",
            "'limits_violated' leads to 'curtialing', which is no state seen from here; "
            "did you mean 'curtailing'?",
        ),
        (
            "market_lead.awaiting_wholesale",
            "        at: {wholesale_deadline: {to: missed, degraded: wholesale result missing}}\n",
            "",
            "a wait without a time exit: give it, or a state around it, an at that leads elsewhere",
        ),
        (
            "reconcile.reversing",
            "external: {corrected: reversing, readings: reversing}",
            "external: {corrected: null, readings: null}",
            "cannot be reached from 'inactive'; add a row that leads here, or remove it",
        ),
    ],
)
def test_a_mutant_of_the_market_chart_is_refused(state, old, new, what, tmp_path):
    source = next(file for file in SHIPPED if file.name == "market.yaml")
    file = tmp_path / "market.yaml"
    file.write_text(mutate(source.read_text(), old, new))
    (found,) = problems_of(file, None)
    assert found.partition(" ")[2] == f"{state}: {what}"


def at(clock: str, day: int = 1) -> int:
    return parse_time(f"2016-08-0{day}T{clock}Z")


def test_deadlines_in_order_are_fine_and_what_is_unknown_is_skipped():
    assert (
        check_deadlines(
            [("round_close", at("09:45")), ("gate", at("09:45")), ("x", None), ("end", at("10:00"))]
        )
        == []
    )


def test_a_deadline_that_comes_too_early_is_named_with_the_one_it_must_not_precede():
    found = check_deadlines([("round_close", at("09:59")), ("gate", at("09:50"))], "study.yaml: series rt")
    assert [str(problem) for problem in found] == [
        "study.yaml: series rt: round_close (09:59) must not be after gate (09:50)"
    ]


def test_deadlines_on_different_days_are_told_with_their_dates():
    (found,) = check_deadlines([("gate", at("00:10", day=2)), ("clearing", at("23:50"))])
    assert found.what == "gate (2016-08-02T00:10Z) must not be after clearing (2016-08-01T23:50Z)"
