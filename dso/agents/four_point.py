"""Four-point bids: what a device wants at which price, as DSO+T's agents say it."""

from __future__ import annotations

import numpy as np

from dso.messages import FloatArray


def four_point_bids(
    need_kw: FloatArray,
    least_kw: FloatArray,
    most_kw: FloatArray,
    slope_kw: FloatArray,
    price_usd_per_kwh: FloatArray,
    usual_usd_per_kwh: float,
    margin_usd_per_kwh: float,
) -> tuple[FloatArray, FloatArray]:
    """Quantities and prices of bids that lie on a line and leave a flat margin around the expected price.

    At the usual price a device wants its need, for each USD/kWh above it `slope_kw` less, within its limits.
    With m = −1/slope, f the expected price and Q what the line says there (f is moved to the end of the line
    where Q is at a limit), the points are (least, f + m(least − Q) + margin), (Q, f + margin),
    (Q, f − margin), (most, f + m(most − Q) − margin). Where the slope is 0 the bid is vertical at the need.

    Parameters
    ----------
    need_kw, least_kw, most_kw : (t, n) what a device needs, and its limits around that [kW].
    slope_kw : (t, n) quantity given up for each USD/kWh [kW/(USD/kWh)], 0 or more.
    price_usd_per_kwh : (t,) expected price.
    usual_usd_per_kwh : the price at which a device wants what it needs.
    margin_usd_per_kwh : half of the flat part, 0 or more.

    Returns
    -------
    quantities and prices, each (t, n, 4), quantity never falling and price never rising.

    References
    ----------
    PNNL, DSO+T study, volume 3 (see docs/references.md).
    """
    above = price_usd_per_kwh[:, None] - usual_usd_per_kwh
    vertical = slope_kw <= 0
    usd_per_kw = 1 / np.where(vertical, 1.0, slope_kw)
    least, most = np.where(vertical, need_kw, least_kw), np.where(vertical, need_kw, most_kw)
    centre = np.clip(need_kw - slope_kw * above, least, most)
    held = usual_usd_per_kwh + (need_kw - centre) * usd_per_kw
    centre_price = np.where(vertical, price_usd_per_kwh[:, None], held)
    quantity = np.stack([least, centre, centre, most], axis=-1)
    upper, lower = centre_price + margin_usd_per_kwh, centre_price - margin_usd_per_kwh
    first, last = upper + (centre - least) * usd_per_kw, lower - (most - centre) * usd_per_kw
    return quantity, np.stack([first, upper, lower, last], axis=-1)
