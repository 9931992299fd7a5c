"""Devices of participants from outside draw what they are told."""

import numpy as np

from dso.plant.follower import FollowerPlant

NAN = np.nan


def plant() -> FollowerPlant:
    two = np.ones(2)
    return FollowerPlant("ours", np.array([3, 5]), -1 * two, 4 * two, 0.5 * two)


def test_untold_it_draws_what_it_always_does() -> None:
    p = plant()
    assert p.step(p.start(0), 0, 300)[1].tolist() == [0.5, 0.5]
    assert p.step(p.start(0), 0, 300, np.array([NAN, 1.0]))[1].tolist() == [0.5, 1]


def test_told_it_draws_that_within_its_ratings_and_may_inject() -> None:
    p = plant()
    assert p.step(p.start(0), 0, 300, np.array([-0.5, 3.0]))[1].tolist() == [-0.5, 3]
    assert p.step(p.start(0), 0, 300, np.array([-9.0, 9.0]))[1].tolist() == [-1, 4]


def test_without_supply_it_neither_draws_nor_injects() -> None:
    p = plant()
    assert p.step(p.start(0), 0, 300, np.array([-1.0, 4.0]), np.array([0.0, 0.25]))[1].tolist() == [0, 1]
    assert p.step(p.start(0), 0, 300, None, np.array([0.0, 1.0]))[1].tolist() == [0, 0.5]


def test_what_it_returns_is_its_callers() -> None:
    p = plant()
    p.step(p.start(0), 0, 300)[1][:] = 99.0
    assert p.step(p.start(0), 0, 300)[1].tolist() == [0.5, 0.5]
    assert p.measured(p.start(0), 0) == {}
