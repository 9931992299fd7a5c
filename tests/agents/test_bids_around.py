"""Bids lie around the plan, flat within the margin and sloped beyond it."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from dso.agents.bids_around import bids_around


def one(centre: float, least: float, most: float, give: float, price: float, margin: float):
    as_array = np.array([[centre]]), np.array([[least]]), np.array([[most]])
    q, p = bids_around(*as_array, np.array([give]), np.array([[price]]), np.array([margin]))
    return q[0, 0].tolist(), p[0, 0].tolist()


def test_four_points_by_hand() -> None:
    # give 10 kW per USD/kWh: 0.1 USD/kWh for each kW; 3 kW down to 0 and 2 kW up to 5
    quantity, price = one(3.0, 0.0, 5.0, 10.0, 0.20, 0.01)
    assert quantity == [0.0, 3.0, 3.0, 5.0]
    np.testing.assert_allclose(price, [0.51, 0.21, 0.19, -0.01])


def test_who_gives_nothing_up_bids_vertically() -> None:
    quantity, price = one(3.0, 0.0, 5.0, 0.0, 0.20, 0.01)
    assert quantity == [3.0] * 4
    assert price[0] >= price[-1]


@given(
    st.floats(-10, 10),
    st.floats(0, 10),
    st.floats(0, 10),
    st.floats(0, 1e3),
    st.floats(-1, 1),
    st.floats(0, 1),
)
def test_more_is_never_wanted_at_a_higher_price(centre, down, up, give, price, margin) -> None:
    quantity, prices = one(centre, centre - down, centre + up, give, price, margin)
    assert (np.diff(quantity) >= 0).all()
    assert (np.diff(prices) <= 0).all()
