import numpy as np
import pytest

from dso.agents.planning import plan
from dso.agents.planning.problem import Problem, cost, states
from dso.agents.planning.scaling import tube
from tests.agents.planning.cases import KINDS
from tests.agents.planning.oracle import Tangents, excess

AGENTS = 200


@pytest.fixture(scope="module", params=KINDS)
def planned(request):
    """200 random agents of one kind: the problem, its plan, and what no response would have cost."""
    problem, u, v = KINDS[request.param](AGENTS)
    part = problem.full()
    return problem, plan(problem), cost(part, u, v, states(part, problem.x_start, u, v))


def test_every_plan_is_the_optimum_of_its_agent(planned):
    """At most 0.1 % of what response saves above the LP's bound, by an oracle that shares no code with us."""
    problem, found, unresponsive = planned
    part, room = problem.full(), tube(problem.full(), problem.x_start)
    assert found.converged.all()
    for i in range(AGENTS):
        saved = unresponsive[i] - found.cost[i]
        z = [found.u[:, i], *([] if found.v is None else [found.v[:, i]]), found.x[:, i]]
        if problem.soft_price is not None:
            z.append(np.maximum(0.0, np.maximum(part["x_low"] - found.x, found.x - part["x_high"])[:, i]))
        tangents = Tangents(part, problem.x_start, room.low, room.high, i)
        enough = max(1e-3 * saved, 1e-6)
        assert excess(tangents, found.cost[i], np.concatenate(z), enough) <= enough


def test_the_gap_that_a_plan_reports_is_small_beside_what_it_saves(planned):
    _, found, unresponsive = planned
    assert (found.gap <= np.maximum(1e-3 * (unresponsive - found.cost), 1e-5)).all()


def test_every_plan_keeps_every_constraint(planned):
    """To 1e-6 of the state's scale; where no plan can keep a bound, to the shortfall that it reports."""
    problem, found, _ = planned
    part = problem.full()
    for name in ("u",) if found.v is None else ("u", "v"):
        control = getattr(found, name)
        assert (control >= part[f"{name}_low"]).all()
        assert (control <= part[f"{name}_high"]).all()
    before = np.vstack([problem.x_start, found.x[:-1]])
    moved = part["b_u"] * found.u + (0 if found.v is None else part["b_v"] * found.v)
    scale = tube(part, problem.x_start).scale
    missed = np.abs(part["a"] * before + moved + part["d"] - found.x)
    assert (missed <= 1e-12 * (scale + np.abs(found.x))).all()
    if problem.soft_price is None:
        passed = np.maximum(part["x_low"] - found.x, found.x - part["x_high"])
        assert (passed <= found.shortfall + 1e-6 * scale).all()


def test_no_bit_of_a_plan_depends_on_who_is_planned_beside(planned):
    problem, found, _ = planned
    for chunk in (1, 7, 64):
        again = plan(problem, chunk=chunk)
        for name in ("u", "v", "x", "cost", "gap", "shortfall", "iterations"):
            one, other = getattr(found, name), getattr(again, name)
            assert one is other is None or np.array_equal(one, other)


def one(**given):
    """A problem of one agent from lists of one number an interval."""
    fields = {name: np.array(value, float)[:, None] for name, value in given.items() if name != "x_start"}
    return Problem(x_start=np.array([given["x_start"]], float), **fields)


def test_a_battery_buys_where_it_is_cheap_and_sells_where_it_is_dear():
    """Empty, 2 kWh, no losses; buys 1 kWh at 1 within its 1 kW, sells it at 3: cost 1 − 3 = −2."""
    battery = one(
        x_start=0, p_u=[1, 3], u_low=[0, 0], u_high=[1, 1], p_v=[-1, -3], v_low=[0, 0], v_high=[1, 1],
        b_v=[-1, -1], x_low=[0, 0], x_high=[2, 2],
    )  # fmt: skip
    found = plan(battery)
    assert found.u[:, 0] == pytest.approx([1, 0], abs=1e-5)
    assert found.v[:, 0] == pytest.approx([0, 1], abs=1e-5)
    assert found.cost[0] == pytest.approx(-2, abs=1e-5)


def test_a_quadratic_cost_spreads_energy_by_price():
    """Min u₀² + u₁² + u₁ with u₀ + u₁ = 2: 2u₀ = 2u₁ + 1, u = (1.25, 0.75), cost 1.5625 + 0.5625 + 0.75."""
    found = plan(one(x_start=0, p_u=[0, 1], r_u=[2, 2], u_low=[-5, -5], u_high=[5, 5],
                     x_low=[-np.inf, 2], x_high=[np.inf, 2]))  # fmt: skip
    assert found.u[:, 0] == pytest.approx([1.25, 0.75], abs=1e-4)
    assert found.cost[0] == pytest.approx(2.875, abs=1e-4)


def test_a_state_that_decays_makes_early_energy_dearer():
    """Half of the state is lost an interval: 1 at the end costs 1 in the last, 2·0.6 in the first."""
    found = plan(one(x_start=0, p_u=[0.6, 1], a=[0.5, 0.5], u_low=[0, 0], u_high=[9, 9],
                     x_low=[0, 1], x_high=[9, 9]))  # fmt: skip
    assert found.u[:, 0] == pytest.approx([0, 1], abs=1e-5)


def test_comfort_is_weighed_against_price():
    """One interval, ½(x − 1)² + 0.4·u with x = u: x = 0.6."""
    found = plan(one(x_start=0, p_u=[0.4], u_low=[0], u_high=[2], x_low=[-5], x_high=[5], q=[1], c=[-1]))
    assert found.x[0, 0] == pytest.approx(0.6, abs=1e-4)


def test_a_soft_bound_is_passed_until_its_price_equals_that_of_power():
    """Bound 1; passing by σ costs 0.5·σ + ½·σ², power 0.8: 0.5 + σ = 0.8, so σ = 0.3 and x = 0.7."""
    found = plan(one(x_start=0, p_u=[0.8], u_low=[0], u_high=[2], x_low=[1], x_high=[3], soft_price=[0.5],
                     soft_curvature=[1]))  # fmt: skip
    assert found.x[0, 0] == pytest.approx(0.7, abs=1e-4)
    assert found.cost[0] == pytest.approx(0.8 * 0.7 + 0.5 * 0.3 + 0.5 * 0.09, abs=1e-5)
    assert found.shortfall[0] == 0


def test_a_need_that_cannot_be_met_is_met_as_far_as_can_be():
    """1 kW for two hours into a battery at 1 kWh, 5 kWh needed: it gets 3, and 2 are reported."""
    found = plan(one(x_start=1, p_u=[1, 1], u_low=[0, 0], u_high=[1, 1], x_low=[0, 5], x_high=[6, 6]))
    assert found.shortfall[0] == pytest.approx(2)
    assert found.x[-1, 0] == pytest.approx(3, abs=1e-5)


def test_a_control_that_cannot_move_stays_where_it_is():
    found = plan(one(x_start=0, p_u=[-1, -1], u_low=[0, 0.5], u_high=[1, 0.5], x_low=[0, 0], x_high=[9, 9]))
    assert found.u[1, 0] == 0.5
    assert found.u[0, 0] == pytest.approx(1, abs=1e-5)


def test_agents_that_cannot_do_anything_are_planned_too():
    """No power, no room, no price."""
    still = Problem(np.zeros(3), p_u=np.zeros((4, 1)), u_low=0.0, u_high=np.array([0.0, 1.0, 1.0]), x_low=0.0,
                    x_high=np.array([1.0, 0.0, 1.0]), b_u=np.array([1.0, 1.0, 0.0]))  # fmt: skip
    found = plan(still)
    assert found.converged.all()
    assert (found.u[:, 0] == 0).all()
    assert found.u[:, 1] == pytest.approx(0, abs=1e-6)


def test_nobody_has_an_empty_plan():
    found = plan(Problem(np.zeros(0), p_u=np.zeros((4, 1)), u_low=0.0, u_high=1.0, x_low=0.0, x_high=1.0))
    assert found.u.shape == (4, 0)


def test_a_terminal_price_of_the_state_is_answered():
    """What is stored at the end is worth 2, power costs 1: full."""
    found = plan(one(x_start=0, p_u=[1, 1], u_low=[0, 0], u_high=[1, 1], x_low=[0, 0], x_high=[3, 3],
                     c=[0, -2]))  # fmt: skip
    assert found.x[-1, 0] == pytest.approx(2, abs=1e-5)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"u_low": np.full((4, 2), 2.0)}, r"u_low must be at most u_high, was above at index \(0, 0\)"),
        ({"p_u": np.full((4, 2), np.nan)}, r"p_u must be finite, was nan at index \(0, 0\)"),
        ({"r_u": -1.0}, "r_u must be 0 or more"),
        ({"p_u": np.zeros((4, 3))}, "broadcast"),
        ({"cross": 1.0}, "cross needs a second control"),
        ({"cross": 1.0, "b_v": 1.0}, "cross² must be at most r_u·r_v"),
        ({"x_start": 0.0}, "x_start"),
    ],
)
def test_a_problem_that_is_none_is_refused(change, said):
    given = {"x_start": np.zeros(2), "p_u": np.zeros((4, 2)), "u_low": 0.0, "u_high": 1.0, "x_low": 0.0,
             "x_high": 1.0}  # fmt: skip
    with pytest.raises(ValueError, match=said):
        Problem(**(given | change))


def test_a_chunk_is_at_least_one():
    problem = Problem(np.zeros(1), p_u=np.zeros((2, 1)), u_low=0.0, u_high=1.0, x_low=0.0, x_high=1.0)
    with pytest.raises(ValueError, match="chunk must be 1 or more, was 0"):
        plan(problem, chunk=0)


def test_windows_are_as_long_as_one_likes():
    problem = Problem(np.ones(2), p_u=1 + np.arange(101.0)[:, None] % 7, u_low=0.0, u_high=1.0, x_low=0.0,
                      x_high=5.0, d=-0.25)  # fmt: skip
    found = plan(problem)
    assert found.converged.all()
    assert found.u.sum(axis=0) == pytest.approx(101 / 4 - 1, abs=1e-4)
