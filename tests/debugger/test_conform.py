"""Our own market cycles are as they are drawn, in runs that go well and in runs that do not."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from dso.debugger.conform import Drawing
from dso.debugger.cycle import messages_by_market
from dso.debugger.expected import parse_expected, read_expected
from dso.engine.handlers import MARKET, RETAIL
from dso.errors import NetworkUnavailableError
from dso.run_file import RunReader
from tests.debugger.runs import recorded
from tests.engine.random_study import Draw, study
from tests.engine.small import HOUR_AHEAD, REAL_TIME, Wires, build, first_rt, start_s
from tests.engine.test_faults import DeafPlant, MovingWires, wired
from tests.engine.test_wholesale_faults import Faulty, refuse, result

DRAWN = Path(__file__).parents[2] / "docs" / "exchanges"
PHYSICAL, POSITION, DEGRADED = (
    Drawing(read_expected(DRAWN / f"{name}.puml")) for name in ("physical", "position", "degraded")
)
SERIES = {"da": HOUR_AHEAD, "rt": replace(REAL_TIME, wholesale_deadline_lead_s=5)}


def differences(drawing: Drawing, reader: RunReader, series: str = "") -> list[str]:
    said = messages_by_market(reader)
    found = [drawing.difference(name, said[name]) for name in said if name.startswith(series)]
    assert found
    return [str(d) for d in found if d is not None]


def test_a_congested_and_derated_run_is_as_its_two_drawings(reader: RunReader) -> None:
    assert differences(PHYSICAL, reader, "rt-") == []
    assert differences(POSITION, reader, "da-") == []
    assert differences(DEGRADED, reader) == []


@pytest.mark.parametrize("seed", range(0, 40, 3))
def test_studies_at_random_are_as_drawn(seed: int, tmp_path: Path) -> None:
    with recorded(study(Draw.of(seed)), tmp_path / "run.dso") as reader:
        assert differences(DEGRADED, reader) == []


class Blind(Wires):
    def violated(self, intervals, load_kw, known_at_s, equipment):
        raise NetworkUnavailableError("no power flow")


def blind():
    engine = build(hours=1, series=SERIES, wires=Blind())
    engine.world.distribution.fallback = Wires(5.0)
    return engine


def broken(handler: str, behaviour=MARKET, **how):
    key = "retail_handlers" if behaviour is RETAIL else "handlers"
    return build(hours=1, series=SERIES, **{key: wired(behaviour, handler, **how)})


def late_and_bad_bids():
    engine = build(hours=1, series={"rt": REAL_TIME}, populations=(), outside={"agg": np.array([2, 3])})
    bids = {"sender": "agg", "customers": [2, 3], "quantity_kw": [[[0, 2], [0, 9]]]}
    bids["price_usd_per_kwh"] = [[[0.2, 0.0], [0.2, 0.0]]]
    engine.post(f"{first_rt(engine)}/live", "bids", at=start_s() - 200, **bids)
    return engine


def disputed():
    engine = build(hours=1, series=SERIES, day_ahead=False)
    engine.post(first_rt(engine), "fatal", at=start_s() + 300)
    return engine


FAULTS = {
    "no result": lambda: build(hours=1, series=SERIES, wholesale=Faulty(lambda _: None)),
    "a refusal": lambda: build(hours=1, series=SERIES, wholesale=Faulty(refuse, "closed")),
    "a bad result": lambda: build(
        hours=1, series=SERIES, wholesale=Faulty(lambda bid: result(bid, (float("nan"),)))
    ),
    "wires that break late": lambda: build(hours=1, series=SERIES, wires=MovingWires()),
    "wires for nobody": lambda: build(hours=1, series=SERIES, wires=Wires(0.0)),
    "tight wires": lambda: build(hours=1, series=SERIES, wires=Wires(5.0)),
    "no network model": blind,
    "silent meters": lambda: build(hours=1, series=SERIES, plant=DeafPlant(Wires())),
    "bids late and bad": late_and_bad_bids,
    "a dispute": disputed,
    **{f"broken {name}": lambda name=name: broken(name) for name in MARKET.handlers if name != "prepare"},
    **{f"broken {name}": lambda name=name: broken(name, RETAIL, always=True) for name in RETAIL.handlers},
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_cycle_in_which_something_fails_is_as_drawn_for_that(fault: str, tmp_path: Path) -> None:
    with recorded(FAULTS[fault](), tmp_path / "run.dso") as reader:
        assert differences(DEGRADED, reader) == []


def test_the_first_difference_is_told_with_both_sides(reader: RunReader) -> None:
    drawing = Drawing(parse_expected("MO -> agents : call for bids\nMO -> agents : bids wanted"))
    first = differences(drawing, reader, "da-")[0]
    assert first == (
        "da-2016-08-10T17:00Z: message 2 at 2016-08-10T07:00Z is LSE -> LSE : estimate, "
        "expected MO -> agents : bids wanted (line 2)"
    )


def test_a_cycle_that_goes_on_or_ends_too_soon(reader: RunReader) -> None:
    text = (DRAWN / "position.puml").read_text(encoding="utf-8")
    longer = Drawing(parse_expected(text + "DO -> feeder : set-points\n"))
    assert "DO -> feeder : set-points (line " in differences(longer, reader, "da-")[0]
    assert " ends after " in differences(longer, reader, "da-")[0]
    shorter = Drawing(parse_expected("MO -> agents : call for bids"))
    assert differences(shorter, reader, "da-")[0].endswith("is LSE -> LSE : estimate, expected the end")
