"""Graphviz text; its golden file was read line by line against shop.yaml and looked at as a picture."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from dso.statechart import load_chart, to_dot
from dso.statechart.draw_colours import DEGRADED, GROUND, LINE, LIT, NOBODY, OWNER_COLOURS, PASSED

HERE = Path(__file__).parent
SHIPPED = sorted((HERE.parents[1] / "statecharts").rglob("*.yaml"))


def golden(name: str) -> str:
    return (HERE / "golden" / name).read_text(encoding="utf-8")


def arrows(text: str) -> dict[tuple[str, str], str]:
    found = re.findall(r'^ *"([^"]*)" -> "([^"]*)" \[(label=.*)\]$', text, flags=re.MULTILINE)
    return {(source, target): look for source, target, look in found}


def box(text: str, path: str) -> str:
    return re.search(rf'^ *"{re.escape(path)}" \[(.*)\]$', text, flags=re.MULTILINE)[1]


def test_a_chart_with_everything_in_it_is_drawn_as_in_the_golden_file(shop):
    assert to_dot(shop) == golden("shop.dot")


def test_a_path_on_the_page_of_one_state_is_drawn_as_in_the_golden_file(shop):
    events = ["opening", "asked", "noise", "asked", "offer", "added"]
    assert to_dot(shop, events=events, inside="open.pricing") == golden("shop_page.dot")


def test_handlers_timers_owner_and_what_is_only_heard_stand_in_the_state(market_file):
    gathering = box(to_dot(load_chart(market_file)), "negotiation.gathering")
    assert "<b>gathering</b>" in gathering
    assert ">MO<" in gathering
    assert "◷ round_close" in gathering
    assert "✉ tariff_ready ↺" in gathering
    assert "do / validate" in box(to_dot(load_chart(market_file)), "negotiation.validating")


def test_an_arrow_is_dashed_where_all_its_events_are_degraded(shop):
    drawn = arrows(to_dot(shop))
    assert "style=dashed" in drawn["open.waiting", "open.hurrying"]
    assert "waited too long" in drawn["open.waiting", "open.hurrying"]
    assert "style=dashed" not in drawn["open.hurrying", "done"]  # the frame's: cancel, and closing early


def test_a_state_with_states_inside_is_a_cluster_and_its_arrows_start_at_its_border(shop):
    text = to_dot(shop)
    assert 'subgraph "cluster_open.pricing" {' in text
    assert 'lhead="cluster_open"' in arrows(text)["idle", "open.asking"]
    assert 'lhead="cluster_open.pricing"' in arrows(text)["open.waiting", "open.pricing.adding"]


def test_the_active_state_and_those_around_it_have_the_strong_border(shop):
    text = to_dot(shop, active="open.pricing.adding")
    assert text.count(f'color="{LIT}" penwidth=3.2') == 3
    assert f'color="{LIT}"' in box(text, "open.pricing.adding")
    assert LIT not in to_dot(shop)


def test_a_picture_of_the_first_level_lights_what_stands_for_the_active_state(shop):
    text = to_dot(shop, active="open.pricing.adding", depth=1)
    assert f'color="{LIT}"' in box(text, "open")
    assert "subgraph" not in text


def test_signs_of_the_language_in_a_chart_do_not_break_the_text(tmp_path):
    file = tmp_path / "signs.yaml"
    file.write_text(
        "chart: s\ndoc: 'a \"b\" \\ c'\ninitial: a\n"
        'states: {a: {doc: "<x> & y", at: {stop: {to: b, degraded: "late; <b>: & 2"}}}, b: {final: true}}\n'
    )
    text = to_dot(load_chart(file))
    assert r'tooltip="a \"b\" \\ c"' in text
    assert "late; &lt;b&gt;: &amp; 2" in text


@pytest.mark.parametrize("file", SHIPPED, ids=lambda file: file.stem)
def test_every_row_that_leads_somewhere_is_on_an_arrow(file):
    chart = load_chart(file)
    labels = "\n".join(arrows(to_dot(chart)).values())
    for row in [*chart.root_rows, *(row for state in chart.states.values() for row in state.rows)]:
        assert row.to is None or re.search(rf"\b{row.name}\b", labels)


def luminance(colour: str) -> float:
    parts = [int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return sum(weight * c for weight, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(one: str, other: str) -> float:
    """WCAG 2.1, section 1.4.3: text needs 4.5, borders need 3 (1.4.11)."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("colours", [*OWNER_COLOURS.values(), NOBODY], ids=[*OWNER_COLOURS, "nobody"])
def test_words_and_borders_of_states_stand_out_without_telling_colours_apart(colours):
    assert contrast(colours.text, colours.fill) >= 7
    assert contrast(colours.text, GROUND) >= 7
    assert contrast(colours.stroke, GROUND) >= 3


@pytest.mark.parametrize("colour", [DEGRADED, LINE, LIT, PASSED])
def test_words_on_arrows_stand_out(colour):
    assert contrast(colour, GROUND) >= 4.5
