"""Four-point bids around a plan, as DSO+T's agents make them."""

from __future__ import annotations

import numpy as np

from dso.messages import FloatArray

LEAST_KW = 1e-9  # for each USD/kWh: less is nothing


def bids_around(
    centre_kw: FloatArray,
    least_kw: FloatArray,
    most_kw: FloatArray,
    give_kw: FloatArray,
    price_usd_per_kwh: FloatArray,
    margin_usd_per_kwh: FloatArray,
) -> tuple[FloatArray, FloatArray]:
    """Quantities and prices: the planned quantity at the expected price ± margin, less of it where it is
    dearer.

    With m = −1/give the points are (least, f + m(least − Q) + margin), (Q, f + margin), (Q, f − margin) and
    (most, f + m(most − Q) − margin). Where `give_kw` is 0 the bid is vertical at Q.

    Parameters
    ----------
    centre_kw, least_kw, most_kw : (t, n) planned, least and most power; least ≤ centre ≤ most [kW].
    give_kw : (n,) given up for each USD/kWh more [kW/(USD/kWh)], 0 or more.
    price_usd_per_kwh : (t, n) or (t, 1) expected price f.
    margin_usd_per_kwh : (n,) half of the flat part, 0 or more.

    Returns
    -------
    quantities and prices, each (t, n, 4), quantity never falling and price never rising.

    References
    ----------
    PNNL, DSO+T study, volume 3 (see docs/references.md).
    """
    vertical = give_kw <= LEAST_KW
    usd_per_kw = 1 / np.where(vertical, 1.0, give_kw)
    least, most = np.where(vertical, centre_kw, least_kw), np.where(vertical, centre_kw, most_kw)
    quantity, price = np.empty((*centre_kw.shape, 4)), np.empty((*centre_kw.shape, 4))
    quantity[..., 0], quantity[..., 1], quantity[..., 2], quantity[..., 3] = least, centre_kw, centre_kw, most
    price[..., 1] = price_usd_per_kwh + margin_usd_per_kwh
    price[..., 2] = price_usd_per_kwh - margin_usd_per_kwh
    price[..., 0] = price[..., 1] + (centre_kw - least) * usd_per_kw
    price[..., 3] = price[..., 2] - (most - centre_kw) * usd_per_kw
    return quantity, price
