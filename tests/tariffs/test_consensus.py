"""The neighbours' market operator: its nodes, what it offers, what it awards."""

from __future__ import annotations

import numpy as np
import pytest

from dso.market import Book, aggregate, clear
from dso.market.exchange import Tesp, Tracking
from dso.tariffs.auction import DoubleAuction
from dso.tariffs.consensus import ConsensusTariff, NeighbourMarket

# Two devices that want 2 kW for nothing, none at 0.2 USD/kWh; 2 kW beside them: 6 − 20·λ kW.
DEVICES = Book(np.array([[0.0, 2.0], [0.0, 2.0]]), np.array([[0.2, 0.0], [0.2, 0.0]]))
REST = np.array([2.0])


@pytest.mark.parametrize("graph", ["star", "ring", "complete"])
@pytest.mark.parametrize("delivered", [-0.05, 0.0, 0.1, 0.2, 0.35])
def test_they_agree_within_half_a_band_of_the_delivered_price(graph: str, delivered: float) -> None:
    (found,) = NeighbourMarket(graph).agree([DEVICES], REST, np.array([delivered]))
    assert found.converged
    assert abs(found.price_usd_per_kwh - delivered) <= 0.5e-8
    oracle = clear(aggregate(DEVICES), import_price=delivered)
    assert found.quantity_kw[2:].sum() == pytest.approx(oracle.quantity_kw, abs=1e-4)
    assert found.quantity_kw[1] == 2.0
    assert found.quantity_kw.sum() == pytest.approx(0.0, abs=1e-5)  # the LSE gives what they take


def test_the_lses_node_gives_way_in_its_band_only_and_could_serve_all_twice() -> None:
    curve = NeighbourMarket(band_usd_per_kwh=1e-3).supply(DEVICES, -3.0).curve(0)
    # 2 kW of each device, and the 3 kW of the rest, twice.
    assert curve.quantity_above([-1.0, -0.001, 0.0, 0.0005, 0.001, 1.0]) == pytest.approx(
        [14.0, 14.0, 0.0, -7.0, -14.0, -14.0]
    )


def test_its_price_lies_where_the_bands_slope_meets_demand() -> None:
    market = NeighbourMarket(band_usd_per_kwh=1e-3)
    (found,) = market.agree([DEVICES], REST, np.array([0.1]))
    # 12 kW give way over 0.001: 12·(λ − 0.1)/0.001 = 6 − 20·λ.
    assert found.price_usd_per_kwh == pytest.approx((6 + 1200) / 12020, abs=1e-6)


@pytest.mark.parametrize("delivered", [-4.97, 4.97, 9000.0])
def test_a_price_at_scarcity_is_agreed_on_as_well(delivered: float) -> None:
    (found,) = NeighbourMarket().agree([DEVICES], REST, np.array([delivered]))
    assert found.converged
    assert found.price_usd_per_kwh == pytest.approx(delivered, abs=1e-8)


def test_without_bids_and_without_load_there_is_little_to_say() -> None:
    nobody = Book(np.zeros((0, 1)), np.zeros((0, 1)))
    (found,) = NeighbourMarket().agree([nobody], np.zeros(1), np.array([0.1]))
    assert found.converged
    assert found.price_usd_per_kwh == pytest.approx(0.1, abs=1e-6)
    assert NeighbourMarket().offer(nobody, 3.0, 0.0).quantity_kw.tolist() == [3.0]


def test_what_is_offered_goes_through_what_was_agreed() -> None:
    curve = NeighbourMarket().offer(DEVICES, 2.0, 0.01)
    assert curve.quantity_above([0.09, 0.10, 0.19]).tolist() == pytest.approx([4.0, 3.8, 2.0])


@pytest.mark.parametrize("price", [0.0, 0.05, 0.1, 0.2, 0.3])
def test_awards_are_the_auctions(price: float) -> None:
    total = float(aggregate(DEVICES).quantity_above(price))
    auction = DoubleAuction().award(DEVICES, price, total)
    assert NeighbourMarket().award(DEVICES, price, total) == pytest.approx(auction, abs=1e-4)
    assert NeighbourMarket().award(DEVICES, price, total).sum() == pytest.approx(total, abs=1e-9)


def test_a_block_at_the_price_is_awarded_pro_rata_as_in_the_auction() -> None:
    blocks = Book(np.array([[0.0, 2.0], [0.0, 4.0]]), np.array([[0.1, 0.1], [0.1, 0.1]]))
    assert NeighbourMarket().award(blocks, 0.1, 3.0) == pytest.approx([1.0, 2.0])


def test_tesps_rule_agrees_on_a_complete_graph_and_not_on_a_star() -> None:
    complete = NeighbourMarket("complete", Tesp(), 1e-3).agree([DEVICES], REST, np.array([0.1]))[0]
    assert complete.converged
    assert complete.residual_kw <= 0.05
    star = NeighbourMarket("star", Tesp(), 1e-3).agree([DEVICES], REST, np.array([0.1]))[0]
    assert not star.converged


def test_the_tariffs_price_is_the_auctions() -> None:
    tariff = ConsensusTariff("street", 1.25, 0.04, 10.0)
    assert tariff.mechanism == "consensus"
    assert tariff.market_operator() == NeighbourMarket("star", Tracking(), 1e-8)
    price = tariff.retail_usd_per_kwh(np.array([0.048]), np.array([0.01]))
    assert price == pytest.approx([0.11])
