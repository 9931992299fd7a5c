"""Consensus against the double auction as its oracle, and TESP's rule against its balance worked by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dso.errors import CurveError
from dso.market import Book, clear
from dso.market.consensus import agree, agree_all
from dso.market.exchange import Tesp, Tracking
from dso.market.neighbours import GRAPHS, complete, half_own, metropolis, ring, star

# A supplier of 100·(λ − 0.1) kW and a customer of 100·(0.3 − λ) kW: 10 kW at 0.2 USD/kWh.
PAIR = Book.from_rows([[[-40.0, 0.5], [0.0, 0.1]], [[0.0, 0.3], [30.0, 0.0]]])


def strictly_monotone(seed: int, nodes: int, points: int = 4) -> Book:
    """Nodes whose net load falls all the way from 0 to 0.4 USD/kWh, steep here and flat there."""
    rng = np.random.default_rng(seed)
    price = np.sort(rng.uniform(0.02, 0.38, (nodes, points)), axis=1)[:, ::-1]
    price[:, 0], price[:, -1] = 0.4, 0.0
    load = np.cumsum(rng.uniform(0.1, 1.0, (nodes, points)) * rng.lognormal(0.0, 1.0, (nodes, 1)), axis=1)
    least, most = load[:, [0]], load[:, [-1]]
    return Book(load - least - (most - least) * rng.uniform(0.1, 0.9, (nodes, 1)), price)


def affine(seed: int, leaves: int) -> Book:
    """A supplier and so many customers, each with one straight curve from 0 to 1 USD/kWh."""
    rng = np.random.default_rng(seed)
    load = np.stack([np.zeros(leaves + 1), rng.uniform(5, 15, leaves + 1)], axis=1)
    load[0] = -load[1:, 1].sum(), 0.0
    return Book(load, np.tile([1.0, 0.0], (leaves + 1, 1)))


def test_two_neighbours_agree_on_the_price_where_their_curves_meet() -> None:
    found = agree(PAIR, star(2), start_usd_per_kwh=[0.1, 0.3])
    assert (found.outcome, found.converged) == ("agreed", True)
    assert found.price_usd_per_kwh == pytest.approx(0.2, abs=1e-6)
    assert found.node_usd_per_kwh == pytest.approx([0.2, 0.2], abs=1e-6)
    assert found.quantity_kw == pytest.approx([-10.0, 10.0], abs=1e-4)
    assert found.residual_kw < 1e-4
    assert found.rounds > 1


@pytest.mark.parametrize("leaves", [1, 2, 3, 5, 10, 20, 35, 50])
def test_a_star_reaches_the_auctions_price(leaves: int) -> None:
    book = affine(leaves, leaves)
    found = agree(book, star(leaves + 1), start_usd_per_kwh=0.1)
    assert found.node_usd_per_kwh == pytest.approx(clear(book).price_usd_per_kwh, abs=1e-6)


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 10**9), st.integers(2, 15), st.sampled_from(sorted(GRAPHS)), st.floats(0.0, 0.4))
def test_every_node_of_every_graph_reaches_the_auctions_price(
    seed: int, nodes: int, graph: str, start: float
) -> None:
    book = strictly_monotone(seed, nodes)
    found = agree(book, GRAPHS[graph](nodes), start_usd_per_kwh=start)
    assert found.converged
    assert found.node_usd_per_kwh == pytest.approx(clear(book).price_usd_per_kwh, abs=1e-6)
    assert abs(found.quantity_kw.sum()) <= found.residual_kw + 1e-9


@settings(deadline=None, max_examples=15)
@given(st.integers(0, 10**9), st.integers(3, 12))
def test_any_connected_edges_will_do(seed: int, nodes: int) -> None:
    rng = np.random.default_rng(seed)
    tree = [(i, int(rng.integers(i))) for i in range(1, nodes)]
    more = [(int(a), int(b)) for a, b in rng.integers(nodes, size=(3, 2))]  # also loops and repeats
    book = strictly_monotone(seed, nodes)
    found = agree(book, tree + more, start_usd_per_kwh=rng.uniform(0, 0.4, nodes))
    assert found.node_usd_per_kwh == pytest.approx(clear(book).price_usd_per_kwh, abs=1e-6)


def test_intervals_side_by_side_come_to_what_each_comes_to_alone() -> None:
    books = [strictly_monotone(seed, 6) for seed in range(5)]
    together = agree_all(books, ring(6), 0.2)
    for book, found in zip(books, together, strict=True):
        alone = agree(book, ring(6), start_usd_per_kwh=0.2)
        assert found.node_usd_per_kwh.tolist() == alone.node_usd_per_kwh.tolist()
        assert (found.rounds, found.residual_kw) == (alone.rounds, alone.residual_kw)
    assert len({found.rounds for found in together}) > 1


def test_a_block_is_sold_in_part_at_its_own_price() -> None:
    # 8 kW are worth 0.2 USD/kWh, where 5 kW are offered.
    book = Book.from_rows([[[-10.0, 0.3], [0.0, 0.1]], [[0.0, 0.2], [8.0, 0.2]]])
    found = agree(book, star(2), start_usd_per_kwh=0.15)
    assert found.converged
    assert found.price_usd_per_kwh == pytest.approx(clear(book).price_usd_per_kwh, abs=1e-6)
    assert found.quantity_kw == pytest.approx([-5.0, 5.0], abs=1e-3)


def test_an_inflexible_neighbour_takes_the_others_price() -> None:
    book = Book.from_rows([[[-40.0, 0.5], [0.0, 0.1]], [[10.0, 0.0]], [[2.0, 7.0], [2.0, 1.0]]])
    found = agree(book, star(3), start_usd_per_kwh=[0.1, 0.9, -0.4])
    assert found.node_usd_per_kwh == pytest.approx([0.22] * 3, abs=1e-6)  # 100·(0.22 − 0.1) = 12 kW
    assert found.quantity_kw == pytest.approx([-12.0, 10.0, 2.0], abs=1e-4)


def test_where_nobody_answers_to_a_price_there_is_nothing_to_agree_on() -> None:
    found = agree(Book.from_rows([[[5.0, 0.2]], [[-3.0, 0.1]]]), star(2), start_usd_per_kwh=[0.1, 0.3])
    assert (found.outcome, found.converged, found.rounds) == ("no_slope", False, 0)
    assert found.price_usd_per_kwh == pytest.approx(0.2)
    assert found.residual_kw == pytest.approx(2.0)


def test_load_that_no_price_brings_down_is_no_crossing_without_a_cap_and_costs_the_cap_with_one() -> None:
    book = Book.from_rows([[[-4.0, 0.5], [0.0, 0.1]], [[10.0, 0.0]]])
    found = agree(book, star(2))
    assert (found.outcome, found.price_usd_per_kwh) == ("no_crossing", 0.5)
    assert found.quantity_kw.tolist() == [-4.0, 10.0]
    capped = agree(book, star(2), price_cap_usd_per_kwh=2.0)
    assert (capped.outcome, capped.price_usd_per_kwh) == ("price_cap", 2.0)
    assert capped.price_usd_per_kwh == clear(*_sides(book), price_cap_usd_per_kwh=2.0).price_usd_per_kwh
    assert capped.residual_kw == pytest.approx(6.0)
    early = agree(PAIR, star(2), price_cap_usd_per_kwh=0.15)  # they would meet at 0.2
    assert (early.outcome, early.price_usd_per_kwh) == ("price_cap", 0.15)
    assert early.quantity_kw == pytest.approx([-5.0, 15.0])


def _sides(book: Book) -> tuple[Book, Book]:
    return book.taking(np.array([1])), book.taking(np.array([0]))


def test_injection_that_nobody_takes_is_the_mirror_image() -> None:
    book = Book.from_rows([[[-9.0, 0.5], [-6.0, 0.1]], [[1.0, 0.4], [3.0, 0.2]]])
    found = agree(book, star(2))
    assert found.outcome == "no_crossing"
    assert found.price_usd_per_kwh == pytest.approx(0.1)
    assert agree(book, star(2), price_cap_usd_per_kwh=1.0).price_usd_per_kwh == -1.0


def test_rounds_that_run_out_are_a_disagreement_with_figures() -> None:
    found = agree(PAIR, star(2), start_usd_per_kwh=0.1, rule=Tracking(most_rounds=5))
    assert (found.outcome, found.rounds) == ("disagreed", 5)
    assert np.isfinite(found.node_usd_per_kwh).all()
    assert 0 < found.residual_kw < 40


def test_a_graph_in_two_parts_an_unknown_node_or_none_is_refused() -> None:
    with pytest.raises(CurveError, match="must be connected; node 2 cannot be reached from node 0"):
        metropolis(4, [(0, 1), (2, 3)])
    with pytest.raises(CurveError, match=r"nodes 0 to 1, one was \(0, 5\)"):
        metropolis(2, [(0, 5)])
    with pytest.raises(CurveError, match="a node at least, had 0"):
        metropolis(0, [])
    with pytest.raises(CurveError, match="as many nodes in each interval"):
        agree_all([PAIR, PAIR.taking(np.array([0]))], star(2), 0.1)
    with pytest.raises(CurveError, match="finite price"):
        agree(PAIR, star(2), start_usd_per_kwh=np.nan)
    assert agree_all([], star(2), 0.1) == ()


@pytest.mark.parametrize("graph", sorted(GRAPHS))
@pytest.mark.parametrize("nodes", [1, 2, 3, 7])
def test_metropolis_weights_are_doubly_stochastic_and_tesps_only_by_row(graph: str, nodes: int) -> None:
    weights = metropolis(nodes, GRAPHS[graph](nodes)).toarray()
    assert (weights >= 0).all()
    assert weights == pytest.approx(weights.T)
    assert weights.sum(axis=0) == pytest.approx(1.0)
    tesps = half_own(nodes, GRAPHS[graph](nodes)).toarray()
    assert tesps.sum(axis=1) == pytest.approx(1.0)
    if nodes > 1:
        assert np.diag(tesps) == pytest.approx(0.5)


def around_a_supplier(leaves: int, auction: float, slope: float) -> Book:
    """A supplier of S = 1000·(λ − 0.08) kW and equal customers; their auction clears at a known price."""
    supplied = 1000 * (auction - 0.08)
    line = [[(supplied - slope * (p - auction)) / leaves, p] for p in (0.26, 0.08)]
    return Book.from_rows([[[-180.0, 0.26], [0.0, 0.08]], *[line] * leaves])


@pytest.mark.parametrize(("leaves", "auction", "tesp"), [(4, 0.157, 0.137), (10, 0.187, 0.161)])
def test_tesps_rule_settles_a_star_at_the_wrong_price(leaves: int, auction: float, tesp: float) -> None:
    """Its steps fade, so its prices end where π·ΔP = 0, with π the left eigenvector of D: ½ for the centre
    and 1/(2L) for each of L leaves. ΔP is D − S at the centre and q_i − S at a leaf, so that
    ½(D − S) + (D/L − S)/2 = 0: D = S·2L/(L + 1), where the auction has D = S.
    """
    asked = 1000 * (tesp - 0.08) * 2 * leaves / (leaves + 1)
    book = around_a_supplier(leaves, auction, (asked - 1000 * (auction - 0.08)) / (auction - tesp))
    assert clear(book).price_usd_per_kwh == pytest.approx(auction)
    wrong = agree(book, star(leaves + 1), start_usd_per_kwh=0.1, rule=Tesp())
    assert wrong.price_usd_per_kwh == pytest.approx(tesp, abs=1e-3)
    assert (wrong.outcome, wrong.rounds) == ("disagreed", 11 * 1600)
    right = agree(book, star(leaves + 1), start_usd_per_kwh=0.1)
    assert right.price_usd_per_kwh == pytest.approx(auction, abs=1e-6)


@pytest.mark.parametrize("nodes", [2, 5, 11])
def test_tesps_rule_is_right_on_a_complete_graph(nodes: int) -> None:
    book = around_a_supplier(nodes - 1, 0.157, 700.0)
    found = agree(book, complete(nodes), start_usd_per_kwh=0.1, rule=Tesp())
    assert found.converged
    assert found.residual_kw <= 0.05
    assert found.price_usd_per_kwh == pytest.approx(0.157, abs=1e-4)  # 0.05 kW at 1,700 kW/(USD/kWh)


def test_tesps_rule_hears_its_neighbours_twice_at_least() -> None:
    book = Book.from_rows([[[-40.0, 0.5], [0.0, 0.1]], [[0.0, 0.3], [30.0, 0.0]]])
    assert agree(book, star(2), start_usd_per_kwh=0.2, rule=Tesp()).rounds == 2
