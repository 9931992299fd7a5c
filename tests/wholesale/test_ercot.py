"""The ERCOT market alone: August 2016 as the field knows it, days that plan and real time that strays."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

from dso.clock import DAY_S, HOUR_S, Interval, parse_time
from dso.errors import InputError
from dso.wholesale.conditions import ForecastError
from dso.wholesale.ercot import ErcotMarket
from dso.wholesale.grid import ercot_grid
from dso.wholesale.outages import Outage

MIDNIGHT_S = parse_time("2016-08-10T00:00-05:00")
HOUR = Interval(MIDNIGHT_S + 16 * HOUR_S, HOUR_S)
CALM = ForecastError(0.0, 0.0, 0.0)


def test_an_august_afternoon_splits_between_39_and_44_dollars() -> None:
    # TESP's own runs of this system: 39 to 43 USD/MWh at 17:00 with a line full, 25 to 34 without.
    run = ErcotMarket().run(MIDNIGHT_S, 24)
    afternoon, night = run.price_usd_per_mwh[13:18], run.price_usd_per_mwh[:8]
    assert afternoon.min() > 38
    assert afternoon.max() < 44
    assert np.ptp(afternoon[-1]) > 0.5
    assert run.full_lines(16) == ["5-7"]
    assert night == pytest.approx(np.repeat(night[:, :1], 8, axis=1))
    assert night.min() > 24
    assert night.max() < 35


def test_the_commitment_leaves_no_bus_short_behind_its_lines() -> None:
    # On this June afternoon the plain merit order would leave bus 7 without enough units of its own.
    run = ErcotMarket().run(parse_time("2016-06-13T00:00-05:00"), 24)
    assert max(found.shed_mw.max() for found in run.dispatches) == 0
    assert run.price_usd_per_mwh.max() < 60


def test_the_units_of_a_day_are_the_same_in_both_markets_and_change_at_central_midnight() -> None:
    market = ErcotMarket()
    day = market.running(MIDNIGHT_S)
    assert (market.running(MIDNIGHT_S + DAY_S - 1) == day).all()
    assert (market.running(MIDNIGHT_S - 1) != day).any()


def test_real_time_without_errors_or_outages_has_the_day_ahead_price_at_mid_hour() -> None:
    market = ErcotMarket(0, CALM, ())
    centre = Interval(HOUR.start_s + 1650, 300)
    ahead, now = market.solve(HOUR, day_ahead=True), market.solve(centre, day_ahead=False)
    assert now.price_usd_per_mwh == pytest.approx(ahead.price_usd_per_mwh)


def test_real_time_strays_from_day_ahead() -> None:
    market = ErcotMarket()
    ahead = market.run(MIDNIGHT_S, 24).price_usd_per_mwh[:, 0]
    now = market.run(MIDNIGHT_S, 24, day_ahead=False).price_usd_per_mwh[:, 0]
    assert np.abs(ahead - now).max() > 0.5


def test_an_outage_is_unknown_a_day_ahead_and_costs_in_real_time() -> None:
    unit = int(np.flatnonzero(ercot_grid().units.number == 14)[0])
    out = ErcotMarket(0, CALM, (Outage(14, HOUR.start_s, HOUR.end_s),))
    whole = ErcotMarket(0, CALM, ())
    assert out.solve(HOUR, day_ahead=True).generation_mw[unit] > 0
    assert out.solve(HOUR, day_ahead=False).generation_mw[unit] == 0
    dearer = out.solve(HOUR, False).cost_usd_per_h - whole.solve(HOUR, False).cost_usd_per_h
    # 3,096 MW at 28.41 USD/MWh are replaced by units above 40.
    assert dearer > 3096 * (40 - 28.41)
    after = Interval(HOUR.end_s, HOUR_S)
    assert out.solve(after, False).generation_mw[unit] > 0


def test_any_three_days_have_one_outage_of_their_own() -> None:
    market = ErcotMarket(4)
    for first in range(5):
        days = [market.outages_on(MIDNIGHT_S + (first + k) * DAY_S) for k in range(3)]
        assert sum(len(outages) for outages in days) == 1


def test_a_market_survives_pickling_without_its_caches() -> None:
    market = ErcotMarket(3)
    fresh = len(pickle.dumps(market))
    before = market.solve(HOUR, day_ahead=False).price_usd_per_mwh
    packed = pickle.dumps(market)
    assert len(packed) == fresh < 500
    assert (pickle.loads(packed).solve(HOUR, day_ahead=False).price_usd_per_mwh == before).all()


def test_settings_that_make_no_sense_are_refused_together() -> None:
    with pytest.raises(InputError) as caught:
        ErcotMarket(-1, CALM, (Outage(1, 0, 10), Outage(0, 10, 10)))
    assert len(caught.value.problems) == 3


@pytest.mark.parametrize(
    ("start", "hours"), [("2015-12-31T00:00Z", 2), ("2017-01-01T05:00Z", 2), ("2016-05-01T00:00Z", 0)]
)
def test_a_time_without_figures_is_refused(start: str, hours: int) -> None:
    with pytest.raises(InputError, match="2016"):
        ErcotMarket().run(parse_time(start), hours)
