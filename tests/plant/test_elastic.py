"""A part of the fixed load that does as it is told."""

import numpy as np

from dso.plant.elastic import ElasticPlant
from dso.plant.follower import FollowerPlant

NAN = np.nan


def plant() -> ElasticPlant:
    """Each needs as many kW as the interval begins hours after midnight, device 1 twice that."""
    return ElasticPlant(
        np.array([3, 5]), lambda i: np.array([1.0, 2.0]) * (i.start_s // 3600), np.array([4.0, 5.0])
    )


def test_by_itself_it_draws_what_is_needed_at_the_time() -> None:
    p = plant()
    assert p.step(p.start(0), 3600, 3900)[1].tolist() == [1, 2]
    assert p.step(p.start(0), 7200, 7500, np.array([NAN, NAN]))[1].tolist() == [2, 4]


def test_told_it_draws_that_between_nothing_and_its_rating() -> None:
    p = plant()
    assert p.step(p.start(0), 3600, 3900, np.array([0.5, NAN]))[1].tolist() == [0.5, 2]
    assert p.step(p.start(0), 3600, 3900, np.array([-1.0, 9.0]))[1].tolist() == [0, 5]


def test_without_supply_it_draws_nothing_and_has_nothing_to_remember() -> None:
    p = plant()
    state, kw = p.step(p.start(0), 3600, 3900, np.array([0.5, NAN]), np.array([0.0, 0.5]))
    assert kw.tolist() == [0, 1]
    assert state.shape == (0, 2)
    assert p.measured(state, 3900) == {}


def test_it_is_of_the_kind_that_elastic_loads_settings_name() -> None:
    assert (ElasticPlant.kind, ElasticPlant.unit, FollowerPlant.unit) == ("elastic", "kW", "kW")
