"""Ramp-bid thermostats: te30's formulas worked by hand, and a day lived with the plant."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from dso.agents.ramp import RampThermostats
from dso.clock import Interval
from dso.homes.house_draws import draw_houses
from dso.homes.houses import Houses
from dso.messages import Award, BidRequest, Bids, FloatArray, Measured, PriceSignal
from dso.plant.houses import HousePlant
from dso.ports.parties import Population, Sensing, Stateful, Steering
from tests.agents.hot_day import CHICAGO, START_S, STEP_S, Waves, at_price, hourly, price_usd_per_kwh
from tests.agents.test_hvac import steady
from tests.homes.test_houses import house

NOON_S = START_S + 12 * 3600
NOW = Interval(NOON_S, STEP_S)
SIZES = np.exp(0.5 * np.random.default_rng(3).standard_normal(40))


def ramp(houses: Houses, temperature_c: float = 34.0, *, prices: Any = (0.1, 0.2), **options: Any):
    """Agents who heard half a day at 0.1 and half at 0.2 USD/kWh: mean 0.15, standard deviation 0.05."""
    agents = RampThermostats(houses, np.arange(len(houses)), steady(temperature_c), CHICAGO, **options)
    spans = tuple(Interval(NOON_S - (24 - k) * 3600, 3600) for k in range(24))
    if prices:
        price = np.repeat(np.array(prices, float), 24 // len(prices))
        agents.hear(PriceSignal("da", "t", 1, spans, price, True))
    return agents


def feel(agents: RampThermostats, *air_c: float, at_s: int = NOON_S) -> None:
    agents.sense(Measured("hvac", at_s, agents.devices, {"air_c": np.array(air_c)}))


def asked(*, physical: bool = True, spans: tuple[Interval, ...] = (NOW,), **options: Any) -> BidRequest:
    return BidRequest("m", "t", 1, spans, np.full(len(spans), 0.15), NOON_S, physical=physical, **options)


def told(agents: RampThermostats, price: float) -> FloatArray:
    award = Award("m", "t", (NOW,), agents.customers, np.ones((1, len(agents.houses))), np.array([price]))
    return agents.setting(award, 0).value


def test_it_is_a_population_that_senses_steers_and_remembers() -> None:
    agents: Population = ramp(house())
    assert isinstance(agents, Steering)
    assert isinstance(agents, Sensing)
    assert isinstance(agents, Stateful)


def test_mean_and_deviation_are_of_the_last_days_binding_prices_by_time() -> None:
    """18 h at 0.1 and 6 h at 0.2: mean 0.125, variance 0.75 · 0.025² + 0.25 · 0.075² = 0.001875."""
    agents = ramp(house(), prices=(0.1, 0.1, 0.1, 0.2))
    assert agents.usual(NOON_S) == pytest.approx((0.125, 0.001875**0.5))
    agents.hear(PriceSignal("rt", "t", 1, (NOW,), np.array([9.0]), False))
    agents.hear(PriceSignal("rt", "t", 1, (NOW,), np.array([np.nan]), True))
    assert agents.usual(NOON_S + 1)[0] == pytest.approx(0.125)
    agents.hear(PriceSignal("rt", "t", 1, (NOW,), np.array([0.3]), True))
    assert agents.usual(NOON_S)[0] == pytest.approx(0.125)  # what begins later is not known yet
    assert agents.usual(NOON_S + 1)[0] > 0.125


def test_a_cycling_machine_bids_its_rating_at_te30s_price() -> None:
    """A range of 1/2 · (2 + 2) = 2 K, ramp 2 · σ 0.05: 0.05 USD/kWh a kelvin above 24 °C; 0 to 0.16."""
    agents = ramp(house(3), cycling=True, price_cap_usd_per_kwh=0.16)
    feel(agents, 23.6, 20.0, 25.0)
    bids = agents.bid(asked())
    assert bids.quantity_kw[0].tolist() == [[0.0, 3.0]] * 3
    assert bids.price_usd_per_kwh[0] == pytest.approx(np.array([[0.13] * 2, [0.0] * 2, [0.16] * 2]))


def test_a_cycling_heat_pump_bids_more_the_colder_it_is() -> None:
    agents = ramp(house(2), 5.0, cycling=True)
    feel(agents, 19.4, 20.6)
    price = agents.bid(asked()).price_usd_per_kwh[0]
    assert price == pytest.approx(np.array([[0.18] * 2, [0.12] * 2]))


@pytest.mark.parametrize(
    ("price", "cooled_to", "heated_to"),
    [(0.15, 24.0, 20.0), (0.17, 24.4, 19.6), (0.12, 23.4, 20.6), (0.90, 25.0, 19.0), (-0.5, 23.0, 21.0)],
)
def test_the_price_moves_the_set_point_within_its_limits(
    price: float, cooled_to: float, heated_to: float
) -> None:
    assert told(ramp(house()), price) == pytest.approx([cooled_to])
    assert told(ramp(house(), 5.0), price) == pytest.approx([heated_to])


def test_at_slider_0_or_without_prices_the_schedule_holds_and_the_bid_is_vertical() -> None:
    """0.2 · (34 − 24)/2.5 = 0.8 kW."""
    for agents in (ramp(house(slider=0.0)), ramp(house(), prices=None), ramp(house(), prices=(0.1, 0.1))):
        feel(agents, 24.0)
        assert np.isnan(told(agents, 0.9)).all()
        bids = agents.bid(asked())
        assert bids.quantity_kw[0] == pytest.approx(np.array([[0.8, 0.8]]))


def test_an_ideal_machine_draws_at_any_price_what_its_line_says() -> None:
    agents = ramp(draw_houses(SIZES, 1, 1.0))
    plant = HousePlant(agents.houses, steady(34.0), CHICAGO)
    state = plant.start(NOON_S)
    feel(agents, *state[0])
    bids = agents.bid(asked())
    for price in (0.02, 0.11, 0.15, 0.16, 0.19, 0.40):
        _, kw = plant.step(state, NOW.start_s, NOW.end_s, told(agents, price))
        assert at_price(bids, price) == pytest.approx(kw, abs=1e-6)


def test_bids_never_rise_and_stay_within_ratings() -> None:
    for temperature in (-5.0, 12.0, 18.0, 25.0, 40.0):
        agents = ramp(draw_houses(SIZES, 1, 1.0), temperature)
        bids = agents.bid(asked())
        assert (np.diff(bids.quantity_kw, axis=-1) >= 0).all()
        assert (np.diff(bids.price_usd_per_kwh, axis=-1) <= 0).all()
        assert (bids.quantity_kw[..., 1] <= agents.highest_kw + 1e-9).all()
        assert (bids.quantity_kw[..., 0] >= 0).all()


def test_a_position_is_bid_vertically_at_what_holds_the_set_point() -> None:
    spans = tuple(Interval(NOON_S + 3600 * k, 3600) for k in range(3))
    bids = ramp(house()).bid(asked(physical=False, spans=spans))
    assert bids.quantity_kw == pytest.approx(np.full((3, 1, 2), 0.8))
    assert bids.price_usd_per_kwh == pytest.approx(np.full((3, 1, 2), 0.15))


def test_losses_add_to_what_an_agent_bids() -> None:
    agents = ramp(house(2), cycling=True)
    bids = agents.bid(asked(losses_usd_per_kwh=np.array([[0.01, 0.02]])))
    assert bids.price_usd_per_kwh[0] == pytest.approx(np.array([[0.16] * 2, [0.17] * 2]))


def test_a_house_that_burns_gas_bids_nothing_in_winter() -> None:
    agents = ramp(house(heating_kw=0.0, furnace_kw=9.0), 0.0)
    assert agents.bid(asked()).quantity_kw.max() == 0.0
    assert np.isnan(told(agents, 0.9)).all()


def test_a_resumed_population_bids_the_same() -> None:
    one, other = ramp(house()), ramp(house(), prices=None)
    feel(one, 24.7)
    feel(one, 24.9, at_s=NOON_S + 300)
    other.set_state(one.get_state())
    assert np.array_equal(one.bid(asked()).price_usd_per_kwh, other.bid(asked()).price_usd_per_kwh)


@pytest.mark.parametrize("options", [{"ramp": 0.0}, {"price_cap_usd_per_kwh": -1.0}])
def test_impossible_ramps_are_refused(options: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="ramp and price_cap_usd_per_kwh must be above 0"):
        ramp(house(), **options)


def one_day(slider: float) -> tuple[FloatArray, FloatArray, RampThermostats]:
    """Awarded and metered power of a hot day, (steps, n) each."""
    houses = draw_houses(SIZES, 1, 1.0, slider=slider)
    plant, forecast = HousePlant(houses, Waves(), CHICAGO), Waves(error_k=0.7, error_frac=0.1)
    agents = RampThermostats(houses, np.arange(len(houses)), forecast, CHICAGO)
    spans, prices = hourly(24, START_S - 24 * 3600)
    agents.hear(PriceSignal("da", "t", 1, spans, prices, True))
    state, rows = plant.start(START_S), []
    for k in range(288):
        now = Interval(START_S + k * STEP_S, STEP_S)
        agents.sense(Measured("hvac", now.start_s, agents.devices, plant.measured(state, now.start_s)))
        price = np.array([price_usd_per_kwh(now.start_s)])
        bids: Bids = agents.bid(BidRequest("rt", "t", 1, (now,), price, now.start_s))
        wanted = at_price(bids, float(price[0]))
        agents.hear(PriceSignal("rt", "t", 1, (now,), price, True))
        award = Award("rt", "t", (now,), agents.customers, wanted[None], price)
        state, metered = plant.step(state, now.start_s, now.end_s, agents.setting(award, 0).value)
        rows.append((agents.set_points_kw(award, 0), metered))
    awarded, metered_kw = (np.array(column) for column in zip(*rows, strict=True))
    return awarded, metered_kw, agents


def test_over_a_day_meters_show_what_was_awarded_and_dear_hours_see_less_load() -> None:
    dear = slice(15 * 12, 20 * 12)
    awarded, metered, agents = one_day(1.0)
    miss = np.abs(metered.sum(0) - awarded.sum(0)) / awarded.sum(0)
    assert miss.max() < 0.05
    _, alone, _ = one_day(0.0)
    assert metered[dear].mean() < 0.9 * alone[dear].mean()
    assert agents.discomfort.mean() < 1.0
