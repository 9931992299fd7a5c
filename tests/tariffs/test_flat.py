"""The flat rate: one price for every kWh, whatever it costs the LSE."""

from __future__ import annotations

import numpy as np
import pytest

from dso.market import Curve
from dso.tariffs.flat import FlatTariff

TARIFF = FlatTariff("flat", 0.12, fixed_usd_month=10.0, distribution_usd_per_kwh=0.04)


def test_the_price_is_the_rate_whatever_wholesale_and_wires_cost() -> None:
    found = TARIFF.retail_usd_per_kwh(np.array([0.0, 9.0, -1.0]), np.array([0.0, 5.0, 0.0]))
    assert found.tolist() == [0.12, 0.12, 0.12]


def test_its_load_does_not_answer_to_the_wholesale_price() -> None:
    load = Curve.vertical(3.0)
    assert TARIFF.wholesale_curve(load) is load


def test_a_kwh_is_paid_when_the_meter_turns_and_not_before() -> None:
    assert TARIFF.position_usd(np.array([2.0, 3.0]), 0.12).tolist() == [0.0, 0.0]
    assert TARIFF.delivery_usd(np.array([2.0, -1.0]), np.array([9.0, 9.0]), 0.12) == pytest.approx(
        [0.24, -0.12]
    )
    assert not TARIFF.takes_positions


def test_its_charges_and_that_it_has_no_market() -> None:
    assert TARIFF.network_usd_per_kwh() == 0.04
    assert TARIFF.fixed_usd_per_month() == 10.0
    assert TARIFF.load_serving() is TARIFF
    assert TARIFF.market_operator() is None
