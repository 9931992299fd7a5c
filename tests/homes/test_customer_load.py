import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dso.clock import Interval, parse_time
from dso.data.austin import austin_august
from dso.errors import InputError
from dso.homes.customer_load import CustomerLoad
from dso.homes.customers import Customers, sliders
from dso.homes.load_shape import LoadShape, ercot_shape
from dso.homes.noise import HourCache, HourlyNoise
from tests.agents.small import NEW_YEAR_S, NOON, load, shape, weather


def test_cooling_is_the_slope_times_the_degrees_above_balance():
    """2 kW in all; 0.1 kW/K · (28 − 20) K = 0.8 kW of it cools."""
    fixed, cooling = load(3).kw(NOON)
    assert fixed == pytest.approx([1.2] * 3)
    assert cooling == pytest.approx([0.8] * 3)


def test_below_the_balance_temperature_nothing_cools():
    fixed, cooling = load(2, temperature_c=19.0).kw(NOON)
    assert fixed == pytest.approx([2.0] * 2)
    assert (cooling == 0).all()


def test_cooling_never_takes_more_than_its_highest_share():
    """At 50 °C the slope asks for 3 kW of 2; at most 60 % of 2 kW may cool."""
    fixed, cooling = load(1, temperature_c=50.0).kw(NOON)
    assert (fixed[0], cooling[0]) == pytest.approx((0.8, 1.2))


def test_an_interval_in_the_middle_of_the_hour_has_the_hours_mean_and_between_two_it_is_linear():
    start_s = NEW_YEAR_S + 3600 * np.arange(3)
    rising = LoadShape(start_s, np.array([1.0, 3.0, 3.0]), weather())
    at_s = NEW_YEAR_S + np.array([1800.0, 3600.0, 5400.0])
    assert rising.total_kw(at_s) == pytest.approx([1.0, 2.0, 3.0])


def test_a_time_outside_the_load_series_is_refused_with_the_next_step():
    with pytest.raises(InputError, match=r"2016-01-01T00:00Z to 2016-12-31T00:00Z.*load series"):
        shape().total_kw(np.array([float(parse_time("2017-05-01T00:00Z"))]))


@pytest.mark.parametrize("bus", range(1, 9))
def test_all_customers_of_a_bus_and_its_industry_draw_the_buss_load(bus):
    """Real homes · mean customer + industry = the load of the ERCOT file, in the middle of an hour."""
    from dso.data.ercot_load import bus_info, bus_load_mw, industrial_mw

    start_s, mw = bus_load_mw(bus)
    k = int(np.searchsorted(start_s, parse_time("2016-08-11T21:00Z")))
    middle_s = start_s[k : k + 1] + 1800.0
    mean_kw = ercot_shape(bus, austin_august()).total_kw(middle_s)[0]
    homes = bus_info(bus).simulated_homes * bus_info(bus).scale
    assert homes * mean_kw / 1000 + industrial_mw(bus) == pytest.approx(mw[k], rel=1e-12)


def test_sizes_average_one_over_all_customers_and_keep_their_spread():
    customers = Customers(20_000, 3, 0.5)
    assert customers.size.mean() == pytest.approx(1.0, rel=1e-12)
    assert np.log(customers.size).std() == pytest.approx(0.5, rel=0.03)  # 6 standard errors


def test_the_sum_over_customers_is_the_shape_within_the_noise():
    """Standard error of the mean of 20,000 customers with 15 % noise and sizes of spread 0.5: 0.12 %."""
    many = load(20_000, spread=0.5, noise=0.15)
    for hour in range(0, 48, 5):
        fixed, cooling = many.kw(Interval(NOON.start_s + 3600 * hour, 300))
        assert fixed.mean() == pytest.approx(1.2, rel=0.006)
        assert cooling.mean() == pytest.approx(0.8, rel=0.006)


def test_nobody_draws_less_than_nothing_or_more_than_the_rating():
    fixed, cooling = load(5000, spread=0.5, noise=0.2).all_kw(
        [Interval(NOON.start_s + 300 * k, 300) for k in range(24)]
    )
    assert fixed.min() > 0
    assert cooling.min() >= 0
    assert (cooling <= load(5000, spread=0.5, noise=0.2).rating_kw).all()


def test_noise_has_the_spread_and_the_memory_that_it_was_given():
    noise = HourlyNoise(20_000, None, 5, 3, 0.15, 0.7)
    first, second = noise.at(3600.0 * 400_000), noise.at(3600.0 * 400_001)
    assert first.std() == pytest.approx(0.15, rel=0.03)
    assert np.corrcoef(first, second)[0, 1] == pytest.approx(0.7, abs=0.02)
    assert first.mean() == pytest.approx(0.0, abs=6 * 0.15 / 20_000**0.5)


@settings(max_examples=25, deadline=None)
@given(st.integers(2, 60), st.integers(0, 10_000), st.data())
def test_a_customer_draws_the_same_whoever_else_is_looked_at(count, seed, data):
    chosen = data.draw(st.lists(st.integers(0, count - 1), min_size=1, unique=True))
    everybody, some = Customers(count, seed), Customers(count, seed, indices=np.array(chosen))
    interval = Interval(NOON.start_s + 300 * data.draw(st.integers(0, 500)), 300)
    whole, part = CustomerLoad(everybody, shape()).kw(interval), CustomerLoad(some, shape()).kw(interval)
    for all_of_them, theirs in zip(whole, part, strict=True):
        assert (all_of_them[chosen] == theirs).all()
    assert (sliders(count, seed)[chosen] == sliders(count, seed, np.array(chosen))).all()


def test_values_do_not_depend_on_the_order_in_which_they_are_asked_for():
    intervals = [Interval(NOON.start_s + 3600 * k, 300) for k in range(200)]
    one, other = load(7, noise=0.15), load(7, noise=0.15)
    forward = [one.kw(i)[0] for i in intervals]
    backward = [other.kw(i)[0] for i in reversed(intervals)]
    assert (np.array(forward) == np.array(backward[::-1])).all()


def test_another_seed_gives_another_load():
    assert (load(9, noise=0.15, seed=1).kw(NOON)[0] != load(9, noise=0.15, seed=2).kw(NOON)[0]).all()


def test_a_day_is_the_mean_of_its_hours():
    one = load(4, spread=0.5, noise=0.15)
    day = Interval(NOON.start_s, 86400)
    hours, whole = one.all_kw(day.split(24)), one.kw(day)
    assert hours[0].mean(axis=0) == pytest.approx(whole[0])


def test_a_cache_forgets_the_oldest_and_stays_small():
    made = []
    cache = HourCache(1_000_000, 2)  # 8 MB an entry: no more than the least number is held

    def make(key: int) -> np.ndarray:
        made.append(key)
        return np.full(1, float(key))

    for key in (1, 2, 1, 3, 1):
        assert cache.get(key, make)[0] == key
    assert made == [1, 2, 3, 1]


@pytest.mark.parametrize(
    "make",
    [
        lambda: Customers(0, 1),
        lambda: Customers(3, -1),
        lambda: Customers(3, 1, indices=np.array([3])),
        lambda: CustomerLoad(Customers(3, 1), shape(), noise_std_frac=0.5),
        lambda: LoadShape(np.array([0, 7200]), np.ones(2), weather()),
        lambda: LoadShape(np.array([0, 3600]), np.array([1.0, np.nan]), weather()),
        lambda: LoadShape(np.array([0, 3600]), np.ones(2), weather(), design_c=10.0),
    ],
)
def test_arguments_out_of_range_are_refused(make):
    with pytest.raises(ValueError, match="must"):
        make()
