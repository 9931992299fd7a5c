"""Drawings are text; the golden files were read line by line against shop.yaml."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from dso.errors import ChartError
from dso.statechart import load_chart, to_dot, to_markdown, to_mermaid

HERE = Path(__file__).parent
SHIPPED = sorted((HERE.parents[1] / "statecharts").rglob("*.yaml"))


PATH = ("opening", "asked", "noise", "asked", "offer", "added")


def golden(name: str) -> str:
    return (HERE / "golden" / name).read_text(encoding="utf-8")


def edges(text: str) -> dict[tuple[str, str], str]:
    found = re.findall(r"^\s*(\S+) --> (\S+)(?: : (.*))?$", text, flags=re.MULTILINE)
    return {(source, target): label for source, target, label in found}


def test_a_chart_with_everything_in_it_is_drawn_as_in_the_golden_file(shop):
    assert to_mermaid(shop) == golden("shop.mmd")


def test_a_chart_cut_at_its_first_level_lights_what_stands_for_the_active_state(shop):
    assert to_mermaid(shop, active="open.pricing.adding", depth=1) == golden("shop_lit.mmd")


def test_a_chart_in_tables_is_as_in_the_golden_file(shop):
    assert to_markdown(shop) == golden("shop.md")


def test_the_path_that_events_take_is_numbered_as_in_the_golden_files(shop):
    assert to_mermaid(shop, events=PATH) == golden("shop_path.mmd")
    assert to_markdown(shop, events=PATH, inside="open") == golden("shop_path.md")


def test_the_page_of_one_state_names_what_is_around_it_as_in_the_golden_file(shop):
    assert to_mermaid(shop, events=PATH, inside="open.pricing") == golden("shop_page.mmd")


def test_a_path_may_begin_elsewhere_and_take_a_timer_with_its_sign(shop):
    drawn = edges(to_mermaid(shop, active="open.hurrying", events=["@closing"]))
    assert drawn["open__hurrying", "done"] == "1. ⏱ closing"


@pytest.mark.parametrize("emit", [to_mermaid, to_dot, to_markdown])
@pytest.mark.parametrize(
    ("events", "says"),
    [
        (["openin"], "chart 'shop' has no event 'openin'; did you mean 'opening'?"),
        (["opening", "offer"], "state 'open.asking' does not take 'offer'; it takes: asked, cancel, "),
        (["cancel", "opening"], "state 'done' does not take 'opening'; it takes: nothing"),
    ],
)
def test_an_event_that_is_unknown_or_not_taken_is_told_with_what_would_be(shop, emit, events, says):
    with pytest.raises(ChartError, match=re.escape(says)):
        emit(shop, events=events)


def test_the_active_state_and_those_around_it_are_lit(shop):
    assert "class open__pricing__adding,open__pricing,open lit" in to_mermaid(shop, "open.pricing.adding")
    with pytest.raises(KeyError):
        to_mermaid(shop, active="nowhere")


def test_messages_timers_and_degraded_rows_are_marked(shop):
    drawn = edges(to_mermaid(shop))
    assert drawn["open__waiting", "open__pricing"] == "✉ offer"
    assert drawn["open__waiting", "open__hurrying"] == "⏱ patience ⚠ waited too long"
    assert drawn["open__asking", "open__waiting"] == "asked"


def test_a_row_that_changes_nothing_is_in_the_table_but_not_in_the_diagram(shop):
    assert "✉ noise: taken" in to_markdown(shop)
    assert ("open__asking", "open__asking") not in edges(to_mermaid(shop))


def test_a_state_that_leads_to_itself_is_drawn_with_an_arrow_to_itself(tmp_path):
    file = tmp_path / "tick.yaml"
    file.write_text("chart: t\ninitial: a\nstates: {a: {at: {tick: a, stop: end}}, end: {final: true}}\n")
    drawn = edges(to_mermaid(load_chart(file)))
    assert drawn["a", "a"] == "⏱ tick"
    assert drawn["a", "end_"] == "⏱ stop"  # `end` is a word of the diagram's own language


def test_signs_that_would_end_a_label_are_left_out(tmp_path):
    file = tmp_path / "signs.yaml"
    file.write_text(
        "chart: s\ndoc: a | b\ninitial: a\n"
        'states: {a: {doc: a | b, at: {stop: {to: b, degraded: "late; <b>: #1 | 2"}}}, b: {final: true}}\n'
    )
    chart = load_chart(file)
    assert edges(to_mermaid(chart))["a", "b"] == "⏱ stop ⚠ late b 1 | 2"
    assert "| `a` (first) |  | a \\| b | ⏱ stop → `b` | stop: late; <b>: #1 \\| 2 |" in to_markdown(chart)


@pytest.mark.parametrize("file", SHIPPED, ids=lambda file: file.stem)
def test_every_row_that_leads_somewhere_is_drawn_and_no_arrow_joins_a_state_with_one_around_it(file):
    chart = load_chart(file)
    text = to_mermaid(chart)
    for row in [*chart.root_rows, *(row for state in chart.states.values() for row in state.rows)]:
        assert row.to is None or re.search(rf": .*\b{row.name}\b", text)
    for source, target in edges(text):
        assert not target.startswith(source + "__")
        assert not source.startswith(target + "__")
        assert target == "[*]" or f"as {target}" in text
