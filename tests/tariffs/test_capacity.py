"""The capacity market by hand, and against the clearing of an import limit as its oracle."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dso.errors import CurveError
from dso.market import Book, Curve, clear
from dso.market.capacity import CapacitySale, sell_capacity
from dso.tariffs.capacity import CapacityTariff

TARIFF = CapacityTariff("row", 1.25, 0.04, 10.0, element="t1", capacity_kw=3.5)
MO = TARIFF.market_operator()
# Two devices that want 2 kW for nothing, none at 0.2 USD/kWh; 2 kW beside them: 6 − 20·λ kW.
DEVICES = Book(np.array([[0.0, 2.0], [0.0, 2.0]]), np.array([[0.2, 0.0], [0.2, 0.0]]))


def test_capacity_costs_what_makes_demand_fit() -> None:
    sale = MO.sell(DEVICES, 2.0, 5.0)
    assert sale.floor_usd_per_kwh == pytest.approx(0.125)  # 6 − 20·0.125 = 3.5
    assert sale.price(0.10) == pytest.approx(0.025)
    assert sale.price(0.15) == 0.0  # dear energy leaves room
    assert (sale.ceiling_usd_per_kwh, sale.unserved_kw) == (np.inf, 0.0)


def test_what_is_offered_to_the_lse_is_what_fits_at_each_price_of_energy() -> None:
    curve = MO.aggregate(DEVICES, 2.0)
    assert curve.quantity_above([0.0, 0.10, 0.125, 0.15, 0.2]).tolist() == pytest.approx(
        [3.5, 3.5, 3.5, 3.0, 2.0]
    )


def test_load_that_does_not_bid_comes_first_and_beyond_the_capacity_is_rationed() -> None:
    assert MO.sell(DEVICES, 3.5, 5.0).floor_usd_per_kwh == pytest.approx(0.2)
    short = MO.sell(DEVICES, 4.5, 5.0)
    assert (short.floor_usd_per_kwh, short.unserved_kw) == (5.0, pytest.approx(1.0))
    assert set(MO.aggregate(DEVICES, 4.5).quantity_kw.tolist()) == {3.5}


def test_injection_pays_for_the_way_out_as_load_does_for_the_way_in() -> None:
    sale = sell_capacity(Curve.from_points([[0, 0.0], [10, 0.1]], offer=True), 6.0)
    assert sale.ceiling_usd_per_kwh == pytest.approx(0.06)
    assert sale.price(0.08) == pytest.approx(-0.02)
    assert sale.price(0.05) == 0.0
    stuck = sell_capacity(Curve.vertical(-10), 6.0, price_cap_usd_per_kwh=1.0)
    assert (stuck.ceiling_usd_per_kwh, stuck.unserved_kw) == (-1.0, -4.0)


def test_of_the_prices_at_which_the_same_fits_load_pays_the_lowest() -> None:
    stairs = Curve.from_blocks([2.0, 3.0], [0.3, 0.1])
    assert sell_capacity(stairs, 2.0).floor_usd_per_kwh == pytest.approx(0.1)
    assert sell_capacity(stairs, 1.0).floor_usd_per_kwh == pytest.approx(0.3)
    assert sell_capacity(stairs, 5.0) == CapacitySale()


def test_a_capacity_of_nothing_is_refused() -> None:
    with pytest.raises(CurveError, match="must be a number above 0, was 0"):
        sell_capacity(Curve.vertical(1.0), 0.0)


@given(
    st.lists(st.floats(-0.5, 0.5), min_size=6, max_size=6).map(sorted),
    st.lists(st.integers(-100, 100), min_size=6, max_size=6).map(lambda q: sorted(q)[::-1]),
    st.integers(1, 60),
    st.floats(-0.4, 0.4),
)
def test_it_costs_what_a_limit_on_the_import_would_cost(p, q, capacity: int, energy: float) -> None:
    demand = Curve(np.array(p), np.array(q, float))
    sale = sell_capacity(demand, capacity, price_cap_usd_per_kwh=1.0)
    offered = demand.clipped(-capacity, capacity)
    for theta in (0.0, 1.0):  # load pays the lowest, injection is paid the highest
        found = clear(
            demand,
            import_price=energy,
            import_limit_kw=capacity,
            export_limit_kw=capacity,
            price_cap_usd_per_kwh=1.0,
            theta=theta,
        )
        if found.congestion_usd_per_kwh * (0.5 - theta) > 0 or not found.congestion_usd_per_kwh:
            assert sale.price(energy) == pytest.approx(found.congestion_usd_per_kwh, abs=1e-6)
        low, high = offered.quantity_interval_kw(energy)
        near = offered.quantity_above(energy + 1e-9), offered.quantity_below(energy - 1e-9)
        assert min(low, near[0]) - 1e-4 <= found.import_kw <= max(high, near[1]) + 1e-4
