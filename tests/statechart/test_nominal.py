"""The path if all goes well: which states, at which instants."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field

import pytest

from dso.errors import EngineError, IllegalEventError
from dso.statechart import load_chart, nominal


@dataclass
class Clock:
    """Fixed instants; a list is used up, one for each time it is asked for, and then never again."""

    times: dict[str, int | list[int]]
    messages: dict[str, int] = field(default_factory=dict)
    answers: dict[str, str] = field(default_factory=dict)
    seen: list[str] = field(default_factory=list)

    def time(self, name: str) -> int | None:
        instant = self.times.get(name)
        if isinstance(instant, list):
            return instant.pop(0) if instant else None
        return instant

    def expected(self, event: str, now_s: int) -> int | None:
        return self.messages.get(event)

    def entered(self, state: str) -> None:
        self.seen.append(state)

    def outcome(self, handler: str) -> str | None:
        return self.answers.get(handler)


def test_the_first_outcome_that_is_not_degraded_is_taken_and_a_timer_ends_a_wait(shop):
    clock = Clock({"opening": 10, "closing": 100, "patience": 30})
    assert nominal(shop, clock, start_s=0) == [
        (0, "idle"),
        (10, "open"),
        (10, "open.asking"),
        (10, "open.waiting"),
        (30, "open.hurrying"),
        (100, "done"),
    ]


def test_an_expected_message_goes_before_a_timer_at_the_same_instant(shop):
    clock = Clock({"opening": 10, "closing": 100, "patience": 30}, messages={"offer": 30})
    assert nominal(shop, clock, start_s=0)[4:] == [
        (30, "open.pricing"),
        (30, "open.pricing.adding"),
        (30, "open.pricing.rounding"),
        (30, "done"),
    ]


def test_an_expected_message_after_the_deadline_comes_too_late(shop):
    clock = Clock({"opening": 10, "closing": 100, "patience": 30}, messages={"cancel": 101, "offer": 40})
    path = nominal(shop, clock, start_s=0)
    assert path[4] == (30, "open.hurrying")
    assert path[5] == (40, "open.pricing")


def test_an_instant_that_has_passed_on_entry_is_due_at_once(shop):
    path = nominal(shop, Clock({"opening": 10, "closing": 100, "patience": 5}), start_s=20)
    assert path[1] == (20, "open")
    assert path[4] == (20, "open.hurrying")


def test_the_clock_is_told_of_each_entry_before_its_times_are_asked_for(shop):
    clock = Clock({"opening": 10, "closing": 100, "patience": 30})
    nominal(shop, clock, start_s=0)
    assert clock.seen == ["", "idle", "open", "open.asking", "open.waiting", "open.hurrying", "done"]


def test_the_clock_may_say_what_a_handler_answers(shop):
    clock = Clock({"opening": 10, "closing": 100}, answers={"ask": "nobody_home"})
    assert nominal(shop, clock, start_s=0)[3] == (10, "open.hurrying")
    with pytest.raises(
        IllegalEventError, match=r"'open\.asking' does not take 'perhaps' as an answer of 'ask'"
    ):
        nominal(shop, Clock({"opening": 10}, answers={"ask": "perhaps"}), start_s=0)


def test_a_wait_that_nothing_ends_ends_the_path(shop):
    assert nominal(shop, Clock({}), start_s=0) == [(0, "idle")]


LOOP = """\
chart: loop
initial: run
at: {never: end}
states:
  run:
    initial: go
    at: {stop: late}
    states:
      go: {at: {tick: go, stop: end}, external: {pause: rest}}
      rest: {}
  late: {at: {never: end}}
  end: {final: true}
"""


@pytest.fixture
def loop(tmp_path):
    file = tmp_path / "loop.yaml"
    file.write_text(LOOP)
    return load_chart(file)


def test_a_path_without_end_is_an_error(loop):
    with pytest.raises(EngineError, match="of chart 'loop' has not ended after 50 events"):
        nominal(loop, Clock({"tick": 5}), start_s=0, max_steps=50)


def test_timers_of_states_left_are_forgotten_and_of_equal_ones_the_innermost_fires(loop):
    clock = Clock({"stop": 30, "tick": [10, 20]})
    assert nominal(loop, clock, start_s=0) == [
        (0, "run"),
        (0, "run.go"),
        (10, "run.go"),
        (20, "run.go"),
        (30, "end"),
    ]


def test_a_timer_of_a_state_around_fires_in_the_state_inside(loop):
    clock = Clock({"stop": 30, "never": 40}, messages={"pause": 7})
    assert nominal(loop, clock, start_s=0)[2:] == [(7, "run.rest"), (30, "late"), (40, "end")]


def test_a_message_is_received_once_and_one_that_came_earlier_is_not_waited_for(shop):
    clock = Clock({"opening": 10, "closing": 100, "patience": 60}, {"offer": 10}, {"round": "odd"})
    path = nominal(shop, clock, start_s=0)
    assert [entry for entry in path if entry.state == "open.pricing"] == [(10, "open.pricing")]
    assert path[-2:] == [(60, "open.hurrying"), (100, "done")]


def test_a_timer_that_changes_nothing_fires_once(tmp_path):
    file = tmp_path / "note.yaml"
    file.write_text("chart: note\ninitial: a\nstates: {a: {at: {note: null, end: b}}, b: {final: true}}\n")
    assert nominal(load_chart(file), Clock({"note": 5, "end": 9}), start_s=0) == [(0, "a"), (9, "b")]


def test_a_day_of_the_market_chart_runs_through_its_phases_in_order(market_file):
    times = {
        "activation": 0,
        "negotiation": 600,
        "round_close": 900,
        "gate": 1200,
        "wholesale_deadline": 1500,
    }
    times |= {"clearing": 1800, "delivery": 2100, "delivery_end": 2700, "meter_deadline": 3000, "close": 3300}
    clock = Clock(
        {**times, "next_interval": [2400]},
        messages={"all_ready": 900, "wholesale_result": 1450, "all_readings": 2800},
        answers={"assess": "binding"},
    )
    path = nominal(load_chart(market_file), clock, start_s=-60)
    tops = [(at_s, state) for at_s, state in path if "." not in state]
    assert tops == [
        (-60, "inactive"),
        (0, "active"),
        (600, "negotiation"),
        (1200, "market_lead"),
        (1800, "delivery_lead"),
        (2100, "delivery"),
        (2700, "reconcile"),
        (2700, "expired"),
    ]
    assert [entry.at_s for entry in path if entry.state == "delivery.dispatching"] == [2100, 2400]
    assert all(earlier.at_s <= later.at_s for earlier, later in itertools.pairwise(path))
