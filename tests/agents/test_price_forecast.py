"""Agents learn prices hour by hour, and do not believe every surprise at once."""

import numpy as np
import pytest

from dso.agents.kind import Window
from dso.agents.price_forecast import PriceForecast, spread_of
from dso.clock import Interval
from dso.messages import PriceSignal

HOUR, DAY = 3600, 86400


def hours(first: int, count: int, length_s: int = HOUR) -> tuple[Interval, ...]:
    return tuple(Interval(first + k * length_s, length_s) for k in range(count))


def signal(intervals: tuple[Interval, ...], price: list[float], round_: int = 1, *, binding: bool = False):
    return PriceSignal("m", "t", round_, intervals, np.array(price), binding)


def test_what_a_market_expects_is_taken_until_something_is_heard() -> None:
    forecast = PriceForecast().asked(hours(0, 2), np.array([0.1, 0.2]))
    assert forecast.over(Window(0, 2)).tolist() == [0.1, 0.2]
    again = forecast.asked(hours(0, 2), np.array([0.5, 0.5]))
    assert again.over(Window(0, 2)).tolist() == [0.1, 0.2]


def test_what_is_heard_in_a_round_is_believed() -> None:
    before = PriceForecast().asked(hours(0, 1), np.array([0.1]))
    assert before.heard(signal(hours(0, 1), [0.3])).over(Window(0, 1))[0] == 0.3


def test_a_binding_price_of_an_hour_is_taken_as_it_is_and_expected_again_tomorrow() -> None:
    told = PriceForecast().asked(hours(0, 2), np.array([0.1, 0.1]))
    told = told.heard(signal(hours(0, 2), [0.3, 0.4], binding=True))
    assert told.over(Window(0, 2)).tolist() == [0.3, 0.4]
    assert told.over(Window(DAY, 2)).tolist() == [0.3, 0.4]


def test_five_minutes_do_not_change_what_was_agreed_for_the_hour() -> None:
    told = PriceForecast().heard(signal(hours(0, 1), [0.3], binding=True))
    lived = told.heard(signal(hours(300, 1, 300), [2.0], binding=True))
    assert lived.at(Interval(600, 300)) == 0.3
    assert lived.over(Window(DAY, 1)).tolist() == [0.3]


def test_nor_does_what_a_round_of_five_minutes_comes_to() -> None:
    told = PriceForecast().heard(signal(hours(0, 1), [0.3], binding=True))
    assert told.heard(signal(hours(300, 1, 300), [2.0])).at(Interval(600, 300)) == 0.3


def test_where_only_short_intervals_are_traded_they_teach_what_is_usual() -> None:
    lived = PriceForecast().heard(signal(hours(0, 1, 300), [0.1], binding=True))
    lived = lived.heard(signal(hours(300, 1, 300), [0.6], binding=True))
    assert lived.over(Window(DAY, 1))[0] == pytest.approx(0.1 + 0.2 * 0.5)


def test_hours_that_nobody_has_spoken_of_cost_what_the_day_before_did() -> None:
    forecast = PriceForecast().asked(hours(0, 24), np.arange(24.0))
    assert forecast.over(Window(0, 48)).tolist() == [*range(24), *range(24)]


def test_what_is_no_number_is_not_learnt() -> None:
    forecast = PriceForecast().asked(hours(0, 2), np.array([np.nan, 0.2]))
    assert forecast.heard(signal(hours(0, 1), [np.nan])).over(Window(0, 2)).tolist() == [0.2, 0.2]


def test_old_hours_are_forgotten() -> None:
    forecast = PriceForecast().asked(hours(0, 1), np.array([0.1]))
    later = forecast.asked(hours(10 * DAY, 1), np.array([0.2]))
    assert list(later.hours) == [10 * DAY]


def test_equal_prices_still_have_a_spread_to_bid_with() -> None:
    assert spread_of(np.full(48, 0.1)) > 0
