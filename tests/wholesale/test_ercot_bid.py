"""A DSO at an ERCOT bus: its bid scaled up, its result scaled back."""

from __future__ import annotations

import math
import pickle

import numpy as np
import pytest

from dso.clock import HOUR_S, Interval, parse_time
from dso.data.ercot_load import industrial_mw, simulated_load_kw
from dso.errors import InputError
from dso.market import Curve
from dso.messages import WholesaleBid
from dso.wholesale.conditions import ForecastError
from dso.wholesale.ercot import ErcotMarket
from dso.wholesale.ercot_bid import ErcotWholesale
from dso.wholesale.grid import ercot_grid

START_S = parse_time("2016-08-10T21:00Z")
HOUR = Interval(START_S, HOUR_S)
CALM = ForecastError(0.0, 0.0, 0.0)


def _bid(curve: Curve, interval: Interval = HOUR, day_ahead: bool = True) -> WholesaleBid:
    return WholesaleBid("m", (interval,), (curve,), day_ahead=day_ahead)


def _forecast_kw(homes: int = 1000) -> float:
    start_s, kw = simulated_load_kw(1, homes)
    return float(kw[np.searchsorted(start_s, START_S)])


def test_a_bid_of_the_forecast_clears_at_the_expected_price() -> None:
    wholesale = ErcotWholesale()
    result = wholesale.clear(_bid(Curve.vertical(_forecast_kw())))
    assert result.quantity_kw == pytest.approx([_forecast_kw()])
    assert result.price_usd_per_kwh == pytest.approx(wholesale.expected_usd_per_kwh([HOUR], 0))
    alone = ErcotMarket().run(START_S, 1)
    assert result.price_usd_per_kwh * 1000 == pytest.approx(alone.price_usd_per_mwh[:, 0])


def test_the_number_of_simulated_customers_changes_nothing_but_the_scale() -> None:
    half = ErcotWholesale(homes=500).clear(_bid(Curve.vertical(_forecast_kw(500))))
    assert half.price_usd_per_kwh == pytest.approx(ErcotWholesale().expected_usd_per_kwh([HOUR], 0))
    assert _forecast_kw(500) == pytest.approx(_forecast_kw(1000) / 2)


def test_the_bid_takes_the_place_of_all_of_the_bus_but_industry() -> None:
    wholesale = ErcotWholesale()
    found = wholesale.dispatch(HOUR, Curve.vertical(0.0), day_ahead=True)
    others = ErcotMarket().load_mw(HOUR, day_ahead=True)[1:].sum()
    assert found.generation_mw.sum() == pytest.approx(others + industrial_mw(1))


def test_more_load_costs_more() -> None:
    wholesale = ErcotWholesale()
    prices = [
        wholesale.clear(_bid(Curve.vertical(kw))).price_usd_per_kwh[0] for kw in (2000.0, 4000.0, 6000.0)
    ]
    assert prices[0] < prices[1] < prices[2]


def test_a_responsive_bid_ends_on_its_own_curve() -> None:
    wholesale = ErcotWholesale()
    curve = Curve(np.array([0.02, 0.03, 0.07]), np.array([6000.0, 5000.0, 3000.0]))
    result = wholesale.clear(_bid(curve))
    least, most = curve.quantity_interval_kw(float(result.price_usd_per_kwh[0]))
    assert least - 1e-3 <= result.quantity_kw[0] <= most + 1e-3
    assert result.price_usd_per_kwh[0] < wholesale.clear(_bid(Curve.vertical(6000.0))).price_usd_per_kwh[0]


def test_a_block_at_the_margin_is_taken_in_part_and_sets_the_price() -> None:
    # No unit costs between 33.98 and 34.82: a big block that bids 34.5 is the margin itself.
    wholesale = ErcotWholesale(error=CALM, outages=())
    curve = Curve.from_blocks([2000.0, 4000.0], [0.9, 0.0345])
    result = wholesale.clear(_bid(curve))
    assert result.price_usd_per_kwh[0] == pytest.approx(0.0345)
    assert 2000.0 < result.quantity_kw[0] < 6000.0
    taken = wholesale.dispatch(HOUR, curve, day_ahead=True)
    assert taken.bid_mw == pytest.approx(result.quantity_kw[0] * wholesale.scale / 1000)


def test_blocks_cost_the_dispatch_little_power() -> None:
    # 20 blocks: what the LP gives is within half a block of what the curve wants at the price.
    wholesale = ErcotWholesale()
    curve = Curve(np.array([0.02, 0.06]), np.array([6000.0, 4000.0]))
    price_kw = wholesale.clear(_bid(curve)).quantity_kw[0]
    taken_kw = 4000.0 + wholesale.dispatch(HOUR, curve, True).bid_mw * 1000 / wholesale.scale
    assert abs(price_kw - taken_kw) <= 2000 / 20 / 2 + 1e-6


def test_net_export_of_the_dso_relieves_the_others() -> None:
    wholesale = ErcotWholesale()
    found = wholesale.dispatch(HOUR, Curve.vertical(-100.0), day_ahead=True)
    zero = wholesale.dispatch(HOUR, Curve.vertical(0.0), day_ahead=True)
    assert zero.generation_mw.sum() - found.generation_mw.sum() == pytest.approx(100 * wholesale.scale / 1000)
    assert wholesale.clear(_bid(Curve.vertical(-100.0))).quantity_kw.tolist() == [-100.0]


def test_load_that_cannot_be_served_is_cut_and_pays_the_cap() -> None:
    result = ErcotWholesale().clear(_bid(Curve.vertical(20000.0)))
    assert result.price_usd_per_kwh == pytest.approx([1.0])
    assert 0 < result.quantity_kw[0] < 20000.0


def test_real_time_differs_from_the_position() -> None:
    wholesale = ErcotWholesale(seed=2)
    intervals = HOUR.split(12)
    curves = (Curve.vertical(_forecast_kw()),) * 12
    ahead = wholesale.clear(_bid(curves[0]))
    now = wholesale.clear(WholesaleBid("rt", intervals, curves))
    assert np.abs(now.price_usd_per_kwh - ahead.price_usd_per_kwh[0]).max() > 1e-4


def test_the_expectation_knows_nothing_of_real_time() -> None:
    intervals = HOUR.split(12)
    one, other = ErcotWholesale(seed=1), ErcotWholesale(seed=2)
    assert (one.expected_usd_per_kwh(intervals, 0) == other.expected_usd_per_kwh(intervals, 0)).all()


def test_results_do_not_depend_on_the_order_of_the_questions() -> None:
    intervals, curve = HOUR.split(12), Curve.vertical(5000.0)
    forward, backward = ErcotWholesale(seed=5), ErcotWholesale(seed=5)
    ahead = [forward.clear(_bid(curve, i, False)).price_usd_per_kwh[0] for i in intervals]
    backward.expected_usd_per_kwh(intervals, 0)
    behind = [backward.clear(_bid(curve, i, False)).price_usd_per_kwh[0] for i in reversed(intervals)]
    assert ahead == behind[::-1]


def test_a_bid_outside_2016_is_refused_and_has_no_expectation() -> None:
    wholesale = ErcotWholesale()
    late = Interval(parse_time("2017-06-01T00:00Z"), HOUR_S)
    assert wholesale.refuses(_bid(Curve.vertical(1.0))) is None
    assert "2016 only" in str(wholesale.refuses(_bid(Curve.vertical(1.0), late)))
    assert "one curve an interval" in str(wholesale.refuses(WholesaleBid("m", (HOUR,), ())))
    assert math.isnan(wholesale.expected_usd_per_kwh([late], 0)[0])


@pytest.mark.parametrize(("bus", "homes"), [(0, 1000), (9, 1000), (1, 0)])
def test_a_bus_or_number_of_customers_that_cannot_be_is_refused(bus: int, homes: int) -> None:
    with pytest.raises(InputError, match="wholesale"):
        ErcotWholesale(bus, homes)


@pytest.mark.parametrize("bus", ercot_grid().bus_numbers)
def test_every_bus_can_have_the_dso(bus: int) -> None:
    wholesale = ErcotWholesale(bus, None)
    kw = float(simulated_load_kw(bus)[1][np.searchsorted(simulated_load_kw(bus)[0], START_S)])
    result = wholesale.clear(_bid(Curve.vertical(kw)))
    assert result.price_usd_per_kwh == pytest.approx(wholesale.expected_usd_per_kwh([HOUR], 0))


def test_it_survives_pickling() -> None:
    wholesale = ErcotWholesale(seed=3)
    before = wholesale.clear(_bid(Curve.vertical(5000.0), day_ahead=False))
    after = pickle.loads(pickle.dumps(wholesale)).clear(_bid(Curve.vertical(5000.0), day_ahead=False))
    assert after.price_usd_per_kwh == before.price_usd_per_kwh
