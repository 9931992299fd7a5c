import numpy as np
import pytest

from dso.agents.planning import plan
from dso.agents.planning.formulations import (
    battery_problem,
    ev_problem,
    hvac_problem,
    normalised,
    water_heater_problem,
)


def column(*values):
    return np.array(values, float)[:, None]


def house(slider, *, outdoor=35.0, rating=4.0, price=(0.1, 0.3, 0.1, 0.3), heating=None, start=22.0):
    n = len(slider)
    return hvac_problem(
        column(*price), np.full(n, start), 22.0, np.full(n, 2.0), np.full(n, 2.0), np.full(n, rating),
        np.array(slider, float), 3.0, np.full(n, 0.2), np.full(n, 2.0), np.full((len(price), 1), outdoor),
        0.4, heating=heating,
    )  # fmt: skip


def test_a_battery_loses_on_both_ways():
    """10 kWh bought at 0.1 arrive as 9, of which 9 · 0.8 = 7.2 are sold: all at the meter, as fractions."""
    battery = battery_problem(
        column(-1.0, 9.0), np.zeros(1), np.array([20.0]), 0.0, 10.0, 10.0, np.array([0.9]), np.array([0.8])
    )
    found = plan(battery)
    assert found.u[0, 0] == pytest.approx(10, abs=1e-4)
    assert found.x[0, 0] == pytest.approx(9, abs=1e-4)
    assert found.v[1, 0] == pytest.approx(7.2, abs=1e-4)


def test_wear_and_margin_keep_a_battery_from_small_gains():
    """Spread 0.05; wear 0.02 · 1.5 both ways is 0.06."""
    still, moving = (
        plan(battery_problem(column(0.1, 0.15), np.zeros(1), np.array([5.0]), 0.0, 5.0, 5.0, 1.0, 1.0,
                             wear_usd_per_kwh=0.02, profit_margin_frac=margin))
        for margin in (0.5, 0.0)
    )  # fmt: skip
    assert still.u.sum() == pytest.approx(0, abs=1e-4)
    assert moving.u[0, 0] == pytest.approx(0.01 / 0.004, abs=1e-3)  # 2 · 0.001 · u each way eats the rest


def test_a_battery_ends_with_what_is_asked():
    battery = battery_problem(
        column(0.1, 0.2), np.array([1.0]), np.array([5.0]), 0.5, 5.0, 5.0, 1.0, 1.0, end_kwh=3.0
    )
    assert plan(battery).x[-1, 0] == pytest.approx(3, abs=1e-4)


@pytest.mark.parametrize(("slider", "leaves_with"), [(0.0, 40.0), (0.5, 26.0), (1.0, 12.0)])
def test_a_vehicle_leaves_with_what_its_slider_says(slider, leaves_with):
    """Capacity 40, trip 8, reserve 4: from full to 12 kWh; then the trip takes 8."""
    home = column(1, 1, 0, 0, 1).astype(bool)
    vehicle = ev_problem(
        column(0.1, 0.1, 0.1, 0.1, 0.1), np.array([10.0]), np.array([40.0]), 4.0, 20.0, 0.0, 1.0, 1.0, home,
        column(0, 0, 8, 0, 0), np.array([slider]),
    )  # fmt: skip
    found = plan(vehicle)
    assert found.v is None
    assert found.x[1, 0] == pytest.approx(leaves_with, abs=1e-3)
    assert found.x[2, 0] == pytest.approx(leaves_with - 8, abs=1e-3)
    assert (found.u[2:4] == 0).all()


def test_what_a_vehicle_cannot_reach_is_reported():
    """2 h at 5 kW from 10 kWh: 20 of 40."""
    home = column(1, 1, 0).astype(bool)
    vehicle = ev_problem(column(0.1, 0.2, 0.1), np.array([10.0]), np.array([40.0]), 4.0, 5.0, 0.0, 1.0, 1.0,
                         home, column(0, 0, 8), np.array([0.0]))  # fmt: skip
    assert plan(vehicle).shortfall[0] == pytest.approx(20)


def test_a_house_may_draw_its_whole_rating():
    found = plan(house([1.0], outdoor=50.0, rating=1.0))
    assert found.u.max() == pytest.approx(1.0, abs=1e-4)


def test_a_house_moves_more_the_more_it_cares_for_cost():
    found = plan(house([0.0, 0.3, 1.0]))
    dear = found.u[[1, 3]].sum(axis=0)
    assert dear[0] > dear[1] + 0.01
    assert dear[1] > dear[2] + 0.01


def test_a_house_with_slider_zero_holds_its_temperature():
    assert plan(house([0.0], rating=8.0)).x == pytest.approx(22, abs=1e-3)


def test_a_house_stays_in_its_range_where_it_can_and_near_it_where_not():
    able, unable = plan(house([1.0], rating=8.0)), plan(house([1.0], outdoor=45.0, rating=0.5))
    assert (able.x <= 24 + 1e-4).all()
    assert unable.x[-1, 0] > 24
    assert unable.u == pytest.approx(0.5, abs=1e-3)


def test_a_house_in_the_cold_heats():
    """At −8 °C, (22 − (−8)) K · 0.2 kW/K − 0.4 kW = 5.6 kW of heat, 1.87 kW of power at COP 3."""
    found = plan(house([0.0], outdoor=-8.0))
    assert found.u == pytest.approx(5.6 / 3, abs=1e-3)


def test_which_way_a_house_runs_can_be_said():
    """A house that would need cooling, told to heat, stays off."""
    assert plan(house([1.0], heating=np.ones((4, 1), bool), start=26.0)).u == pytest.approx(0, abs=1e-3)


def test_a_tank_keeps_hot_and_heats_before_dear_hours():
    """1 kWh drawn when it is dear: a tank that cares for cost is hotter before, and draws less then."""
    tank = water_heater_problem(
        column(0.1, 0.3, 0.1), np.full(2, 0.9), np.full(2, 10.0), np.full(2, 4.0), np.array([0.0, 1.0]),
        column(0, 1, 0) * np.ones(2), 0.0,
    )  # fmt: skip
    found = plan(tank)
    assert found.u[1, 1] < found.u[1, 0] - 0.1
    assert (found.x <= 1 + 1e-6).all()


def test_an_interval_of_half_an_hour_moves_half_the_energy():
    battery = battery_problem(
        column(-1.0, -1.0), np.zeros(1), np.array([20.0]), 0.0, 10.0, 0.0, 1.0, 1.0, interval_h=0.5
    )
    assert plan(battery).x[:, 0] == pytest.approx([5, 10], abs=1e-3)


def test_prices_of_one_level_have_no_shape():
    assert (normalised(np.full((3, 2), 0.2)) == 0).all()
    assert normalised(column(1, 3, 2))[:, 0] == pytest.approx([0, 1, 0.5])


def test_devices_that_are_none_are_refused():
    with pytest.raises(ValueError, match=r"charge_frac must be at most 1, was 90\.0"):
        battery_problem(column(1), np.zeros(1), np.ones(1), 0.0, 1.0, 1.0, 90.0, 0.9)
    with pytest.raises(ValueError, match="x_low must be at most x_high"):
        battery_problem(column(1), np.zeros(1), np.ones(1), 2.0, 1.0, 1.0, 0.9, 0.9)
    with pytest.raises(ValueError, match="slider must be 0 or more"):
        house([-1.0])
    with pytest.raises(ValueError, match="rating_kw must be above 0"):
        house([1.0], rating=0.0)
    with pytest.raises(ValueError, match="slider must be 0 to 1"):
        ev_problem(column(1), np.zeros(1), np.ones(1), 0.0, 1.0, 1.0, 0.9, 0.9, column(1) > 0, column(0),
                   np.array([2.0]))  # fmt: skip
    with pytest.raises(ValueError, match="trip_kwh must be 0 or more"):
        ev_problem(column(1), np.zeros(1), np.ones(1), 0.0, 1.0, 1.0, 0.9, 0.9, column(1) > 0, column(-1),
                   np.array([1.0]))  # fmt: skip
