"""dso sequence: a market's cycle drawn as text, Mermaid, PlantUML, SVG or data, with what was said."""

from __future__ import annotations

import json
import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

from dso.debugger.cycle import Band, Cycle, Message
from dso.debugger.expected import parse_expected
from dso.debugger.pattern import Told, after, may_end
from dso.debugger.sequence import to_mermaid, to_plantuml, to_text
from dso.debugger.sequence_svg import LETTER, to_svg

MARKET = "rt-2016-08-10T18:00Z"
AT = 1470852000
TWO = Cycle(
    "rt-1",
    (
        Band("negotiation", AT, (Message(AT, "MO", "agents", "live", "call for bids", "round 1"),), 2),
        Band("market_lead", 1470852300, (Message(1470852300, "LSE", "LSE", None, "es;ti#mate", ""),)),
    ),
)  # fmt: skip


def test_text_is_what_it_is():
    assert to_text(TWO) == (
        "rt-1\n"
        "── negotiation  2016-08-10T18:00Z, after 2 rounds like it ──────\n"
        "  18:00     MO → agents  call for bids [live]: round 1\n"
        "── market_lead  2016-08-10T18:05Z ──────────────────────────────\n"
        "  18:05     LSE → LSE    es;ti#mate\n"
    )


def test_mermaid_is_what_it_is():
    assert to_mermaid(TWO) == (
        "sequenceDiagram\n    title rt-1\n    participant agents\n    participant MO\n    participant LSE\n"
        "    Note over agents,LSE: negotiation  2016-08-10T18:00Z, after 2 rounds like it\n"
        "    MO->>agents: call for bids [live]: round 1\n"
        "    Note over agents,LSE: market_lead  2016-08-10T18:05Z\n"
        "    LSE->>LSE: es#59;ti#35;mate\n"
    )


def test_plantuml_is_what_it_is():
    assert to_plantuml(TWO) == (
        "@startuml\ntitle rt-1\nparticipant agents\nparticipant MO\nparticipant LSE\n"
        "== negotiation  2016-08-10T18:00Z, after 2 rounds like it ==\n"
        "MO -> agents : call for bids [live]: round 1\n"
        "== market_lead  2016-08-10T18:05Z ==\n"
        "LSE -> LSE : es;ti#mate\n"
        "@enduml\n"
    )


def test_the_values_stand_on_the_arrows(dso, finished):
    out = dso("sequence", finished, "--market", MARKET).out
    assert re.search(r"agents → MO +bids \[live\]: \d+ bids, [\d.]+ kW at 0\.\d{4} USD/kWh", out)
    assert re.search(r"wholesale → LSE +result: [\d.]+ kW at 0\.0400 USD/kWh", out)
    assert re.search(r"feeder → DO +readings: 10 meters, [\d.]+ kWh", out)
    assert max(map(len, out.splitlines())) <= 100
    assert "inf" not in out.replace("infeasible", "").replace("inform", "")


@pytest.mark.parametrize("form", ["mermaid", "plantuml"])
def test_what_was_drawn_can_be_read_as_an_expectation_and_conforms(dso, finished, form):
    """The two directions meet: a drawn cycle, taken as the intended one, is the one that happened."""
    assert dso("sequence", finished, "--market", MARKET, "--format", form, "--whole", "-o", "drawn").code == 0
    answer = dso("conform", finished, "drawn", "--market", MARKET)
    assert answer == (0, "1 of 1 market cycles are as drawn draws them\n", "")
    data = json.loads(dso("sequence", finished, "--market", MARKET, "--whole", "--json").out)
    pattern = parse_expected(Path("drawn").read_text(encoding="utf-8"))
    for band in data["bands"]:
        for m in band["messages"]:
            pattern = after(pattern, Told(m["sender"], m["receiver"], m["kind"]))
    assert may_end(pattern)


def test_svg_is_well_formed_and_keeps_labels_between_its_lifelines(dso, finished):
    dso("sequence", finished, "--market", MARKET, "--format", "svg", "-o", "one.svg")
    root = ElementTree.parse("one.svg").getroot()
    width = float(root.get("width"))
    for text in root.iter("{http://www.w3.org/2000/svg}text"):
        half = len(text.text or "") * LETTER / 2
        if "on" in (text.get("class") or "").split() and "self" not in text.get("class"):
            assert half < float(text.get("x")) < width - half + 60
    assert "paint-order: stroke" in Path("one.svg").read_text(encoding="utf-8")
    assert to_svg(TWO) == to_svg(TWO)


def test_a_days_rounds_are_drawn_once_unless_all_are_asked_for(dso, finished):
    folded = dso("sequence", finished, "--market", "da-2016-08-10T17:00Z").out
    whole = dso("sequence", finished, "--market", "da-2016-08-10T17:00Z", "--whole").out
    assert "after one round like it" in folded
    assert len(whole.splitlines()) > len(folded.splitlines())
    assert "like it" not in whole


def test_an_unknown_market_is_told_its_nearest(dso, finished):
    answer = dso("sequence", finished, "--market", "rt-2016-08-10T18:02Z")
    assert answer.code == 2
    assert answer.err == (
        "dso: --market: the run has no market 'rt-2016-08-10T18:02Z'; nearest: rt-2016-08-10T17:45Z, "
        "rt-2016-08-10T18:00Z, rt-2016-08-10T18:15Z\n"
    )
