"""A known price: what is wanted at it is served."""

from __future__ import annotations

import math
import pickle
from pathlib import Path

import numpy as np
import pytest

from dso.clock import Interval, parse_time
from dso.errors import InputError
from dso.market import Curve
from dso.messages import WholesaleBid
from dso.wholesale.price_series import PriceSeries

HOURS = np.array([0, 3600, 7200])
PRICES = np.array([0.03, math.nan, 0.05])


def _bid(*parts: tuple[Interval, Curve]) -> WholesaleBid:
    return WholesaleBid("m", tuple(i for i, _ in parts), tuple(c for _, c in parts))


def test_a_sloping_curve_gets_its_quantity_at_the_price() -> None:
    # 100 kW at 0.01 falling to 0 kW at 0.05: at 0.03 half of it.
    curve = Curve(np.array([0.01, 0.05]), np.array([100.0, 0.0]))
    result = PriceSeries(HOURS, PRICES).clear(_bid((Interval(0, 3600), curve)))
    assert result is not None
    assert result.price_usd_per_kwh.tolist() == [0.03]
    assert result.quantity_kw.tolist() == pytest.approx([50.0])


@pytest.mark.parametrize(("share", "kw"), [(0.5, 6.0), (1.0, 10.0), (0.0, 2.0)])
def test_a_block_that_bids_the_price_exactly_gets_the_share(share: float, kw: float) -> None:
    curve = Curve(np.array([0.03, 0.03]), np.array([10.0, 2.0]))
    result = PriceSeries(HOURS, PRICES, share=share).clear(_bid((Interval(0, 3600), curve)))
    assert result is not None
    assert result.quantity_kw.tolist() == [kw]


def test_net_export_is_bought_at_the_price() -> None:
    result = PriceSeries(HOURS, PRICES).clear(_bid((Interval(7200, 300), Curve.vertical(-7.0))))
    assert result is not None
    assert (result.price_usd_per_kwh[0], result.quantity_kw[0]) == (0.05, -7.0)


@pytest.mark.parametrize("start_s", [-3600, 3600, 10800, 1800])
def test_no_result_where_any_part_has_no_price(start_s: int) -> None:
    series = PriceSeries(HOURS, PRICES)
    interval = Interval(start_s, 3600)
    assert series.clear(_bid((interval, Curve.vertical(1.0)))) is None
    assert math.isnan(series.expected_usd_per_kwh([interval], 0)[0])


def test_an_hour_over_quarter_hour_prices_has_their_mean() -> None:
    series = PriceSeries(np.arange(0, 7200, 900), [0.01, 0.02, 0.03, 0.06, 0.0, 0.0, 0.0, 0.04])
    assert series.expected_usd_per_kwh([Interval(0, 3600), Interval(2700, 1800)], 0) == pytest.approx(
        [0.03, 0.03]
    )


def test_a_csv_in_dollars_per_mwh_with_a_zone(tmp_path: Path) -> None:
    path = tmp_path / "prices.csv"
    path.write_text("time,usd_per_mwh\n2016-08-01T00:00-05:00,25\n2016-08-01T01:00-05:00,\n")
    series = PriceSeries.from_csv(path)
    start_s = parse_time("2016-08-01T05:00Z")
    assert series.expected_usd_per_kwh([Interval(start_s, 300)], 0).tolist() == [0.025]
    assert math.isnan(series.expected_usd_per_kwh([Interval(start_s + 3600, 300)], 0)[0])


def test_a_csv_names_every_bad_row(tmp_path: Path) -> None:
    path = tmp_path / "prices.csv"
    path.write_text("time,usd_per_kwh\n2016-08-01T00:00,0.02\n2016-08-01T01:00Z,dear\n")
    with pytest.raises(InputError) as caught:
        PriceSeries.from_csv(path)
    assert [p.where for p in caught.value.problems] == [f"{path}:2", f"{path}:3"]


@pytest.mark.parametrize("header", ["time,price", "when,usd_per_kwh", "time,usd_per_kwh,usd_per_mwh"])
def test_a_csv_without_its_columns_is_refused(tmp_path: Path, header: str) -> None:
    path = tmp_path / "prices.csv"
    path.write_text(header + "\n")
    with pytest.raises(InputError, match="usd_per_kwh and usd_per_mwh"):
        PriceSeries.from_csv(path)


@pytest.mark.parametrize(
    ("start_s", "price", "step_s"),
    [([], [], None), ([0, 0], [1.0, 2.0], None), ([0], [math.inf], None), ([0, 60], [1.0, 1.0], 61)],
)
def test_a_series_that_makes_no_sense_is_refused(
    start_s: list[int], price: list[float], step_s: int | None
) -> None:
    with pytest.raises(InputError, match="price series"):
        PriceSeries(start_s, price, step_s=step_s)


def test_a_bid_with_another_number_of_curves_is_refused() -> None:
    series = PriceSeries(HOURS, PRICES)
    hour = Interval(0, 3600)
    assert series.refuses(WholesaleBid("m", (hour,), (Curve.vertical(1.0),))) is None
    assert "one curve an interval" in str(series.refuses(WholesaleBid("m", (hour, Interval(3600, 60)), ())))
    assert "one interval" in str(series.refuses(WholesaleBid("m", (), ())))
    twice = WholesaleBid("m", (hour, hour), (Curve.vertical(1.0), Curve.vertical(1.0)))
    assert "follow one another" in str(series.refuses(twice))


def test_it_survives_pickling() -> None:
    series = pickle.loads(pickle.dumps(PriceSeries(HOURS, PRICES)))
    assert series.expected_usd_per_kwh([Interval(0, 3600)], 0).tolist() == [0.03]
