import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dso.agents.four_point import four_point_bids
from dso.agents.price_memory import PriceMemory
from dso.agents.responsive import ResponsiveLoad
from dso.clock import Interval, parse_time
from dso.messages import Award, BidRequest, PriceSignal

MIDNIGHT_S = parse_time("2016-08-10T00:00Z")
DAY = Interval(MIDNIGHT_S, 86400).split(24)


class Needs:
    """Customer i needs i kW."""

    def __init__(self) -> None:
        self.known_at_s: list[int] = []

    def device_kw(self, intervals, known_at_s):
        self.known_at_s.append(known_at_s)
        return np.tile(np.arange(10.0), (len(intervals), 1))


def population(slider=(1.0, 1.0), rating=(10.0, 10.0), **options) -> ResponsiveLoad:
    return ResponsiveLoad("cooling", np.array([2, 4]), np.array(rating), Needs(), np.array(slider), **options)


def request(intervals, price, known_at_s: int = 0) -> BidRequest:
    return BidRequest("m", "live", 0, tuple(intervals), np.asarray(price, float), known_at_s)


def quantity_at(bids, t: int, agent: int, price: float) -> float:
    """What a bid wants at a price, by linear interpolation between its points."""
    quantity, prices = bids.quantity_kw[t, agent], bids.price_usd_per_kwh[t, agent]
    return float(np.interp(price, prices[::-1], quantity[::-1]))


def signal(intervals, price, binding=True) -> PriceSignal:
    return PriceSignal("m", "live", 0, tuple(intervals), np.asarray(price, float), binding)


def test_four_points_worked_by_hand():
    """Need 2 kW at the usual 0.10; 10 kW/(USD/kWh) less above: at 0.15 Q = 1.5; m = −0.1; margin 0.01."""
    quantity, price = four_point_bids(
        np.array([[2.0]]),
        np.array([[1.0]]),
        np.array([[3.0]]),
        np.array([[10.0]]),
        np.array([0.15]),
        0.10,
        0.01,
    )
    assert quantity[0, 0] == pytest.approx([1.0, 1.5, 1.5, 3.0])
    assert price[0, 0] == pytest.approx([0.16 + 0.05, 0.16, 0.14, 0.14 - 0.15])


def test_where_the_line_is_at_its_end_the_flat_part_stays_on_it():
    """At 0.30 the line would ask for 0 kW, below the least of 1 kW, which it reaches at 0.20."""
    quantity, price = four_point_bids(
        np.array([[2.0]]),
        np.array([[1.0]]),
        np.array([[3.0]]),
        np.array([[10.0]]),
        np.array([0.30]),
        0.10,
        0.01,
    )
    assert quantity[0, 0] == pytest.approx([1.0, 1.0, 1.0, 3.0])
    assert price[0, 0] == pytest.approx([0.21, 0.21, 0.19, -0.01])


def test_at_the_usual_price_everybody_draws_what_it_needs():
    bids = population(margin_frac=0.0).bid(request(DAY, np.linspace(0.05, 0.15, 24)))
    for t in range(24):
        assert quantity_at(bids, t, 0, 0.10) == pytest.approx(2.0)
        assert quantity_at(bids, t, 1, 0.10) == pytest.approx(4.0)


def test_a_dear_hour_is_used_less_and_a_cheap_one_more():
    """The 10th to the 90th percentile of 0.05…0.15 are 0.08 apart; R = (50 % + 30 %) of 2 kW = 1.6 kW.

    Slope 1.6/0.08 = 20 kW/(USD/kWh): at 0.12, 0.4 kW less than 2 kW, at 0.08, 0.4 kW more.
    """
    bids = population(margin_frac=0.0).bid(request(DAY, np.linspace(0.05, 0.15, 24)))
    assert quantity_at(bids, 0, 0, 0.12) == pytest.approx(1.6)
    assert quantity_at(bids, 0, 0, 0.08) == pytest.approx(2.4)


def test_slider_zero_bids_vertically_at_the_need_and_half_a_slider_responds_half():
    bids = population(slider=(0.0, 0.5), margin_frac=0.0).bid(request(DAY, np.linspace(0.05, 0.15, 24)))
    assert (bids.quantity_kw[:, 0] == 2.0).all()
    assert quantity_at(bids, 0, 1, 0.12) == pytest.approx(4.0 - 0.4)  # twice the need, half the slider


def test_a_device_never_bids_beyond_its_rating():
    bids = population(rating=(2.1, 3.0)).bid(request(DAY, np.linspace(0.05, 0.15, 24)))
    assert bids.quantity_kw[:, 0].max() == pytest.approx(2.1)
    assert bids.quantity_kw[:, 1].max() == pytest.approx(3.0)


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 2**31), st.integers(1, 24), st.booleans())
def test_bids_fall_with_price_and_stay_within_ratings_whatever_the_parameters(seed, count, negative):
    random = np.random.default_rng(seed)
    agents = ResponsiveLoad(
        "cooling", random.permutation(10)[:6], random.uniform(0, 8, 6), Needs(), random.uniform(0, 3, 6),
        give_frac=random.uniform(0, 1), take_frac=random.uniform(0, 2), margin_frac=random.uniform(0, 1),
    )  # fmt: skip
    agents.hear(signal(DAY, random.uniform(-0.5 if negative else 0, 1, 24)))
    bids = agents.bid(request(DAY[:count], random.uniform(-0.5 if negative else 0, 5, count)))
    assert bids.quantity_kw.shape == bids.price_usd_per_kwh.shape == (count, 6, 4)
    assert np.isfinite(bids.price_usd_per_kwh).all()
    assert (np.diff(bids.quantity_kw, axis=2) >= 0).all()
    assert (np.diff(bids.price_usd_per_kwh, axis=2) <= 0).all()
    assert (bids.quantity_kw >= agents.lowest_kw[:, None]).all()
    assert (bids.quantity_kw <= agents.highest_kw[:, None]).all()


def test_prices_are_learnt_by_the_hour_and_damped():
    memory = PriceMemory(0.5)
    memory.hear(signal(DAY[:2], [0.10, 0.20]))
    memory.hear(signal(DAY[:2], [0.20, np.nan]))
    assert memory.usd_per_kwh[:2] == pytest.approx([0.15, 0.20])
    assert np.isnan(memory.usd_per_kwh[2:]).all()


def test_one_hour_of_scarcity_leaves_the_usual_price_and_spread_alone():
    memory = PriceMemory(1.0)
    prices = np.tile([0.08, 0.12], 12)
    memory.hear(signal(DAY, prices))
    calm = memory.usual(DAY[:1], prices[:1])
    assert calm == pytest.approx((0.10, 0.04))
    memory.hear(signal(DAY[5:6], [5.0]))  # hour 5 cost 0.12 before
    assert memory.usual(DAY[:1], prices[:1]) == pytest.approx(calm)


def test_lasting_scarcity_widens_the_spread_to_the_usual_price_at_most():
    memory = PriceMemory(1.0)
    memory.hear(signal(DAY, [0.10] * 16 + [5.0] * 8))
    assert memory.usual(DAY[:1], np.array([0.1])) == pytest.approx((0.10, 0.10))


def test_equal_prices_have_a_least_spread():
    assert PriceMemory(1.0).usual(DAY, np.full(24, 0.08)) == pytest.approx((0.08, 0.01))


def test_informational_prices_change_no_bid():
    agents = population()
    agents.hear(signal(DAY, np.linspace(0.05, 0.15, 24)))
    before = agents.bid(request(DAY, np.full(24, 0.1)))
    agents.hear(signal(DAY, np.full(24, 3.0), binding=False))
    after = agents.bid(request(DAY, np.full(24, 0.1)))
    assert (before.price_usd_per_kwh == after.price_usd_per_kwh).all()


def test_a_price_expected_now_moves_the_flat_part_along_the_line_and_not_the_line():
    agents = population(margin_frac=0.0)
    agents.hear(signal(DAY, np.linspace(0.05, 0.15, 24)))
    for expected in (0.09, 0.11):
        bids = agents.bid(request(DAY, np.full(24, expected)))
        assert quantity_at(bids, 3, 0, 0.12) == pytest.approx(1.6)


def test_five_minute_bids_use_the_spread_heard_over_the_day():
    agents = population(margin_frac=0.0)
    agents.hear(signal(DAY, np.linspace(0.05, 0.15, 24)))
    now = Interval(MIDNIGHT_S + 86400, 300)
    bids = agents.bid(request([now], [0.05]))
    assert quantity_at(bids, 0, 0, 0.12) == pytest.approx(1.6)


def test_an_agent_looks_at_the_forecast_of_the_moment_in_which_it_is_asked():
    agents = population()
    agents.bid(request(DAY, np.full(24, 0.1), MIDNIGHT_S - 86400))
    agents.bid(request([Interval(MIDNIGHT_S, 300)], [0.1], MIDNIGHT_S - 180))
    assert agents._forecast.known_at_s == [MIDNIGHT_S - 86400, MIDNIGHT_S - 180]


def test_set_points_are_the_awards_of_the_own_customers_within_ratings():
    agents = population(rating=(3.0, 3.0))
    award = Award("m", "live", DAY[:1], np.array([4, 1, 2]), np.array([[9.0, 1.0, 0.5]]), np.array([0.1]))
    assert agents.set_points_kw(award, 0) == pytest.approx([0.5, 3.0])


def test_where_nothing_was_awarded_there_is_no_set_point():
    agents = population()
    award = Award("m", "live", DAY[:1], np.array([2, 4]), np.array([[np.nan, 1.0]]), np.array([0.1]))
    assert np.isnan(agents.set_points_kw(award, 0)[0])


def test_a_population_goes_on_where_another_left():
    one, other = population(), population()
    one.hear(signal(DAY, np.linspace(0.05, 0.15, 24)))
    state = one.get_state()
    other.set_state(state)
    one.hear(signal(DAY, np.full(24, 9.0)))  # a state once taken does not change
    wanted = request(DAY[:1], [0.1])
    fresh = population()
    fresh.hear(signal(DAY, np.linspace(0.05, 0.15, 24)))
    assert (other.bid(wanted).price_usd_per_kwh == fresh.bid(wanted).price_usd_per_kwh).all()


@pytest.mark.parametrize(
    "options",
    [
        {"slider": (-0.1, 1.0)},
        {"slider": (0.1, 1.0, 1.0)},
        {"rating": (-1.0, 1.0)},
        {"give_frac": 1.5},
        {"take_frac": -0.1},
        {"damping": 0.0},
    ],
)
def test_arguments_out_of_range_are_refused(options):
    with pytest.raises(ValueError, match=r"must|many"):
        population(**options)
