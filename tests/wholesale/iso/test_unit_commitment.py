"""Which units run: three units worked by hand and by trying everything, then each rule by itself."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

import numpy as np
import pytest
from scipy.optimize import linprog

from dso.wholesale.grid import Grid, Lines, Units
from dso.wholesale.iso.day_programme import Day
from dso.wholesale.iso.demand import Demand, Pieces
from dso.wholesale.iso.dispatch import Prices
from dso.wholesale.iso.pricing import price_day
from dso.wholesale.iso.system import Abilities, System
from dso.wholesale.iso.unit_commitment import Commitment, Effort, Reserve, commit
from dso.wholesale.iso.unit_state import UnitState

NO_RESERVE = Reserve(0.0, 0.0)
EXACT = Effort(gap_frac=0.0)
# least, most [MW], cost [USD/MWh], start [USD], no load [USD/h], up, down [h], ramp [MW/h]
BASE = (100.0, 200.0, 10.0, 2000.0, 100.0, 3, 2, 50.0)
MIDDLE = (30.0, 100.0, 25.0, 400.0, 20.0, 2, 2, 60.0)
PEAK = (10.0, 80.0, 60.0, 50.0, 0.0, 1, 1, 80.0)
FLEET = np.array([BASE, MIDDLE, PEAK])


def _system(fleet: np.ndarray, limit: float = 1000.0, bus: Sequence[int] = ()) -> System:
    least, most, cost, start, idle, up, down, ramp = fleet.T
    count = len(fleet)
    where = np.array(bus or [0] * count)
    units = Units(np.arange(count), where, ("gas",) * count, least, most, np.zeros(count), cost)
    able = Abilities(
        ramp / 60, up.astype(np.int64), down.astype(np.int64), start, idle, np.zeros(count, bool)
    )
    grid = Grid((1, 2), Lines.of([0], [1], [0.1], [limit]), units)
    return System(grid, able, np.zeros(0, np.int64))


def _day(system: System, load: Sequence[float], bids: Sequence[Demand] = ()) -> Day:
    hours = len(load)
    pieces = tuple(Pieces.of((1,) * len(bids), bids, 1000.0) for _ in range(hours))
    most = np.tile(system.grid.units.max_mw, (hours, 1))
    at_bus = np.column_stack((np.zeros(hours), np.asarray(load, float)))
    return Day(at_bus + np.array([p.fixed_at(2) for p in pieces]), most, pieces)


def _state(on: Sequence[bool], hours: Sequence[int], output: Sequence[float]) -> UnitState:
    return UnitState(np.array(on), np.array(hours), np.array(output, float))


def _runs(
    system: System, state: UnitState, load: Sequence[float], reserve: Reserve = NO_RESERVE
) -> Commitment:
    return commit(system, _day(system, load), state, reserve=reserve, effort=EXACT)


def _allowed(on: np.ndarray, g: int, state: UnitState) -> bool:
    """Whether a unit's hours keep its least times, told by walking through them."""
    up, down = FLEET[g, 5:7]
    now, since = bool(state.on[g]), int(state.hours[g])
    for flag in on:
        if bool(flag) == now:
            since += 1
        elif since < (up if now else down):
            return False
        else:
            now, since = bool(flag), 1
    return True


def _cost_of(on: np.ndarray, load: Sequence[float], state: UnitState) -> float:
    """Cheapest output for given units, with ramps; shedding costs 1000, giving away 250 USD/MWh."""
    hours, count = on.shape
    least, most, cost, start, idle, _, _, ramp = FLEET.T
    price = np.concatenate((np.tile(cost, hours), np.full(hours, 1000.0), np.full(hours, 250.0)))
    bounds = [(least[g] * on[t, g], most[g] * on[t, g]) for t in range(hours) for g in range(count)]
    bounds += [(0.0, load[t]) for t in range(hours)] + [(0.0, np.inf)] * hours
    balance = np.zeros((hours, price.size))
    rows, room = [], []
    for t in range(hours):
        balance[t, t * count : (t + 1) * count] = balance[t, hours * count + t] = 1.0
        balance[t, hours * (count + 1) + t] = -1.0
        for g in range(count):
            before_on, before = (on[t - 1, g], 0.0) if t else (state.on[g], state.output_mw[g])
            edge = max(least[g], ramp[g])
            change = np.zeros(price.size)
            change[t * count + g] = 1.0
            if t:
                change[(t - 1) * count + g] = -1.0
            rows += [change, -change]
            room += [before + (ramp[g] if before_on else edge), -before + (ramp[g] if on[t, g] else edge)]
    found = linprog(price, A_ub=rows, b_ub=room, A_eq=balance, b_eq=load, bounds=bounds, method="highs")
    if found.status != 0:
        return np.inf
    began = on & ~np.vstack((state.on, on[:-1]))
    return float(found.fun + (began * start).sum() + (on * idle).sum())


def _by_trying_everything(load: Sequence[float], state: UnitState) -> tuple[float, np.ndarray]:
    hours = len(load)
    ways = [
        [way for way in product((False, True), repeat=hours) if _allowed(np.array(way), g, state)]
        for g in range(3)
    ]
    tried = (np.array(way).T for way in product(*ways))
    return min(((_cost_of(on, load, state), on) for on in tried), key=lambda pair: pair[0])


@pytest.mark.parametrize(
    ("load", "state"),
    [
        ((150.0, 260.0, 300.0, 120.0), _state((True, False, False), (5, 5, 5), (150.0, 0.0, 0.0))),
        ((60.0, 60.0, 180.0, 90.0), _state((True, True, False), (1, 1, 3), (100.0, 40.0, 0.0))),
        ((90.0, 110.0, 170.0, 130.0), _state((False, True, True), (1, 4, 1), (0.0, 60.0, 30.0))),
        ((380.0, 390.0, 100.0, 40.0), _state((True, True, True), (9, 9, 9), (200.0, 100.0, 80.0))),
    ],
)
def test_no_choice_of_three_units_over_four_hours_is_cheaper(load: Sequence[float], state: UnitState) -> None:
    """Against every one of up to 4,096 choices, each dispatched by a linear programme of its own."""
    least_usd, best = _by_trying_everything(load, state)
    found = _runs(_system(FLEET), state, load)
    assert found.cost_usd == pytest.approx(least_usd, rel=1e-7)
    assert _cost_of(found.on, load, state) == pytest.approx(least_usd, rel=1e-7)
    assert found.on.shape == best.shape


def test_a_day_of_two_hours_by_hand() -> None:
    # 150 and 260 MW, base on at 150. Base ramps by 50: 150, then 200 at 10 USD/MWh. The missing 60 MW: middle
    # 400 + 20 + 60·25 = 1920, peak 50 + 60·60 = 3650. So middle: 3500 + 2·100 + 1920 = 5620.
    state = _state((True, False, False), (5, 5, 5), (150.0, 0.0, 0.0))
    found = _runs(_system(FLEET), state, (150.0, 260.0))
    assert found.cost_usd == pytest.approx(5620.0)
    assert found.on.tolist() == [[True, False, False], [True, True, False]]
    assert found.status == "Optimal"


def test_a_dear_start_keeps_a_unit_running_where_a_cheap_one_stops() -> None:
    # 100, 90, 90 and 130 MW. Base stays: 1100 + 2·(1100 + 10 given away at 250) + 1400 = 9700 USD. Or middle
    # serves from the second hour on and base comes back for the fourth: 1100 + 400 + 2·2270 + start + 1100 +
    # 770 = 7910 + start. So it stops for a start of 1000 USD and stays for one of 2000.
    state, load = _state((True, False, False), (9, 9, 9), (np.nan,) * 3), (100.0, 90.0, 90.0, 130.0)
    dear = FLEET.copy()
    dear[1, 7] = 100.0  # middle may start at any output
    cheap = dear.copy()
    cheap[0, 3] = 1000.0
    assert _runs(_system(cheap), state, load).on[:, 0].tolist() == [True, False, False, True]
    assert _runs(_system(cheap), state, load).cost_usd == pytest.approx(8910.0)
    assert _runs(_system(dear), state, load).on[:, 0].all()
    assert _runs(_system(dear), state, load).cost_usd == pytest.approx(9700.0)


def test_a_unit_that_just_started_keeps_running_for_its_least_time() -> None:
    fleet = FLEET.copy()
    fleet[2, 5] = 4  # peak must run 4 hours; it has 1 behind it
    system = _system(fleet)
    state = _state((False, True, True), (9, 9, 1), (0.0, 60.0, 20.0))
    assert _runs(system, state, (60.0, 60.0, 60.0, 60.0)).on[:, 2].tolist() == [True, True, True, False]


def test_a_unit_that_just_stopped_stands_for_its_least_time() -> None:
    state = _state((False, True, False), (1, 9, 9), (0.0, 100.0, 0.0))
    fleet = FLEET.copy()
    fleet[0, 3] = 0.0
    found = _runs(_system(fleet), state, (150.0, 150.0, 150.0))
    assert found.on[:, 0].tolist() == [False, True, True]


def test_reserve_brings_a_unit_that_energy_alone_does_not_need() -> None:
    state = _state((True, False, False), (9, 9, 9), (np.nan,) * 3)
    assert _runs(_system(FLEET), state, (190.0,)).on.tolist() == [[True, False, False]]
    # 1.15 · 190 = 218.5 MW above base's 200: peak is the cheapest to start.
    with_reserve = _runs(_system(FLEET), state, (190.0,), Reserve(0.15, 0.0))
    assert with_reserve.on.tolist() == [[True, False, True]]


def test_a_full_line_makes_the_dear_unit_behind_it_run() -> None:
    state = _state((True, False, False), (9, 9, 9), (np.nan,) * 3)
    system = _system(FLEET, limit=110.0, bus=(0, 0, 1))
    assert _runs(system, state, (130.0,)).on.tolist() == [[True, False, True]]


def test_load_that_bids_little_starts_nothing() -> None:
    state = _state((True, False, False), (9, 9, 9), (np.nan,) * 3)
    system = _system(FLEET)
    for worth, starts in ((20.0, False), (50.0, True)):
        day = _day(system, (150.0,) * 4, (Demand.blocks(50.0, [60.0], [worth]),))
        found = commit(system, day, state, reserve=NO_RESERVE, effort=EXACT)
        assert found.on[:, 1].any() == starts


def test_the_same_day_twice_is_the_same_choice() -> None:
    state = _state((True, True, True), (9, 9, 9), (np.nan,) * 3)
    once, again = (_runs(_system(FLEET), state, (150.0, 260.0, 300.0, 120.0)) for _ in range(2))
    assert (once.on == again.on).all()
    assert once.cost_usd == again.cost_usd


def test_without_time_the_units_stay_as_they_were() -> None:
    state = _state((True, False, True), (9, 9, 9), (np.nan,) * 3)
    system = _system(FLEET)
    found = commit(system, _day(system, (150.0, 260.0)), state, effort=Effort(time_limit_s=0.0))
    assert found.on.tolist() == [[True, False, True]] * 2
    assert np.isnan(found.cost_usd)
    assert found.status == "Time limit reached"


def _priced(
    system: System, load: Sequence[float], on: np.ndarray, state: UnitState, way: str = "qp"
) -> np.ndarray:
    found = price_day(system, _day(system, load), on, state, prices=Prices(), time_limit_s=10.0, way=way)  # type: ignore[arg-type]
    return np.array([hour.price_usd_per_mwh[1] for hour in found])


def test_a_ramp_raises_the_price_of_the_steep_hour_and_lowers_the_one_before() -> None:
    # 120 and 200 MW; peak gives 10 MW at least. Base 110, then 160 as its ramp of 50 MW lets it, peak the
    # missing 40 at 60 USD/MWh. One more MW in the first hour is one more from base in both: 2·10 − 60 = −40.
    system = _system(FLEET)
    state = _state((True, False, True), (9, 9, 9), (100.0, 0.0, 10.0))
    on = np.array([[True, False, True]] * 2)
    assert _priced(system, (120.0, 200.0), on, state) == pytest.approx([-40.0, 60.0])
    assert _priced(system, (120.0, 200.0), on, state, "tangents") == pytest.approx([-40.0, 60.0])


def test_hours_that_no_ramp_holds_are_priced_one_by_one() -> None:
    state = _state((True, False, True), (9, 9, 9), (150.0, 0.0, 10.0))
    on = np.array([[True, False, True]] * 2)
    assert _priced(_system(FLEET), (180.0, 240.0), on, state) == pytest.approx([10.0, 60.0])


def test_what_a_day_leaves_is_what_the_next_begins_from() -> None:
    state = _state((True, True, False), (7, 1, 4), (150.0, 60.0, 0.0))
    after = state.after(np.array([[True, False, False], [True, False, True]]), np.array([140.0, 0.0, 20.0]))
    assert after.on.tolist() == [True, False, True]
    assert after.hours.tolist() == [9, 2, 1]
    assert after.output_mw.tolist() == [140.0, 0.0, 20.0]
    run, stand = after.held_h(_system(FLEET))
    assert run.tolist() == [0, 0, 0]
    assert stand.tolist() == [0, 0, 0]
