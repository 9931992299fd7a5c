"""Water heaters heat where that is cheap, and people still have hot water."""

from dataclasses import dataclass
from functools import cache

import numpy as np
import pytest

from dso.agents.device_agents import DeviceAgents
from dso.agents.kind import Kind, Window
from dso.agents.planning import plan
from dso.agents.water_heater import WaterHeaterAgents, lowest_frac
from dso.clock import Interval, parse_time
from dso.homes.local_time import LocalTime
from dso.homes.tanks import Tanks, draw_tanks
from dso.messages import Award, BidRequest, FloatArray, Measured, PriceSignal
from dso.plant.tanks import TankPlant
from tests.homes.test_tanks import one

CHICAGO = LocalTime("America/Chicago")
MIDNIGHT = parse_time("2016-08-10T05:00Z")
CAPACITY_KWH = 189 * 4.186 / 3600 * 35  # from 20 to 55 °C


def agents(tanks: Tanks | None = None) -> WaterHeaterAgents:
    tanks = one() if tanks is None else tanks
    return WaterHeaterAgents(tanks, np.arange(len(tanks)), CHICAGO)


def dry(**changes) -> WaterHeaterAgents:
    return agents(one(day_l=0.0, **changes))


SPAN = (MIDNIGHT, MIDNIGHT + 3600, MIDNIGHT)


def test_the_state_of_heat_is_0_with_cold_water_and_1_at_the_set_point() -> None:
    kind: Kind = agents()
    for tank_c, heat in ((20.0, 0.0), (55.0, 1.0), (45.0, 25 / 35)):
        at = Measured("water_heater", MIDNIGHT, np.array([0, 1]), {"tank_c": np.array([tank_c, 0.0])})
        assert kind.sensed(at, kind.usual_state(MIDNIGHT)) == pytest.approx(np.array([[heat]]))


def test_what_is_not_measured_is_as_expected() -> None:
    at = Measured("water_heater", MIDNIGHT, np.array([0]), {"tank_c": np.array([np.nan])})
    assert agents().sensed(at, np.array([[0.8]])).tolist() == [[0.8]]


def test_power_there_and_back() -> None:
    """Without draws, 7.69 kWh of heat from 0 to 1: 2 kW for an hour are 0.26, less losses of 0.045 kWh."""
    kind = dry()
    state = np.array([[0.8]])
    end = kind.ahead(state, np.array([2.0]), *SPAN)
    assert end[0, 0] == pytest.approx(0.8 + (2.0 - 0.0015 * (48 + 3.5 - 22)) / CAPACITY_KWH, abs=2e-4)
    assert kind.reach_kw(state, end[0], *SPAN) == pytest.approx([2.0])


def test_expected_draws_take_heat() -> None:
    """From 7:00 to 8:00, 200 L · 0.079/0.999 = 15.8 L of 45 °C are 0.4598 kWh."""
    seven = MIDNIGHT + 7 * 3600
    span = seven, seven + 3600, seven
    state = np.array([[0.9]])
    difference = dry().ahead(state, np.zeros(1), *span) - agents().ahead(state, np.zeros(1), *span)
    assert difference[0, 0] * CAPACITY_KWH == pytest.approx(0.4598, rel=0.005)


def test_range_is_what_keeps_the_tank_within_its_band() -> None:
    """Slider 1 keeps a shower above 45 °C: 0.714 + min(40 L · 0.02907/7.69, 0.8 · 0.286) = 0.866."""
    kind = dry(slider=1.0)
    assert lowest_frac(kind.tanks) == pytest.approx([25 / 35 + 40 * 0.0290694 / CAPACITY_KWH], abs=1e-4)
    least, most = kind.range_kw(np.array([[0.95]]), *SPAN)
    assert (least[0], most[0]) == (0.0, pytest.approx(0.05 * CAPACITY_KWH + 0.047, abs=0.005))
    least, most = kind.range_kw(np.array([[0.70]]), *SPAN)
    assert least[0] == pytest.approx((0.866 - 0.70) * CAPACITY_KWH + 0.04, abs=0.02)
    assert most[0] > least[0]
    least, most = kind.range_kw(np.array([[0.2]]), *SPAN)
    assert (least[0], most[0]) == (4.5, 4.5)


def test_slider_0_wants_its_set_point_and_bids_at_any_price() -> None:
    kind = dry(slider=0.0)
    assert lowest_frac(kind.tanks).tolist() == [1.0]
    least, most = kind.range_kw(np.array([[0.9]]), *SPAN)
    assert least == most
    assert kind.give_kw(0.1).tolist() == [0.0]


def test_the_slope_of_a_bid_has_the_slider_in_it() -> None:
    """m = −Δf/(P·slider): 4.5 kW · 0.5 / 0.1 USD/kWh."""
    assert agents().give_kw(0.1).tolist() == [22.5]
    assert agents().margin_usd_per_kwh(0.1).tolist() == [0.0]


def test_a_plan_heats_before_it_is_dear() -> None:
    tanks = draw_tanks(np.ones(30), 3, 1.0, slider=1.0)
    kind, price = agents(tanks), np.full((48, 1), 0.05)
    price[15:20] = price[39:44] = 0.30
    window = Window(MIDNIGHT, 48)
    problem = kind.problem(np.arange(30), kind.usual_state(MIDNIGHT), price, window, MIDNIGHT)
    made = plan(problem)
    assert made.converged.all()
    flat = plan(kind.problem(np.arange(30), kind.usual_state(MIDNIGHT), np.full((48, 1), 0.05), window, 0))
    assert made.u[15:20].sum() < 0.5 * flat.u[15:20].sum()
    assert (made.x.min(axis=0) > lowest_frac(tanks) - 0.02).all()


def test_some_agents_have_the_problem_they_have_among_all() -> None:
    tanks = draw_tanks(np.ones(30), 3, 1.0)
    kind, price, window = agents(tanks), np.linspace(0.05, 0.3, 24)[:, None], Window(MIDNIGHT, 24)
    state = kind.usual_state(MIDNIGHT)
    whole = kind.problem(np.arange(30), state, price, window, MIDNIGHT).full()
    rows = np.array([4, 20])
    some = kind.problem(rows, state[:, rows], price, window, MIDNIGHT).full()
    for name, value in some.items():
        assert (value == whole[name][:, rows]).all()


def test_a_thermostat_is_told_what_makes_it_draw_a_power() -> None:
    """Without draws: the plant draws what was commanded, at 5 minutes and at an hour."""
    kind, plant = dry(), TankPlant(one(day_l=0.0), CHICAGO, 1)
    for tank_c, kw, length_s in ((50.0, 2.0, 300), (50.0, 0.7, 300), (54.0, 0.0, 300), (50.0, 4.5, 300)):
        state = (np.array([[tank_c]]) - 20) / 35
        told = kind.setting(np.array([kw]), state, MIDNIGHT, MIDNIGHT + length_s, MIDNIGHT)
        assert (told.kind, told.unit) == ("water_heater", "°C")
        _, drawn = plant.step(np.array([[tank_c]]), MIDNIGHT, MIDNIGHT + length_s, told.value)
        assert drawn == pytest.approx([kw], abs=1e-6)


def test_what_was_not_awarded_is_left_to_the_tank() -> None:
    assert np.isnan(agents().setting(np.array([np.nan]), np.array([[0.9]]), *SPAN).value).all()


def test_discomfort_counts_below_the_lowest_temperature() -> None:
    """43 °C for half an hour is 1 K·h below 45 °C; 50 °C is none, whatever the slider."""
    for tank_c, expected in ((43.0, 1.0), (50.0, 0.0)):
        assert dry(slider=0.0).outside((np.array([[tank_c]]) - 20) / 35, 0.5) == pytest.approx([expected])


def test_a_device_for_each_tank() -> None:
    with pytest.raises(ValueError, match="devices must be one a tank, 1"):
        WaterHeaterAgents(one(), np.arange(2), CHICAGO)


# --- two days in a closed loop ------------------------------------------------------------------------------


@dataclass
class Lived:
    """(steps, n) each; without agents under `alone`."""

    commanded_kw: FloatArray
    metered_kw: FloatArray
    tank_c: FloatArray
    alone_kw: FloatArray
    alone_c: FloatArray
    price: FloatArray  # (steps,)


def dear(t_s: int) -> float:
    hour = (t_s - MIDNIGHT) // 3600 % 24
    return 0.25 if 15 <= hour < 20 else 0.06 if hour < 8 else 0.12


@cache
def two_days(slider: float) -> tuple[Tanks, Lived]:
    """Bids at the expected price, awards, settings, true draws and sensors, every five minutes."""
    tanks = draw_tanks(np.ones(200), 3, 1.0, slider=slider)
    plant, everyone = TankPlant(tanks, CHICAGO, 7), np.arange(len(tanks))
    mind = DeviceAgents(agents(tanks), tanks.slider, lambda problems: [plan(p) for p in problems])
    hours = tuple(Interval(MIDNIGHT + 3600 * h, 3600) for h in range(96))
    prices = np.array([dear(hour.start_s) for hour in hours])
    mind.hear(PriceSignal("da", "t", 0, hours, prices, True))
    state, alone, rows = plant.start(MIDNIGHT), plant.start(MIDNIGHT), []
    for at_s in range(MIDNIGHT, MIDNIGHT + 2 * 86_400, 300):
        mind.sense(Measured("water_heater", at_s, everyone, plant.measured(state, at_s)))
        now, price = Interval(at_s, 300), np.array([dear(at_s)])
        bids = mind.bid(BidRequest("rt", "t", 0, (now,), price, at_s))
        award = Award("rt", "t", (now,), tanks.customers, bids.quantity_kw[..., 1], price)
        commanded, told = mind.set_points_kw(award, 0), mind.setting(award, 0)
        assert told is not None
        state, metered = plant.step(state, at_s, at_s + 300, told.value)
        alone, alone_kw = plant.step(alone, at_s, at_s + 300)
        rows.append((commanded, metered, state[0], alone_kw, alone[0], price[0]))
    return tanks, Lived(*(np.array(column) for column in zip(*rows, strict=True)))


@pytest.mark.parametrize("slider", [0.0, 1.0])
def test_tanks_stay_in_their_band_except_where_draws_take_more_than_elements_give(slider: float) -> None:
    """Below the lowest temperature for less than a minute a day and home, with slider 1 as with none."""
    tanks, lived = two_days(slider)
    assert (lived.tank_c <= tanks.set_point_c + 1e-6).all()
    hours_a_day = (lived.tank_c < tanks.lowest_c - 1e-6).mean() * 24
    alone = (lived.alone_c < tanks.lowest_c - 1e-6).mean() * 24
    assert hours_a_day <= alone + 1 / 60


def test_energy_metered_is_about_what_was_commanded() -> None:
    """Nobody knows when a tap will be turned: within 10 % for all homes together over two days."""
    for slider in (0.0, 1.0):
        _, lived = two_days(slider)
        assert lived.metered_kw.sum() == pytest.approx(lived.commanded_kw.sum(), rel=0.10)


def test_slider_1_moves_load_out_of_dear_hours_and_slider_0_does_not() -> None:
    _, keen = two_days(1.0)
    hours = keen.price > 0.2
    assert keen.metered_kw[hours].sum() < 0.75 * keen.alone_kw[hours].sum()
    cost = (keen.metered_kw * keen.price[:, None]).sum() / (keen.alone_kw * keen.price[:, None]).sum()
    assert cost < 0.9
    _, calm = two_days(0.0)
    assert calm.metered_kw[hours].sum() == pytest.approx(calm.alone_kw[hours].sum(), rel=0.02)
