"""The MO checks what was awarded against the DO's meters; who is off is suspect, with a record."""

from __future__ import annotations

import pytest

from dso.engine.loop import Engine
from dso.engine.world import Settings
from tests.engine.small import REAL_TIME, Plant, Wires, build, first_rt, rows_of, start_s, steps_of

HOURS = 300 / 3600


class Unruly(Plant):
    """In the third interval the device of customer 2 draws half a kW more than it was awarded."""

    def deliver(self, order):
        reading = super().deliver(order)
        if order.interval.start_s == start_s() + 600:
            reading.device_kwh[2] += 0.5 * HOURS
        return reading


def study(**settings: float) -> Engine:
    wires = Wires()
    engine = build(hours=1, series={"rt": REAL_TIME}, plant=Unruly(wires, 0.0), settings=Settings(**settings))
    engine.run()
    return engine


def marked(engine: Engine) -> list[str | None]:
    return [s.degraded for s in steps_of(engine, first_rt(engine, 2)) if s.event == "suspect"]


def test_who_delivers_other_than_awarded_is_on_record() -> None:
    """Awarded 1 kW (of 2) at 0.10 USD/kWh, drew 1.5."""
    engine = study()
    (row,) = rows_of(engine, "suspects")
    assert (row["market"], row["tariff"], row["customer"]) == (first_rt(engine, 2), "live", 2)
    assert (row["awarded_kw"], row["metered_kw"]) == (pytest.approx(1.0), pytest.approx(1.5))
    assert marked(engine) == ["signals at odds with meters"]


def test_what_is_off_by_less_than_the_threshold_is_not_suspect() -> None:
    """0.5 kW is a quarter of the rating of 2 kW."""
    engine = study(suspect_kw_frac=0.26)
    assert rows_of(engine, "suspects") == []
    assert marked(engine) == []


def test_few_suspects_are_recorded_but_do_not_mark_the_market() -> None:
    """One of two awards is off; only more than half of them would mark it."""
    engine = study(suspect_share=0.5)
    assert len(rows_of(engine, "suspects")) == 1
    assert marked(engine) == []
