import numpy as np
import pytest

from dso.clock import Interval
from dso.errors import EngineError
from dso.messages import Deliver
from dso.network.static import StaticNetwork
from dso.plant.embedded import EmbeddedPlant
from tests.agents.small import NOON, load

NOBODY = np.full(4, np.nan)


def plant(**options) -> EmbeddedPlant:
    return EmbeddedPlant(load(4, **options), np.array([1, 3]), StaticNetwork(loss_frac=0.05))


def test_without_set_points_everybody_draws_what_it_needs():
    """1.2 kW fixed and 0.8 kW of cooling for five minutes; only participants have a sub-meter."""
    reading = plant().deliver(Deliver("m", NOON, NOBODY))
    assert reading.meter_kwh == pytest.approx([2.0 / 12] * 4)
    assert reading.device_kwh == pytest.approx([0.0, 0.8 / 12, 0.0, 0.8 / 12])


def test_the_head_meter_is_the_sum_of_all_meters_and_the_losses():
    reading = plant(spread=0.5, noise=0.15).deliver(Deliver("m", NOON, NOBODY))
    assert reading.head_kwh == pytest.approx(1.05 * reading.meter_kwh.sum(), rel=1e-12)
    assert plant().deliver(Deliver("m", NOON, NOBODY)).head_kwh == pytest.approx(8.4 / 12)


def test_devices_follow_their_set_points_between_nothing_and_their_rating():
    """Rating: 1.6 · 0.1 kW/K · (30 + 3 − 20) K = 2.08 kW."""
    reading = plant().deliver(Deliver("m", NOON, np.array([np.nan, -1.0, np.nan, 99.0])))
    assert reading.device_kwh * 12 == pytest.approx([0.0, 0.0, 0.0, 2.08])
    assert reading.meter_kwh * 12 == pytest.approx([2.0, 1.2, 2.0, 3.28])


def test_a_set_point_of_somebody_without_a_device_changes_nothing():
    reading = plant().deliver(Deliver("m", NOON, np.array([0.0, np.nan, 0.0, np.nan])))
    assert reading.meter_kwh * 12 == pytest.approx([2.0] * 4)


def test_what_customers_need_does_not_depend_on_set_points_before():
    later = Interval(NOON.end_s, 300)
    curtailed, free = plant(noise=0.15), plant(noise=0.15)
    curtailed.deliver(Deliver("m", NOON, np.zeros(4)))
    free.deliver(Deliver("m", NOON, NOBODY))
    one, other = (p.deliver(Deliver("m", later, NOBODY)) for p in (curtailed, free))
    assert (one.meter_kwh == other.meter_kwh).all()


@pytest.mark.parametrize("again", [NOON, Interval(NOON.start_s - 300, 600), Interval(NOON.start_s + 60, 60)])
def test_no_interval_is_delivered_twice_not_even_in_part(again):
    once = plant()
    once.deliver(Deliver("m", NOON, NOBODY))
    with pytest.raises(EngineError, match="delivered before"):
        once.deliver(Deliver("m", again, NOBODY))


def test_what_was_delivered_is_remembered_as_one_stretch_across_a_resume():
    first, second = plant(), plant()
    for k in (2, 0, 1):  # a market that was late delivers out of order
        first.deliver(Deliver("m", Interval(NOON.start_s + 300 * k, 300), NOBODY))
    second.set_state(first.get_state())
    assert second.get_state() == ((NOON.start_s, NOON.start_s + 900),)
    with pytest.raises(EngineError):
        second.deliver(Deliver("m", NOON, NOBODY))


def test_set_points_of_the_wrong_number_are_refused():
    with pytest.raises(ValueError, match="set-points must be"):
        plant().deliver(Deliver("m", NOON, np.zeros(3)))
