"""What a step has changed can be taken back: everything is as it was, value for value."""

from __future__ import annotations

import random

import numpy as np
import pytest

from dso.debugger import spill
from dso.debugger.history import History
from dso.engine.loop import Engine
from dso.engine.memory import recall, remember
from dso.errors import EngineError
from tests.debugger.step.dump import dump
from tests.engine.small import HOUR_AHEAD, REAL_TIME, Devices, Plant, Wires, build, first_rt, start_s

SERIES = {"da": HOUR_AHEAD, "rt": REAL_TIME}


class Learners(Devices):
    """Devices that remember every price."""

    def get_state(self):
        return [signal.price_usd_per_kwh for signal in self.heard]

    def set_state(self, state) -> None:
        self.heard = self.heard[: len(state)]


def broken(work):
    raise ArithmeticError("a handler breaks")


def study(**changes) -> Engine:
    """An hour with bids from outside, a default, a dispute, late and missing messages."""
    engine = build(
        hours=1,
        series=SERIES,
        outside={"aggregator": np.array([3])},
        plant=Plant(Wires(), 0.2),
        populations=(Learners(),),
        **changes,
    )
    bids = {"customers": [3], "quantity_kw": [[[0, 1]]], "price_usd_per_kwh": [[[0.3, 0.2]]]}
    for number in (4, 5):
        market = f"{first_rt(engine, number)}/live"
        at = start_s() + number * 300 - 200
        engine.post(market, "bids", at=at, sender="aggregator", **bids)
    engine.post(first_rt(engine, 6), "fatal", at=start_s() + 1900)
    engine.post(first_rt(engine, 9), "cancel", at=start_s() + 2400)
    engine.post(first_rt(engine, 9), "no such thing", at=start_s() + 2400)
    return engine


def unaccounted(engine: Engine) -> Engine:
    engine.world.plant.unaccounted_kwh = 0.5
    return engine


@pytest.fixture(autouse=True)
def _small_chunks(monkeypatch) -> None:
    monkeypatch.setattr(spill, "CHUNK", 7)
    monkeypatch.setattr(spill, "HELD", 14)


def walk(history: History, seed: int, moves: int = 60) -> None:
    """Forth and back at random, comparing everything wherever one has been before."""
    chance, seen = random.Random(seed), {0: dump(history.engine)}
    for _ in range(moves):
        forth = chance.random() < 0.6
        for _ in range(chance.choice([1, 1, 2, 5, 30])):
            if (history.step() if forth else history.back()) is None:
                break
            here = dump(history.engine)
            assert here == seen.setdefault(history.engine.steps, here)


@pytest.mark.parametrize("seed", range(4))
def test_what_comes_back_is_what_was_there(seed: int) -> None:
    walk(History(study()), seed)


@pytest.mark.parametrize("change", [unaccounted, lambda e: e], ids=["disputed", "balanced"])
def test_the_whole_study_goes_back_to_its_beginning_and_forth_to_the_same_end(change) -> None:
    history = History(change(study()))
    dumps = [dump(history.engine)]
    while history.step() is not None:
        dumps.append(dump(history.engine))
    assert history.engine.steps == len(dumps) - 1 > 300
    for expected in reversed(dumps[:-1]):
        history.back()
        assert dump(history.engine) == expected
    assert history.back() is None
    while history.step() is not None:
        pass
    assert dump(history.engine) == dumps[-1]


def test_a_history_changes_nothing() -> None:
    plain = study()
    plain.run()
    history = History(study())
    steps = []
    while (entry := history.step()) is not None:
        steps.append(entry.step)
    assert steps == plain.recorder.steps
    assert dump(history.engine) == dump(plain)


def test_a_step_that_breaks_the_engine_is_taken_back_like_any_other() -> None:
    engine = study()
    history = History(engine)
    for _ in range(40):
        history.step()
    before = dump(engine)
    engine.broken = "as if a machine could not go on"
    with pytest.raises(EngineError, match="could not go on"):
        history.step()
    history.back()
    assert dump(engine) == before
    history.step()


def test_a_message_stays_where_one_goes_back_to_it_and_is_forgotten_where_one_goes_further() -> None:
    history = History(study())
    engine = history.engine
    for _ in range(50):
        history.step()
    engine.post("dso", "outage")
    with_message = dump(engine)
    for _ in range(3):
        history.step()
    for _ in range(3):
        history.back()
    assert dump(engine) == with_message
    history.back()
    history.step()
    assert dump(engine) != with_message
    assert [m.event for m in history.posted if m.event == "outage"] == []


def test_an_engine_with_a_history_is_remembered_like_one_without() -> None:
    history = History(study())
    for _ in range(90):
        history.step()
    again = build(hours=1, series=SERIES, outside={"aggregator": np.array([3])}, populations=(Learners(),))
    again.world.operators["live"].populations[0].heard = list(
        history.engine.world.operators["live"].populations[0].heard
    )
    recall(again, remember(history.engine))
    assert dump(again) == dump(history.engine)
