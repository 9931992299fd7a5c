from __future__ import annotations

import math

import numpy as np
import pytest

from dso.errors import CurveError
from dso.market import Curve, clear_jointly, share_award

# 100 kW wanted at 0.1 and below, none from 0.2 up.
ELASTIC = Curve.from_points([[0, 0.2], [100, 0.1]])


def test_without_a_binding_limit_each_tariff_pays_its_own_delivered_price() -> None:
    found = clear_jointly([ELASTIC, Curve.vertical(50)], [0.15, 0.12])
    assert found.prices_usd_per_kwh.tolist() == [0.15, 0.12]
    assert found.quantities_kw == pytest.approx([50, 50])
    assert (found.congestion_usd_per_kwh, found.rent_usd_per_h, found.outcome) == (0, 0, "cleared")


def test_one_congestion_price_is_added_to_all() -> None:
    # 50 kW inflexible leave 30 of 80: the elastic tariff must see 0.17, 0.02 above its 0.15.
    found = clear_jointly([ELASTIC, Curve.vertical(50)], [0.15, 0.12], import_limit_kw=80)
    assert found.congestion_usd_per_kwh == pytest.approx(0.02)
    assert found.prices_usd_per_kwh == pytest.approx([0.17, 0.14])
    assert found.quantities_kw == pytest.approx([30, 50])
    assert found.rent_usd_per_h == pytest.approx(0.02 * 80)


def test_a_joint_shortage_is_shared_pro_rata_and_nobody_pays_above_the_cap() -> None:
    curves = [Curve.vertical(60), Curve.vertical(40), Curve.vertical(-10)]
    found = clear_jointly(curves, [0.15, 0.12, 0.12], import_limit_kw=40, price_cap_usd_per_kwh=1.0)
    assert found.outcome == "scarcity"
    assert found.prices_usd_per_kwh == pytest.approx([1.0, 0.97, 0.97])
    assert found.curtailed_kw == pytest.approx([30, 20, 0])
    assert found.quantities_kw == pytest.approx([30, 20, -10])


def test_a_joint_export_limit_lowers_the_prices() -> None:
    solar = Curve.from_points([[0, 0.0], [50, 0.1]], offer=True)
    found = clear_jointly([solar, Curve.vertical(-10)], [0.08, 0.1], export_limit_kw=30)
    # 20 kW of the solar may leave: at 0.04, 0.04 below its 0.08.
    assert found.congestion_usd_per_kwh == pytest.approx(-0.04)
    assert found.quantities_kw == pytest.approx([-20, -10])
    assert found.rent_usd_per_h == pytest.approx(0.04 * 30)


def test_horizontal_pieces_of_several_tariffs_share_the_limit_pro_rata() -> None:
    curves = [Curve.from_blocks([30], [0.2]), Curve.from_blocks([10], [0.2])]
    found = clear_jointly(curves, [0.1, 0.1], import_limit_kw=20)
    assert found.quantities_kw == pytest.approx([15, 5])


def test_an_award_comes_back_along_each_curve() -> None:
    shared = share_award([ELASTIC, Curve.vertical(50)], [0.15, 0.15], 100.0)
    assert shared == pytest.approx([50, 50])


def test_the_residual_goes_pro_rata_and_the_sum_is_the_award() -> None:
    shared = share_award([ELASTIC, Curve.vertical(150)], [0.15, 0.15], 180.0)
    assert shared == pytest.approx([45, 135])
    for total in (1 / 3, 1e9 / 7, -2.7, 0.0):
        assert (
            math.fsum(share_award([ELASTIC, Curve.vertical(150), ELASTIC], [0.11, 0.1, 0.17], total)) == total
        )


def test_an_award_to_those_who_want_nothing_is_shared_equally() -> None:
    assert share_award([Curve.vertical(0), Curve.vertical(0)], [0.1, 0.1], 9.0) == pytest.approx([4.5, 4.5])


def test_as_many_prices_as_curves_are_needed() -> None:
    with pytest.raises(CurveError):
        clear_jointly([ELASTIC], [])
    with pytest.raises(CurveError):
        share_award([ELASTIC], [], 1.0)
    with pytest.raises(CurveError):
        share_award([], [], 1.0)


def test_no_tariff_at_all_clears_to_nothing() -> None:
    found = clear_jointly([], [], import_limit_kw=10)
    assert found.import_kw == 0
    assert found.quantities_kw.size == 0
    assert np.asarray(share_award([], [], 0.0)).size == 0
