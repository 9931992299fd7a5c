"""Drawn exchanges are read from PlantUML and Mermaid; what cannot be read is named with its line."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from dso.debugger.expected import parse_expected, read_expected
from dso.debugger.pattern import Told, after, may_end
from dso.errors import InputError

PLANTUML = """@startuml
title A round
participant MO
== negotiation ==
' what a designer thinks
MO -> agents : call for bids
loop populations
  agents --> MO : bids [live]: 412 bids, 1.92 MW at 0.0731 USD/kWh
end
opt
  MO ->> agents : rejections
end
alt it fits
  DO -> LSE : limits ok
else
  DO -> LSE : limits violated
end
par
  LSE -> LSE : estimate
else
  MO -> LSE : curve
end
@enduml
"""
MERMAID = """sequenceDiagram
    autonumber
    participant MO
    Note over MO,agents: negotiation
    %% what a designer thinks
    MO->>agents: call for bids
    loop populations
        agents-->>MO: bids [live]: 412 bids, 1.92 MW at 0.0731 USD/kWh
    end
    opt some do not count
        MO->>+agents: rejections
    end
    alt it fits
        DO->>LSE: limits ok
    else it does not
        DO->>LSE: limits violated
    end
    par one
        LSE->>LSE: estimate
    and another
        MO->>LSE: curve
    end
"""
CALL, BIDS = ("MO", "agents", "call for bids"), ("agents", "MO", "bids")
OK, BROKEN = ("DO", "LSE", "limits ok"), ("DO", "LSE", "limits violated")
ESTIMATE, CURVE, REFUSED = ("LSE", "LSE", "estimate"), ("MO", "LSE", "curve"), ("MO", "agents", "rejections")


def takes(text: str, *messages: tuple[str, str, str]) -> bool:
    pattern = parse_expected(text)
    for message in messages:
        pattern = after(pattern, Told(*message))
    return may_end(pattern)


@pytest.mark.parametrize("text", [PLANTUML, MERMAID], ids=["plantuml", "mermaid"])
def test_both_languages_draw_the_same(text: str) -> None:
    assert takes(text, CALL, BIDS, OK, ESTIMATE, CURVE)
    assert takes(text, CALL, BIDS, BIDS, REFUSED, BROKEN, CURVE, ESTIMATE)
    assert not takes(text, CALL, OK, ESTIMATE, CURVE)  # a loop is once at least
    assert not takes(text, CALL, BIDS, OK, BROKEN, ESTIMATE, CURVE)  # one of two
    assert not takes(text, CALL, BIDS, OK, ESTIMATE)  # both, in any order
    assert not takes(text, CALL, BIDS, REFUSED, REFUSED, OK, ESTIMATE, CURVE)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("MO -> agents", "x.puml:1 expected `A -> B : kind`, loop, opt, alt, par or end, was 'MO -> agents'"),
        ("MO => agents", "x.puml:1 expected `A -> B : kind`, loop, opt, alt, par or end, was 'MO => agents'"),
        (
            "\nISO -> LSE : bid",
            "x.puml:2 there is no party 'ISO'; there is agents, MO, LSE, DO, wholesale, feeder",
        ),
        ("end", "x.puml:1 'end' without loop, opt, alt or par before it"),
        ("loop\nelse\nend", "x.puml:2 'else' belongs into alt or par"),
        ("MO -> LSE : curve\nalt\nloop\nend", "x.puml:2 'alt' is not closed; expected 'end'"),
        ("MO -> LSE : ", "x.puml:1 expected `A -> B : kind`, loop, opt, alt, par or end, was 'MO -> LSE :'"),
        ("@startuml\n@enduml", "x.puml:1 no message is drawn; expected `A -> B : kind`"),
    ],
)
def test_a_mistake_is_told_with_its_line_and_what_was_expected(text: str, told: str) -> None:
    with pytest.raises(InputError) as caught:
        parse_expected(text, "x.puml")
    assert [re.sub(r":? +", " ", str(p)) for p in caught.value.problems] == [re.sub(r":? +", " ", told)]


def test_every_mistake_is_told_at_once() -> None:
    with pytest.raises(InputError) as caught:
        parse_expected("a -> b : c\nend\nfoo")
    assert len(caught.value.problems) == 3


def test_a_file_that_is_none(tmp_path: Path) -> None:
    for path in (tmp_path / "missing.puml", tmp_path):
        with pytest.raises(InputError, match="cannot be read"):
            read_expected(path)
    (tmp_path / "x").write_bytes(b"\xff\xfe")
    with pytest.raises(InputError, match="cannot be read"):
        read_expected(tmp_path / "x")
