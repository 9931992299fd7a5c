"""Agents plan a day ahead, bid around the plan, and come back to it in real time."""

import pickle

import numpy as np
import pytest

from dso.agents.device_agents import DeviceAgents
from dso.agents.parallel import Planner
from dso.clock import Interval
from dso.messages import Award, BidRequest, Measured, PriceSignal
from tests.agents.bucket import Buckets

HOUR, START = 3600, 1_470_787_200  # 2016-08-10T00:00Z
CHEAP, DEAR = 0.05, 0.20
PRICES = np.where(np.arange(24) % 24 < 4, CHEAP, DEAR)  # the first four hours are cheap
DAY = tuple(Interval(START + k * HOUR, HOUR) for k in range(24))


def agents(need_kwh: list[float], **options) -> DeviceAgents:
    return DeviceAgents(Buckets(need_kwh, **options), np.ones(len(need_kwh)), Planner())


def position(prices=PRICES, round_: int = 1, known_at_s: int = START - 10 * HOUR) -> BidRequest:
    return BidRequest("da", "t", round_, DAY, np.array(prices), known_at_s, physical=False)


def five_minutes(at_s: int, price: float = CHEAP) -> BidRequest:
    return BidRequest("rt", "t", 1, (Interval(at_s, 300),), np.array([price]), at_s - 210)


def binding(prices=PRICES) -> PriceSignal:
    return PriceSignal("da", "t", 1, DAY, np.array(prices), binding=True)


def test_a_bucket_is_filled_where_it_is_cheapest() -> None:
    # 48 h: cheap in hours 0–3 and, the day after, 24–27; 10 kWh at 2 kW are five of these hours
    bids = agents([10.0]).bid(position())
    centre = bids.quantity_kw[:, 0, 1]
    assert centre[:4] == pytest.approx([1.25] * 4, abs=1e-3)  # spread evenly over eight cheap hours
    assert centre[4:] == pytest.approx(np.zeros(20), abs=1e-3)


def test_bids_lie_at_the_expected_price() -> None:
    bids = agents([10.0]).bid(position())
    np.testing.assert_allclose(bids.price_usd_per_kwh[:, 0, 1], PRICES)


def test_in_real_time_power_leads_back_to_the_plan_by_the_end_of_the_hour() -> None:
    a = agents([10.0])
    a.bid(position())
    a.hear(binding())
    a.bid(five_minutes(START))
    a.sense(Measured("bucket", START + 300, np.array([0]), {"stored_kwh": np.array([0.0])}))
    bids = a.bid(five_minutes(START + 300))
    assert bids.quantity_kw[0, 0, 1] == pytest.approx(1.25 / (55 / 60), abs=1e-3)
    a.sense(Measured("bucket", START + 1800, np.array([0]), {"stored_kwh": np.array([0.0])}))
    bids = a.bid(five_minutes(START + 1800))  # after half an hour without power
    # 1.25 kWh by the end of the hour are missing in half an hour: 2.5 kW, and the rating is 2 kW
    assert bids.quantity_kw[0, 0, 1] == pytest.approx(2.0)


def test_what_was_commanded_since_the_last_look_counts() -> None:
    a = agents([10.0])
    a.bid(position())
    a.hear(binding())
    a.sense(Measured("bucket", START, np.array([0]), {"stored_kwh": np.array([0.0])}))
    interval = (Interval(START, 300),)
    award = Award("rt", "t", interval, np.array([0]), np.array([[2.0]]), np.array([CHEAP]))
    assert a.set_points_kw(award, 0).tolist() == [2.0]
    bids = a.bid(five_minutes(START + 300))
    assert bids.quantity_kw[0, 0, 1] == pytest.approx((1.25 - 2 / 12) / (55 / 60), abs=1e-3)


def test_plans_are_made_again_only_where_something_has_changed() -> None:
    a = agents([10.0, 5.0])
    a.bid(position())
    assert a.planned == 2
    a.bid(position(round_=2))
    assert a.planned == 2
    a.hear(PriceSignal("da", "t", 2, DAY, PRICES[::-1].copy(), binding=False))
    a.bid(position(round_=3))
    assert a.planned == 4


def test_once_an_hour_only_who_is_off_the_plan_plans_again() -> None:
    a = agents([10.0, 10.0])
    a.bid(position())
    a.hear(binding())
    a.bid(five_minutes(START))
    planned = a.planned
    a.sense(Measured("bucket", START + HOUR, np.array([0, 1]), {"stored_kwh": np.array([1.25, 0.25])}))
    a.bid(five_minutes(START + HOUR))
    assert a.planned == planned + 1


def test_the_plan_of_tomorrow_begins_where_that_of_today_ends() -> None:
    a = agents([10.0])
    a.bid(position())
    a.hear(binding())
    a.bid(five_minutes(START))
    tomorrow = tuple(Interval(i.start_s + 86400, HOUR) for i in DAY)
    bids = a.bid(BidRequest("da2", "t", 1, tomorrow, PRICES, START + HOUR, physical=False))
    # 5 kWh are there at midnight; 5 kWh in the eight cheap hours of two days
    assert bids.quantity_kw[:4, 0, 1] == pytest.approx([0.625] * 4, abs=1e-3)


def test_a_resumed_population_bids_as_it_would_have() -> None:
    a, b = agents([10.0, 3.0]), agents([10.0, 3.0])
    a.bid(position())
    a.hear(binding())
    b.set_state(pickle.loads(pickle.dumps(a.get_state())))
    first, second = a.bid(five_minutes(START + 900)), b.bid(five_minutes(START + 900))
    assert np.array_equal(first.quantity_kw, second.quantity_kw)
    assert np.array_equal(first.price_usd_per_kwh, second.price_usd_per_kwh)


def test_its_state_is_the_same_object_as_long_as_nothing_happens() -> None:
    a = agents([10.0])
    a.bid(position())
    assert a.get_state() is a.get_state()


def test_without_a_day_ahead_market_agents_plan_by_themselves() -> None:
    a = agents([4.0])
    bids = a.bid(five_minutes(START))
    assert np.isfinite(bids.quantity_kw).all()
    assert a.planned == 1


def test_who_answers_no_price_bids_vertically() -> None:
    bids = agents([10.0], give=0.0).bid(position())
    assert (np.ptp(bids.quantity_kw, axis=2) == 0).all()


@pytest.mark.parametrize("processes", [1, 2])
def test_how_many_processes_plan_changes_nothing(processes: int) -> None:
    need = np.linspace(0, 10, 50).tolist()
    spread = DeviceAgents(Buckets(need), np.ones(50), Planner(processes)).bid(position())
    assert np.array_equal(spread.quantity_kw, agents(need).bid(position()).quantity_kw)
