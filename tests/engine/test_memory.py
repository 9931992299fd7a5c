"""An engine that is put away after any step and taken up again goes on as if nothing had happened."""

from __future__ import annotations

import random

import numpy as np
import pytest

from dso.engine.loop import Engine
from dso.engine.memory import recall, remember
from tests.engine.small import HOUR_AHEAD, REAL_TIME, Plant, Wires, build, first_rt, start_s

SERIES = {"da": HOUR_AHEAD, "rt": REAL_TIME}
CHOICE = random.Random(7).sample(range(1, 520), 25)


def study() -> Engine:
    """An hour with a message from outside on its way and one disputed market."""
    engine = build(hours=1, series=SERIES, outside={"aggregator": np.array([3])}, plant=Plant(Wires(), 0.2))
    bids = {"customers": [3], "quantity_kw": [[[0, 1]]], "price_usd_per_kwh": [[[0.3, 0.2]]]}
    engine.post(f"{first_rt(engine, 4)}/live", "bids", at=start_s() + 1200 - 200, sender="aggregator", **bids)
    engine.post(first_rt(engine, 6), "fatal", at=start_s() + 1900)
    return engine


@pytest.fixture(scope="module")
def whole() -> Engine:
    engine = study()
    engine.run()
    return engine


def books(engine: Engine):
    ledger = engine.world.ledger
    accounts = {
        key: (a.amount_uusd.tolist(), a.energy_kwh.tolist()) for key, a in sorted(ledger.accounts.items())
    }
    return ledger.balance_uusd, ledger.energy_kwh, accounts, engine.world.audit


@pytest.mark.parametrize("after", sorted([0, 1, *CHOICE]))
def test_a_run_taken_up_after_any_step_goes_on_identically(whole: Engine, after: int) -> None:
    first = study()
    for _ in range(after):
        first.step()
    memory = remember(first)
    again = study()
    recall(again, memory)
    assert again.steps == after
    again.run()
    assert again.recorder.steps == whole.recorder.steps[after:]
    assert books(again) == books(whole)


def test_what_is_remembered_is_no_longer_touched_by_the_engine_that_goes_on(whole: Engine) -> None:
    first = study()
    for _ in range(200):
        first.step()
    memory = remember(first)
    first.run()
    again = study()
    recall(again, memory)
    again.run()
    assert books(again) == books(whole)


def test_the_memory_does_not_grow_with_the_time_that_has_passed() -> None:
    engine = build(hours=3, series=SERIES)
    sizes = []
    for hour in (1, 2):
        engine.advance(start_s() + hour * 3600 + 100)
        sizes.append(len(remember(engine)))
    assert sizes[1] <= sizes[0] * 1.1
