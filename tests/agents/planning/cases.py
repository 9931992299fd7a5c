"""Random agents of the four kinds, and what each would do if it did not respond to prices."""

from __future__ import annotations

import numpy as np

from dso.agents.planning.formulations import battery_problem, ev_problem, hvac_problem, water_heater_problem
from dso.agents.planning.problem import Problem

HOURS = 48
HOUR = np.arange(HOURS)[:, None]


def prices(rng, n):
    """A day's shape that differs from agent to agent, with noise; now and then below zero."""
    shape = 0.05 * np.sin(2 * np.pi * (HOUR - rng.uniform(8, 12, n)) / 24)
    return 0.07 + shape + 0.03 * rng.standard_normal((HOURS, n)) * rng.uniform(0, 1, n)


def battery(n, seed=1):
    rng = np.random.default_rng(seed)
    capacity, rating = rng.uniform(5, 30, n), rng.uniform(2, 12, n)
    reserve = rng.uniform(0, 0.3, n) * capacity
    start = reserve + rng.uniform(-0.1, 1, n) * (capacity - reserve)
    problem = battery_problem(
        prices(rng, n), np.maximum(start, 0), capacity, reserve, rating, rating, rng.uniform(0.85, 1, n),
        rng.uniform(0.85, 1, n), wear_usd_per_kwh=rng.uniform(0, 0.03, n), profit_margin_frac=0.1,
    )  # fmt: skip
    idle = np.zeros((HOURS, n))
    idle[0] = np.maximum(reserve - start, 0) / problem.b_u  # what must be charged to reach the reserve
    return problem, np.minimum(idle, rating), np.zeros((HOURS, n))


def ev(n, seed=2):
    """Leaves and comes back once a day; half of them can give back; some cannot reach their need."""
    rng = np.random.default_rng(seed)
    capacity, rating = rng.uniform(30, 90, n), rng.uniform(3, 11, n)
    leaves, away = rng.integers(5, 10, n), rng.integers(4, 12, n)
    clock = HOUR % 24
    home = (clock < leaves) | (clock >= leaves + away)
    trip = np.where(clock == leaves, rng.uniform(2, 25, n), 0.0)
    give = np.where(rng.random(n) < 0.5, rating, 0.0)
    efficiency = rng.uniform(0.85, 0.97, n)
    problem = ev_problem(
        prices(rng, n), rng.uniform(0.3, 1, n) * capacity, capacity, 0.1 * capacity, rating, give,
        efficiency, efficiency, home, trip, rng.uniform(0, 1, n), wear_usd_per_kwh=0.01,
    )  # fmt: skip
    return problem, at_once(problem), np.zeros((HOURS, n))


def at_once(problem: Problem):
    """Charge as soon and as fast as one can, until full."""
    x, part = problem.x_start, problem.full()
    u = np.zeros(problem.shape)
    for t in range(HOURS):
        room = part["x_high"][t] - x - part["d"][t]
        u[t] = np.clip(room / part["b_u"][t], 0, part["u_high"][t])
        x = x + part["d"][t] + part["b_u"][t] * u[t]
    return u


def hvac(n, seed=3):
    """Houses that cool on the whole; some are too small for the weather, some have slider 0."""
    rng = np.random.default_rng(seed)
    ua = rng.uniform(0.1, 0.4, n)
    capacity = ua * rng.uniform(4, 30, n)
    outdoor = rng.uniform(18, 32, n) + 6 * np.sin(2 * np.pi * (HOUR - 9) / 24)
    gains = np.maximum(0, 2 * np.sin(2 * np.pi * (HOUR - 6) / 24)) + rng.uniform(0.2, 1, n)
    desired = rng.uniform(21, 25, n) + 2.0 * ((HOUR % 24 > 8) & (HOUR % 24 < 17))
    slider = np.where(rng.random(n) < 0.1, 0.0, rng.uniform(0, 1, n))
    problem = hvac_problem(
        prices(rng, n), desired[0] + rng.uniform(-2, 2, n), desired, *rng.uniform(0.5, 3, (2, n)),
        rng.uniform(1.5, 6, n), slider, 3.2 - 0.02 * (outdoor - 25), ua, capacity, outdoor, gains,
    )  # fmt: skip
    part = problem.full()
    return problem, thermostat(problem, -part["c"] / part["q"]), None


def water_heater(n, seed=4):
    rng = np.random.default_rng(seed)
    capacity = rng.uniform(6, 16, n)
    draw = np.where(rng.random((HOURS, n)) < 0.3, rng.exponential(0.6, (HOURS, n)), 0.0)
    problem = water_heater_problem(
        prices(rng, n), rng.uniform(0.5, 1, n), capacity, rng.uniform(3, 5.5, n), rng.uniform(0, 1, n), draw,
        rng.uniform(0.005, 0.02, n), ambient_frac=0.25, lowest_frac=rng.uniform(0.3, 0.8, n),
    )  # fmt: skip
    return problem, thermostat(problem, np.ones((HOURS, n))), None


def thermostat(problem: Problem, wanted):
    """Hold the state wanted as well as the rating allows."""
    x, part = problem.x_start, problem.full()
    u = np.zeros(problem.shape)
    for t in range(HOURS):
        drift = part["a"][t] * x + part["d"][t]
        u[t] = np.clip((wanted[t] - drift) / part["b_u"][t], 0, part["u_high"][t])
        x = drift + part["b_u"][t] * u[t]
    return u


KINDS = {"battery": battery, "ev": ev, "hvac": hvac, "water_heater": water_heater}
