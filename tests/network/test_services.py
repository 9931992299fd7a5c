"""Homes are spread over a feeder as its published load is, each behind a rated transformer."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dso.network.feeder_files import FEEDERS
from dso.network.feeder_loads import loads_of
from dso.network.service_equipment import dss_name, service_dss
from dso.network.services import (
    NodeLoad,
    ServicePoint,
    ServiceRule,
    homes_at,
    largest_remainder,
    services_for,
)
from tests.network.feeder import loadings, losses_kw, solved, voltages

TWO = (NodeLoad("1", (1,), 2.4, 40.0, 20.0), NodeLoad("35", (1, 2), 4.16, 20.0, 10.0))


def test_seats_go_by_largest_remainder():
    # Quotas 4.7, 1.6, 1.6, 2.1 of 10: floors 4, 1, 1, 2, and the two left over to 0.7 and the first 0.6.
    assert largest_remainder([47, 16, 16, 21], 10) == [5, 2, 1, 2]


@given(st.lists(st.floats(0.1, 1000), min_size=1, max_size=40), st.integers(1, 3000))
def test_every_home_has_a_place_and_no_share_is_off_by_one(weights, homes):
    shares = largest_remainder(weights, homes)
    assert sum(shares) == homes
    assert all(
        abs(share - homes * weight / sum(weights)) < 1 + 1e-6
        for share, weight in zip(shares, weights, strict=True)
    )


def test_homes_of_a_load_share_transformers_evenly():
    # 12 homes to 8 and 4; 4 homes need 4 · 5 kW · 1.118 · 1.25 = 27.95 kVA.
    points = services_for(TWO, 12)
    assert [(point.name, point.homes, point.rated_kva) for point in points] == [
        ("1.1-1", 4, 37.5),
        ("1.1-2", 4, 37.5),
        ("35.1.2-1", 4, 37.5),
    ]
    assert [point.kv for point in points] == [2.4, 2.4, 4.16]
    assert [point.kvar_per_kw for point in points] == [0.5, 0.5, 0.5]


@pytest.mark.parametrize(("homes", "kva"), [(1, 10), (2, 15), (3, 25), (4, 37.5), (5, 37.5), (6, 50)])
def test_a_transformer_is_the_smallest_standard_one_that_carries_its_homes(homes, kva):
    assert [point.rated_kva for point in services_for(TWO[:1], homes)] == [kva]


def test_a_load_too_small_for_a_home_gets_no_transformer():
    points = services_for((*TWO, NodeLoad("9", (3,), 2.4, 0.1, 0.0)), 12)
    assert {point.bus for point in points} == {"1", "35"}


def test_homes_that_no_transformer_carries_are_refused():
    with pytest.raises(ValueError, match=r"223\.6 kVA are needed"):
        services_for(TWO[:1], 4, ServiceRule(peak_kw=40))
    with pytest.raises(ValueError, match="there must be homes"):
        services_for(TWO, 0)


def test_700_homes_reproduce_the_load_of_ieee_123_bus_by_bus():
    loads = loads_of(FEEDERS / "ieee123.dss")
    homes = Counter[str]()
    for point in services_for(loads, 700):
        homes[".".join((point.bus, *map(str, point.phases)))] += point.homes
    assert sum(homes.values()) == 700
    for load in loads:
        assert homes[load.name] * 3490 / 700 == pytest.approx(load.kw, abs=5.0)


def test_loads_on_three_phases_are_shared_out_and_loads_at_one_place_added_up(tmp_path):
    file = tmp_path / "three.dss"
    file.write_text(
        "Clear\nNew Circuit.x basekv=4.16\nNew Load.a bus1=sourcebus kv=4.16 kw=90 kvar=30\n"
        "New Load.b bus1=sourcebus phases=3 conn=delta kv=4.16 kw=60 kvar=30\n"
        "New Load.c bus1=sourcebus.3 phases=1 kv=2.4 kw=5 kvar=1\n",
        encoding="utf-8",
    )
    found = {load.name: (load.kv, load.kw, load.kvar) for load in loads_of(file)}
    assert found == {
        "sourcebus.1": pytest.approx((4.16 / 3**0.5, 30, 10)),
        "sourcebus.2": pytest.approx((4.16 / 3**0.5, 30, 10)),
        "sourcebus.3": pytest.approx((2.4, 35, 11)),
        "sourcebus.1.2": pytest.approx((4.16, 20, 10)),
        "sourcebus.2.3": pytest.approx((4.16, 20, 10)),
        "sourcebus.3.1": pytest.approx((4.16, 20, 10)),
    }


def test_the_figures_of_the_published_loads_come_through():
    loads = {load.name: load for load in loads_of(FEEDERS / "ieee13.dss")}
    assert (loads["646.2.3"].kw, loads["646.2.3"].kvar, loads["646.2.3"].kv) == (230, 132, 4.16)
    assert loads["671.3.1"].kw == pytest.approx(1155 / 3)
    assert sum(load.kw for load in loads.values()) == pytest.approx(3466)
    assert sum(load.kvar for load in loads.values()) == pytest.approx(2102)


def test_customers_have_as_many_places_as_there_are_and_neighbours_sit_apart():
    points = services_for(TWO, 12)
    at = homes_at(points)
    assert np.bincount(at).tolist() == [4, 4, 4]
    assert (homes_at(points) == at).all()
    # The first number from 7.4 on without a divisor of 12 is 11: places 0, 11, 10, 9, 8, 7, ...
    assert at.tolist() == [0, 2, 2, 2, 2, 1, 1, 1, 1, 0, 0, 0]


@given(st.lists(st.integers(1, 6), min_size=1, max_size=60))
def test_every_customer_has_a_place_of_its_own(counts):
    points = [ServicePoint(f"{k}", "1", (1,), 2.4, 50.0, count) for k, count in enumerate(counts)]
    assert np.bincount(homes_at(points)).tolist() == counts


def test_names_are_made_fit_for_opendss():
    assert dss_name("65.3.1-2") == "65_3_1-2"
    assert dss_name("My Home [b]") == "my_home__b_"


def test_points_that_opendss_cannot_tell_apart_are_refused():
    points = [ServicePoint(name, "1", (1,), 2.4, 50.0, 6) for name in ("a.1", "A 1")]
    with pytest.raises(ValueError, match="a_1"):
        service_dss(points)


def stiff(folder: Path) -> Path:
    file = folder / "stiff.dss"
    file.write_text(
        "Clear\nNew Circuit.x basekv=4.16 pu=1 r1=0 x1=1e-6 r0=0 x0=1e-6\nSet VoltageBases=[4.16]\n"
        "CalcVoltageBases\n",
        encoding="utf-8",
    )
    return file


@pytest.mark.parametrize(("phases", "kv"), [((1,), 4.16 / 3**0.5), ((1, 2), 4.16)])
def test_a_transformer_at_its_rating_drops_its_impedance_and_loses_its_losses(tmp_path, phases, kv):
    # 50 kW at unity power factor on 50 kVA: 1.2 % of resistance and the square of 1.7 % of reactance, halved.
    # Drops: 6 of 30 m side by side, 1.205 + 0.208i ohm/km; 50 kW at 240 V are 208 A.
    point = ServicePoint("p.1", "sourcebus", phases, kv, 50.0, 6, kvar_per_kw=0.0)
    engine = solved(stiff(tmp_path), service_dss([point], 50 / 6))
    pu = voltages(engine)
    drop_ohm = 1.205 * 0.030 / 6
    assert pu["svc_p_1.1"] == pytest.approx(1 - 0.012 - 0.017**2 / 2, abs=5e-4)
    assert pu["svc_p_1.1"] - pu["home_p_1.1"] == pytest.approx(drop_ohm * 208.3 / 240, rel=0.03)
    assert losses_kw(engine) == pytest.approx(50 * 0.012 + 50 * 0.002 + drop_ohm * 0.2083**2 * 1e3, rel=0.04)
    # The primary carries the losses too: (50 + 0.96) kW at 1 p.u.
    assert loadings(engine)["Transformer.svc_p_1"] == pytest.approx(1.019, abs=0.002)
    assert loadings(engine)["Line.sec_p_1"] == pytest.approx(208.3 / (6 * 205), rel=0.03)
