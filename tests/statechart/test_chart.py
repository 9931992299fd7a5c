"""What an event does: which rows hold, what is left and entered, in which order."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from transitions.extensions.nesting import HierarchicalMachine, NestedState

from dso.statechart import Chart, Timer, load_chart

HERE = Path(__file__).parent
SHOP = HERE / "charts" / "shop.yaml"
SHIPPED = sorted((HERE.parents[1] / "statecharts").rglob("*.yaml"))
CHARTS = {file: load_chart(file) for file in [SHOP, *SHIPPED]}


def destination(chart: Chart, state: str, event: str) -> str | None:
    move = chart.move(state, event)
    return move.destination if move else None


def test_a_chart_starts_in_the_leaf_of_its_initial_state_with_the_root_entered_first(shop):
    assert shop.entered_at_start == ("", "idle")
    assert shop.initial_leaf == "idle"


def test_states_keep_the_order_of_the_file_and_inherit_the_nearest_owner(shop):
    assert list(shop.states)[:4] == ["idle", "open", "open.asking", "open.waiting"]
    assert shop.states["open.asking"].owner == "MO"
    assert shop.states["open.pricing.adding"].owner == "LSE"


def test_a_state_with_states_inside_is_entered_down_to_its_first_leaf(shop):
    move = shop.move("idle", "@opening")
    assert (move.exited, move.entered) == (("idle",), ("open", "open.asking"))
    assert move.destination == "open.asking"


def test_states_are_left_innermost_first_and_entered_outermost_first(shop):
    move = shop.move("open.pricing.rounding", "fatal")
    assert move.exited == ("open.pricing.rounding", "open.pricing", "open")
    assert move.entered == ("broken",)
    assert move.degraded == "it broke"


def test_a_transition_to_a_state_around_it_leaves_that_and_enters_its_initial_child(shop):
    move = shop.move("open.pricing.adding", "start_over")
    assert move.exited == ("open.pricing.adding", "open.pricing", "open")
    assert move.entered == ("open", "open.asking")


def test_a_self_transition_leaves_and_enters_again(shop):
    move = shop.move("open.pricing.rounding", "again")
    assert move.exited == ("open.pricing.rounding", "open.pricing")
    assert move.entered == ("open.pricing", "open.pricing.adding")


def test_a_row_that_leads_into_its_own_state_does_not_leave_it(shop):
    move = shop.move("open.waiting", "panic")
    assert (move.exited, move.entered) == (("open.waiting",), ("open.hurrying",))


def test_a_row_to_null_is_taken_without_leaving_anything(shop):
    move = shop.move("open.asking", "noise")
    assert move.internal
    assert (move.destination, move.exited, move.entered) == ("open.asking", (), ())


def test_of_two_rows_for_one_event_the_innermost_wins(shop):
    assert destination(shop, "open.waiting", "noise") == "open.asking"
    assert destination(shop, "open.hurrying", "@closing") == "done"
    assert shop.move("open.hurrying", "@closing").degraded is None
    assert shop.move("open.waiting", "@closing").degraded == "closed early"


def test_a_dotted_target_starts_at_the_root(shop):
    assert destination(shop, "open.hurrying", "offer") == "open.pricing.rounding"


def test_a_name_is_looked_for_among_siblings_before_the_root(tmp_path):
    file = tmp_path / "twins.yaml"
    file.write_text(
        "chart: twins\ninitial: box\nat: {end: done}\nstates:\n"
        "  box:\n    initial: a\n    states: {a: {external: {go: b}}, b: {}}\n"
        "    external: {out: b}\n"
        "  b: {external: {back: box}}\n  done: {final: true}\n"
    )
    chart = load_chart(file)
    assert destination(chart, "box.a", "go") == "box.b"
    assert destination(chart, "box.a", "out") == "b"


def test_an_event_that_no_row_takes_is_no_move(shop):
    assert shop.move("idle", "offer") is None
    assert shop.move("idle", "nonsense") is None


def test_nothing_is_taken_in_a_final_state_not_even_a_row_of_the_root(shop):
    assert shop.move("done", "fatal") is None
    assert shop.rows_in("done") == {}


def test_an_unknown_state_is_a_key_error(shop):
    with pytest.raises(KeyError):
        shop.move("nowhere", "fatal")


def test_timers_belong_to_the_state_that_declares_them(shop):
    assert shop.timers("open") == (Timer("closing", 1, "open"),)
    assert shop.timers("open.waiting") == (Timer("patience", 2, "open.waiting"),)
    assert shop.timers("open.asking") == ()
    assert shop.timers("") == ()
    assert shop.timers("open")[0].event == "@closing"


def test_a_move_is_worked_out_once(shop):
    assert shop.move("idle", "cancel") is shop.move("idle", "cancel")


def test_a_pickled_chart_runs_again_without_the_machine_of_the_first(shop):
    shop.move("idle", "cancel")
    copy = pickle.loads(pickle.dumps(shop))
    assert copy.states == shop.states
    assert copy._machine == []
    assert copy.move("open.waiting", "panic") == shop.move("open.waiting", "panic")


class DottedState(NestedState):
    separator = "."


class DottedMachine(HierarchicalMachine):
    state_cls = DottedState


class Model:
    state: str


def fresh_machine(chart: Chart) -> Model:
    """The chart as the library's own documentation would build it: with a model added, and no memory."""

    def body(path: str) -> dict:
        state = chart.states[path]
        if not state.children:
            return {"name": state.name}
        first = state.initial.split(".")[-1]
        return {"name": state.name, "children": [body(child) for child in state.children], "initial": first}

    model = Model()
    machine = DottedMachine(
        model=model,
        states=[body(path) for path, state in chart.states.items() if state.parent is None],
        initial=chart.initial_leaf,
        auto_transitions=False,
    )
    for path, state in chart.states.items():
        for row in state.rows:
            machine.add_transition(row.event, path, row.to)
    for row in chart.root_rows:
        for path in chart.leaves:
            own = {r.event for p in chart.lineage(path) for r in chart.states[p].rows}
            if row.event not in own and not chart.states[path].final:
                machine.add_transition(row.event, path, row.to)
    return model


@pytest.mark.parametrize("file", [SHOP, *SHIPPED], ids=lambda file: Path(file).stem)
@given(data=st.data())
def test_moves_agree_with_a_fresh_machine_driven_step_by_step(file, data):
    chart = CHARTS[file]
    model = fresh_machine(chart)
    state = chart.initial_leaf
    for _ in range(12):
        events = sorted(chart.rows_in(state))
        if not events:
            break
        event = data.draw(st.sampled_from(events))
        assert model.trigger(event)
        move = chart.move(state, event)
        assert move.source == state
        state = move.destination
        assert state == model.state


@pytest.mark.parametrize("file", [SHOP, *SHIPPED], ids=lambda file: Path(file).stem)
def test_what_is_left_and_entered_adds_up_to_the_difference_of_the_lineages(file):
    chart = CHARTS[file]
    for leaf in chart.leaves:
        for event in chart.rows_in(leaf):
            move = chart.move(leaf, event)
            rest = [path for path in chart.lineage(leaf) if path not in move.exited]
            assert [*reversed(move.entered), *rest] == list(chart.lineage(move.destination))
            assert list(move.exited) == list(chart.lineage(leaf))[: len(move.exited)]
