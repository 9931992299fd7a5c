from __future__ import annotations

import numpy as np
import pytest

from dso.errors import CurveError
from dso.market import PolynomialCurve


def test_the_inverse_gives_back_the_quantity() -> None:
    curve = PolynomialCurve((0.02, 0.0, 1e-8, 3e-12), 0.0, 2000.0)
    q = np.linspace(0.0, 2000.0, 41)
    assert curve.price(curve.quantity_kw(curve.price(q))) == pytest.approx(curve.price(q), rel=1e-14)
    assert curve.quantity_kw(curve.price(q)) == pytest.approx(q, abs=1e-4)  # the price is flat at 0 kW


def test_prices_beyond_the_range_give_its_ends() -> None:
    curve = PolynomialCurve((0.02, 1e-5), 0.0, 100.0)
    assert curve.quantity_kw([0.0, 1.0]).tolist() == [0.0, 100.0]


def test_a_price_that_falls_within_the_range_is_refused() -> None:
    # The slope 1 − 2q + 0.75q² has its roots at 2/3 and 2.
    with pytest.raises(CurveError, match="fall"):
        PolynomialCurve((0.0, 1.0, -1.0, 0.25), 0.0, 3.0)
    PolynomialCurve((0.0, 1.0, -1.0, 0.25), 2.0, 3.0)


def test_a_quadratic_cost_has_an_affine_price() -> None:
    curve = PolynomialCurve.from_cost((5.0, 0.1, 0.001), 0.0, 50.0)
    assert curve.coefficients == pytest.approx((0.1, 0.002))
    assert curve.to_curve().quantity_interval_kw(0.15) == pytest.approx((-25, -25))


def test_a_touching_slope_is_still_monotone() -> None:
    assert float(PolynomialCurve((0.0, 3.0, -3.0, 1.0), 0.0, 2.0).price(1.0)) == pytest.approx(1.0)
