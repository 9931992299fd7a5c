"""The board: every state of a chart in its place, whatever the chart."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

import pytest

from dso.chart_catalogue import chart_named, shipped_charts
from dso.live.board import WIDTH, lay_out
from dso.live.board_svg import board_svg


@pytest.mark.parametrize("name", sorted(shipped_charts()))
def test_every_state_is_drawn_with_its_id_and_owner(name):
    chart = chart_named(name)
    root = ET.fromstring(board_svg(lay_out(chart)))
    drawn = {
        g.get("id"): g.get("class")
        for g in root.iter("{http://www.w3.org/2000/svg}g")
        if "state" in g.get("class", "").split()
    }
    assert set(drawn) == {f"{chart.name}:{path}" for path in chart.states}
    for path, state in chart.states.items():
        if state.owner:
            assert state.owner in drawn[f"{chart.name}:{path}"].split()


@pytest.mark.parametrize("name", sorted(shipped_charts()))
def test_states_stand_inside_their_block_and_apart_from_one_another(name):
    board = lay_out(chart_named(name))
    leaves = [box for box in board.boxes.values() if not box.state.children]
    for box in leaves:
        assert 0 < box.left < box.right < WIDTH
        assert 0 < box.top < box.bottom < board.height
        around = board.boxes[box.state.path.partition(".")[0]]
        assert around.left <= box.left
        assert box.right <= around.right
        assert around.top <= box.top
        assert box.bottom <= around.bottom
    for one in leaves:
        for other in leaves:
            if one is not other and one.column == other.column:
                assert one.bottom <= other.top or other.bottom <= one.top


def test_the_markets_life_reads_from_left_to_right():
    board = lay_out(chart_named("market"))
    life = ("active", "negotiation", "market_lead", "delivery_lead", "delivery", "reconcile", "expired")
    columns = [board.boxes[path].column for path in life]
    assert columns == sorted(columns)
    assert board.height < 330


def test_a_block_that_arrows_reach_from_afar_is_named_instead():
    board = lay_out(chart_named("market"))
    assert {"cancelled", "defaulting"} <= set(board.distant)
    neighbours = {(arrow.source, arrow.target) for arrow in board.arrows}
    assert {("negotiation", "market_lead"), ("delivery", "reconcile")} <= neighbours


def test_no_name_is_too_long_for_its_box():
    """At 10.5 px a letter takes at most 6 px on average; the owner's name stands beside it."""
    for box in lay_out(chart_named("market")).boxes.values():
        if not box.state.children:
            assert 7 + 5.6 * len(box.label) + 20 <= box.width, box.label


def test_nothing_in_it_needs_styles_that_the_page_forbids():
    svg = board_svg(lay_out(chart_named("market")))
    assert not re.search(r"style=|<script|href|on\w+=", svg)
