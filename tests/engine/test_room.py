"""Before it procures, the LSE asks the DO what the wires still carry."""

from __future__ import annotations

from dataclasses import dataclass, field

from dso.engine.step import ListRecorder
from tests.engine.small import REAL_TIME, Wires, build, first_rt, steps_of


@dataclass
class Listening(ListRecorder):
    """Keeps what was said, too."""

    said: list = field(default_factory=list)

    def write(self, step, effects) -> None:
        super().write(step, effects)
        if effects is not None:
            self.said += [(step.machine, s) for s in effects.said]


def answers(**wires) -> tuple[list[tuple[str, str]], dict]:
    engine = build(hours=1, series={"rt": REAL_TIME}, wires=Wires(**wires))
    engine.recorder = Listening()
    engine.run()
    market = first_rt(engine)
    heard = [(s.kind, s.text) for m, s in engine.recorder.said if m == market and "capacity" in s.kind]
    (bought,) = [s for s in steps_of(engine, market) if s.handler == "procure_local"]
    return heard, bought.summary


def test_it_is_told_what_the_limit_leaves() -> None:
    """6 kW and a loss of 5 % pass the head, which carries 10."""
    heard, summary = answers(import_limit_kw=10.0, loss_frac=0.05)
    assert heard == [("capacity request", "6.30 kW at the head"), ("capacity", "3.70 kW left")]
    assert summary["room_kw"] == [3.7]


def test_nothing_is_left_where_the_limit_binds() -> None:
    heard, _ = answers(import_limit_kw=5.0)
    assert heard[1] == ("capacity", "0.00 kW left")


def test_without_a_limit_it_is_told_so() -> None:
    heard, summary = answers()
    assert heard[1] == ("capacity", "no limit at the head")
    assert summary["room_kw"] == [None]
