"""PV bids what it expects the sun to give."""

import pickle

import numpy as np
import pytest

from dso.agents.rooftop_pv import RooftopPv
from dso.clock import Interval, parse_time
from dso.data.austin import austin_august
from dso.homes.climate import Climate
from dso.homes.roofs import Roofs, draw_roofs
from dso.homes.weather_forecast import WeatherForecast
from dso.market import Book
from dso.messages import Award, BidRequest, Measured
from dso.plant.roofs import RoofPlant
from dso.ports import Population, Sensing, Stateful, Steering

pytest.importorskip("pvlib")

NOON = parse_time("2016-08-10T18:00Z")
DAY = tuple(Interval(NOON - 12 * 3600 + 3600 * h, 3600) for h in range(24))


def climate() -> Climate:
    return Climate(austin_august(), 30.29, -97.74)


def pair() -> Roofs:
    """Two alike, of which the second takes orders."""
    return Roofs(
        np.array([4, 9]), np.full(2, 5.0), np.full(2, 20.0), np.full(2, 180.0), np.full(2, 4.0),
        np.full(2, 0.1), np.array([False, True]),
    )  # fmt: skip


def agents(roofs: Roofs | None = None, **forecast) -> RooftopPv:
    roofs = pair() if roofs is None else roofs
    return RooftopPv(roofs, 10 * np.arange(len(roofs)), WeatherForecast(climate(), 1, **forecast))


def soon(price: float = 0.1, at_s: int = NOON) -> BidRequest:
    return BidRequest("rt", "t", 1, (Interval(at_s, 300),), np.array([price]), at_s - 200)


def measured(sun_kw: list[float], at_s: int = NOON - 300) -> Measured:
    """Of our two, and of a third that is not ours."""
    return Measured("pv", at_s, np.array([0, 5, 10]), {"sun_kw": np.array([sun_kw[0], 0.3, sun_kw[1]])})


def test_it_is_a_population_that_steers_senses_and_remembers() -> None:
    pv: Population = agents()
    assert isinstance(pv, Steering)
    assert isinstance(pv, Sensing)
    assert isinstance(pv, Stateful)
    assert (pv.name, pv.lowest_kw.tolist(), pv.highest_kw.tolist()) == ("pv", [-4.0, -4.0], [0.0, 0.0])


def test_with_a_perfect_forecast_bids_are_what_will_be_metered() -> None:
    roofs = draw_roofs(np.ones(40), 3, 1.0)
    bids = agents(roofs, perfect=True).bid(soon())
    plant = RoofPlant(roofs, climate())
    metered = plant.step(plant.start(NOON), NOON, NOON + 300)[1]
    assert bids.quantity_kw[0, :, 0] == pytest.approx(metered, rel=1e-9)
    assert (bids.quantity_kw[..., 0] == bids.quantity_kw[..., 1]).all()  # vertical


def test_a_position_is_expected_hour_by_hour() -> None:
    """From a sample each quarter of an hour; within 2 % of the rating of what 5-minute samples give."""
    bids = agents(perfect=True).bid(
        BidRequest("da", "t", 1, DAY, np.full(24, 0.1), NOON - 86_400, physical=False)
    )
    plant = RoofPlant(pair(), climate())
    metered = [plant.step(plant.start(i.start_s), i.start_s, i.end_s)[1] for i in DAY]
    assert bids.quantity_kw[..., 0] == pytest.approx(np.array(metered), abs=0.1)
    assert bids.quantity_kw[0].max() == 0.0


def test_nobody_sees_the_future() -> None:
    """Asked a day ahead, bids follow the blurred sun, not the true one; asked again, they are the same."""
    request = BidRequest("da", "t", 1, DAY, np.full(24, 0.1), NOON - 86_400, physical=False)
    blurred, true = agents().bid(request), agents(perfect=True).bid(request)
    assert np.abs(blurred.quantity_kw - true.quantity_kw).max() > 0.05
    assert (agents().bid(request).quantity_kw == blurred.quantity_kw).all()


def test_who_takes_orders_gives_all_above_price_zero_and_nothing_below() -> None:
    bids = agents(perfect=True).bid(soon())
    assert bids.price_usd_per_kwh[0, 1].tolist() == [0.0, 0.0]
    full = bids.quantity_kw[0, 1, 0]
    assert bids.quantity_kw[0, 1].tolist() == [full, 0.0]
    curve = Book(bids.quantity_kw[0], bids.price_usd_per_kwh[0]).curve(1)
    assert curve.quantity_kw.tolist() == [0.0, full]
    assert full < -1


def test_a_surprise_lasts_and_fades_with_an_hour() -> None:
    pv = agents(perfect=True)
    clear = pv.bid(soon()).quantity_kw[0, 0, 0]
    before = pv.expected_kw((Interval(NOON - 301, 2),), NOON)[0, 0]
    pv.sense(measured([before / 2, before]))
    cloudy = pv.bid(soon()).quantity_kw[0, :, 0]
    assert cloudy[0] == pytest.approx(clear * (1 - 0.5 * np.exp(-450 / 3600)), rel=1e-3)
    assert cloudy[1] == pytest.approx(clear, rel=1e-3)
    late = pv.bid(soon(at_s=NOON + 3 * 3600)).quantity_kw[0, :, 0]
    assert late[0] / late[1] == pytest.approx(1 - 0.5 * np.exp(-(3 * 3600 + 450) / 3600), rel=1e-3)


def test_a_position_is_not_moved_by_what_the_sun_does_now() -> None:
    pv = agents(perfect=True)
    request = BidRequest("da", "t", 1, DAY, np.full(24, 0.1), NOON, physical=False)
    before = pv.bid(request).quantity_kw
    pv.sense(measured([0.1, 0.1]))
    assert (pv.bid(request).quantity_kw == before).all()


def test_bids_stay_within_the_inverter_and_a_dark_or_broken_sensor_says_nothing() -> None:
    pv = agents(perfect=True)
    normal = pv.bid(soon()).quantity_kw
    pv.sense(measured([100.0, np.nan]))
    bids = pv.bid(soon()).quantity_kw[0]
    assert bids.min() >= -4.0
    assert (bids[1] == normal[0, 1]).all()
    pv.sense(measured([0.0, 0.0], at_s=NOON - 11 * 3600))
    assert pv.bid(soon()).quantity_kw == pytest.approx(normal)


def award(price: float, kw: list[float]) -> Award:
    return Award("rt", "t", (Interval(NOON, 300),), np.array([4, 9]), np.array([kw]), np.array([price]))


def test_only_who_takes_orders_is_told_and_only_where_the_price_is_not_above_zero() -> None:
    pv = agents()
    told = pv.setting(award(0.1, [-2.0, -2.0]), 0)
    assert np.isnan(told.value).all()
    told = pv.setting(award(0.0, [-2.0, -1.2]), 0)
    assert (told.kind, told.unit, told.devices.tolist()) == ("pv", "kW", [0, 10])
    np.testing.assert_array_equal(told.value, [np.nan, -1.2])
    np.testing.assert_array_equal(pv.setting(award(-0.02, [-2.0, 0.0]), 0).value, [np.nan, 0.0])
    assert pv.set_points_kw(award(0.1, [-9.0, -2.0]), 0).tolist() == [-4.0, -2.0]


def test_what_it_remembers_can_be_pickled_and_taken_back() -> None:
    pv = agents(perfect=True)
    assert pv.get_state() is pv.get_state()
    pv.sense(measured([0.5, 0.5]))
    held = pickle.loads(pickle.dumps(pv.get_state()))
    other = agents(perfect=True)
    other.set_state(held)
    assert (other.bid(soon()).quantity_kw == pv.bid(soon()).quantity_kw).all()


def test_a_device_for_each_roof() -> None:
    with pytest.raises(ValueError, match="devices must be one a roof, 2"):
        RooftopPv(pair(), np.arange(3), WeatherForecast(climate(), 1))
