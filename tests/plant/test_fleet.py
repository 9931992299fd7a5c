"""Devices of several kinds side by side: each counts once, with the customer who owns it."""

import numpy as np

from dso.plant.fleet import Fleet, Group
from tests.plant.hands import Counters

# customer 0 has two counters, of which the second bids; customer 2 a counter and a pump, which bids
COUNTERS, PUMPS = Counters([0, 0, 2]), Counters([2], "pump")


def fleet(**options) -> Fleet:
    groups = (Group(COUNTERS, np.array([-1, 0, -1])), Group(PUMPS, np.array([1])))
    return Fleet(groups, customers=3, devices=2, **options)


def test_those_that_bid_count_as_devices_and_all_others_at_their_customers() -> None:
    f = fleet()
    _, devices_kw, customers_kw = f.run(f.start(0), 0, 300)
    assert devices_kw.tolist() == [2, 1]
    assert customers_kw.tolist() == [1, 0, 3]


def test_settings_are_told_kind_by_kind() -> None:
    f = fleet()
    _, devices_kw, customers_kw = f.run(f.start(0), 0, 300, [np.array([np.nan, 7.0, np.nan]), None])
    assert devices_kw.tolist() == [7, 1]
    assert customers_kw.tolist() == [1, 0, 3]


def test_devices_are_without_supply_where_their_customer_is() -> None:
    f = fleet()
    _, devices_kw, customers_kw = f.run(f.start(0), 0, 300, None, np.array([0.0, 1.0, 0.5]))
    assert devices_kw.tolist() == [0, 0.5]
    assert customers_kw.tolist() == [0, 0, 1.5]


def test_a_long_stretch_is_run_in_steps_and_its_power_is_the_mean() -> None:
    rising = Counters([0], rising=True)
    f = Fleet((Group(rising, np.array([0])),), 1, 1, step_s=300)
    states, devices_kw, _ = f.run(f.start(0), 0, 700)
    # 1 kW and 2 kW for 300 s each, 3 kW for 100 s
    np.testing.assert_allclose(devices_kw, [(300 + 600 + 300) / 700])
    np.testing.assert_allclose(states[0][0], [1200 / 3600])
    assert rising.asked == [(0, 300), (300, 600), (600, 700)]


def test_states_that_are_given_are_not_changed() -> None:
    f = fleet()
    before = f.start(0)
    after, _, _ = f.run(before, 0, 300)
    assert not any(state.any() for state in before)
    assert all(state.any() for state in after)


def test_a_kind_that_nobody_owns_is_not_run_and_a_fleet_may_be_empty() -> None:
    nobody = Counters([])
    f = Fleet((Group(nobody, np.zeros(0, np.int64)),), 2, 0)
    _, devices_kw, customers_kw = f.run(f.start(0), 0, 300)
    assert (devices_kw.tolist(), customers_kw.tolist(), nobody.asked) == ([], [0, 0], [])
    empty = Fleet((), 2, 0)
    assert empty.run(empty.start(0), 0, 300)[2].tolist() == [0, 0]
