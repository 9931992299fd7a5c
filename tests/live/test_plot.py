"""The plot of a clearing, with places worked out by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from dso.clock import Interval
from dso.live.clearing import MOST_POINTS, Cross, points_between
from dso.live.plot import BOTTOM, LEFT, RIGHT, TOP, Axis, Plot, step_for
from dso.market import Curve

# 100 kW below 0.1 USD/kWh, 60 kW above 0.2, straight between.
DEMAND = Curve(np.array([0.1, 0.2]), np.array([100.0, 60.0]))
HOUR = Interval(0, 3600)


def cross(**changes):
    facts = {
        "tariff": "live", "interval": HOUR, "demand": DEMAND, "delivered_usd_per_kwh": 0.1,
        "price_usd_per_kwh": 0.15, "load_kw": 80.0, "limit_kw": 80.0, "congestion_usd_per_kwh": 0.05,
        "curtailed_kw": 0.0,
    }  # fmt: skip
    return Cross(**(facts | changes))


@pytest.mark.parametrize(
    ("span", "step"), [(6.0, 1.0), (1.0, 0.2), (0.3, 0.05), (13.0, 2.5), (700.0, 200.0), (0.0, 1.0)]
)
def test_steps_are_round(span, step):
    assert step_for(span) == pytest.approx(step)


def test_ticks_say_all_their_digits():
    axis = Axis(0, 100)
    axis.widen([2.75, 4.25])
    assert [text for _, text in axis.ticks(1.0)] == ["2.75", "3.00", "3.25", "3.50", "3.75", "4.00", "4.25"]
    thousands = Axis(0, 100)
    thousands.widen([0, 6000])
    assert [text for _, text in thousands.ticks(1000.0)] == ["0", "1", "2", "3", "4", "5", "6"]


def test_an_axis_only_widens():
    axis = Axis(0, 100)
    axis.widen([0.0, 10.0])
    axis.widen([4.0, 5.0])
    assert (axis.low, axis.high) == (0.0, 10.0)
    axis.widen([-3.0, 5.0])
    assert axis.low <= -3.0
    assert axis.high >= 10.0


def test_demand_goes_on_vertically_beyond_its_vertices():
    assert points_between(DEMAND, 0.0, 0.3) == [(100.0, 0.0), (100.0, 0.1), (60.0, 0.2), (60.0, 0.3)]
    assert points_between(Curve.vertical(5.0), 0.0, 1.0) == [(5.0, 0.0), (5.0, 1.0)]


def test_a_curve_of_thousands_of_vertices_is_thinned_but_keeps_its_ends():
    n = 20_000
    points = points_between(Curve(np.linspace(0.1, 0.2, n), np.linspace(n, 0, n)), 0.0, 0.3)
    assert len(points) <= MOST_POINTS + 2
    assert points[1] == (n, 0.1)
    assert points[-2] == (0.0, 0.2)


def test_the_point_lies_on_the_limit_and_on_the_demand():
    plot = Plot.empty()
    drawn = plot.of(cross())
    assert (plot.price.low, plot.price.high) == (0.0, pytest.approx(0.25))
    assert drawn["point"] == [drawn["limit"], pytest.approx(BOTTOM - 0.15 / 0.25 * (BOTTOM - TOP), abs=0.1)]
    assert drawn["supply"].endswith(f"H{drawn['limit']}V{TOP}")
    assert LEFT <= drawn["limit"] <= RIGHT
    assert drawn["told"] == "80.00 kW at 0.1500 USD/kWh · limit 80.00 kW · it binds: μ = 0.0500 USD/kWh"


def test_a_limit_that_is_none_or_far_is_not_drawn():
    for limit in (math.inf, 1000.0):
        drawn = Plot.empty().of(cross(limit_kw=limit, congestion_usd_per_kwh=0.0))
        assert drawn["limit"] is None
        assert drawn["supply"].endswith(f"H{RIGHT}")
    assert "limit 1,000.00 kW" in drawn["told"]


def test_a_price_of_zero_and_no_load_can_be_drawn():
    nobody = cross(demand=Curve.vertical(0.0), price_usd_per_kwh=0.0, load_kw=0.0, delivered_usd_per_kwh=0.0,
                   limit_kw=math.inf, congestion_usd_per_kwh=0.0)  # fmt: skip
    assert Plot.empty().of(nobody)["demand"].startswith("M")
