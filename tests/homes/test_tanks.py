"""Who has a water heater, how big, and how much hot water is used."""

from dataclasses import replace

import numpy as np
import pytest

from dso.clock import parse_time
from dso.homes.draws import MEAN_L, PROFILES, HotWater, expected_l, use_frac
from dso.homes.local_time import LocalTime
from dso.homes.tanks import Tanks, draw_tanks

CHICAGO = LocalTime("America/Chicago")
MIDNIGHT = parse_time("2016-08-10T05:00Z")
SIZES = np.linspace(0.5, 2.0, 4000)


def one(**changes) -> Tanks:
    values = {
        "customers": 0, "volume_l": 189.0, "rating_kw": 4.5, "ua_kw_per_k": 0.0015, "set_point_c": 55.0,
        "lowest_c": 45.0, "inlet_c": 20.0, "ambient_c": 22.0, "day_l": 200.0, "profile": 0, "slider": 0.5,
    }  # fmt: skip
    return Tanks(**{name: np.array([value]) for name, value in (values | changes).items()})


def test_heat_of_a_tank_and_of_a_litre_at_the_tap() -> None:
    """189 L · 4.186 kJ/(L·K) / 3600 = 0.21977 kWh/K; (45 − 20) K · 4.186/3600 = 0.029069 kWh/L."""
    assert one().kwh_per_k == pytest.approx([0.219765])
    assert one().tap_kwh_per_l == pytest.approx([0.0290694], rel=1e-5)


def test_the_share_of_customers_have_one_and_a_higher_share_adds() -> None:
    some, more = draw_tanks(SIZES, 1, 0.4), draw_tanks(SIZES, 1, 0.6)
    assert len(some) / 4000 == pytest.approx(0.4, abs=0.03)
    assert set(some.customers) < set(more.customers)
    shared = np.isin(more.customers, some.customers)
    for name in ("volume_l", "day_l", "set_point_c", "slider", "profile"):
        assert (getattr(more, name)[shared] == getattr(some, name)).all()


def test_a_tank_does_not_depend_on_how_many_customers_there_are() -> None:
    many, few = draw_tanks(SIZES, 1, 1.0), draw_tanks(SIZES[:100], 1, 1.0)
    assert (many.take(np.arange(100)).set_point_c == few.set_point_c).all()
    assert (many.take(np.arange(100)).day_l == few.day_l).all()


def test_sizes_follow_recs() -> None:
    volume = draw_tanks(SIZES, 2, 1.0).volume_l
    assert (volume < 115).mean() == pytest.approx(0.10, abs=0.02)
    assert ((volume > 115) & (volume < 185)).mean() == pytest.approx(0.45, abs=0.03)


def test_what_is_the_same_for_all_is_taken() -> None:
    tanks = draw_tanks(SIZES, 1, 0.5, set_point_c=48.0, volume_l=200.0, rating_kw=3.0, slider=0.2)
    assert set(tanks.set_point_c) == {48.0}
    assert set(tanks.lowest_c) == {43.0}  # below the set-point by what makes a band
    assert (set(tanks.volume_l), set(tanks.rating_kw), set(tanks.slider)) == ({200.0}, {3.0}, {0.2})


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"volume_l": -1.0}, r"volume_l must be above 0, was -1 \(row 0\)"),
        ({"rating_kw": 0.0}, r"rating_kw must be above 0, was 0 \(row 0\)"),
        ({"lowest_c": 56.0}, r"lowest_c must be below set_point_c, was 56 \(row 0\)"),
        ({"inlet_c": 46.0}, r"inlet_c must be above 0 and below lowest_c, was 46 \(row 0\)"),
        ({"set_point_c": 120.0}, r"set_point_c must be below 100, was 120 \(row 0\)"),
        ({"ambient_c": 60.0}, r"ambient_c must be below set_point_c, was 60 \(row 0\)"),
        ({"slider": -0.1}, r"slider must be 0 or more, was -0.1 \(row 0\)"),
        ({"day_l": 9000.0}, r"day_l must be at most 2500, was 9000 \(row 0\)"),
        ({"profile": 3}, r"profile must be 0, 1 or 2, was 3 \(row 0\)"),
        ({"ua_kw_per_k": np.nan}, r"ua_kw_per_k must be finite, was nan \(row 0\)"),
    ],
)
def test_impossible_tanks_are_named(changes: dict[str, float], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        one(**changes)


def test_a_row_is_named_by_its_number() -> None:
    tanks = draw_tanks(SIZES, 1, 1.0)
    wrong = tanks.rating_kw.copy()
    wrong[7] = -2.0
    with pytest.raises(ValueError, match=r"was -2 \(row 7\)"):
        replace(tanks, rating_kw=wrong)


def test_profiles_are_parts_of_a_day() -> None:
    assert PROFILES.sum(axis=1) == pytest.approx([1, 1, 1])
    assert PROFILES[0].argmax() == 7
    assert PROFILES[1].argmax() == 6
    assert PROFILES[2].argmax() == 8


def test_expected_use_follows_the_clock_on_the_wall() -> None:
    """From 7:00 to 8:00 local 0.079/0.999 of a day's water, of 200 L; half of it in half an hour."""
    seven = MIDNIGHT + 7 * 3600
    assert expected_l(one(), CHICAGO, seven, seven + 3600) == pytest.approx([200 * 0.079 / 0.999])
    assert expected_l(one(), CHICAGO, seven + 900, seven + 2700) == pytest.approx([100 * 0.079 / 0.999])


def test_a_day_in_spring_has_23_hours_of_use() -> None:
    """2016-03-13 lacks the hour from 2:00 to 3:00, 0.001 of a day's water."""
    start = parse_time("2016-03-13T06:00Z")
    assert use_frac(CHICAGO, start, start + 23 * 3600)[0] == pytest.approx(1 - 0.001 / 0.999)


def test_draws_are_on_average_what_is_expected() -> None:
    """4000 homes of 200 L: 20 draws a day each, of variance about 340 L²: the mean is known to 1.3 L."""
    tanks = replace(draw_tanks(SIZES, 1, 1.0), day_l=np.full(4000, 200.0), profile=np.zeros(4000))
    water = HotWater(tanks, CHICAGO, 5)
    by_hour = [water.litres(MIDNIGHT + 3600 * h, MIDNIGHT + 3600 * (h + 1)).mean() for h in range(24)]
    assert sum(by_hour) == pytest.approx(200, abs=4)
    assert by_hour[7] == pytest.approx(200 * 0.079, abs=1.5)
    assert by_hour[3] < 1.0


def test_even_a_home_that_uses_most_gets_what_is_expected() -> None:
    tanks = replace(draw_tanks(SIZES, 1, 1.0), day_l=np.full(4000, 2000.0), profile=np.zeros(4000))
    day = HotWater(tanks, CHICAGO, 5).litres(MIDNIGHT, MIDNIGHT + 86_400).mean()
    assert day == pytest.approx(2000, rel=0.02)


def test_parts_of_an_hour_add_up_to_the_hour() -> None:
    water = HotWater(draw_tanks(SIZES, 1, 1.0), CHICAGO, 5)
    start = MIDNIGHT + 7 * 3600
    parts = sum(water.litres(start + 300 * k, start + 300 * (k + 1)) for k in range(12))
    assert parts == pytest.approx(water.litres(start, start + 3600), abs=1e-3)


def test_a_draw_depends_neither_on_other_tanks_nor_on_the_order_of_questions() -> None:
    tanks, start = draw_tanks(SIZES, 1, 1.0), MIDNIGHT + 7 * 3600
    all_of_them = HotWater(tanks, CHICAGO, 5).litres(start, start + 900)
    rows = np.array([3, 17, 1200])
    some = HotWater(tanks.take(rows), CHICAGO, 5)
    some.litres(start + 7200, start + 9000)
    some.litres(start - 7200, start - 3600)
    assert (some.litres(start, start + 900) == all_of_them[rows]).all()


def test_water_comes_in_draws_and_not_evenly() -> None:
    """On average 0.08 · 200 L / 9.6 L = 1.65 draws begin in the busiest hour: most 5 minutes have none."""
    tanks = replace(draw_tanks(SIZES, 1, 1.0), day_l=np.full(4000, 200.0))
    litres = HotWater(tanks, CHICAGO, 5).litres(MIDNIGHT + 7 * 3600, MIDNIGHT + 7 * 3600 + 300)
    assert (litres == 0).mean() > 0.7
    assert litres.max() <= 30.0 * 2 + 1e-3  # of two at once at 6 L a minute
    assert pytest.approx(9.6) == MEAN_L


@pytest.mark.parametrize("share", [-0.1, 1.1])
def test_a_share_that_is_none_is_refused(share: float) -> None:
    with pytest.raises(ValueError, match="share must be 0 to 1"):
        draw_tanks(SIZES, 1, share)
